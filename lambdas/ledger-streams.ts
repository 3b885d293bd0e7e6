/**
 * Reading a ledger from end to end, page by page: facts, hours, claims. Owns the reading alone; nothing is kept, and what the
 * items say of each other is `ledger-verify.ts`'s. A scan reads the whole table, so this is for a person's commands.
 */
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { InputError } from "../core/errors.ts";
import type { LedgerFill } from "../core/messages.ts";
import { decodeFill, FILL_PREFIX, HOUR_PREFIX, type Item, toFillText } from "./ledger-items.ts";
import { AFTER_FILLS, type LedgerTable, queryRange, readAhead } from "./ledger-table.ts";

/** A fact as it is stored, or why it cannot be one. */
export type StoredFact =
  | { readonly type: "fact"; readonly fill: LedgerFill; readonly item: Item }
  | { readonly type: "unreadable"; readonly key: string; readonly reason: string };

/** Sorts after everything that starts with the same prefix. */
const LAST = "\u{10ffff}";

const CLAIM = "CLAIM";
const POSITION = "POSITION";
const CLAIM_PREFIX = "FILLID#";
const MARKET_PREFIX = "MARKET#";
const CONFLICT_PREFIX = "CONFLICT#";

/** The facts of a market in venue order, from the first or from `after` on. */
export async function* readFacts(
  table: LedgerTable,
  market: string,
  after?: Parameters<typeof toFillText>[0],
): AsyncGenerator<readonly StoredFact[]> {
  const from = after === undefined ? FILL_PREFIX : FILL_PREFIX + toFillText(after);
  for await (const page of queryRange(table, market, from, AFTER_FILLS)) {
    const items = (page.Items ?? []).filter((item) => after === undefined || item["sk"]?.S !== from);
    yield items.map((item) => toFact(market, item));
  }
}

/** Every hour's item of a market as it is stored, by its hour. */
export async function readHourItems(table: LedgerTable, market: string): Promise<ReadonlyMap<string, Item>> {
  const hours = new Map<string, Item>();
  for await (const page of queryRange(table, market, HOUR_PREFIX, HOUR_PREFIX + LAST)) {
    for (const item of page.Items ?? []) hours.set((item["sk"]?.S ?? "").slice(HOUR_PREFIX.length), item);
  }
  return hours;
}

/** How many fills of a market were kept aside because they came again with other contents. */
export async function countConflicts(table: LedgerTable, market: string): Promise<number> {
  let count = 0;
  for await (const page of queryRange(table, market, CONFLICT_PREFIX, CONFLICT_PREFIX + LAST, "COUNT")) {
    count += page.Count ?? 0;
  }
  return count;
}

/** All claims of the table, by the ids they claim, and the markets that have a position item. Reads the whole table. */
export async function* readClaims(
  table: LedgerTable,
): AsyncGenerator<{ readonly claims: ReadonlyMap<string, Item>; readonly markets: readonly string[] }> {
  for await (const items of scan(table, [CLAIM, POSITION])) {
    const claims = new Map<string, Item>();
    for (const item of items) {
      const pk = item["pk"]?.S ?? "";
      if (item["sk"]?.S === CLAIM && pk.startsWith(CLAIM_PREFIX)) claims.set(pk.slice(CLAIM_PREFIX.length), item);
    }
    yield { claims, markets: items.flatMap(toMarket) };
  }
}

/** The markets that have a position item, in the order of their names. Reads the whole table. */
export async function findMarkets(table: LedgerTable): Promise<readonly string[]> {
  const markets: string[] = [];
  for await (const items of scan(table, [POSITION])) markets.push(...items.flatMap(toMarket));
  return markets.sort();
}

async function* scan(table: LedgerTable, sortKeys: readonly string[]): AsyncGenerator<readonly Item[]> {
  const wanted = sortKeys.map((_, index) => `:sk${index}`);
  const pages = readAhead((start) =>
    table.client.send(
      new ScanCommand({
        TableName: table.tableName,
        FilterExpression: `#sk IN (${wanted.join(", ")})`,
        ExpressionAttributeNames: { "#sk": "sk" },
        ExpressionAttributeValues: Object.fromEntries(sortKeys.map((key, index) => [`:sk${index}`, { S: key }])),
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: { ...start } }),
      }),
    ),
  );
  for await (const page of pages) yield page.Items ?? [];
}

function toMarket(item: Item): readonly string[] {
  const pk = item["pk"]?.S ?? "";
  return item["sk"]?.S === POSITION && pk.startsWith(MARKET_PREFIX) ? [pk.slice(MARKET_PREFIX.length)] : [];
}

/** A fact must be readable and stand where its own fields say: the fold trusts both. */
function toFact(market: string, item: Item): StoredFact {
  const key = item["sk"]?.S ?? "";
  try {
    const fill = decodeFill(item);
    if (fill.market !== market) throw new InputError({ what: "market", expected: market, was: fill.market });
    const place = FILL_PREFIX + toFillText(fill);
    if (place !== key) throw new InputError({ what: "its key", expected: place, was: key });
    return { type: "fact", fill, item };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { type: "unreadable", key, reason: error.message };
  }
}
