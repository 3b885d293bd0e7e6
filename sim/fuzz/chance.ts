/** Choices of a repeatable kind. Owns no stream: each input has its own. */
import type { Rng } from "../../fargate/seams.ts";

/** A whole number from 0 to below `limit`, which is at least 1. */
export function below(rng: Rng, limit: number): number {
  return Math.floor(rng.next() * limit);
}

/** Throws `RangeError` on an empty list. */
export function pick<Item>(rng: Rng, items: readonly Item[]): Item {
  const item = items[below(rng, items.length)];
  if (item === undefined) throw new RangeError("there is nothing to pick from");
  return item;
}

/** True once in `times`. */
export function onceIn(rng: Rng, times: number): boolean {
  return rng.next() * times < 1;
}
