/**
 * The facts the engine is told: what the market did, what the venue said of our orders, what the operator wants.
 * Everything the engine knows came through one of these; it owns no way to ask.
 */
import type { RefreshTolerance, StrategyParameters } from "./quoting/parameters.ts";
import type { Instant, Lots, Side, Ticks } from "./units.ts";

/** One side of a book, best first; `prices` and `sizes` have equal length. */
export type BookSide = { readonly prices: readonly Ticks[]; readonly sizes: readonly Lots[] };

/** The whole visible book of a market (CONTRACTS 1), our own orders included. May be crossed: the engine judges that. */
export type BookUpdate = {
  readonly type: "book-update";
  readonly market: string;
  readonly bids: BookSide;
  readonly asks: BookSide;
  readonly sequence: number;
  readonly venueTimeMs: number;
  readonly at: Instant;
};

/** A trade between any two parties; `aggressor` is the taker's side. */
export type TradePrint = {
  readonly type: "trade";
  readonly market: string;
  readonly tradeId: string;
  readonly price: Ticks;
  readonly size: Lots;
  readonly aggressor: Side;
  readonly venueTimeMs: number;
  readonly at: Instant;
};

export type MarketStatusChange = {
  readonly type: "market-status";
  readonly market: string;
  readonly status: "open" | "halted";
  readonly venueTimeMs: number;
  readonly at: Instant;
};

export type MarketEvent = BookUpdate | TradePrint | MarketStatusChange;

/** The state of the connection to the market data; `feed-lost` makes every book old at once. */
type FeedEvent =
  | { readonly type: "feed-connected"; readonly endpoint: string; readonly at: Instant }
  | { readonly type: "feed-lost"; readonly endpoint: string; readonly reason: string; readonly at: Instant };

/** A fill of one of our orders as the venue reports it (CONTRACTS 3, FILL). Amounts of money are integers of 10^-18. */
export type Fill = {
  readonly fillId: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly liquidity: "maker" | "taker";
  /** ISO-8601 UTC with milliseconds, as the venue wrote it. */
  readonly venueTime: string;
};

/** An order as the venue knows it. `filled` is cumulative. */
export type VenueOrder = {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
  readonly filled: Lots;
  readonly status: "open" | "partially_filled" | "filled" | "cancelled" | "rejected";
};

/**
 * What the venue proved, or failed to prove, of one order.
 * - `order-sent`: the bytes of its placing are on the socket.
 * - `order-seen`: the venue showed the order's state (a placing's answer, a query, the stream).
 * - `order-rejected`: proof that the venue did not take it.
 * - `order-unsent`: it never left: no circuit, no slot, no lease, a halt. The venue saw nothing.
 * - `place-unknown`, `cancel-unknown`: no proof either way; the order stays exposure until a later fact ends it.
 * - `order-cancelled`: proof that it rests no more; fills may still be on their way.
 * - `order-absent`: the venue answered that it knows no order of this client id.
 */
export type OrderEvent =
  | { readonly type: "order-seen"; readonly order: VenueOrder; readonly at: Instant }
  | {
      readonly type: "order-rejected" | "order-unsent";
      readonly market: string;
      readonly clientOrderId: string;
      readonly reason: string;
      readonly at: Instant;
    }
  | {
      readonly type: "place-unknown" | "cancel-unknown";
      readonly market: string;
      readonly clientOrderId: string;
      readonly reason: string;
      readonly at: Instant;
    }
  | {
      readonly type: "order-sent" | "order-cancelled" | "order-absent";
      readonly market: string;
      readonly clientOrderId: string;
      readonly at: Instant;
    };

/** A fill, from whatever way it came: the same one may come several times and in any order. */
type FillEvent = { readonly type: "fill"; readonly fill: Fill; readonly at: Instant };

/**
 * The venue's fill history of a market was read to its end, by a reading that began at `askedMs` (monotonic): every fill up to
 * then is known. Comes after the fills themselves.
 */
type FillsRead = {
  readonly type: "fills-read";
  readonly market: string;
  readonly askedMs: number;
  readonly at: Instant;
};

/**
 * All orders of the account that the venue shows open in a market, by a question asked at `askedMs` (monotonic). An order of ours
 * that is not among them may have ended without our being told; one of ours that we do not know is a stray.
 */
export type OpenOrdersRead = {
  readonly type: "open-orders-read";
  readonly market: string;
  readonly orders: readonly VenueOrder[];
  readonly askedMs: number;
  readonly at: Instant;
};

/**
 * What the account holds (integers of 10^-18 by asset), by a question asked at `askedMs` (monotonic). `isSettled`: no order was
 * open and every fill had been read, so that a difference can not be a fill on its way.
 */
export type BalancesRead = {
  readonly type: "balances-read";
  readonly balances: ReadonlyMap<string, bigint>;
  /** How much of it is gone by what no books know (gas), and counted above so that it fits them; left out where nothing is. */
  readonly spent?: ReadonlyMap<string, bigint>;
  readonly askedMs: number;
  readonly isSettled: boolean;
  readonly at: Instant;
};

/** What the ledger says of a market: how many fills its books are of, and the position they come to (10^-18 base). */
type LedgerRead = {
  readonly type: "ledger-read";
  readonly market: string;
  readonly fillCount: number;
  readonly position: bigint;
  /** As of `BalancesRead`. */
  readonly isSettled: boolean;
  readonly at: Instant;
};

/** The process did not run for `durationMs`: what it reads now may have waited as long. */
type Stalled = { readonly type: "stalled"; readonly durationMs: number; readonly at: Instant };

/**
 * An operator looked at a market and let it go on, whether it was halted or only reducing: what halts by itself until somebody has
 * looked (loss, repeated execution, a position that differs) is counted anew.
 */
type OperatorResumed = { readonly type: "operator-resumed"; readonly market: string; readonly at: Instant };

/** Other parameters of a market's strategy, from the next decision on. Whatever was measured, and whatever is live, stays. */
export type ParametersChanged = {
  readonly type: "parameters-changed";
  readonly market: string;
  readonly strategy: StrategyParameters;
  readonly tolerance: RefreshTolerance;
  /** Who wanted it, for people and recordings. */
  readonly by: string;
  readonly at: Instant;
};

/**
 * A price from outside the venue whose moves tell of this market's, for a strategy whose reference names no market. A model value, above
 * 0, in whatever unit; `ageMs` is how old it may have been at `at`.
 */
export type ReferencePrice = {
  readonly type: "reference-price";
  readonly market: string;
  readonly price: number;
  readonly ageMs: number;
  readonly at: Instant;
};

/** Somebody's word that a market may be quoted or may not. A market is quoted when nobody halts it; `reason` is shown to people. */
export type QuotingEvent =
  | { readonly type: "quoting-allowed"; readonly market: string; readonly by: HaltSource; readonly at: Instant }
  | {
      readonly type: "quoting-halted";
      readonly market: string;
      readonly by: HaltSource;
      readonly reason: string;
      readonly at: Instant;
    };

/**
 * Who can halt a market, each apart from the others: the start-up, the venue (its circuit breaker, a refused key), a later start,
 * the lease, an operator by the control item, the control item itself when it can not be read.
 */
export type HaltSource = "start-up" | "venue" | "later-start" | "lease" | "operator" | "control";

export type EngineEvent =
  | MarketEvent
  | FeedEvent
  | OrderEvent
  | FillEvent
  | FillsRead
  | OpenOrdersRead
  | BalancesRead
  | LedgerRead
  | Stalled
  | OperatorResumed
  | ParametersChanged
  | ReferencePrice
  | QuotingEvent;
