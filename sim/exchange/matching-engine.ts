/**
 * One market's order book with price-time matching, in ticks and lots. The resting order gets its own price.
 * Owns the resting orders; it knows no money, no time and no wire.
 */
import { assert } from "../../core/assert.ts";
import { type Lots, oppositeOf, type Side, type Ticks, toLots } from "../../core/units.ts";
import type { BookLevels, EnteringOrder, EntryResult, PriceLevel } from "./market-place.ts";
import { type Level, restIn, takeFrom } from "./price-levels.ts";

/** Resting orders a market holds at most; the exchange refuses an account's orders long before this. */
const RESTING_MAX = 100_000;

type RestingOrder = {
  readonly orderId: string;
  readonly owner: string;
  readonly side: Side;
  readonly price: Ticks;
  remaining: Lots;
};

/** Orders of one price, oldest first. */

/** One match: `maker` rested, `taker` came; the price is the maker's. */
export type Match = {
  readonly price: Ticks;
  readonly size: Lots;
  readonly aggressor: Side;
  readonly makerOrderId: string;
  readonly makerOwner: string;
  readonly takerOrderId: string;
  readonly takerOwner: string;
};

export class MatchingEngine {
  readonly #onMatch: (match: Match) => void;
  /** Best first on both sides. */
  readonly #levels: { readonly buy: Level<RestingOrder>[]; readonly sell: Level<RestingOrder>[] } = {
    buy: [],
    sell: [],
  };
  readonly #resting = new Map<string, RestingOrder>();
  #revision = 0;

  /** `onMatch` is called for each match, in order, before `place` returns. It must not call back into the book. */
  constructor(onMatch: (match: Match) => void) {
    this.#onMatch = onMatch;
  }

  /**
   * Matches an order, then rests what is left of it if its kind rests. An order meets no order of its own owner: there
   * what is left of the newer one ends, as exchanges do by "cancel newest".
   */
  place(order: EnteringOrder & { readonly owner: string }): EntryResult {
    assert(order.size > 0, `size must be positive, was ${order.size}`);
    assert(!this.#resting.has(order.orderId), `order id must be new, was ${order.orderId}`);
    if (order.timeInForce === "post_only" && this.#crosses(order)) return { type: "rejected", reason: "would-cross" };
    if (order.timeInForce === "fok" && this.#matchable(order) < order.size) {
      return { type: "rejected", reason: "cannot-fill-whole" };
    }
    const left = this.#match(order);
    const restingKind = order.timeInForce === "gtc" || order.timeInForce === "post_only";
    if (left === 0 || order.price === undefined || !restingKind) return { type: "ended" };
    if (this.#crosses(order)) return { type: "ended" };
    this.#rest({
      orderId: order.orderId,
      owner: order.owner,
      side: order.side,
      price: order.price,
      remaining: toLots(left),
    });
    return { type: "resting" };
  }

  /** Puts an order into the book unmatched, even where it crosses: the next order on the other side will meet it. */
  restore(order: EnteringOrder & { readonly owner: string; readonly price: Ticks }): void {
    assert(!this.#resting.has(order.orderId), `order id must be new, was ${order.orderId}`);
    const { orderId, owner, side, price, size } = order;
    this.#rest({ orderId, owner, side, price, remaining: size });
  }

  /** Takes an order out of the book; false when it does not rest here. */
  cancel(orderId: string): boolean {
    const order = this.#resting.get(orderId);
    if (order === undefined) return false;
    this.#resting.delete(orderId);
    this.#revision += 1;
    takeFrom(this.#levels[order.side], order);
    return true;
  }

  /** Grows with every change of the book. */
  get revision(): number {
    return this.#revision;
  }

  /** The best price of a side. */
  best(side: Side): Ticks | undefined {
    return this.#levels[side][0]?.price;
  }

  /** The book summed by price, at most `depth` levels a side, best first. */
  levels(depth: number): BookLevels {
    return { bids: summed(this.#levels.buy, depth), asks: summed(this.#levels.sell, depth) };
  }

  #match(order: EnteringOrder & { readonly owner: string }): number {
    const levels = this.#levels[oppositeOf(order.side)];
    let left: number = order.size;
    while (left > 0) {
      const level = levels[0];
      const maker = level?.orders[0];
      if (level === undefined || maker === undefined || !reaches(order, level.price)) break;
      if (maker.owner === order.owner) break;
      const size = toLots(Math.min(left, maker.remaining));
      left -= size;
      this.#revision += 1;
      maker.remaining = toLots(maker.remaining - size);
      if (maker.remaining === 0) {
        level.orders.shift();
        this.#resting.delete(maker.orderId);
        if (level.orders.length === 0) levels.shift();
      }
      this.#onMatch({
        price: level.price,
        size,
        aggressor: order.side,
        makerOrderId: maker.orderId,
        makerOwner: maker.owner,
        takerOrderId: order.orderId,
        takerOwner: order.owner,
      });
    }
    return left;
  }

  #rest(order: RestingOrder): void {
    assert(this.#resting.size < RESTING_MAX, `a book must hold at most ${RESTING_MAX} orders`);
    this.#resting.set(order.orderId, order);
    this.#revision += 1;
    restIn(this.#levels[order.side], order);
  }

  #crosses(order: EnteringOrder): boolean {
    const best = this.best(oppositeOf(order.side));
    return best !== undefined && reaches(order, best);
  }

  /** What an order could match at once, up to the first order of its own owner; at most its size matters. */
  #matchable(order: EnteringOrder & { readonly owner: string }): number {
    let total = 0;
    for (const level of this.#levels[oppositeOf(order.side)]) {
      if (!reaches(order, level.price)) return total;
      for (const maker of level.orders) {
        if (maker.owner === order.owner || total >= order.size) return total;
        total += maker.remaining;
      }
    }
    return total;
  }
}

/** True when an order's limit allows it to trade at `price`. */
export function reaches(order: { readonly side: Side; readonly price: Ticks | undefined }, price: Ticks): boolean {
  if (order.price === undefined) return true;
  return order.side === "buy" ? price <= order.price : price >= order.price;
}

function summed(levels: readonly Level<RestingOrder>[], depth: number): readonly PriceLevel[] {
  return levels.slice(0, depth).map((level) => ({
    price: level.price,
    size: toLots(level.orders.reduce((sum, order) => sum + order.remaining, 0)),
  }));
}
