/**
 * What a competitor sees and may do: the same books, trades, fills and answers for each, and orders through the same port with the
 * same latency and limits. Owns only the words.
 */
import type { BookUpdate, Fill, TradePrint, VenueOrder } from "../../core/events.ts";
import type { Market } from "../../core/market.ts";
import type { Instant, Lots, Side, Ticks } from "../../core/units.ts";

/** A post-only limit order: no competitor takes. */
export type OrderRequest = {
  readonly clientOrderId: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
};

/** The way to the venue. Every call is one request that arrives after the latency; what came of it is answered as an event. */
export type OrderPort = {
  place(order: OrderRequest): void;
  cancel(clientOrderId: string): void;
  /** Asks for one order. */
  query(clientOrderId: string): void;
  /** Asks for all that is open; stands for the fill history and the balances as well, which cost a request each. */
  poll(): void;
};

/**
 * - `placed`: the order as it came to rest, or `rejected` (it would have crossed).
 * - `refused`: not taken (too many requests, no room within the position limit).
 * - `cancelled`: it rests no more; `ended`: it had ended before.
 * - `found`: the order as it is; undefined when the venue knows none of this id.
 * - `polled`: all open orders.
 */
export type Answer =
  | { readonly type: "placed"; readonly order: VenueOrder }
  | { readonly type: "refused"; readonly clientOrderId: string; readonly reason: string }
  | { readonly type: "cancelled" | "ended"; readonly order: VenueOrder }
  | { readonly type: "found"; readonly clientOrderId: string; readonly order: VenueOrder | undefined }
  | { readonly type: "polled"; readonly orders: readonly VenueOrder[]; readonly askedMs: number };

export type Competitor = {
  /** How often it is woken without news, in milliseconds. */
  readonly wakeMs: number;
  book(book: BookUpdate): void;
  trade(trade: TradePrint): void;
  answer(answer: Answer, now: Instant): void;
  fill(fill: Fill, now: Instant): void;
  /** The stream's word on an order, after a fill or a cancel of it. */
  orderSeen(order: VenueOrder, now: Instant): void;
  /** Called once after everything that came at one moment, and at each waking: decides and sends. */
  turn(now: Instant): void;
  /** What it has to say of the run for people, such as how long it was halted and why. */
  notes(): readonly string[];
};

/** What every competitor is given alike. */
export type Terms = {
  readonly market: Market;
  readonly port: OrderPort;
  /** Size of each order, and the largest position, long or short, in lots. */
  readonly orderSize: Lots;
  readonly positionMax: Lots;
  readonly levels: number;
  /** Distance from one level to the next, in basis points, for those who have no default of their own. */
  readonly levelSpacingBps: number;
  /** Half-spread of `ours`, for the fixed-spread maker. */
  readonly halfSpreadBps: number;
  readonly requests: { readonly perSecond: number; readonly placementsInFlight: number };
};

export type MakeCompetitor = (terms: Terms) => Competitor;
