/**
 * The newest whole book of a market and what it says without our own orders. Owns no judgement of freshness; `risk/` does.
 */
import type { BookSide, BookUpdate } from "../events.ts";
import type { Lots, Side, Ticks } from "../units.ts";
import { toLots } from "../units.ts";

export type PriceLevel = { readonly price: Ticks; readonly size: Lots };

/** The best bid and ask, each absent when that side is empty. */
export type TopOfBook = { readonly bid: PriceLevel | undefined; readonly ask: PriceLevel | undefined };

/** Own size at a price that may stand in the book. */
export type OwnSize = { readonly side: Side; readonly price: Ticks; readonly size: Lots };

export function topOf(book: BookUpdate): TopOfBook {
  return { bid: levelAt(book.bids, 0), ask: levelAt(book.asks, 0) };
}

const NO_TOP: TopOfBook = { bid: undefined, ask: undefined };

/**
 * The top of the book without our orders; what of it is as in `before` is the same object. Where a level shows less than we believe to have there, the level counts as ours
 * alone: leaving out a stranger's size for a moment is safe, quoting off our own is not.
 */
export function topWithoutOwn(book: BookUpdate, own: readonly OwnSize[], before = NO_TOP): TopOfBook {
  const bid = bestOther(book.bids, own, "buy", before.bid);
  const ask = bestOther(book.asks, own, "sell", before.ask);
  return bid === before.bid && ask === before.ask ? before : { bid, ask };
}

/** The best levels of others on both sides, best first. */
export type OthersDepth = { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] };

/** Up to `count` levels a side without our orders, as `topWithoutOwn` takes them out. */
export function depthWithoutOwn(book: BookUpdate, own: readonly OwnSize[], count: number): OthersDepth {
  return { bids: othersOf(book.bids, own, "buy", count), asks: othersOf(book.asks, own, "sell", count) };
}

/** The part of a level's size that is ours, at most all of it. */
export function ownAt(own: readonly OwnSize[], side: Side, { price, size }: PriceLevel): Lots {
  return toLots(Math.min(ownSizeAt(own, side, price), size));
}

function ownSizeAt(own: readonly OwnSize[], side: Side, price: number): number {
  let size = 0;
  for (const order of own) if (order.side === side && order.price === price) size += order.size;
  return size;
}

export function levelsOf(side: BookSide, count: number): readonly PriceLevel[] {
  const levels: PriceLevel[] = [];
  for (let i = 0; i < side.prices.length && i < count; i += 1) {
    const level = levelAt(side, i);
    if (level !== undefined) levels.push(level);
  }
  return levels;
}

/** Whether the best bid is at or above the best ask: no honest book is, and nothing is quoted on it. */
export function isCrossed(top: TopOfBook): boolean {
  return top.bid !== undefined && top.ask !== undefined && top.bid.price >= top.ask.price;
}

function bestOther(
  side: BookSide,
  own: readonly OwnSize[],
  which: Side,
  before: PriceLevel | undefined,
): PriceLevel | undefined {
  for (let i = 0; i < side.prices.length; i += 1) {
    const level = otherAt(side, i, own, which, before);
    if (level !== undefined) return level;
  }
  return undefined;
}

function othersOf(side: BookSide, own: readonly OwnSize[], which: Side, count: number): readonly PriceLevel[] {
  const levels: PriceLevel[] = [];
  for (let i = 0; i < side.prices.length && levels.length < count; i += 1) {
    const level = otherAt(side, i, own, which);
    if (level !== undefined) levels.push(level);
  }
  return levels;
}

/** A level without our part of it, `before` where it is the same; undefined where nothing is left. */
function otherAt(
  side: BookSide,
  index: number,
  own: readonly OwnSize[],
  which: Side,
  before?: PriceLevel,
): PriceLevel | undefined {
  const price = side.prices[index];
  const size = side.sizes[index];
  if (price === undefined || size === undefined) return undefined;
  const left = size - ownSizeAt(own, which, price);
  if (left <= 0) return undefined;
  return before?.price === price && before.size === left ? before : { price, size: toLots(left) };
}

function levelAt(side: BookSide, index: number): PriceLevel | undefined {
  const price = side.prices[index];
  const size = side.sizes[index];
  return price === undefined || size === undefined ? undefined : { price, size };
}
