/**
 * What the market did after a fill: the terms and their formulas, exact. Owns no mid and no fill: `fill-markouts.ts` marks them,
 * `markout-figures.ts` adds them up.
 *
 * With s = +1 for a buy and −1 for a sell, p the price and m the mid: spread capture = s·(m(t) − p), markout(τ) = s·(m(t + τ) − p),
 * adverse selection(τ) = capture − markout(τ) = −s·(m(t + τ) − m(t)); in bps of m(t).
 */
import type { Side } from "../units.ts";

/** How long after a fill the mid is looked at, in seconds; every list by horizon is in this order. */
export const MARKOUT_SECONDS = [1, 5, 60] as const;

/** Prices are 10^-18 quote. */
export type FillAtMid = { readonly side: Side; readonly price: bigint; readonly midAtFill: bigint };

/** A fill whose last horizon has passed. `mids` in the order of MARKOUT_SECONDS; all prices 10^-18 quote. */
export type FillMarkout = FillAtMid & {
  readonly fillId: string;
  readonly venueTime: string;
  /** Undefined for an order that stands at no level of ours: a stranger's, or one of an earlier start. */
  readonly level: number | undefined;
  /** 10^-18 base. */
  readonly size: bigint;
  /** Undefined where none was known at that moment. */
  readonly mids: readonly (bigint | undefined)[];
};

/** What the fill is better than the mid by, a unit of base. */
export function spreadCapture(fill: FillAtMid): bigint {
  return markoutAt(fill, fill.midAtFill);
}

/** What a unit of base would have made, closed at a later mid. */
export function markoutAt({ side, price }: FillAtMid, mid: bigint): bigint {
  return side === "buy" ? mid - price : price - mid;
}

/** What the mid has moved against the fill by; below zero when it has moved in its favour. */
export function adverseSelection({ side, midAtFill }: FillAtMid, mid: bigint): bigint {
  return side === "buy" ? midAtFill - mid : mid - midAtFill;
}

/** An amount a unit of base in bps of the mid at the fill: a model figure, never money. */
export function toBps(amount: bigint, { midAtFill }: FillAtMid): number {
  return (10_000 * Number(amount)) / Number(midAtFill);
}
