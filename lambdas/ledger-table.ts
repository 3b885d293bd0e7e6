/**
 * Reading the ledger (CONTRACTS 5): position, hours and fills of a market, for every function and for the local run.
 * Owns no writing: the books are written by `fill-accounting/` alone.
 */
import { type DynamoDBClient, GetItemCommand, QueryCommand, type QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import type { HourFigures, LedgerState } from "../core/accounting/hourly.ts";
import { emptyLedger } from "../core/accounting/hourly.ts";
import { type Books, emptyBooks, type VenueKey } from "../core/accounting/pnl.ts";
import type { LedgerFill } from "../core/messages.ts";
import {
  decodeFill,
  decodeHour,
  decodeState,
  FILL_PREFIX,
  HOUR_PREFIX,
  type Item,
  readCount,
  toFillText,
  toMarketKey,
} from "./ledger-items.ts";

export type LedgerTable = { readonly client: DynamoDBClient; readonly tableName: string };

/** The position item. `version` counts its folds and is 0 before the first. */
export type PositionItem = {
  readonly version: number;
  readonly state: LedgerState;
  /** Fills, as `<venueTime>#<fillId>`, that were announced and are not known to be in the books. */
  readonly pending: ReadonlySet<string>;
  /** Earlier states of the fold, oldest first, that a late fill can be folded from. */
  readonly checkpoints: readonly LedgerState[];
};

/** Fills in venue order, and whether these are all there were. */
export type FillPage = { readonly fills: readonly LedgerFill[]; readonly complete: boolean };

/** Sorts after every digit a venue time can start with, and before the next kind of item. */
export const AFTER_FILLS = `${FILL_PREFIX}:`;

/** As for the hours. */
const AFTER_HOURS = `${HOUR_PREFIX}:`;

/** Pages of one query or scan at most: a mebibyte each. */
const PAGES_MAX = 100_000;

/** The books of a market as they are stored now; empty ones when nothing has been booked. */
export async function readBooks(table: LedgerTable, market: string): Promise<Books> {
  return (await readPosition(table, market))?.state.books ?? emptyBooks();
}

/** The position item, read consistently; undefined when the market has none. */
export async function readPosition(table: LedgerTable, market: string): Promise<PositionItem | undefined> {
  const item = await readItem(table, toMarketKey(market, "POSITION"));
  return item === undefined ? undefined : decodePosition(item);
}

/** The hours from `from` to `to` (`YYYY-MM-DDTHH`, both included) that have fills, oldest first. */
export async function readHours(
  table: LedgerTable,
  market: string,
  range: { readonly from: string; readonly to: string },
): Promise<readonly HourFigures[]> {
  const hours: HourFigures[] = [];
  for await (const page of queryRange(table, market, HOUR_PREFIX + range.from, HOUR_PREFIX + range.to)) {
    hours.push(...(page.Items ?? []).map(decodeHour));
  }
  return hours;
}

/** The newest hours that have fills, at most `limit` (1 to 10,000) of them, oldest first. */
export async function readNewestHours(
  table: LedgerTable,
  market: string,
  limit: number,
): Promise<readonly HourFigures[]> {
  const hours: HourFigures[] = [];
  let start: Item | undefined;
  do {
    const page: QueryCommandOutput = await table.client.send(
      new QueryCommand({
        ...rangeOf(table, market, HOUR_PREFIX, AFTER_HOURS),
        ScanIndexForward: false,
        Limit: limit - hours.length,
        ...(start === undefined ? {} : { ExclusiveStartKey: { ...start } }),
      }),
    );
    hours.push(...(page.Items ?? []).map(decodeHour));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && hours.length < limit);
  return hours.reverse();
}

/** How many fills of a market are written down, folded or not. */
export async function countFills(table: LedgerTable, market: string): Promise<number> {
  let count = 0;
  for await (const page of queryRange(table, market, FILL_PREFIX, AFTER_FILLS, "COUNT")) count += page.Count ?? 0;
  return count;
}

/** At most `limit` fills after `after` (all from the first when undefined), in venue order, read consistently. */
export async function readFillsAfter(
  table: LedgerTable,
  market: string,
  query: { readonly after: VenueKey | undefined; readonly limit: number },
): Promise<FillPage> {
  const from = query.after === undefined ? FILL_PREFIX : FILL_PREFIX + toFillText(query.after);
  const page = await table.client.send(
    // The range includes its ends, so the fill asked after comes too and is taken out again.
    new QueryCommand({ ...rangeOf(table, market, from, AFTER_FILLS), Limit: query.limit + 1 }),
  );
  const items = (page.Items ?? []).filter((item) => item["sk"]?.S !== from);
  return { fills: items.map(decodeFill), complete: page.LastEvaluatedKey === undefined };
}

/** The state at the end of the last hour with fills before `hour`, or undefined when there is none. */
export async function readClosingBefore(
  table: LedgerTable,
  market: string,
  hour: string,
): Promise<LedgerState | undefined> {
  const closing = (await readHourBefore(table, market, hour))?.["closing"]?.M;
  return closing === undefined ? undefined : decodeState(closing);
}

/** The item of the last hour with fills before `hour`, or undefined when there is none. */
export async function readHourBefore(table: LedgerTable, market: string, hour: string): Promise<Item | undefined> {
  const page = await table.client.send(
    new QueryCommand({
      ...rangeOf(table, market, HOUR_PREFIX, HOUR_PREFIX + hour),
      ScanIndexForward: false,
      Limit: 2,
    }),
  );
  return page.Items?.find((candidate) => candidate["sk"]?.S !== HOUR_PREFIX + hour);
}

/** One item, read consistently. */
export async function readItem(table: LedgerTable, key: ReturnType<typeof toMarketKey>): Promise<Item | undefined> {
  const answer = await table.client.send(
    new GetItemCommand({ TableName: table.tableName, Key: key, ConsistentRead: true }),
  );
  return answer.Item;
}

/** The position item as it is stored, with or without books in it yet. Throws `InputError` where it states no true books. */
export function decodePosition(item: Item): PositionItem {
  const folded = item["version"] !== undefined;
  return {
    version: folded ? readCount(item, "version") : 0,
    state: folded ? decodeState(item) : emptyLedger(),
    pending: new Set(item["pending"]?.SS ?? []),
    checkpoints: (item["checkpoints"]?.L ?? []).flatMap((entry) =>
      entry.M === undefined ? [] : [decodeState(entry.M)],
    ),
  };
}

/** The pages of a range of a market's items, read consistently and one page ahead of the reader. */
export async function* queryRange(
  table: LedgerTable,
  market: string,
  from: string,
  to: string,
  select: "ALL_ATTRIBUTES" | "COUNT" = "ALL_ATTRIBUTES",
): AsyncGenerator<QueryCommandOutput> {
  yield* readAhead((start) =>
    table.client.send(
      new QueryCommand({
        ...rangeOf(table, market, from, to),
        Select: select,
        ...(start === undefined ? {} : { ExclusiveStartKey: { ...start } }),
      }),
    ),
  );
}

/** The pages of a query or scan: the next one is asked for while the reader works on this one. */
export async function* readAhead<Page extends { readonly LastEvaluatedKey?: Item | undefined }>(
  ask: (start: Item | undefined) => Promise<Page>,
): AsyncGenerator<Page> {
  let asked = ask(undefined);
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await asked;
    const next = page.LastEvaluatedKey;
    if (next !== undefined) {
      asked = ask(next);
      // Whoever stops reading early never waits for this one.
      asked.catch(() => undefined);
    }
    yield page;
    if (next === undefined) return;
  }
  throw new RangeError(`a query or scan of more than ${PAGES_MAX} pages`);
}

function rangeOf(table: LedgerTable, market: string, from: string, to: string) {
  return {
    TableName: table.tableName,
    KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
    ExpressionAttributeValues: { ":pk": { S: `MARKET#${market}` }, ":from": { S: from }, ":to": { S: to } },
    ConsistentRead: true,
  };
}
