/**
 * The figures of one hour of one market, folded beside its books. Hours are those of the fills' venue times, in UTC.
 * Owns no storage: the ledger writes an hour's item from these.
 */
import { type Assets, applyFill, type BookedFill, type Books, emptyBooks } from "./pnl.ts";

/** What one hour added to the books; amounts are integers of 10^-18 quote. */
export type HourFigures = {
  /** `YYYY-MM-DDTHH`. */
  readonly hour: string;
  readonly volume: bigint;
  readonly buyVolume: bigint;
  readonly sellVolume: bigint;
  readonly fees: bigint;
  readonly realizedPnl: bigint;
  readonly fillCount: number;
};

/** The fold of a market at one fill: the books, and the hour that fill stands in. */
export type LedgerState = { readonly books: Books; readonly hour: HourFigures | undefined };

/** `2026-01-02T03` of `2026-01-02T03:04:05.678Z`. */
export function hourOf(venueTime: string): string {
  return venueTime.slice(0, 13);
}

export function emptyLedger(): LedgerState {
  return { books: emptyBooks(), hour: undefined };
}

/** One more fill, in venue order: a fill of a new hour closes the hour before, whose figures stay as they were. */
export function foldFill(state: LedgerState, fill: BookedFill, assets: Assets): LedgerState {
  const hour = hourOf(fill.venueTime);
  const books = applyFill(state.books, fill, assets);
  return { books, hour: addToHour(state.hour?.hour === hour ? state.hour : emptyHour(hour), state.books, books) };
}

function emptyHour(hour: string): HourFigures {
  return { hour, volume: 0n, buyVolume: 0n, sellVolume: 0n, fees: 0n, realizedPnl: 0n, fillCount: 0 };
}

function addToHour(hour: HourFigures, before: Books, after: Books): HourFigures {
  return {
    hour: hour.hour,
    volume: hour.volume + after.volume - before.volume,
    buyVolume: hour.buyVolume + after.buyVolume - before.buyVolume,
    sellVolume: hour.sellVolume + after.sellVolume - before.sellVolume,
    fees: hour.fees + after.fees - before.fees,
    realizedPnl: hour.realizedPnl + after.realizedPnl - before.realizedPnl,
    fillCount: hour.fillCount + after.fillCount - before.fillCount,
  };
}
