/**
 * How an order of ours comes in: asked for, checked, admitted to the account, matched, told.
 * Owns the order of these steps for every market of an exchange; it holds no state of its own.
 */
import { assert, assertNever } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";
import { type Market, parsePrice, parseSize } from "../../core/market.ts";
import { type Lots, oppositeOf, type Side, type Ticks, toLots } from "../../core/units.ts";
import { type Account, type AccountOrder, toExchangeOrder } from "./account.ts";
import { reserveOf } from "./account-money.ts";
import type { ExchangeOrder, OrderType } from "./account-records.ts";
import type { BookLevels, MarketPlace, TimeInForce } from "./market-place.ts";

/** Orders an account may have open at once. */
const OPEN_ORDERS_MAX = 1_000;

export type PlaceRequest = {
  readonly market: string;
  readonly side: Side;
  readonly orderType: OrderType;
  /** A decimal for a limit order, absent for a market order. */
  readonly price: string | undefined;
  readonly quantity: string;
  readonly timeInForce: TimeInForce;
  readonly clientOrderId: string;
};

/**
 * - `placed`: admitted; the order's status says what became of it, `rejected` included.
 * - `duplicate`: the client order id was used before; `order` is the first one as it stands.
 * - `refused`: not taken, and nothing remembered of it.
 */
export type PlaceOutcome =
  | { readonly type: "placed" | "duplicate"; readonly order: ExchangeOrder }
  | {
      readonly type: "refused";
      readonly reason: "market-halted" | "insufficient-balance" | "too-many-open-orders";
      readonly message: string;
    };

/** `ended`: it had been filled, cancelled or rejected before. */
export type CancelOutcome =
  | { readonly type: "cancelled" | "ended"; readonly order: ExchangeOrder }
  | { readonly type: "unknown" };

export type ServedMarket = { readonly market: Market; readonly place: MarketPlace };

/**
 * Places an order. Throws `InputError` naming the wire's field on an unknown market, a price or quantity that is no
 * positive multiple of the increment, or a combination of type, price and time in force that means nothing.
 */
export function placeOrder(
  account: Account,
  served: ReadonlyMap<string, ServedMarket>,
  request: PlaceRequest,
): PlaceOutcome {
  const { market, place } = servedMarket(served, request.market);
  const first = account.findByClientId(request.clientOrderId);
  if (first !== undefined) return { type: "duplicate", order: toExchangeOrder(first) };
  const price = readPrice(market, request);
  const size = parseSize(market, request.quantity, "quantity");
  const { side, orderType, timeInForce, clientOrderId } = request;
  if (place.status() === "halted") {
    return { type: "refused", reason: "market-halted", message: `${market.symbol} is halted` };
  }
  if (account.openOrders().length >= OPEN_ORDERS_MAX) {
    const message = `an account has at most ${OPEN_ORDERS_MAX} open orders`;
    return { type: "refused", reason: "too-many-open-orders", message };
  }
  const worst = price ?? worstPrice(place.book(), side, size);
  const reserve = worst === undefined ? undefined : reserveOf({ market, side, price: worst, size });
  if (reserve !== undefined && !account.covers(reserve)) {
    return { type: "refused", reason: "insufficient-balance", message: `not enough ${reserve.asset} is available` };
  }
  const order = account.admit({ clientOrderId, market, side, orderType, timeInForce, price, size });
  enter(account, place, order);
  return { type: "placed", order: toExchangeOrder(order) };
}

export function cancelOrder(
  account: Account,
  served: ReadonlyMap<string, ServedMarket>,
  orderId: string,
): CancelOutcome {
  const order = account.find(orderId);
  if (order === undefined) return { type: "unknown" };
  if (order.status !== "open" && order.status !== "partially_filled") {
    return { type: "ended", order: toExchangeOrder(order) };
  }
  servedMarket(served, order.market.symbol).place.cancel(orderId);
  account.end(order, "cancelled");
  return { type: "cancelled", order: toExchangeOrder(order) };
}

/** Lets orders that a journal restored rest again. */
export function restoreOrders(account: Account, served: ReadonlyMap<string, ServedMarket>): void {
  for (const order of account.openOrders()) {
    const restingKind = order.timeInForce === "gtc" || order.timeInForce === "post_only";
    // The exchange was killed between an order's record and its end: a kind that never rests has ended.
    if (order.price === undefined || !restingKind) {
      account.end(order, "cancelled");
      continue;
    }
    const { orderId, side, price, timeInForce } = order;
    const size = toLots(order.size - order.filled);
    servedMarket(served, order.market.symbol).place.restore({ orderId, side, price, size, timeInForce });
  }
}

export function servedMarket(served: ReadonlyMap<string, ServedMarket>, symbol: string): ServedMarket {
  const found = served.get(symbol);
  if (found !== undefined) return found;
  throw new InputError({ what: "market_id", expected: `one of ${[...served.keys()].join(", ")}`, was: symbol });
}

function enter(account: Account, place: MarketPlace, order: AccountOrder): void {
  const result = place.place(order);
  switch (result.type) {
    case "rejected":
      account.end(order, "rejected");
      return;
    case "ended":
      if (order.status !== "filled") account.end(order, "cancelled");
      return;
    case "resting":
      assert(order.filled < order.size, `a resting order must have something left, was ${order.orderId}`);
      if (order.filled === 0) account.announce(order);
      return;
    default:
      assertNever(result);
  }
}

function readPrice(market: Market, request: PlaceRequest): Ticks | undefined {
  if (request.orderType === "limit") return parsePrice(market, request.price, "price");
  if (request.price !== undefined) {
    throw new InputError({ what: "price", expected: "absent for a market order", was: request.price });
  }
  if (request.timeInForce !== "ioc" && request.timeInForce !== "fok") {
    throw new InputError({
      what: "time_in_force",
      expected: "ioc or fok for a market order",
      was: request.timeInForce,
    });
  }
  return undefined;
}

/** The last price a market order would reach in the visible book; `undefined` where there is nothing to match. */
function worstPrice(book: BookLevels | undefined, side: Side, size: Lots): Ticks | undefined {
  const levels = oppositeOf(side) === "buy" ? book?.bids : book?.asks;
  let reached = 0;
  for (const level of levels ?? []) {
    reached += level.size;
    if (reached >= size) return level.price;
  }
  return levels?.at(-1)?.price;
}
