/** The mids that positions are valued at, out of the engine minutes: one rule for the proof of an hour and for its report, or they would part. */
import { readAll, readSome } from "./item-range.ts";
import { type Item, readRoundedAmount } from "./ledger-items.ts";
import type { LedgerTable } from "./ledger-table.ts";

const MARK_AGE_MS_MAX = 24 * 3_600_000;
const MINUTE_PREFIX = "MINUTE#";

/**
 * The mid of the last engine minute that ended at or before `boundary` (ISO-8601), in 10^-18 quote a unit of base; undefined when there
 * was none for a day.
 */
export async function readMark(table: LedgerTable, market: string, boundary: string): Promise<bigint | undefined> {
  const minuteAt = (millis: number) => MINUTE_PREFIX + new Date(millis).toISOString().slice(0, 16);
  const boundaryMs = Date.parse(boundary);
  const range = { pk: `ENGINE#${market}`, from: minuteAt(boundaryMs - MARK_AGE_MS_MAX), to: minuteAt(boundaryMs - 1) };
  const newest = await readSome(table, { ...range, descending: true }, 1);
  // A minute without a mid is rare, a day without one rarer: only then all of it is read.
  const items = hasMid(newest.items[0]) || newest.complete ? newest.items : (await readAll(table, range)).toReversed();
  const item = items.find(hasMid);
  return item === undefined ? undefined : readRoundedAmount(item, "mid");
}

function hasMid(item: Item | undefined): boolean {
  return item?.["mid"]?.N !== undefined;
}
