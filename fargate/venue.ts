/**
 * The port orders go through: what the task needs of any venue. Owns no venue: `cambrian/venue.ts` and
 * `sei-chain/venue.ts` are two.
 * Outcomes of commands come back as engine events, never as return values: a lost answer is a fact like any other.
 */
import type { CancelOrder, Command } from "../core/commands.ts";
import type { EngineEvent, Fill, VenueOrder } from "../core/events.ts";
import type { RequestBudget } from "../core/execution/request-budget.ts";
import type { Market } from "../core/market.ts";
import type { Log } from "./log.ts";
import type { Clock, Connect, Fetch, Rng } from "./seams.ts";
import type { Metrics } from "./telemetry.ts";

/** What a venue is made of, whichever it is. */
export type VenueParts = {
  readonly markets: readonly Market[];
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onEvent: (event: EngineEvent) => void;
  /** Asked right before a placing in the market is written: a reason keeps it here, and it comes back as `order-unsent`. */
  readonly fence: (market: string) => string | undefined;
  /** Told each change of the stream's connection. What happened in between is in the fill history and the open orders. */
  readonly onStream?: (connected: boolean) => void;
};

/** An order of ours that rests at the venue. */
export type RestingOrder = Pick<CancelOrder, "market" | "clientOrderId" | "orderId">;

/** What one account holds of one asset: integers of 10^-18. `spent` of the total is gone as gas, and counted since no books know of it. */
export type Balance = {
  readonly asset: string;
  readonly total: bigint;
  readonly available: bigint;
  readonly spent?: bigint;
};

/**
 * What the venue answered. It is of `askedMs` (monotonic) or later, but for what the venue itself lags: where a question is made again until
 * one is answered, that is when the answered one was sent.
 */
export type Answered<T> = { readonly value: T; readonly askedMs: number };

export type FillsPage = {
  /** In venue order. */
  readonly fills: readonly Fill[];
  /** To be given as `cursor` next time; undefined while the market has no fill at all. */
  readonly nextCursor: string | undefined;
  /** The page held fills, so that the next may too: ask again at once, unless the cursor stayed where it was. */
  readonly more: boolean;
};

export type VenueState = {
  readonly streamConnected: boolean;
  /** 0 closed, 1 half-open, 2 open: while it is not closed placements are refused here, cancels and lookups still go out. */
  readonly circuit: 0 | 1 | 2;
  readonly requestsLastSecond: number;
  readonly placementsInFlight: number;
  /** Every request since `sinceMs` (monotonic) was refused for its key or its time, the last one at `lastMs`; undefined when not. */
  readonly unauthorized: { readonly sinceMs: number; readonly lastMs: number } | undefined;
};

/**
 * The promises reject with `VenueError` after a bounded number of tries; they never hang. `execute` neither throws nor
 * waits: each command leads to at least one order event, except a query without an answer, which leads to none.
 */
export type Venue = {
  /** Opens the connections and the stream of fills and orders. */
  start(): void;
  /** Ends the stream and waits for what is in flight; nothing is sent afterwards. */
  stop(): Promise<void>;
  /** Sends one command that the request budget has paid for. Returns once it is written when a connection is warm. */
  execute(command: Command): void;
  /**
   * Builds and signs an order and a cancel as `execute` would, and throws them away: what is not used grows slow. A venue may keep the
   * signed cancel of `resting` for when it is wanted.
   */
  rehearse(resting?: RestingOrder): void;
  openOrders(market: string): Promise<Answered<readonly VenueOrder[]>>;
  /**
   * Fills of the market after `cursor`, from the first one when undefined. Rejects with code `unreadable-fill` when any fill
   * of the page cannot be read: a cursor behind it would pass it by, and a fill is money.
   */
  fillsAfter(market: string, cursor: string | undefined): Promise<Answered<FillsPage>>;
  balances(): Promise<Answered<readonly Balance[]>>;
  /**
   * Whether something of this process's is under way, so that a placing may still come to rest or open orders may not show what stands,
   * where the venue knows that otherwise than by time (a chain counts blocks). Left out: by time alone.
   */
  mayArrive?(): boolean;
  /** Whether a placing of any earlier process's may still come to rest, asked from before the first time on. Rejects when it cannot be found out. */
  mayEarlierArrive?(): Promise<boolean>;
  state(): VenueState;
};

/** A question to the venue that found no answer that can be used. `code` is the kind of the last failure. */
export class VenueError extends Error {
  readonly code: string;
  readonly operation: string;

  constructor(input: { readonly operation: string; readonly code: string; readonly reason: string }) {
    super(`${input.operation} found no answer: ${input.reason}`);
    this.name = "VenueError";
    this.code = input.code;
    this.operation = input.operation;
  }
}
