/**
 * The benchmark's statistics: quantiles, ratios round by round, and when a run proves nothing. Pure. A machine is never quiet, so a figure
 * is held to the floor of the same round, and a run whose controls are off is void: neither met nor missed.
 */

export type Quartiles = { readonly q1: number; readonly median: number; readonly q3: number };

/** One variant in one round: one value a tick, in microseconds. */
export type Sample = readonly number[];

/** The nearest rank; `NaN` of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function quartiles(values: readonly number[]): Quartiles {
  return { q1: quantile(values, 0.25), median: quantile(values, 0.5), q3: quantile(values, 0.75) };
}

/**
 * A quantile with the quartiles of what it would be in other samples of as many values: by the ranks that a count of `values.length` trials leaves open
 * (normal approximation of the binomial). The tail of few values is wide, and shows it.
 */
export function sampledQuantile(values: readonly number[], share: number): Quartiles {
  const spread = (QUARTILE_DEVIATIONS * Math.sqrt(values.length * share * (1 - share))) / values.length;
  return {
    q1: quantile(values, Math.max(0, share - spread)),
    median: quantile(values, share),
    q3: quantile(values, share + spread),
  };
}

/** A normal distribution has half of itself within so many standard deviations. */
const QUARTILE_DEVIATIONS = 0.674;

/** Each round's quantile over that of the baseline in the same round; rounds where either has none are left out. */
export function ratios(
  samples: readonly Sample[],
  baselines: readonly Sample[],
  share: number,
  baselineShare = share,
): readonly number[] {
  return samples
    .map((sample, round) => quantile(sample, share) / quantile(baselines[round] ?? [], baselineShare))
    .filter(Number.isFinite);
}

/**
 * The numbers of the rounds to be counted: those in which the floor's own tail was no worse than `TAIL_MAX` times what it usually is. By
 * the floor alone, so that nothing measured decides which of its rounds count.
 */
export function quietRounds(floors: readonly Sample[]): readonly number[] {
  const tails = floors.map((sample) => quantile(sample, 0.99));
  const usual = quantile(tails, 0.5);
  return tails.flatMap((tail, round) => (tail <= TAIL_MAX * usual ? [round] : []));
}

const TAIL_MAX = 3;

export type Controls = {
  /** Floor against itself, round by round. */
  readonly same: readonly number[];
  /** Floor and 5 µs against floor, round by round. */
  readonly plus: readonly number[];
  /** The floor's p99 over its p50, round by round. */
  readonly tail: readonly number[];
  readonly floorMicros: number;
};

/** The floor may differ from itself by so much. */
const SAME_MIN = 0.95;
const SAME_MAX = 1.05;
/** Of the 5 µs so much must show, and no more: a processor that sleeps in between makes it neither more nor less exactly. */
const PLUS_MICROS_MIN = 2.5;
const PLUS_MICROS_MAX = 15;

/**
 * A quiet machine has 2 to 3. Where others take the processor away the floor hardly shows it at p50, being so short, and what takes longer is
 * met more often and finds the caches full of theirs.
 */
const TAIL_RATIO_MAX = 20;

/** The three of a run, from its floors and controls. */
export function controlsOf(
  floors: readonly Sample[],
  { same, plus }: { readonly same: readonly Sample[]; readonly plus: readonly Sample[] },
): Controls {
  return {
    same: ratios(same, floors, 0.5),
    plus: ratios(plus, floors, 0.5),
    tail: ratios(floors, floors, 0.99, 0.5),
    floorMicros: quantile(
      floors.map((sample) => quantile(sample, 0.5)),
      0.5,
    ),
  };
}

/** Why the run proves nothing; empty when it does. */
export function voidReasons({ same, plus, tail, floorMicros }: Controls): readonly string[] {
  const reasons: string[] = [];
  const [sameRatio, plusRatio] = [quantile(same, 0.5), quantile(plus, 0.5)];
  if (!(sameRatio >= SAME_MIN && sameRatio <= SAME_MAX)) {
    reasons.push(`the floor against itself must be ${SAME_MIN} to ${SAME_MAX}, was ${sameRatio.toFixed(3)}`);
  }
  const shownMicros = (plusRatio - 1) * floorMicros;
  if (!(shownMicros >= PLUS_MICROS_MIN && shownMicros <= PLUS_MICROS_MAX)) {
    const range = `${PLUS_MICROS_MIN} to ${PLUS_MICROS_MAX} µs`;
    reasons.push(`5 µs more must show as ${range}, showed as ${shownMicros.toFixed(1)} µs`);
  }
  const tailRatio = quantile(tail, 0.5);
  if (!(tailRatio <= TAIL_RATIO_MAX)) {
    reasons.push(
      `the floor's p99 must be at most ${TAIL_RATIO_MAX} times its p50, was ${tailRatio.toFixed(0)} times: the machine is busy`,
    );
  }
  return reasons;
}

/** The items in an order drawn by `random` (uniform in [0, 1)). */
export function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [order[last], order[other]];
    if (a === undefined || b === undefined) continue;
    order[last] = b;
    order[other] = a;
  }
  return order;
}
