/**
 * A market's books as they are stored at one moment: the position item and every hour's item, of one version. Owns how that
 * is read while the accounting goes on; the facts they were folded from are read apart.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { VenueKey } from "../core/accounting/pnl.ts";
import { InputError } from "../core/errors.ts";
import { HOUR_PREFIX, type Item, toMarketKey } from "./ledger-items.ts";
import { readHourItems } from "./ledger-streams.ts";
import { decodePosition, type LedgerTable, type PositionItem, readItem } from "./ledger-table.ts";

/** The time of whoever reads a ledger: a wall clock for the age of fills, and pauses. */
export type LedgerClock = {
  /** Epoch milliseconds. */
  now(): number;
  wait(millis: number): Promise<void>;
};

export type LedgerSnapshot = {
  readonly market: string;
  /** The position item as it is stored; undefined when there is none. */
  readonly item: Item | undefined;
  /** Its `version` as it is stored; undefined before the first fold. */
  readonly version: AttributeValue | undefined;
  /** The item, read; undefined when there is none or it cannot be read. */
  readonly position: PositionItem | undefined;
  readonly pending: ReadonlySet<string>;
  /** The items of the hours as they are stored, by hour. */
  readonly hours: ReadonlyMap<string, Item>;
};

/** A message comes again after a minute, and after five deliveries it is set aside (`infra/constructs/fills-queue.ts`). */
const OVERDUE_MILLIS = 10 * 60_000;

/** A fold writes the position and then its hour, a few milliseconds apart; readings of both until they agree. */
const READINGS_MAX = 10;
const READING_PAUSE_MILLIS = 50;

/**
 * Reads position and hours so that no fold went forward in between, and the position's own hour is of its version. Where that
 * does not come about within some readings, the last one is answered: then an hour may be behind or ahead.
 */
export async function takeSnapshot(table: LedgerTable, market: string, clock: LedgerClock): Promise<LedgerSnapshot> {
  let before = await readPositionItem(table, market);
  for (let reading = 1; ; reading++) {
    const hours = await readHourItems(table, market);
    const item = await readPositionItem(table, market);
    const snapshot = toSnapshot(market, item, hours);
    if (reading === READINGS_MAX || (before?.["version"]?.N === item?.["version"]?.N && !isHourBehind(snapshot))) {
      return snapshot;
    }
    await clock.wait(READING_PAUSE_MILLIS);
    before = await readPositionItem(table, market);
  }
}

/** Whether a fill of that time would be in the books by now if it were still on its way there. */
export function isOverdue({ venueTime }: VenueKey, nowMs: number): boolean {
  return nowMs - Date.parse(venueTime) > OVERDUE_MILLIS;
}

/** The keys that wait in a position item, whatever else it says. */
export function pendingOf(item: Item | undefined): ReadonlySet<string> {
  return new Set(item?.["pending"]?.SS ?? []);
}

export function readPositionItem(table: LedgerTable, market: string): Promise<Item | undefined> {
  return readItem(table, toMarketKey(market, "POSITION"));
}

/** The name of an hour's item, as differences say it. */
export function hourName(hour: string): string {
  return HOUR_PREFIX + hour;
}

function toSnapshot(market: string, item: Item | undefined, hours: ReadonlyMap<string, Item>): LedgerSnapshot {
  return { market, item, version: item?.["version"], position: tryDecode(item), pending: pendingOf(item), hours };
}

function tryDecode(item: Item | undefined): PositionItem | undefined {
  if (item === undefined) return undefined;
  try {
    return decodePosition(item);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Whether the position has been written and its hour is still to be: for a moment, or since a process ended in between. */
function isHourBehind({ position, hours }: LedgerSnapshot): boolean {
  const hour = position?.state.hour?.hour;
  if (position === undefined || hour === undefined) return false;
  return hours.get(hour)?.["version"]?.N !== `${position.version}`;
}
