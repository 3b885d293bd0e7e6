/**
 * `calls`: what the task's calls to AWS take of the thread that quotes, made there and made by a thread of their own. Owns the making of these lines; the
 * measuring is `calls-process.ts`'s.
 */
import type { CallFigures, CallsReport } from "./calls-process.ts";
import { jsonOf } from "./child.ts";
import type { BenchContext } from "./context.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { quantile, quartiles } from "./statistics.ts";

const WITHIN_MS = 300_000;
/** In turn, so that what the machine does meanwhile is in both. */
const RUNS_MAX = 3;
/** V8 and its threads as the task's own process has them. */
const FLAGS = [
  ...["--import", "./fargate/v8-settings.ts", "--import", "./fargate/helper-threads.ts"],
  ...["--expose-gc", "sim/bench/calls-process.ts"],
];
const MEGABYTE = 2 ** 20;

export async function benchCalls({ rounds, root }: BenchContext): Promise<readonly Row[]> {
  const own: CallsReport[] = [];
  const apart: CallsReport[] = [];
  for (let run = 0; run < Math.min(rounds, RUNS_MAX); run += 1) {
    own.push(await jsonOf<CallsReport>(root, FLAGS, WITHIN_MS));
    apart.push(await jsonOf<CallsReport>(root, [...FLAGS, "thread"], WITHIN_MS));
  }
  const [first] = own;
  const lines = (first?.calls ?? []).flatMap(({ name }, index) =>
    callLines(name, callsAt(own, index), callsAt(apart, index)),
  );
  const megabytes = (reports: readonly CallsReport[]) => quartiles(reports.map(({ rss }) => rss / MEGABYTE));
  return [
    ...lines,
    makeRow({
      bench: "calls",
      what: "resident memory with a thread for the calls",
      goal: undefined,
      figure: megabytes(apart),
      unit: "MB",
      floor: { what: "without", figure: megabytes(own), unit: "MB" },
      notes: ["of the benchmark's process: the difference counts"],
    }),
  ];
}

function callsAt(reports: readonly CallsReport[], index: number): readonly CallFigures[] {
  return reports.flatMap(({ calls }) => calls[index] ?? []);
}

/** Of a busy machine's runs the least is nearest to what a call takes. */
function callLines(name: string, own: readonly CallFigures[], apart: readonly CallFigures[]): readonly Row[] {
  const least = (all: readonly CallFigures[], read: (figures: CallFigures) => number) => Math.min(...all.map(read));
  const row = { bench: "calls", goal: undefined, unit: "µs" };
  const line = (what: string, read: (figures: CallFigures) => number, notes: readonly string[]) =>
    makeRow({
      ...row,
      what: `${name}, ${what}`,
      figure: exactly(least(apart, read)),
      floor: { what: "by the quoting thread itself", figure: exactly(least(own, read)), unit: "µs" },
      notes,
    });
  const all = (figures: CallFigures) => figures.allMicros;
  const answer = ({ answerMicros }: CallFigures) => quantile(answerMicros, 0.5);
  return [
    line("of the quoting thread", ({ ownMicros }) => ownMicros, [
      `of all threads ${Math.round(least(apart, all))} µs against ${Math.round(least(own, all))}; ` +
        `answered after ${Math.round(least(apart, answer))} µs against ${Math.round(least(own, answer))} (p50)`,
    ]),
    // By the wall: the thread's processor time is counted in ticks of 4 ms here. So the median, which neighbours reach last.
    line("its longest turn, p50", ({ turnMicros }) => quantile(turnMicros, 0.5), []),
  ];
}
