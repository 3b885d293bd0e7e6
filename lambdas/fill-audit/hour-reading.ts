/**
 * Everything of one hour, read so that it is of one moment: the stored hour, the close of the hour before, the facts, the marks.
 * Owns how that is known while the books are written beside it.
 *
 * A fold that goes back into an hour takes the position item there, writes every hour it leaves anew, and only then is past them
 * (`fill-accounting/fold-books.ts`). So these readings are of one moment when the position stands past the hour before them and after
 * them, no fill up to the hour's end waits for a fold after them, and the hour, read last of all, has its version still: a fold that was
 * done with the hour before the position was read again has changed the version, one under way shows in the position, one that has
 * not begun shows in what waits.
 */
import { type HourFigures, hourOf } from "../../core/accounting/hourly.ts";
import { type Books, emptyBooks } from "../../core/accounting/pnl.ts";
import type { LedgerFill } from "../../core/messages.ts";
import { readMark } from "../engine-marks.ts";
import { readSome } from "../item-range.ts";
import { decodeHour, decodeState, HOUR_PREFIX, type Item, readCount, toMarketKey } from "../ledger-items.ts";
import { type LedgerTable, type PositionItem, readClosingBefore, readItem, readPosition } from "../ledger-table.ts";
import type { StoredProof } from "../proof-items.ts";
import { readFacts } from "./ledger-check.ts";

/** An hour as the ledger stores it. */
export type StoredHour = { readonly figures: HourFigures; readonly closing: Books; readonly version: number };

export type HourReading = {
  readonly stored: StoredHour;
  readonly opening: Books;
  readonly fills: readonly LedgerFill[];
  /**
   * The task's last mid at or before the hour's ends, 10^-18 quote; where the minutes that told it are gone, the one of the hour's earlier
   * proof; undefined when there was none for a day.
   */
  readonly openingMark: bigint | undefined;
  readonly closingMark: bigint | undefined;
};

const HOUR_MS = 3_600_000;

/** `2026-01-02T03` as the venue time it begins with. */
function startOf(hour: string): string {
  return `${hour}:00:00.000Z`;
}

/** The venue time that the hour ends before. */
export function endOf(hour: string): string {
  return new Date(Date.parse(startOf(hour)) + HOUR_MS).toISOString();
}

/** The hour so many hours later, or earlier. */
export function shiftHour(hour: string, by: number): string {
  return hourOf(new Date(Date.parse(startOf(hour)) + by * HOUR_MS).toISOString());
}

/** At most `limit` stored hours, both ends included, oldest first. */
export async function readStoredHours(
  table: LedgerTable,
  market: string,
  range: { readonly from: string; readonly to: string; readonly limit: number },
): Promise<{ readonly hours: readonly StoredHour[]; readonly complete: boolean }> {
  const { items, complete } = await readSome(
    table,
    { pk: toMarketKey(market, "").pk.S, from: HOUR_PREFIX + range.from, to: HOUR_PREFIX + range.to },
    range.limit,
  );
  return { hours: items.map(decodeStoredHour), complete };
}

/**
 * Reads an hour; undefined when the books were written meanwhile, or are not past the hour: then another time. `earlier` is the proof
 * that stands: engine minutes expire after 35 days and proofs never, and hours meet at one mark only as long as it stays.
 */
export async function readHour(
  table: LedgerTable,
  market: string,
  stored: StoredHour,
  earlier?: Pick<StoredProof, "openingMark" | "closingMark">,
): Promise<HourReading | undefined> {
  const { hour } = stored.figures;
  if (!isPast(await readPosition(table, market), stored)) return undefined;
  const opening = await readClosingBefore(table, market, hour);
  const fills = await readFacts({ table, market }, { from: startOf(hour), to: `${hour}:59:59.999Z` });
  const [openingMark, closingMark] = await Promise.all([
    readMark(table, market, startOf(hour)),
    readMark(table, market, endOf(hour)),
  ]);
  // The position first: a fold that is past the hour by then has written the hour before, and its new version is seen.
  const position = await readPosition(table, market);
  const again = await readItem(table, toMarketKey(market, HOUR_PREFIX + hour));
  const isSame = again !== undefined && readCount(again, "version") === stored.version;
  const waits = [...(position?.pending ?? [])].some((key) => key < endOf(hour));
  if (!isSame || waits || !isPast(position, stored)) return undefined;
  return {
    stored,
    opening: opening?.books ?? emptyBooks(),
    fills,
    openingMark: openingMark ?? earlier?.openingMark,
    closingMark: closingMark ?? earlier?.closingMark,
  };
}

/** Whether the item of an hour is final as far as the position has come: past it, or in it and written since. */
function isPast(position: PositionItem | undefined, { figures, version }: StoredHour): boolean {
  const last = position?.state.books.lastFill;
  if (position === undefined || last === undefined) return false;
  const hour = hourOf(last.venueTime);
  return hour > figures.hour || (hour === figures.hour && position.version === version);
}

function decodeStoredHour(item: Item): StoredHour {
  return {
    figures: decodeHour(item),
    closing: decodeState(item["closing"]?.M ?? {}).books,
    version: readCount(item, "version"),
  };
}
