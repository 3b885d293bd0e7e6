/**
 * What a place in the book is worth: the share of what takers come for that would reach an order there. Owns the model; which
 * orders stand where is told to it.
 */
import type { BookSide, BookUpdate } from "../events.ts";
import type { Order } from "../order.ts";
import { remainingOf } from "../order.ts";
import type { Quote } from "../quoting/strategy.ts";
import type { Side } from "../units.ts";
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

/** The places of a market at one moment, and what each is worth. Kept from decision to decision: `look` shows it the next moment. */
export class Places {
  #wanted: readonly Quote[] = [];
  readonly #exponentials = new Exponentials();
  readonly #buy = new Queue("buy");
  readonly #sell = new Queue("sell");

  constructor(wanted: readonly Quote[] = [], open: readonly Order[] = [], book?: BookUpdate) {
    this.look(wanted, open, book);
  }

  /** `open`: none that has ended. `book`: the newest one, our orders in it; without one nothing stands before us. */
  look(wanted: readonly Quote[], open: readonly Order[], book: BookUpdate | undefined): void {
    this.#wanted = wanted;
    this.#buy.look(open, book?.bids);
    this.#sell.look(open, book?.asks);
  }

  /** Of standing where the quote wants to, at the back of its queue: 1 where nothing is before it, towards 0 behind much. */
  worthOfQuote(quote: Quote): number {
    const others = this.#queue(quote.side).othersBefore(quote.price, 1);
    return this.#reaching(others + this.#oursBefore(quote), quote.size, asksOf(quote));
  }

  /**
   * What the quote's place is worth above the order's where it stands: less by the queue before it, by what is filled of it, and by
   * its distance.
   */
  gainOf(quote: Quote, order: Order): number {
    const queue = this.#queue(quote.side);
    const asks = asksOf(quote);
    const ours = this.#oursBefore(quote);
    const worth = this.#reaching(queue.othersBefore(quote.price, 1) + ours, quote.size, asks);
    const reaching = this.#reaching(queue.othersBefore(order.price, BEFORE_US_SHARE) + ours, quote.size, asks + 1);
    const size = remainingOf(order);
    const reached =
      size === quote.size
        ? reaching
        : (reaching * (1 - this.#exponentials.of(-size / quote.size, asks + 2))) / OF_WHOLE_QUOTE;
    const offBps = (10_000 * (quote.price - order.price)) / quote.price;
    // At its own price nothing fades, to the bit: it is of another size then.
    const fading = offBps === 0 ? 1 : this.#exponentials.of(-Math.abs(offBps) / ARRIVAL_DECAY_BPS, asks + 3);
    return worth - fading * reached;
  }

  /**
   * What a taker of exponential size, on average as large as the quote, takes behind `before`, as a share of what it would take with
   * nothing before it; a part of them come when nothing is before it any more. With nothing before it all of them reach it, to the bit,
   * and far behind only those that pass: neither needs an exponential.
   */
  #reaching(before: number, quoteSize: number, asks: number): number {
    const depth = before / quoteSize;
    if (depth === 0) return 1;
    return depth > DEEP ? PASSING_SHARE : PASSING_SHARE + (1 - PASSING_SHARE) * this.#exponentials.of(-depth, asks);
  }

  /** Our own quotes further in are taken first; the first levels stand first among the wanted. */
  #oursBefore({ side, level }: Quote): number {
    let size = 0;
    for (const inner of this.#wanted) {
      if (inner.level >= level) break;
      if (inner.side === side) size += inner.size;
    }
    return size;
  }

  #queue(side: Side): Queue {
    return side === "buy" ? this.#buy : this.#sell;
  }
}

/** What stands on one side: the levels of the book, and our open orders in it as plain numbers, since each change asks twice. */
class Queue {
  readonly #side: Side;
  readonly #sign: 1 | -1;
  #levels: BookSide | undefined;
  /** So many levels are better than the price that was asked for last, with so much size: the next one is mostly near to it. */
  #betterCount = 0;
  #betterSize = 0;
  /** Ours in the list that `#ownOf` is, which is the same until an order changes: in the first `#ownCount` places. */
  #open: readonly Order[] = [];
  #ownOf: readonly Order[] | undefined;
  #ownCount = 0;
  readonly #ownPrices: number[] = [];
  readonly #ownSizes: number[] = [];

  constructor(side: Side) {
    this.#side = side;
    this.#sign = signOf(side);
  }

  look(open: readonly Order[], levels: BookSide | undefined): void {
    this.#open = open;
    this.#levels = levels;
    this.#betterCount = 0;
    this.#betterSize = 0;
  }

  /** Size of others at better prices, and the share of what stands at this one. Ours may not be shown yet: never below 0. */
  othersBefore(price: number, shareAtPrice: number): number {
    if (this.#levels === undefined) return 0;
    if (this.#ownOf !== this.#open) this.#readOwn();
    const { prices, sizes } = this.#levels;
    const sign = this.#sign;
    let better = this.#passTo(price, this.#levels);
    let same = 0;
    for (let i = this.#betterCount; prices[i] === price; i += 1) same += sizes[i] ?? 0;
    const [ownPrices, ownSizes] = [this.#ownPrices, this.#ownSizes];
    for (let i = 0; i < this.#ownCount; i += 1) {
      const distance = sign * ((ownPrices[i] ?? price) - price);
      if (distance > 0) better -= ownSizes[i] ?? 0;
      else if (distance === 0) same -= ownSizes[i] ?? 0;
    }
    return Math.max(0, better) + shareAtPrice * Math.max(0, same);
  }

  /** Answers the size of all levels that are better, the best of which stand first. */
  #passTo(price: number, { prices, sizes }: BookSide): number {
    const sign = this.#sign;
    let count = this.#betterCount;
    let size = this.#betterSize;
    while (count < prices.length && sign * ((prices[count] ?? price) - price) > 0) {
      size += sizes[count] ?? 0;
      count += 1;
    }
    while (count > 0 && sign * ((prices[count - 1] ?? price) - price) <= 0) {
      count -= 1;
      size -= sizes[count] ?? 0;
    }
    this.#betterCount = count;
    this.#betterSize = size;
    return size;
  }

  #readOwn(): void {
    let count = 0;
    for (const order of this.#open) {
      if (order.side !== this.#side) continue;
      this.#ownPrices[count] = order.price;
      this.#ownSizes[count] = remainingOf(order);
      count += 1;
    }
    this.#ownCount = count;
    this.#ownOf = this.#open;
  }
}

/** Behind so many quotes' sizes what the exponential adds to `PASSING_SHARE` is less than its last bit: 0.95·e^−41 against 2^−58. */
const DEEP = 41;

/** Of each quote so many exponentials are asked for, each under its own number. */
const ASKS_A_QUOTE = 4;

/** A configuration has ten levels at most; under a number beyond these nothing is kept. */
const ASKS_MAX = ASKS_A_QUOTE * 2 * 14;

function asksOf(quote: Quote): number {
  return ASKS_A_QUOTE * (2 * quote.level + (quote.side === "buy" ? 0 : 1));
}

/** The last exponential asked for under each number: mostly it is asked for again, since what stands around a quote has not changed. */
class Exponentials {
  readonly #exponents = new Float64Array(ASKS_MAX).fill(Number.NaN);
  readonly #values = new Float64Array(ASKS_MAX);

  of(exponent: number, ask: number): number {
    if (this.#exponents[ask] === exponent) return this.#values[ask] ?? Number.NaN;
    const value = Math.exp(exponent);
    this.#exponents[ask] = exponent;
    this.#values[ask] = value;
    return value;
  }
}
