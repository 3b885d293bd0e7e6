/** Means with their uncertainty over seeds. Pure. */

/** A mean and half the width of its 95 % confidence interval (Student's t); no width for fewer than two values. */
export type Estimate = { readonly mean: number; readonly half: number | undefined; readonly count: number };

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1; beyond the list the normal one with its first correction. */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL_95 = 1.959964;

export function studentT95(degrees: number): number {
  return T_95[degrees - 1] ?? NORMAL_95 + (NORMAL_95 ** 3 + NORMAL_95) / (4 * degrees);
}

/** Undefined without a value. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = meanOf(values);
  if (count === 1) return { mean, half: undefined, count };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, half: studentT95(count - 1) * Math.sqrt(variance / count), count };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The 95 % interval of a share of which `hits` of `count` were seen (Wilson, 1927). */
export function wilson95(hits: number, count: number): { readonly low: number; readonly high: number } {
  if (count === 0) return { low: 0, high: 1 };
  const z2 = NORMAL_95 ** 2;
  const share = hits / count;
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half = (NORMAL_95 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  // Rounding may leave the interval by a hair.
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
