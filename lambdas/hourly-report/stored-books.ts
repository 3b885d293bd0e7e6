/**
 * The ledger's own word of an hour and of how far its books have come, by the attributes that CONTRACTS 5 names; others are read where they
 * are there. Owns whether the books may be told of, or a fold is still at work on them.
 *
 * A fold that goes back into an hour takes the position item there first, and is past the hour again only when every item on its way is
 * written anew (`fill-audit/hour-reading.ts`). So what was read in between is of one moment when the books stand past the period before and
 * after, nothing waits to be booked after, and the hour's item is still the one that the position has left.
 */
import { hourOf } from "../../core/accounting/hourly.ts";
import { HOUR_PREFIX, readCount, readRoundedAmount, toMarketKey } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";
import type { StoredSums } from "./contract-figures.ts";

/** An hour's item. The version is of the books that wrote it; the contract does not name it. */
export type StoredHour = StoredSums & { readonly version: number | undefined };

/** How far the books of a market have come. All of it is absent where nothing was booked. */
export type Standing = {
  readonly version: number | undefined;
  /** Venue time of the last fill in the books. */
  readonly lastFillTime: string | undefined;
  /** Fills, by venue time first, that were announced and are not known to be in the books. */
  readonly pending: readonly string[];
};

export async function readStoredHour(
  table: LedgerTable,
  market: string,
  hour: string,
): Promise<StoredHour | undefined> {
  const item = await readItem(table, toMarketKey(market, HOUR_PREFIX + hour));
  if (item === undefined) return undefined;
  return {
    volume: readRoundedAmount(item, "volume"),
    fees: readRoundedAmount(item, "fees"),
    realizedPnl: readRoundedAmount(item, "realizedPnl"),
    fillCount: readCount(item, "fillCount"),
    version: item["version"] === undefined ? undefined : readCount(item, "version"),
  };
}

export async function readStanding(table: LedgerTable, market: string): Promise<Standing> {
  const item = (await readItem(table, toMarketKey(market, "POSITION"))) ?? {};
  return {
    version: item["version"] === undefined ? undefined : readCount(item, "version"),
    lastFillTime: item["lastFillTime"]?.S,
    pending: item["pending"]?.SS ?? [],
  };
}

/** Why the books of a period may not be told of yet: a sentence each. */
export function bookFaults(read: {
  readonly to: string;
  readonly hour: string | undefined;
  readonly stored: StoredHour | undefined;
  /** Of the last fill before `to` that is a fact; undefined where there is none, or where nobody looked. */
  readonly lastFillTime: string | undefined;
  readonly before: Standing;
  readonly after: Standing;
}): readonly string[] {
  const { to, before, after } = read;
  const waiting = after.pending.filter((key) => key < to).length;
  const isPast = [before, after].every((standing) => isPastPeriod(standing, read));
  return [
    ...(waiting === 0 ? [] : [`${waiting} fills up to ${to} wait to be booked`]),
    ...(isPast ? [] : [`the books must stand past ${to}, were at ${after.lastFillTime ?? "their beginning"}`]),
  ];
}

function isPastPeriod(
  { lastFillTime, version }: Standing,
  {
    hour,
    stored,
    lastFillTime: lastFact,
  }: {
    readonly hour: string | undefined;
    readonly stored: StoredHour | undefined;
    readonly lastFillTime: string | undefined;
  },
): boolean {
  if (lastFact !== undefined && (lastFillTime === undefined || lastFillTime < lastFact)) return false;
  // Only who writes versions folds as the head of this file says.
  if (hour === undefined || stored?.version === undefined || lastFillTime === undefined) return true;
  const last = hourOf(lastFillTime);
  return last > hour || (last === hour && version === stored.version);
}
