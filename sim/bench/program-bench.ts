/**
 * `decision`, `ledger`, `bundles`, `report` and `simulate`: what other programs of this repository measure, run as they are, and read from
 * what they print. Owns the goals of these lines and the reading.
 */
import { jsonOf, runNode } from "./child.ts";
import type { BenchContext } from "./context.ts";
import type { DecisionReport } from "./decision.ts";
import type { ReportTimes } from "./report-process.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { quartiles } from "./statistics.ts";

const WITHIN_MS = 600_000;

/**
 * A decision of 5 levels a side with risk gate and order diff, market by market: hot, in a row, which the goal is of, and one at a time as
 * it comes, with cold caches and the grain of the wall's clock, which is only shown.
 */
export async function benchDecision({ root }: BenchContext): Promise<readonly Row[]> {
  const report = await jsonOf<DecisionReport>(root, ["sim/bench/decision.ts", "--json"], WITHIN_MS);
  const row = { bench: "decision", unit: "µs" };
  const floor = { what: "reading a book as JSON", figure: exactly(report.baseline), unit: "µs" };
  return report.cases.flatMap(({ name, p50, p99, hot }) => [
    makeRow({
      ...row,
      what: `a decision of 5 levels a side, hot, processor time, ${name} market`,
      goal: { atMost: 2 },
      figure: quartiles(hot.map(({ decision }) => decision)),
      notes: [`at moments when ${hot.map(({ changes }) => changes).join(", ")} changes wait`],
    }),
    makeRow({
      ...row,
      what: `applying its book, hot, processor time, ${name} market`,
      goal: undefined,
      figure: quartiles(hot.map(({ book }) => book)),
    }),
    makeRow({
      ...row,
      what: `a decision as it comes, by the wall, ${name} market`,
      goal: undefined,
      figure: exactly(p50),
      floor,
      notes: [`p99 ${p99.toFixed(1)} µs`],
    }),
  ]);
}

/** `npm run bench:ledger` with a short history. */
export async function benchLedger({ root }: BenchContext): Promise<readonly Row[]> {
  const { output, errors } = await runNode(root, ["sim/bench/ledger.ts", "--fills", "5000"], WITHIN_MS);
  const speeds = [...output.matchAll(/answers after (\d+) ms: .*: (\d+) a second, ([\d.]+) times as fast/g)];
  const cpu = /after +[\d,]+ fills: CPU ([\d.]+) ms .*?, ([\d.]+) calls/.exec(output);
  const isProven = output.includes("✓ goal: 0 lost, 0 doubled, 0 units of drift");
  if (speeds.length === 0 || cpu === null) throw new Error(`the ledger's benchmark printed no figures: ${errors}`);
  return [
    ...speeds.map(([, delayMs = "", perSecond = "", times = ""]) =>
      makeRow({
        bench: "ledger",
        what: `fills a second against one call a fill in sequence, answers after ${delayMs} ms`,
        // Without a network between, there is nothing to save.
        goal: Number(delayMs) === 0 ? undefined : { atLeast: 4 },
        figure: exactly(Number(times)),
        unit: "×",
        notes: [`${perSecond} fills a second`],
        voidReasons: isProven ? [] : ["the ledger was not proven at the end"],
      }),
    ),
    makeRow({
      bench: "ledger",
      what: "processor time a fill",
      goal: undefined,
      figure: exactly((1_000 * Number(cpu[1])) / LEDGER_BATCH),
      unit: "µs",
      notes: [`batches of ${LEDGER_BATCH}, ${cpu[2]} calls a batch`],
    }),
  ];
}

/** As `bench-handler.ts` has it. */
const LEDGER_BATCH = 500;

const REPORT_FUNCTION = "hourly-report";

/** `npm run bench:bundles`: size and start of each function. */
export async function benchBundles({ root, rounds, isGate }: BenchContext): Promise<readonly Row[]> {
  const times = isGate ? 1 : Math.min(rounds, 15);
  const args = ["infra/commands/bundles.ts", "--rounds", String(times)];
  const { output, errors } = await runNode(root, args, WITHIN_MS);
  const line = /^(?:good|BAD ) +(\S+) +(\d+) kB .*?(\d+) ms to the handler, empty (\d+) ms/gm;
  const found = [...output.matchAll(line)];
  if (found.length === 0) throw new Error(`the bundles' benchmark printed no figures: ${errors}`);
  return found.flatMap(([, name = "", kilobytes = "", own = "", empty = ""]) => {
    const size = makeRow({
      bench: "bundles",
      what: `${name}, bundle`,
      goal: { atMost: name === REPORT_FUNCTION ? 5_000 : 450 },
      figure: exactly(Number(kilobytes)),
      unit: "kB",
    });
    const start = makeRow({
      bench: "bundles",
      what: `${name}, start over an empty handler`,
      goal: { atMost: 75 },
      figure: exactly(Number(own) - Number(empty)),
      unit: "ms",
      floor: { what: "empty with the same clients", figure: exactly(Number(empty)), unit: "ms" },
    });
    return isGate ? [size] : [size, start];
  });
}

/** The chart of an hour's report. */
export async function benchReport({ root }: BenchContext): Promise<readonly Row[]> {
  const times: ReportTimes[] = [];
  for (let run = 0; run < 5; run += 1) {
    times.push(await jsonOf<ReportTimes>(root, ["sim/bench/report-process.ts"], WITHIN_MS));
  }
  const row = { bench: "report", goal: undefined, unit: "ms" };
  return [
    makeRow({ ...row, what: "loading what draws a report", figure: quartiles(times.map(({ load }) => load)) }),
    makeRow({ ...row, what: "drawing a report, cold", figure: quartiles(times.map(({ cold }) => cold)) }),
    makeRow({ ...row, what: "drawing a report, warm", figure: quartiles(times.flatMap(({ warm }) => warm)) }),
  ];
}

/** As `npm run simulate` counts it: simulated hours by the processor time of the seeds' own processes, each with one worker. */
export async function benchSimulate({ root }: BenchContext): Promise<readonly Row[]> {
  const { exitCode, output, errors } = await runNode(root, SIMULATE, WITHIN_MS);
  const found = /(\d+) seeds, ([\d.]+) simulated hours in .* ([\d.]+) h per core-second/.exec(output);
  if (found === null) throw new Error(`the fault world printed no speed: ${errors}`);
  const [, seeds = "", hours = "", speed = ""] = found;
  return [
    makeRow({
      bench: "simulate",
      what: "simulated hours a core and second",
      goal: undefined,
      figure: exactly(Number(speed)),
      unit: "hours",
      voidReasons: exitCode === 0 ? [] : [`it ended with code ${exitCode}`],
      notes: [`${seeds} seeds, ${hours} hours, by processor time: node ${SIMULATE.join(" ")}`],
    }),
  ];
}

/** The same seeds each time, so that two figures are of the same work. */
const SIMULATE = ["sim/world/swarm/run.ts", "--seeds", "1..4", "--minutes", "15", "--workers", "1"];
