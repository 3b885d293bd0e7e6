/**
 * What a place in the book is worth: the share of what takers come for that would reach an order there. Owns the model; which
 * orders stand where is told to it.
 */
import type { BookSide, BookUpdate } from "../events.ts";
import type { Order } from "../order.ts";
import { remainingOf } from "../order.ts";
import type { Quote } from "../quoting/strategy.ts";
import { signOf } from "../units.ts";

/** Nothing tells how many of those at our own price stand before us: half of them is the middle of what can be. */
const BEFORE_US_SHARE = 0.5;

/**
 * Takers that come for a price get fewer with the distance from it by a factor e every so many basis points: the order of magnitude
 * of fitted arrivals (`intensity.ts`). It only weighs one stale quote against another, so that it need not be any market's own.
 */
const ARRIVAL_DECAY_BPS = 10;

/**
 * Of the takers that come for a price, those that come when the price passes through it, whatever stands before us now: a twentieth,
 * so that a quote left far behind a deep book is moved within seconds, and one that is off by a tick there hardly ever.
 */
const PASSING_SHARE = 0.05;

/** What a taker of exponential size takes of a quote as large as it is on average. */
const OF_WHOLE_QUOTE = 1 - Math.exp(-1);

/** What the worth of a market's places goes by. */
export type Surroundings = {
  readonly wanted: readonly Quote[];
  /** None that has ended. */
  readonly open: readonly Order[];
  /** The newest one, our orders in it; without one nothing stands before us. */
  readonly book: BookUpdate | undefined;
};

/** Of standing where the quote wants to, at the back of its queue: 1 where nothing is before it, towards 0 behind much. */
export function worthOfQuote(quote: Quote, surroundings: Surroundings): number {
  return reach(othersBefore(quote, quote.price, 1, surroundings) + oursBefore(quote, surroundings), quote.size, quote);
}

/** Of the order where it stands, in place of the quote: less by the queue before it, by what is filled of it, and by its distance. */
export function worthOfOrder(order: Order, quote: Quote, surroundings: Surroundings): number {
  const before = othersBefore(quote, order.price, BEFORE_US_SHARE, surroundings) + oursBefore(quote, surroundings);
  const offBps = (10_000 * (quote.price - order.price)) / quote.price;
  return Math.exp(-Math.abs(offBps) / ARRIVAL_DECAY_BPS) * reach(before, remainingOf(order), quote);
}

/**
 * What a taker of exponential size, on average as large as the quote, takes of `size` behind `before`, as a share of what it would take
 * of the whole quote with nothing before it; a part of them come when nothing is before it any more.
 */
function reach(before: number, size: number, quote: Quote): number {
  const reaching = PASSING_SHARE + (1 - PASSING_SHARE) * Math.exp(-before / quote.size);
  return size === quote.size ? reaching : (reaching * (1 - Math.exp(-size / quote.size))) / OF_WHOLE_QUOTE;
}

/** Size of others at better prices, and the share of what stands at this one. Ours may not be shown yet: never below 0. */
function othersBefore({ side }: Quote, price: number, shareAtPrice: number, { open, book }: Surroundings): number {
  const levels: BookSide | undefined = side === "buy" ? book?.bids : book?.asks;
  if (levels === undefined) return 0;
  const sign = signOf(side);
  let better = 0;
  let same = 0;
  for (let i = 0; i < levels.prices.length; i += 1) {
    const distance = sign * ((levels.prices[i] ?? price) - price);
    if (distance < 0) break;
    if (distance > 0) better += levels.sizes[i] ?? 0;
    else same += levels.sizes[i] ?? 0;
  }
  for (const order of open) {
    if (order.side !== side) continue;
    const distance = sign * (order.price - price);
    if (distance > 0) better -= remainingOf(order);
    else if (distance === 0) same -= remainingOf(order);
  }
  return Math.max(0, better) + shareAtPrice * Math.max(0, same);
}

/** Our own quotes further in are taken first. */
function oursBefore({ side, level }: Quote, { wanted }: Surroundings): number {
  let size = 0;
  for (const inner of wanted) if (inner.side === side && inner.level < level) size += inner.size;
  return size;
}
