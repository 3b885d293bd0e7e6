/**
 * `fills`: tick to wire while fills stream, in real time: stream, outbox, SDK and ledger as they are. Owns the order of its blocks, the control that makes
 * a run void, and the making of these lines.
 */
import type { BenchContext } from "./context.ts";
import type { RoundReport } from "./engine/engine-order.ts";
import { exactly, type Goal, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { warm } from "./socket-rounds.ts";
import { quantile, type Sample, sampledQuantile, shuffled } from "./statistics.ts";

/** As many as a venue has in a wild minute. */
const FILLS_A_SECOND = 100;
const BLOCK_MS = 5_000;
/** Until the way of a fill is compiled, which takes some 600 of them: V8 does that beside the ticks, on their core where there is no other. */
const WARM_MS = 40_000;
/** Some ten ticks a block: as it is deployed p90 is the twentieth slowest or so; the other way is only shown. */
const ROUNDS_MAX = 24;
const ROUNDS_MAX_NOT_APART = 4;

/** Where a tick takes this long alone, its neighbours are what is measured. */
const QUIET_MICROS_MAX = 1_500;
/** Blocks without fills against others without fills: further apart than this, and blocks with fills prove nothing. */
const SAME_MIN = 0.93;
const SAME_MAX = 1.07;

const BLOCKS = ["none", "none-again", "fills"] as const;
type Block = (typeof BLOCKS)[number];

/** Of each tick its wire and the three parts of it. */
type Ticks = Pick<RoundReport, "wire" | "arriving" | "inside" | "leaving">;

type Taken = {
  readonly reports: Readonly<Record<Block, readonly RoundReport[]>>;
  readonly notes: readonly string[];
};

/** As it is deployed, and with the calls to AWS made by the thread that quotes. */
export async function benchFills(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const isApart of [true, false]) rows.push(...toRows(await take(context, isApart), isApart));
  return rows;
}

async function take({ rounds, isPinned }: BenchContext, isApart: boolean): Promise<Taken> {
  const session = await Session.start({ isStepped: false, isPinned, isApart });
  const reports: Record<Block, RoundReport[]> = { none: [], "none-again": [], fills: [] };
  let last: RoundReport | undefined;
  try {
    await warm(session);
    await session.live({ forMs: WARM_MS, fillsPerSecond: FILLS_A_SECOND });
    for (let round = 0; round < Math.min(rounds, isApart ? ROUNDS_MAX : ROUNDS_MAX_NOT_APART); round += 1) {
      for (const block of shuffled(BLOCKS, Math.random)) {
        last = await session.live({ forMs: BLOCK_MS, fillsPerSecond: block === "fills" ? FILLS_A_SECOND : 0 });
        reports[block].push(last);
      }
    }
  } finally {
    await session.stop();
  }
  return { reports, notes: last?.notes ?? [] };
}

function toRows({ reports, notes }: Taken, isApart: boolean): readonly Row[] {
  const fills = together(reports.fills);
  const quiet = together([...reports.none, ...reports["none-again"]]);
  const same = quantile(together(reports["none-again"]).wire, 0.5) / quantile(together(reports.none).wire, 0.5);
  const usual = quantile(quiet.wire, 0.5);
  const voidReasons = [
    ...(usual <= QUIET_MICROS_MAX ? [] : [`a tick without fills took ${Math.round(usual)} µs: the machine is busy`]),
    ...(same >= SAME_MIN && same <= SAME_MAX
      ? []
      : [`none against none must be ${SAME_MIN} to ${SAME_MAX} at p50, was ${same.toFixed(2)}`]),
  ];
  const missed = reports.fills.reduce((sum, report) => sum + report.missed, 0);
  const where = isApart ? "" : ", SDK on the quoting thread";
  const row = (what: string, share: number, goal: Goal) => {
    const beside = quantile(quiet.wire, share);
    const { q1, median, q3 } = sampledQuantile(fills.wire, share);
    return makeRow({
      bench: "fills",
      what: `tick-to-wire ${what} while ${FILLS_A_SECOND} fills a second come, against none${where}`,
      goal: isApart ? goal : undefined,
      figure: { q1: q1 / beside, median: median / beside, q3: q3 / beside },
      unit: "×",
      floor: { what: "none", figure: exactly(beside), unit: "µs" },
      voidReasons,
      notes: [
        `${fills.wire.length} ticks with fills (${missed} more led to no order at once), ${quiet.wire.length} without; none against none ${same.toFixed(2)} at p50`,
        `from there on, in the mean: ${partsText(fills, share)}; without fills ${partsText(quiet, share)}`,
        ...notes,
      ],
    });
  };
  return [row("p50", 0.5, { atMost: 1.1 }), row("p90", 0.9, { atMost: 1.5 })];
}

function together(reports: readonly RoundReport[]): Ticks {
  return {
    wire: reports.flatMap(({ wire }) => wire),
    arriving: reports.flatMap(({ arriving }) => arriving),
    inside: reports.flatMap(({ inside }) => inside),
    leaving: reports.flatMap(({ leaving }) => leaving),
  };
}

/** Where the ticks at and above a quantile spent their time. */
function partsText({ wire, arriving, inside, leaving }: Ticks, share: number): string {
  const least = quantile(wire, share);
  const mean = (part: Sample) => {
    const chosen = part.filter((_, tick) => (wire[tick] ?? 0) >= least);
    return Math.round(chosen.reduce((sum, micros) => sum + micros, 0) / chosen.length);
  };
  return `${mean(arriving)} µs to the frame's callback, ${mean(inside)} on to the write, ${mean(leaving)} on to the venue`;
}
