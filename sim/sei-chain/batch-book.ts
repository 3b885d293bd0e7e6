/**
 * The resting limit orders of one pair, in ticks and lots: levels best first, and within a level first come, first served.
 * Owns the book; what meets what at a block's end is `batch-auction.ts`'s.
 */
import { assert } from "../../core/assert.ts";
import { type Lots, type Side, type Ticks, toLots } from "../../core/units.ts";
import type { BookLevels, PriceLevel } from "../exchange/market-place.ts";
import { type Level, restIn, takeFrom } from "../exchange/price-levels.ts";

export type BookOrder = {
  /** The contract's number of the order. */
  readonly id: number;
  readonly owner: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
  /** The block that took it into the book. */
  readonly placedAt: number;
  remaining: Lots;
};

export type BookLevel = Level<BookOrder>;

/** x/dex/types/params.go: DefaultMaxOrderPerPrice. */
export const ORDERS_PER_LEVEL_MAX = 10_000;
const RESTING_MAX = 100_000;

export class BatchBook {
  readonly #levels: { readonly buy: BookLevel[]; readonly sell: BookLevel[] } = { buy: [], sell: [] };
  readonly #orders = new Map<number, BookOrder>();
  #revision = 0;

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  find(id: number): BookOrder | undefined {
    return this.#orders.get(id);
  }

  /** Best first. */
  side(side: Side): readonly BookLevel[] {
    return this.#levels[side];
  }

  /** In the order they were numbered. */
  ordersOf(owner: string): readonly BookOrder[] {
    return [...this.#orders.values()].filter((order) => order.owner === owner).toSorted((a, b) => a.id - b.id);
  }

  /** How many orders stand at a price. */
  count(side: Side, price: Ticks): number {
    return this.#levels[side].find((level) => level.price === price)?.orders.length ?? 0;
  }

  add(order: BookOrder): void {
    assert(!this.#orders.has(order.id), `order ${order.id} must be new to the book`);
    assert(this.#orders.size < RESTING_MAX, `a book must hold at most ${RESTING_MAX} orders`);
    this.#orders.set(order.id, order);
    this.#revision += 1;
    restIn(this.#levels[order.side], order);
  }

  remove(order: BookOrder): void {
    assert(this.#orders.delete(order.id), `order ${order.id} must stand in the book`);
    this.#revision += 1;
    takeFrom(this.#levels[order.side], order);
  }

  /** Takes lots from an order; an order without any left is out of the book. */
  reduce(order: BookOrder, size: Lots): void {
    assert(size > 0 && size <= order.remaining, `order ${order.id} must have ${size} lots left`);
    order.remaining = toLots(order.remaining - size);
    this.#revision += 1;
    if (order.remaining === 0) this.remove(order);
  }

  /** Summed by price, at most `depth` levels a side, best first. */
  levels(depth: number): BookLevels {
    return { bids: summed(this.#levels.buy, depth), asks: summed(this.#levels.sell, depth) };
  }
}

function summed(levels: readonly BookLevel[], depth: number): readonly PriceLevel[] {
  return levels.slice(0, depth).map((level) => ({
    price: level.price,
    size: toLots(level.orders.reduce((sum, order) => sum + order.remaining, 0)),
  }));
}
