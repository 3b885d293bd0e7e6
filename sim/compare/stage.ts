/**
 * The market that a competitor stands in, moved on in virtual time: the one port behind which simulated traders and a played tape
 * stand. Owns only the words.
 */
import type { Market } from "../../core/market.ts";
import type { Lots, Side, Ticks } from "../../core/units.ts";
import type { BookLevels, EnteringOrder, EntryResult, OwnMatch } from "../exchange/market-place.ts";

/** A trade between any two parties. */
export type Print = { readonly price: Ticks; readonly size: Lots; readonly aggressor: Side };

/** Whom a stage tells, at the moment it happens. Own matches are told before the place call, or the move, returns. */
export type StageListener = {
  print(print: Print): void;
  ownMatch(match: OwnMatch): void;
  /** The visible book, the competitor's own orders in it. */
  book(book: BookLevels): void;
};

export type Stage = {
  readonly market: Market;
  /** When it moves next, in milliseconds from its start; `Infinity` when it has ended. */
  readonly nextMs: number;
  /** Sets who is told; once, before the first move. */
  listen(listener: StageListener): void;
  /** Moves on to `nextMs`. */
  advance(): void;
  place(order: EnteringOrder): EntryResult;
  cancel(orderId: string): void;
};
