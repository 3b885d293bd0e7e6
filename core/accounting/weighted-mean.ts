/**
 * The weighted mean of some values and its confidence interval, from sums alone: values can be added for ever and sums put together.
 * Owns no value and no meaning of one. Floating-point numbers: model figures, never money.
 *
 * Values of one period share what happens in it, so a period is one observation, of the weight and the mean of its values. A mean of
 * ten values that are one would else look ten times as sure as it is.
 */

export type WeightedMean = {
  /** Values in it. */
  readonly count: number;
  /** Undefined without a value. */
  readonly mean: number | undefined;
  /** Half the width of the 95 % confidence interval around the mean; undefined while there are too few periods for one. */
  readonly plusMinus: number | undefined;
};

/**
 * The interval is given from ten periods of equal weight on; of unequal weights, from as many as count for ten, since a mean that one
 * period decides says nothing of its own spread (effective number (Σw)² / Σw²: Kish, "Survey Sampling", 1965).
 */
const EFFECTIVE_PERIODS_MIN = 10;

/** Sums of floating-point weights: ten equal ones may come to a hair less than ten. */
const HAIR = 1e-6;

export class WeightedSums {
  #count = 0;
  /** Over the periods that are closed; `#value` is of weight × value. */
  #periods = 0;
  #weight = 0;
  #value = 0;
  #weightSquares = 0;
  #products = 0;
  #valueSquares = 0;
  /** The newest period, which may still grow. */
  #openPeriod = Number.NEGATIVE_INFINITY;
  #openWeight = 0;
  #openValue = 0;

  get count(): number {
    return this.#count;
  }

  /** `weight` must be above 0. Periods come in order; a value of an earlier one counts in the newest. */
  add(value: number, weight: number, period: number): void {
    if (period > this.#openPeriod) {
      this.#close();
      this.#openPeriod = period;
    }
    this.#count += 1;
    this.#openWeight += weight;
    this.#openValue += weight * value;
  }

  /** Adds sums whose periods all come after these. */
  merge(later: WeightedSums): void {
    if (later.#count === 0) return;
    this.#close();
    this.#count += later.#count;
    this.#periods += later.#periods;
    this.#weight += later.#weight;
    this.#value += later.#value;
    this.#weightSquares += later.#weightSquares;
    this.#products += later.#products;
    this.#valueSquares += later.#valueSquares;
    this.#openPeriod = later.#openPeriod;
    this.#openWeight = later.#openWeight;
    this.#openValue = later.#openValue;
  }

  mean(): WeightedMean {
    const count = this.#count;
    if (count === 0) return { count, mean: undefined, plusMinus: undefined };
    const weight = this.#weight + this.#openWeight;
    const mean = (this.#value + this.#openValue) / weight;
    const effectivePeriods = weight ** 2 / (this.#weightSquares + this.#openWeight ** 2);
    if (effectivePeriods < EFFECTIVE_PERIODS_MIN - HAIR) return { count, mean, plusMinus: undefined };
    return { count, mean, plusMinus: studentT95(effectivePeriods - 1) * this.#standardError(mean, { weight }) };
  }

  #close(): void {
    if (this.#openWeight === 0) return;
    this.#periods += 1;
    this.#weight += this.#openWeight;
    this.#value += this.#openValue;
    this.#weightSquares += this.#openWeight ** 2;
    this.#products += this.#openWeight * this.#openValue;
    this.#valueSquares += this.#openValue ** 2;
    this.#openWeight = 0;
    this.#openValue = 0;
  }

  /**
   * n / (n − 1) · Σ w²(x − mean)² / (Σw)², over the periods: the variance of a ratio whose weights are drawn with the values (Cochran,
   * "Sampling Techniques", 1977, chapter 6), which came closest to the bootstrap in Gatz and Smith, "The standard error of a weighted
   * mean concentration", Atmospheric Environment 29 (1995) 1185. Equal weights give the usual s / √n.
   */
  #standardError(mean: number, { weight }: { readonly weight: number }): number {
    const closed = this.#valueSquares - 2 * mean * this.#products + mean ** 2 * this.#weightSquares;
    const open = (this.#openValue - mean * this.#openWeight) ** 2;
    const periods = this.#periods + 1;
    // Equal values leave a rest of either sign.
    return Math.sqrt((periods / (periods - 1)) * Math.max(0, closed + open)) / weight;
  }
}

const NORMAL_975 = 1.959963984540054;

/**
 * The 97.5 % quantile of Student's t, for at least 9 degrees of freedom within 0.0001: the expansion around the normal one
 * (Abramowitz and Stegun, 26.7.5).
 */
export function studentT95(freedom: number): number {
  const x = NORMAL_975;
  const first = (x ** 3 + x) / 4;
  const second = (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96;
  const third = (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384;
  const fourth = (79 * x ** 9 + 776 * x ** 7 + 1_482 * x ** 5 - 1_920 * x ** 3 - 945 * x) / 92_160;
  return x + first / freedom + second / freedom ** 2 + third / freedom ** 3 + fourth / freedom ** 4;
}
