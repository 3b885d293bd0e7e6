/**
 * The units of the hot path: prices in ticks, sizes in lots, both safe integers, and the moments they are judged at.
 * Owns the brands; the only casts to them are here and in `market.ts`.
 */
import { assert } from "./assert.ts";

declare const ticks: unique symbol;
declare const lots: unique symbol;

/** A price as a whole number of the market's tick; a safe integer. */
export type Ticks = number & { readonly [ticks]: true };

/** A size as a whole number of the market's lot; a safe integer, negative for a short position. */
export type Lots = number & { readonly [lots]: true };

export type Side = "buy" | "sell";

/**
 * A moment: `monotonicMs` for durations (never jumps, fractions allowed, its zero means nothing),
 * `epochMs` for records (UTC).
 */
export type Instant = { readonly monotonicMs: number; readonly epochMs: number };

/** The words of a failed check are put together where it has failed alone: these run for every price and size of a decision. */
export function toTicks(value: number): Ticks {
  if (!Number.isSafeInteger(value)) assert(false, `ticks must be a safe integer, was ${value}`);
  return value as Ticks;
}

export function toLots(value: number): Lots {
  if (!Number.isSafeInteger(value)) assert(false, `lots must be a safe integer, was ${value}`);
  return value as Lots;
}

/** +1 for a buy, −1 for a sell: the sign a fill of that side gives the position. */
export function signOf(side: Side): 1 | -1 {
  return side === "buy" ? 1 : -1;
}

export function oppositeOf(side: Side): Side {
  return side === "buy" ? "sell" : "buy";
}
