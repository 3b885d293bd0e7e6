/**
 * What meets what at the end of a block (x/dex/spec/README.md and x/dex/exchange of sei-chain): cancels, then new limit orders, then
 * market orders, then the crossed book. Owns the order of these and the prices; money, numbers and events are the contract's.
 */
import { assert } from "../../core/assert.ts";
import { type Lots, oppositeOf, type Side, type Ticks, toLots } from "../../core/units.ts";
import type { BatchBook, BookOrder } from "./batch-book.ts";

/** A market order: it takes what there is up to its worst price, at any where that is `undefined`, and never rests. */
export type MarketOrder = {
  readonly id: number;
  readonly owner: string;
  readonly side: Side;
  readonly worstPrice: Ticks | undefined;
  readonly size: Lots;
};

/** All that one block brings to one pair. */
export type Batch = {
  readonly cancels: readonly BookOrder[];
  readonly limits: readonly BookOrder[];
  readonly markets: readonly MarketOrder[];
};

/** An exact price in ticks: `numerator / denominator`. */
export type ExactPrice = { readonly numerator: number; readonly denominator: number };

/** One side of a match. `limit` is its own price, `undefined` for a market order without one. */
export type Party = {
  readonly id: number;
  readonly owner: string;
  readonly price: ExactPrice;
  readonly limit: Ticks | undefined;
  readonly isMarketOrder: boolean;
};

export type BatchMatch = {
  readonly size: Lots;
  readonly buy: Party;
  readonly sell: Party;
  /** The side that came to the other. */
  readonly aggressor: Side;
};

/** Market orders with what they did not get; it is cancelled with the block. */
export type Unfilled = { readonly order: MarketOrder; readonly left: Lots };

/** Runs one block's batch. Afterwards the book is not crossed. */
export function runBatch(
  book: BatchBook,
  batch: Batch,
): { readonly matches: readonly BatchMatch[]; readonly unfilled: readonly Unfilled[] } {
  for (const order of batch.cancels) book.remove(order);
  for (const order of batch.limits) book.add(order);
  const unfilled: Unfilled[] = [];
  const matches = (["buy", "sell"] as const).flatMap((side) => {
    const taken = takeSide(book, side, batch.markets);
    unfilled.push(...taken.unfilled);
    return taken.matches;
  });
  matches.push(...uncross(book));
  const [bid, ask] = [book.side("buy")[0], book.side("sell")[0]];
  assert(bid === undefined || ask === undefined || bid.price < ask.price, "a book must not be crossed after a block");
  return { matches, unfilled };
}

/**
 * The market orders of one side: the most generous first, each maker at its own price, and all takers of the block at one price, what
 * the makers got on average by volume.
 */
function takeSide(
  book: BatchBook,
  side: Side,
  orders: readonly MarketOrder[],
): { readonly matches: readonly BatchMatch[]; readonly unfilled: readonly Unfilled[] } {
  const sorted = orders.filter((order) => order.side === side).toSorted((a, b) => generosity(a, b));
  const taken: { readonly order: MarketOrder; readonly maker: BookOrder; readonly size: Lots }[] = [];
  const unfilled: Unfilled[] = [];
  for (const order of sorted) {
    let left: number = order.size;
    while (left > 0) {
      const maker = book.side(oppositeOf(side))[0]?.orders[0];
      if (maker === undefined || !isWithin(order, maker.price)) break;
      const size = toLots(Math.min(left, maker.remaining));
      left -= size;
      taken.push({ order, maker, size });
      book.reduce(maker, size);
    }
    if (left > 0) unfilled.push({ order, left: toLots(left) });
  }
  const volume = taken.reduce((sum, { size }) => sum + size, 0);
  const value = taken.reduce((sum, { maker, size }) => sum + maker.price * size, 0);
  assert(Number.isSafeInteger(value), "a block's value in ticks and lots must be a safe integer");
  const clearing = { numerator: value, denominator: volume };
  const matches = taken.map(({ order, maker, size }): BatchMatch => {
    const { id, owner, worstPrice } = order;
    const taker: Party = { id, owner, price: clearing, limit: worstPrice, isMarketOrder: true };
    const resting = toParty(maker, { numerator: maker.price, denominator: 1 });
    const [buy, sell] = side === "buy" ? [taker, resting] : [resting, taker];
    return { size, buy, sell, aggressor: side };
  });
  return { matches, unfilled };
}

/** Limit orders that cross execute in the middle between their prices, whoever came first. */
function uncross(book: BatchBook): readonly BatchMatch[] {
  const matches: BatchMatch[] = [];
  for (;;) {
    const [bid, ask] = [book.side("buy")[0]?.orders[0], book.side("sell")[0]?.orders[0]];
    if (bid === undefined || ask === undefined || bid.price < ask.price) return matches;
    const size = toLots(Math.min(bid.remaining, ask.remaining));
    const middle = { numerator: bid.price + ask.price, denominator: 2 };
    const aggressor = bid.id > ask.id ? "buy" : "sell";
    matches.push({ size, buy: toParty(bid, middle), sell: toParty(ask, middle), aggressor });
    book.reduce(bid, size);
    book.reduce(ask, size);
  }
}

function toParty({ id, owner, price: limit }: BookOrder, price: ExactPrice): Party {
  return { id, owner, price, limit, isMarketOrder: false };
}

/** Without a worst price first, then the one that would give most; who came first where they are alike. */
function generosity(a: MarketOrder, b: MarketOrder): number {
  if (a.worstPrice === b.worstPrice) return a.id - b.id;
  if (a.worstPrice === undefined) return -1;
  if (b.worstPrice === undefined) return 1;
  return a.side === "buy" ? b.worstPrice - a.worstPrice : a.worstPrice - b.worstPrice;
}

function isWithin({ side, worstPrice }: MarketOrder, price: Ticks): boolean {
  if (worstPrice === undefined) return true;
  return side === "buy" ? price <= worstPrice : price >= worstPrice;
}
