/**
 * The risk gate: every quote passes here before it becomes an order, twice. `shapeQuotes` fits what is wanted into the limits;
 * `admitQuote` judges each placing on worst-case exposure at the moment it would be sent. Denied is ours: the venue never
 * saw it. Owns no orders; it is shown them.
 */
import type { Order } from "../order.ts";
import { isUnknown, mayRest } from "../order.ts";
import type { Quote } from "../quoting/strategy.ts";
import type { Lots, Side } from "../units.ts";
import { toLots } from "../units.ts";
import type { Limits } from "./limits.ts";
import type { TradingState } from "./trading-state.ts";

/** Positions if everything of ours that may still fill did: all buys and no sell, or all sells and no buy. */
export type Exposure = { readonly long: Lots; readonly short: Lots };

/** Every reason to deny an order, in the order in which they are asked. */
export const DENIAL_REASONS = [
  "halted",
  "order-size",
  "order-value",
  "reducing",
  "position",
  "exposure-value",
  "price-collar",
  "old-book",
  "unknown-orders",
  "in-flight",
  "duplicate",
  "self-match",
  "balance",
] as const;

export type DenialReason = (typeof DENIAL_REASONS)[number];

/** What each reason means, for people. */
export const DENIAL_MEANINGS: Readonly<Record<DenialReason, string>> = {
  halted: "The trading state allows no order at all.",
  "order-size": "Larger than `limits.orderSize`, or nothing.",
  "order-value": "Price × size is above `limits.orderValue`.",
  reducing: "The trading state allows only what makes the position smaller.",
  position: "If everything of ours that may fill did, the position would pass `limits.position`.",
  "exposure-value": "The same over all markets, at the mids, would pass `shardLimits.exposureValue`.",
  "price-collar":
    "Further than `limits.priceCollarPercent` from the median mid of the last minute, or no mid is known.",
  "old-book": "The newest book is older than `limits.placeBookAgeMs`.",
  "unknown-orders": "Two orders of the market are of unproven fate: no further one until they are settled.",
  "in-flight": "As many orders as the venue allows in flight are unanswered, being cancelled or of unproven fate.",
  duplicate: "An order of the same side, price and size was sent within `limits.duplicateMs`.",
  "self-match": "It would trade with an order of ours that is not proven dead.",
  balance: "The account could not pay for it if every open order filled.",
};

export type Denial = { readonly quote: Quote; readonly reason: DenialReason };

/** With this many orders of unproven fate in a market, no further one is placed there. */
const UNKNOWN_ORDERS_MAX = 2;

/** No configuration may allow more (FIA 2015, 1.3: price collars; 10 % is beyond any market maker's quote). */
export const PRICE_COLLAR_PERCENT_MAX = 10;

/** What a placing is judged on, at the moment it would be sent. */
export type GateInput = {
  readonly quote: Quote;
  readonly limits: Limits;
  readonly state: TradingState;
  readonly position: Lots;
  readonly exposure: Exposure;
  /** Orders of the market that may rest or fill, and those sent within `limits.duplicateMs`; walked more than once. */
  readonly orders: Iterable<Order>;
  readonly nowMs: number;
  /** Median mid of the last minute, in ticks; undefined before the first. */
  readonly referencePrice: number | undefined;
  readonly bookAgeMs: number | undefined;
  /** What one tick × one lot is worth, and what the quote is: integers of 10^-18 quote currency. */
  readonly quoteValue: bigint;
  /** Of all markets of the shard together. */
  readonly shard: ShardView;
};

export type ShardView = {
  /**
   * Worst-case value that the other markets and this one come to with the quote, 0 when it adds nothing to it, and its limit: integers
   * of 10^-18 quote currency.
   */
  readonly exposureValue: bigint;
  readonly exposureValueMax: bigint;
  readonly inFlight: number;
  readonly inFlightMax: number;
  readonly isCovered: boolean;
};

/** One control each: true denies. The compiler holds the table to the list of reasons. */
const CONTROLS: Readonly<Record<DenialReason, (input: GateInput) => boolean>> = {
  halted: ({ state }) => state === "halted",
  "order-size": ({ quote, limits }) => quote.size <= 0 || quote.size > limits.orderSize,
  "order-value": ({ quoteValue, limits }) => quoteValue > limits.orderValue,
  reducing: ({ state, quote, position, exposure }) =>
    state === "reducing" && quote.size > roomToReduce(quote.side, position, exposure),
  position: ({ quote, exposure, limits }) => roomFor(quote.side, exposure, limits) < quote.size,
  "exposure-value": ({ shard }) => shard.exposureValue > shard.exposureValueMax,
  "price-collar": ({ quote, referencePrice, limits }) => {
    if (referencePrice === undefined) return true;
    const percent = Math.min(limits.priceCollarPercent, PRICE_COLLAR_PERCENT_MAX);
    return Math.abs(quote.price - referencePrice) * 100 > percent * referencePrice;
  },
  "old-book": isBookTooOld,
  "unknown-orders": ({ orders }) => countWhere(orders, isUnknown) >= UNKNOWN_ORDERS_MAX,
  "in-flight": ({ shard }) => shard.inFlight >= shard.inFlightMax,
  duplicate: ({ orders, quote, limits, nowMs }) =>
    countWhere(orders, (order) => isSame(order, quote) && nowMs - order.sentMs < limits.duplicateMs) > 0,
  "self-match": ({ orders, quote }) => countWhere(orders, (order) => wouldMatch(quote, order)) > 0,
  balance: ({ shard }) => !shard.isCovered,
};

/** Judges one placing now. Answers the reason it is denied, or undefined when it may be sent. */
export function admitQuote(input: GateInput): DenialReason | undefined {
  for (const reason of DENIAL_REASONS) if (CONTROLS[reason](input)) return reason;
  return undefined;
}

/** Asked once more before a placing is written: the process may have stood still since it was decided. */
export function isBookTooOld({ bookAgeMs, limits }: Pick<GateInput, "bookAgeMs" | "limits">): boolean {
  return bookAgeMs === undefined || bookAgeMs > limits.placeBookAgeMs;
}

/**
 * Fits the wanted quotes into the limits, best level first: each is cut to `sizePercent` of its size, to what the position limit
 * leaves, and while only reducing to what brings the position to nothing; one for which nothing is left, or that is larger than
 * an order may be, is denied.
 */
export function shapeQuotes(
  quotes: readonly Quote[],
  to: ShapeTo,
): { readonly quotes: readonly Quote[]; readonly denials: readonly Denial[] } {
  const { position, state } = to;
  if (state === "halted") return { quotes: [], denials: quotes.map((quote) => ({ quote, reason: "halted" })) };
  // Mostly nothing is cut or denied, and this is done for each decision: then what is wanted is what is answered.
  let fitted: Quote[] | undefined;
  let denials: Denial[] | undefined;
  const exposure = { long: position, short: position };
  for (let i = 0; i < quotes.length; i += 1) {
    const quote = quotes[i];
    if (quote === undefined) continue;
    const fit = fitOf(quote, exposure, to);
    if (fit === quote) fitted?.push(quote);
    else {
      fitted ??= quotes.slice(0, i);
      if (typeof fit === "string") {
        denials ??= [];
        denials.push({ quote, reason: fit });
        continue;
      }
      fitted.push(fit);
    }
    if (fit.side === "buy") exposure.long = toLots(exposure.long + fit.size);
    else exposure.short = toLots(exposure.short - fit.size);
  }
  return { quotes: fitted ?? quotes, denials: denials ?? NO_DENIALS };
}

const NO_DENIALS: readonly Denial[] = [];

type ShapeTo = {
  readonly position: Lots;
  readonly limits: Limits;
  readonly state: TradingState;
  readonly sizePercent: number;
};

/** The quote as it fits beside what is allowed so far, itself where nothing is to be cut; or why nothing is left of it. */
function fitOf(
  quote: Quote,
  exposure: Exposure,
  { position, limits, state, sizePercent }: ShapeTo,
): Quote | Extract<DenialReason, "order-size" | "position" | "reducing"> {
  if (quote.size <= 0 || quote.size > limits.orderSize) return "order-size";
  const left = roomFor(quote.side, exposure, limits);
  const toReduce = state === "reducing" ? roomToReduce(quote.side, position, exposure) : Number.POSITIVE_INFINITY;
  if (left <= 0) return "position";
  if (toReduce <= 0) return "reducing";
  const size = Math.max(1, Math.floor((quote.size * sizePercent) / 100));
  const fitted = toLots(Math.min(size, left, toReduce));
  return fitted === quote.size ? quote : { ...quote, size: fitted };
}

/** The exposure once `quote` rests as well. */
export function withQuote(exposure: Exposure, quote: Pick<Quote, "side" | "size">): Exposure {
  return quote.side === "buy"
    ? { long: toLots(exposure.long + quote.size), short: exposure.short }
    : { long: exposure.long, short: toLots(exposure.short - quote.size) };
}

function roomFor(side: Side, exposure: Exposure, limits: Limits): number {
  return side === "buy" ? limits.position - exposure.long : limits.position + exposure.short;
}

/** How much of that side can fill, together with all that is open, before the position is nothing. */
function roomToReduce(side: Side, position: Lots, exposure: Exposure): number {
  if (side === "buy") return position < 0 ? -exposure.long : 0;
  return position > 0 ? exposure.short : 0;
}

function isSame(order: Order, quote: Quote): boolean {
  return order.side === quote.side && order.price === quote.price && order.size === quote.size;
}

function wouldMatch(quote: Quote, order: Order): boolean {
  if (!mayRest(order) || order.side === quote.side) return false;
  return quote.side === "buy" ? quote.price >= order.price : quote.price <= order.price;
}

function countWhere(orders: Iterable<Order>, holds: (order: Order) => boolean): number {
  let count = 0;
  for (const order of orders) if (holds(order)) count += 1;
  return count;
}
