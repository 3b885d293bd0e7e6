/**
 * Rounds of the socket benchmarks: every variant once a round, in an order of its own each round. Owns the warming up, the order and
 * which rounds count; what the figures mean is `socket-bench.ts`'s.
 */
import type { RoundReport, Variant } from "./engine/engine-order.ts";
import type { Session } from "./session.ts";
import { controlsOf, quietRounds, type Sample, shuffled, voidReasons } from "./statistics.ts";

/** The floor and its two controls. */
const CONTROLS = ["floor", "floor-again", "floor-plus"] as const;

/** Ticks of a round. Those of the task take longer, since a second of its market passes before each. */
const TICKS: Readonly<Record<Variant, number>> = {
  floor: 300,
  "floor-again": 300,
  "floor-plus": 300,
  "floor-paced": 60,
  "floor-four": 20,
  task: 60,
  first: 20,
  requote: 20,
  usual: 60,
  "usual-clock": 100,
};

/**
 * How long a process takes to wake up goes with what the machine did in the second before, and with nobody's code: the more often variants take turns, the
 * less of that is in their ratios. Where nothing sleeps a round is left whole.
 */
const BLOCKING_PARTS = 4;

/** Before these the code is not compiled. Books alone are quick, and are read by the same lines. */
const WARM_ROUNDS = 3;
const WARM_BOOKS = 10_000;
const WARM_FLOODS = 4;
/** As many as a market of a book each 0.4 s has in a quarter of an hour: V8 goes on compiling until then. */
const WARM_TICKS = 2_000;

export type Rounds = {
  readonly isHot: boolean;
  readonly count: number;
  readonly dropped: number;
  readonly voidReasons: readonly string[];
  /** Of each variant, the samples of the rounds that count. */
  readonly of: (variant: Variant, read: (report: RoundReport) => Sample) => readonly Sample[];
  readonly missedTicks: (variant: Variant) => { readonly missed: number; readonly ticks: number };
  readonly notes: readonly string[];
};

export async function runRounds(
  session: Session,
  input: { readonly variants: readonly Variant[]; readonly rounds: number; readonly isHot: boolean },
): Promise<Rounds> {
  const { isHot } = input;
  const parts = isHot ? 1 : BLOCKING_PARTS;
  const variants = [...CONTROLS, ...input.variants];
  await warm(session);
  await session.round({ variant: "task", ticks: WARM_TICKS, isHot });
  for (let round = 0; round < WARM_ROUNDS; round += 1) {
    for (const variant of variants) await session.round({ variant, ticks: TICKS[variant], isHot });
  }
  const reports: ReadonlyMap<Variant, RoundReport>[] = [];
  for (let round = 0; round < input.rounds * parts; round += 1) {
    const reported = new Map<Variant, RoundReport>();
    for (const variant of shuffled(variants, Math.random)) {
      reported.set(variant, await session.round({ variant, ticks: TICKS[variant] / parts, isHot }));
    }
    reports.push(reported);
  }
  return judge(reports, { isHot, parts });
}

/** Has the task read books until its code is compiled, a part at a time, so that its timers get their turn. */
export async function warm(session: Session): Promise<void> {
  for (let flood = 0; flood < WARM_FLOODS; flood += 1) {
    await session.flood({ reader: "task", count: WARM_BOOKS, perSecond: 0 });
  }
}

function judge(
  reports: readonly ReadonlyMap<Variant, RoundReport>[],
  { isHot, parts }: { readonly isHot: boolean; readonly parts: number },
): Rounds {
  const all = (variant: Variant, read: (report: RoundReport) => Sample) =>
    reports.map((reported) => {
      const report = reported.get(variant);
      return report === undefined ? [] : read(report);
    });
  const kept = quietRounds(all("floor", ({ wire }) => wire));
  const of: Rounds["of"] = (variant, read) => {
    const samples = all(variant, read);
    return kept.map((round) => samples[round] ?? []);
  };
  const wire = (variant: Variant) => of(variant, (report) => report.wire);
  const floors = wire("floor");
  return {
    isHot,
    count: reports.length,
    dropped: reports.length - kept.length,
    voidReasons: voidReasons(controlsOf(floors, { same: wire("floor-again"), plus: wire("floor-plus") })),
    of,
    missedTicks: (variant) => ({
      missed: reports.reduce((sum, reported) => sum + (reported.get(variant)?.missed ?? 0), 0),
      ticks: (reports.length * TICKS[variant]) / parts,
    }),
    notes: [...new Set(reports.flatMap((reported) => [...reported.values()].flatMap((report) => report.notes)))],
  };
}
