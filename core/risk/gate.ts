/**
 * The risk gate: every quote passes here before it becomes an order, twice. `shapeQuotes` fits what is wanted into the limits;
 * `admitQuote` judges each placing on worst-case exposure at the moment it would be sent. Denied is ours: the venue never
 * saw it. Owns no orders; it is shown them.
 */
import type { Order } from "../orders.ts";
import { isOpen, isUnknown, remainingOf } from "../orders.ts";
import type { Quote } from "../quoting/strategy.ts";
import type { Lots, Side } from "../units.ts";
import { toLots } from "../units.ts";
import type { Limits } from "./limits.ts";

/** Positions if everything of ours that may still fill did: all buys and no sell, or all sells and no buy. */
export type Exposure = { readonly long: Lots; readonly short: Lots };

/**
 * - `order-size`: larger than one order may be.
 * - `position`: filled, it could take the position over its limit.
 * - `self-match`: it would trade with an order of ours that is not proven dead.
 * - `unknown-orders`: too many orders of unproven fate in the market.
 */
export type DenialReason = "order-size" | "position" | "self-match" | "unknown-orders";

export type Denial = { readonly quote: Quote; readonly reason: DenialReason };

/** With this many orders of unproven fate in a market, no further one is placed there. */
const UNKNOWN_ORDERS_MAX = 2;

/** Worst-case exposure: the position and every order not proven dead, unknown ones in full. */
export function exposureOf(position: Lots, orders: Iterable<Order>): Exposure {
  let long: number = position;
  let short: number = position;
  for (const order of orders) {
    if (order.side === "buy") long += remainingOf(order);
    else short -= remainingOf(order);
  }
  return { long: toLots(long), short: toLots(short) };
}

/**
 * Fits the wanted quotes into the limits, best level first: a size over what the position limit leaves is cut to that, and
 * one for which nothing is left, or that is larger than an order may be, is denied.
 */
export function shapeQuotes(
  quotes: readonly Quote[],
  position: Lots,
  limits: Limits,
): { readonly quotes: readonly Quote[]; readonly denials: readonly Denial[] } {
  const allowed: Quote[] = [];
  const denials: Denial[] = [];
  let exposure: Exposure = { long: position, short: position };
  for (const quote of quotes) {
    if (quote.size <= 0 || quote.size > limits.orderSize) {
      denials.push({ quote, reason: "order-size" });
      continue;
    }
    const left = roomFor(quote.side, exposure, limits);
    if (left <= 0) {
      denials.push({ quote, reason: "position" });
      continue;
    }
    const fitted = left < quote.size ? { ...quote, size: toLots(left) } : quote;
    exposure = withQuote(exposure, fitted);
    allowed.push(fitted);
  }
  return { quotes: allowed, denials };
}

/** Judges one placing now. Answers the reason it is denied, or undefined when it may be sent. */
export function admitQuote(input: {
  readonly quote: Quote;
  readonly exposure: Exposure;
  readonly limits: Limits;
  readonly open: readonly Order[];
}): DenialReason | undefined {
  const { quote, exposure, limits, open } = input;
  if (quote.size <= 0 || quote.size > limits.orderSize) return "order-size";
  if (roomFor(quote.side, exposure, limits) < quote.size) return "position";
  if (open.filter(isUnknown).length >= UNKNOWN_ORDERS_MAX) return "unknown-orders";
  return open.some((order) => wouldMatch(quote, order)) ? "self-match" : undefined;
}

/** The exposure once `quote` rests as well. */
export function withQuote(exposure: Exposure, quote: Quote): Exposure {
  return quote.side === "buy"
    ? { ...exposure, long: toLots(exposure.long + quote.size) }
    : { ...exposure, short: toLots(exposure.short - quote.size) };
}

function roomFor(side: Side, exposure: Exposure, limits: Limits): number {
  return side === "buy" ? limits.position - exposure.long : limits.position + exposure.short;
}

function wouldMatch(quote: Quote, order: Order): boolean {
  if (!isOpen(order) || order.side === quote.side) return false;
  return quote.side === "buy" ? quote.price >= order.price : quote.price <= order.price;
}
