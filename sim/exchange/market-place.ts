/**
 * Where an order of ours is matched: the one port behind which a simulated market and a played tape stand.
 * Owns only the words; matching is `matching-engine.ts`'s and `tape-market.ts`'s, money and history are the account's.
 */
import type { Lots, Side, Ticks } from "../../core/units.ts";

export type TimeInForce = "gtc" | "ioc" | "fok" | "post_only";

/** An order on its way into the book. A price of `undefined` is a market order: it takes what there is and never rests. */
export type EnteringOrder = {
  readonly orderId: string;
  readonly side: Side;
  readonly price: Ticks | undefined;
  readonly size: Lots;
  readonly timeInForce: TimeInForce;
};

/**
 * What became of an entering order once its immediate matches are done.
 * - `resting`: what is left stands in the book.
 * - `ended`: nothing of it stands; what was not matched is cancelled.
 * - `rejected`: it was never matched.
 */
export type EntryResult =
  | { readonly type: "resting" }
  | { readonly type: "ended" }
  | { readonly type: "rejected"; readonly reason: "would-cross" | "cannot-fill-whole" };

/** One match of an order of ours. */
export type OwnMatch = {
  readonly orderId: string;
  readonly price: Ticks;
  readonly size: Lots;
  readonly liquidity: "maker" | "taker";
};

export type PriceLevel = { readonly price: Ticks; readonly size: Lots };

/** Both sides of a book, best first. */
export type BookLevels = { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] };

/** Levels a side that the exchange shows. */
export const VISIBLE_LEVELS = 20;

export type MarketStatus = "open" | "halted";

export type MarketPlace = {
  /** Matches an order of ours; each match is told to the account before this returns. */
  place(order: EnteringOrder): EntryResult;
  /** Puts an order of ours back into the book without matching it (a restart of the exchange). */
  restore(order: EnteringOrder & { readonly price: Ticks }): void;
  /** Takes a resting order of ours out of the book. */
  cancel(orderId: string): void;
  /** The visible book as it is now; `undefined` while none is known. */
  book(): BookLevels | undefined;
  status(): MarketStatus;
  setStatus(status: MarketStatus): void;
};
