/**
 * `fills`: tick to wire while fills stream, in real time: stream, outbox, SDK and ledger as they are. Owns the order of its blocks, the control that makes
 * a run void, and the making of these lines.
 */
import type { BenchContext } from "./context.ts";
import type { RoundReport } from "./engine/engine-order.ts";
import { exactly, type Goal, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { warm } from "./socket-rounds.ts";
import { quantile, type Sample, shuffled } from "./statistics.ts";

/** As many as a venue has in a wild minute. */
const FILLS_A_SECOND = 100;
const BLOCK_MS = 5_000;
const ROUNDS_MAX = 12;

/** Where a tick takes this long alone, its neighbours are what is measured. */
const QUIET_MICROS_MAX = 1_500;
/** Blocks without fills against others without fills: further apart than this, and blocks with fills prove nothing. */
const SAME_MIN = 0.93;
const SAME_MAX = 1.07;

const BLOCKS = ["none", "none-again", "fills"] as const;
type Block = (typeof BLOCKS)[number];

type Taken = Readonly<Record<Block, Sample>> & { readonly notes: readonly string[] };

/** As it is deployed, and with the calls to AWS made by the thread that quotes. */
export async function benchFills(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const isApart of [true, false]) rows.push(...toRows(await take(context, isApart), isApart));
  return rows;
}

async function take({ rounds, isPinned }: BenchContext, isApart: boolean): Promise<Taken> {
  const session = await Session.start({ isStepped: false, isPinned, isApart });
  const taken: Record<Block, number[]> = { none: [], "none-again": [], fills: [] };
  let last: RoundReport | undefined;
  try {
    await warm(session);
    await session.live({ forMs: BLOCK_MS, fillsPerSecond: FILLS_A_SECOND });
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      for (const block of shuffled(BLOCKS, Math.random)) {
        last = await session.live({ forMs: BLOCK_MS, fillsPerSecond: block === "fills" ? FILLS_A_SECOND : 0 });
        taken[block].push(...last.wire);
      }
    }
  } finally {
    await session.stop();
  }
  return { ...taken, notes: last?.notes ?? [] };
}

function toRows(taken: Taken, isApart: boolean): readonly Row[] {
  const quiet = [...taken.none, ...taken["none-again"]];
  const same = quantile(taken["none-again"], 0.5) / quantile(taken.none, 0.5);
  const usual = quantile(quiet, 0.5);
  const voidReasons = [
    ...(usual <= QUIET_MICROS_MAX ? [] : [`a tick without fills took ${Math.round(usual)} µs: the machine is busy`]),
    ...(same >= SAME_MIN && same <= SAME_MAX
      ? []
      : [`none against none must be ${SAME_MIN} to ${SAME_MAX} at p50, was ${same.toFixed(2)}`]),
  ];
  const where = isApart ? "" : ", SDK on the quoting thread";
  const row = (what: string, share: number, goal: Goal) =>
    makeRow({
      bench: "fills",
      what: `tick-to-wire ${what} while ${FILLS_A_SECOND} fills a second come, against none${where}`,
      goal: isApart ? goal : undefined,
      figure: exactly(quantile(taken.fills, share) / quantile(quiet, share)),
      unit: "×",
      floor: { what: "none", figure: exactly(quantile(quiet, share)), unit: "µs" },
      voidReasons,
      notes: [
        `${taken.fills.length} ticks with fills, ${quiet.length} without; none against none ${same.toFixed(2)} at p50`,
        ...taken.notes,
      ],
    });
  return [row("p50", 0.5, { atMost: 1.1 }), row("p90", 0.9, { atMost: 1.5 })];
}
