/** Drawing from one seed: uniform, log-uniform, a choice, a coin. Owns the arithmetic alone. */
import type { Rng } from "../../../fargate/seams.ts";

export type Range = { readonly low: number; readonly high: number };

/** Each order of magnitude as likely as the next; `low` above 0. */
export function logBetween(rng: Rng, { low, high }: Range): number {
  return low * (high / low) ** rng.next();
}

/** A whole number, both ends included. */
export function wholeBetween(rng: Rng, { low, high }: Range): number {
  return low + Math.floor(rng.next() * (high - low + 1));
}

/** A whole number, each order of magnitude as likely as the next. */
export function wholeLogBetween(rng: Rng, range: Range): number {
  return Math.round(logBetween(rng, range));
}

export function chance(rng: Rng, probability: number): boolean {
  return rng.next() < probability;
}

export function oneOf<Item>(rng: Rng, items: readonly [Item, ...Item[]]): Item {
  return items[Math.floor(rng.next() * items.length)] ?? items[0];
}

/** From now until the next of events that come at random with this mean; at most ten times as long. */
export function untilNext(rng: Rng, meanMs: number): number {
  return Math.min(10 * meanMs, -Math.log(1 - rng.next()) * meanMs);
}
