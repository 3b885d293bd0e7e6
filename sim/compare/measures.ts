/** The formulas of the measures, apart from where their numbers come from. Pure; `docs/quoting.md` lists them. */

/** Count, sum and sum of squares of equally spaced profits: what a Sharpe ratio needs, and what can be added up over runs. */
export type ProfitMoments = { readonly count: number; readonly sum: number; readonly sumOfSquares: number };

/** Products of an equally spaced series with itself and with its next value, for an AR(1) without intercept. */
export type LagSums = { readonly withItself: number; readonly withNext: number };

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * Mean over standard deviation of the profits, times the root of the intervals in a year. 0 where nothing moved, since no risk was
 * taken and nothing earned.
 */
export function sharpeOf({ count, sum, sumOfSquares }: ProfitMoments, intervalSeconds: number): number {
  if (count < 2) return 0;
  const mean = sum / count;
  const variance = (sumOfSquares - count * mean * mean) / (count - 1);
  return variance > 0 ? (mean / Math.sqrt(variance)) * Math.sqrt(SECONDS_PER_YEAR / intervalSeconds) : 0;
}

export function addMoments(all: readonly ProfitMoments[]): ProfitMoments {
  return all.reduce(
    (total, each) => ({
      count: total.count + each.count,
      sum: total.sum + each.sum,
      sumOfSquares: total.sumOfSquares + each.sumOfSquares,
    }),
    { count: 0, sum: 0, sumOfSquares: 0 },
  );
}

/**
 * The time in which an AR(1), I(t + Δ) = φ·I(t) + ε, forgets half of where it was: Δ·ln 0.5 / ln φ, in the unit of `step`. Undefined
 * where the series was always 0 or does not come back (φ of 1 or more); 0 where it forgets within a step.
 */
export function halfLifeOf({ withItself, withNext }: LagSums, step: number): number | undefined {
  if (withItself === 0) return undefined;
  const phi = withNext / withItself;
  if (phi >= 1) return undefined;
  return phi <= 0 ? 0 : (step * Math.log(0.5)) / Math.log(phi);
}

/** The furthest a value fell below its highest so far. */
export class Drawdown {
  #peak: number;
  #deepest = 0;

  constructor(start: number) {
    this.#peak = start;
  }

  record(value: number): void {
    if (value > this.#peak) this.#peak = value;
    else if (this.#peak - value > this.#deepest) this.#deepest = this.#peak - value;
  }

  get deepest(): number {
    return this.#deepest;
  }
}

/** `part / whole`, undefined where there is no whole. */
export function shareOf(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}
