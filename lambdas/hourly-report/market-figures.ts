/**
 * The figures of one market in a period (CONTRACTS 5, "Report figures"), from the ledger's facts and the task's minutes. Owns the
 * arithmetic; what is read, and whether it may be believed, is `read-market.ts`'s.
 *
 * Profit is of the ledger's own books, valued at the mids that the proof of an hour takes: realised and unrealised change add up to what was
 * proven, and the profits of periods that meet add up to that of all of them.
 */
import { type Assets, applyFill, type Books, unrealizedPnl } from "../../core/accounting/pnl.ts";
import type { LedgerFill } from "../../core/messages.ts";
import type { EngineMinute } from "../engine-items.ts";
import { type Period, pointTime } from "./period.ts";

/** What was read of a market. */
export type MarketReading = {
  readonly market: string;
  readonly assets: Assets;
  /** The books before the period's first fill. */
  readonly opening: Books;
  /** The period's facts, in venue order. */
  readonly fills: readonly LedgerFill[];
  /** Those of the period that were written, oldest first. */
  readonly minutes: readonly EngineMinute[];
  /** The mid at the period's beginning, 10^-18 quote a unit of base; undefined when none was known. */
  readonly openingMark: bigint | undefined;
};

/** What adds up over markets. Amounts are integers of 10^-18 quote. */
export type Sums = {
  readonly realizedPnl: bigint;
  readonly unrealizedChange: bigint;
  readonly volume: bigint;
  readonly fees: bigint;
  readonly fillCount: number;
  readonly ordersPlaced: number;
  readonly ordersFilled: number;
  readonly ordersCancelled: number;
  /** Σ over minutes, in basis points, and how many minutes had a spread. */
  readonly improvementBps: number;
  readonly othersBps: number;
  readonly spreadMinutes: number;
  readonly twoSidedSeconds: number;
};

/** A moment: profit since the period began (10^-18 quote), and the position (10^-18 base). */
export type SeriesPoint = { readonly pnl: bigint; readonly position: bigint };

export type MarketFigures = Sums & {
  readonly market: string;
  readonly assets: Assets;
  /** Whether these are figures of audited fills and proven hours, or the stored items' own word. */
  readonly isAudited: boolean;
  /** The books after the period's last fill. */
  readonly closing: Pick<Books, "position">;
  /** One a point of the period; the last one's profit is the period's. */
  readonly series: readonly SeriesPoint[];
};

/** Adds up a market's period. A position without a mark has no profit to be told: the caller refuses it before. */
export function marketFigures(period: Period, reading: MarketReading): MarketFigures & { readonly closing: Books } {
  const { market, assets, opening, minutes } = reading;
  const { closing, series, closingMark } = followBooks(period, reading);
  const openingUnrealized = unrealizedAt(opening, reading.openingMark);
  return {
    market,
    assets,
    isAudited: true,
    closing,
    series,
    realizedPnl: closing.realizedPnl - opening.realizedPnl,
    unrealizedChange: unrealizedAt(closing, closingMark) - openingUnrealized,
    volume: closing.volume - opening.volume,
    fees: closing.fees - opening.fees,
    fillCount: closing.fillCount - opening.fillCount,
    ...minuteSums(minutes),
  };
}

/** What is added up over minutes. */
export function minuteSums(minutes: readonly EngineMinute[]) {
  const sum = (read: (minute: EngineMinute) => number) => minutes.reduce((total, minute) => total + read(minute), 0);
  return {
    ordersPlaced: sum(({ ordersPlaced }) => ordersPlaced),
    ordersFilled: sum(({ ordersFilled }) => ordersFilled),
    ordersCancelled: sum(({ ordersCancelled }) => ordersCancelled),
    improvementBps: sum(({ spreads }) => spreads?.improvementBps ?? 0),
    othersBps: sum(({ spreads }) => spreads?.othersBps ?? 0),
    spreadMinutes: minutes.filter(({ spreads }) => spreads !== undefined).length,
    twoSidedSeconds: sum(({ twoSidedSeconds }) => twoSidedSeconds),
  };
}

/** The mark that positions have at the period's end: the last mid in it, else the one it began with. */
export function closingMarkOf({ minutes, openingMark }: Pick<MarketReading, "minutes" | "openingMark">) {
  return minutes.findLast(({ marked }) => marked !== undefined)?.marked?.mid ?? openingMark;
}

/**
 * The books from point to point. Between the ends of minutes a position is valued at the mid of the last fill; at the very end at the mark
 * that counts.
 */
function followBooks(period: Period, reading: MarketReading) {
  const { opening, fills, minutes, assets, openingMark } = reading;
  const mids = new Map(minutes.map((minute) => [minute.minute, minute.marked?.mid]));
  const before = opening.realizedPnl + unrealizedAt(opening, openingMark);
  const closingMark = closingMarkOf(reading);
  const series: SeriesPoint[] = [];
  let books = opening;
  let mark = openingMark;
  let taken = 0;
  for (let index = 1; index <= period.points; index++) {
    const end = pointTime(period, index);
    for (let fill = fills[taken]; fill !== undefined && fill.venueTime < end; fill = fills[++taken]) {
      books = applyFill(books, fill, assets);
      mark = fill.midAtFill ?? mark;
    }
    mark = index === period.points ? closingMark : (mids.get(minuteEndingAt(end)) ?? mark);
    series.push({ pnl: books.realizedPnl + unrealizedAt(books, mark) - before, position: books.position });
  }
  return { closing: books, closingMark, series };
}

/** The minute that ends at a moment, such as `2026-01-02T03:04`; one that nobody wrote where none does. */
function minuteEndingAt(end: string): string {
  return end.endsWith(":00.000Z") ? new Date(Date.parse(end) - 1).toISOString().slice(0, 16) : "";
}

/** Flat books have no unrealised profit at any mark. */
function unrealizedAt(books: Books, mark: bigint | undefined): bigint {
  return mark === undefined || books.position === 0n ? 0n : unrealizedPnl(books, mark);
}
