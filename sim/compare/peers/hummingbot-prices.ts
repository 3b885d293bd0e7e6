/**
 * What Hummingbot's strategies take from a market and how they round, shared by both of them: prices in ticks. After
 * hummingbot/hummingbot `hummingbot/connector/exchange_base.pyx` (`c_quantize_order_price`, `c_get_price`) and
 * `hummingbot/strategy/market_trading_pair_tuple.py` (`get_price_for_volume`).
 */
import type { BookSide, BookUpdate } from "../../../core/events.ts";
import type { ClientOrder } from "./order-client.ts";

export type ProposedOrder = { price: number; size: number };
export type Proposal = { buys: ProposedOrder[]; sells: ProposedOrder[] };

/** Down to a tick on both sides, as `(price // quantum) * quantum`. */
export function quantized(price: number): number {
  return Math.floor(price + 1e-9);
}

/** The middle of the book as it is shown, own orders included; undefined while a side is empty. */
export function shownMid({ bids, asks }: BookUpdate): number | undefined {
  const [bid, ask] = [bids.prices[0], asks.prices[0]];
  return bid === undefined || ask === undefined ? undefined : (bid + ask) / 2;
}

/** The price at which a side of the book adds up to `volume`; its best one for none, its last one for more than it has. */
export function priceForVolume(side: BookSide, volume: number): number | undefined {
  let total = 0;
  let price: number | undefined;
  for (let i = 0; i < side.prices.length; i += 1) {
    price = side.prices[i];
    total += side.sizes[i] ?? 0;
    if (total >= volume) break;
  }
  return price;
}

/**
 * `order_optimization`: one tick better than the best others, where the proposal is better still. Own size is that of the last own
 * order of the side. Answers the prices beyond which the proposal is brought back; undefined where the book has none.
 */
export function jumpPrices(book: BookUpdate, active: readonly ClientOrder[]) {
  const own = { buy: 0, sell: 0 };
  for (const { side, size } of active) own[side] = size;
  const topBid = priceForVolume(book.bids, own.buy);
  const topAsk = priceForVolume(book.asks, own.sell);
  return {
    aboveBid: topBid === undefined ? undefined : Math.ceil(topBid) + 1,
    belowAsk: topAsk === undefined ? undefined : Math.floor(topAsk) - 1,
  };
}

/** `c_is_within_tolerance`: the sorted prices differ pairwise by at most `tolerance` of the standing one. Sizes do not count. */
export function isWithinTolerance(
  standing: readonly number[],
  proposed: readonly number[],
  tolerance: number,
): boolean {
  if (standing.length !== proposed.length) return false;
  const [left, right] = [standing.toSorted(byValue), proposed.toSorted(byValue)];
  return left.every((price, index) => Math.abs((right[index] ?? 0) - price) / price <= tolerance);
}

/** `c_apply_budget_constraint`: best first, each cut to what is left; what has nothing left is dropped. */
export function withinRoom(orders: readonly ProposedOrder[], room: number): ProposedOrder[] {
  let left = room;
  const kept: ProposedOrder[] = [];
  for (const { price, size } of orders) {
    const cut = Math.floor(Math.min(size, left));
    left -= cut;
    if (cut > 0) kept.push({ price, size: cut });
  }
  return kept;
}

function byValue(a: number, b: number): number {
  return a - b;
}
