/** A market's ledger as the accounting makes it, for the tests of what reads, proves and mends it; and ways to spoil one. */
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type FillMessage, parseFillMessage } from "../../core/messages.ts";
import { readClaimIndex } from "../../lambdas/ledger-claims.ts";
import { encodeFill, type Item, toClaimKey, toFillText, toMarketKey } from "../../lambdas/ledger-items.ts";
import { type Rebuilt, rebuildMarket } from "../../lambdas/ledger-rebuild.ts";
import type { LedgerClock } from "../../lambdas/ledger-snapshot.ts";
import type { LedgerTable } from "../../lambdas/ledger-table.ts";
import { type Verification, verifyMarket } from "../../lambdas/ledger-verify.ts";
import { makeMessage } from "./fill-accounting/make-messages.ts";

/** Seconds after the newest fill of a history: everything may still be on its way. And hours after: nothing is. */
export const JUST_AFTER: LedgerClock = makeClock("2026-01-02T05:31:10.000Z");
export const LONG_AFTER: LedgerClock = makeClock("2026-01-02T12:00:00.000Z");

function makeClock(now: string): LedgerClock {
  return { now: () => Date.parse(now), wait: () => new Promise((resolve) => setImmediate(resolve)) };
}

/** Side, price, size, time, fee and its asset: growth, a flip, equal times, a rebate, fees in base and in a third asset. */
const HISTORY = [
  "buy 0.4213 40 03:10:00.000 0.0016 USDC",
  "buy 0.4216 7 03:10:00.000 0.01 $BASE",
  "sell 0.4301 100 03:25:30.250 0.0017 USDC",
  "sell 0.43 3 03:59:59.999 -0.0002 USDC",
  "buy 0.4111 56 04:00:00.000 0.002 ATOM",
  "buy 0.4102 11 04:20:00.000 0 USDC",
  "sell 0.4209 5 05:30:00.000 0.0004 USDC",
  "buy 0.4207 6 05:31:02.125 0.0004 USDC",
] as const;

/** The messages of a market's history; ids begin with the market's, since the claims of all markets stand side by side. */
export function makeHistory(market: string): FillMessage[] {
  return HISTORY.map((text, index) => {
    const [side, price = "", size = "", time, fee = "", asset = ""] = text.split(" ");
    return makeMessage({
      market,
      fillId: `${market}-${index}`,
      side: side === "buy" ? "buy" : "sell",
      price,
      size,
      fee,
      feeAsset: asset === "$BASE" ? (market.split("/")[0] ?? "") : asset,
      venueTime: `2026-01-02T${time}Z`,
    });
  });
}

export async function verify(
  table: LedgerTable,
  market: string,
  clock = LONG_AFTER,
  onFacts?: (count: number) => void,
): Promise<Verification> {
  const claims = await readClaimIndex(table);
  return await verifyMarket({ table, market, clock, claims, ...(onFacts === undefined ? {} : { onFacts }) });
}

export async function rebuild(
  table: LedgerTable,
  market: string,
  options: { readonly clock?: LedgerClock; readonly isDryRun?: boolean } = {},
): Promise<Rebuilt> {
  const { clock = LONG_AFTER, isDryRun = false } = options;
  return await rebuildMarket({ table, market, clock, isDryRun, claims: await readClaimIndex(table) });
}

/** The differences of a verification or a rebuild, as sentences. */
export function sentences({ differences }: Pick<Verification, "differences">): string[] {
  return differences.named.map(
    ({ item, attribute, expected, was }) =>
      `${item}${attribute === "" ? "" : ` ${attribute}`} must be ${expected}, was ${was}`,
  );
}

/** Every item of a market's ledger: those of its partition, and the claims of these fills. */
export async function readLedger(
  table: LedgerTable,
  market: string,
  messages: readonly FillMessage[],
): Promise<readonly Item[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.tableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: `MARKET#${market}` } },
      ConsistentRead: true,
    }),
  );
  const Keys = messages.map(({ fillId }) => toClaimKey(fillId));
  const claims = await table.client.send(
    new BatchGetItemCommand({ RequestItems: { [table.tableName]: { Keys, ConsistentRead: true } } }),
  );
  const bySortKey = (one: Item, other: Item) => ((one["fillId"]?.S ?? "") < (other["fillId"]?.S ?? "") ? -1 : 1);
  return [...Items, ...(claims.Responses?.[table.tableName] ?? []).sort(bySortKey)];
}

/**
 * Copies a market's ledger to another one, whose name is as long: cheaper than to book its fills again. The name stands in keys,
 * symbols, ids and assets alike. Answers what was written.
 */
export async function copyLedger(table: LedgerTable, items: readonly Item[], names: { from: string; to: string }) {
  const [from = "", to = ""] = [names.from, names.to].map((market) => market.split("/")[0]);
  const copies: Item[] = JSON.parse(JSON.stringify(items).replaceAll(from, to));
  for (let at = 0; at < copies.length; at += 25) {
    const requests = copies.slice(at, at + 25).map((item) => ({ PutRequest: { Item: { ...item } } }));
    await table.client.send(new BatchWriteItemCommand({ RequestItems: { [table.tableName]: requests } }));
  }
  return copies;
}

/** Items without what is the fold's own bookkeeping. */
export function figuresOf(items: readonly Item[]): unknown[] {
  return items.map(({ version: _version, checkpoints: _checkpoints, pending: _pending, ...rest }) => rest);
}

/** Sets one attribute, or one of a map by its path, of an item of the market. */
export async function spoil(
  table: LedgerTable,
  market: string,
  spoiled: { readonly sk: string; readonly path: string; readonly value: Item[string] },
): Promise<void> {
  const names = spoiled.path.split(".");
  await table.client.send(
    new UpdateItemCommand({
      TableName: table.tableName,
      Key: toMarketKey(market, spoiled.sk),
      UpdateExpression: `SET ${names.map((_, index) => `#n${index}`).join(".")} = :value`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#n${index}`, name])),
      ExpressionAttributeValues: { ":value": spoiled.value },
    }),
  );
}

export async function remove(table: LedgerTable, key: ReturnType<typeof toClaimKey>): Promise<void> {
  await table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key: key }));
}

export async function announce(table: LedgerTable, market: string, keys: readonly string[]): Promise<void> {
  await table.client.send(
    new UpdateItemCommand({
      TableName: table.tableName,
      Key: toMarketKey(market, "POSITION"),
      UpdateExpression: "ADD pending :keys",
      ExpressionAttributeValues: { ":keys": { SS: [...keys] } },
    }),
  );
}

/** Puts a fill as a fact, behind the accounting's back. */
export async function putFactItem(table: LedgerTable, message: FillMessage): Promise<void> {
  await putItem(table, {
    ...encodeFill(parseFillMessage(message)),
    ...toMarketKey(message.market, factName(message)),
  });
}

export async function putItem(table: LedgerTable, item: Item): Promise<void> {
  await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...item } }));
}

export function factName(message: FillMessage): string {
  return `FILL#${toFillText(message)}`;
}

/** Does something right before the `nth` call of a client that the test is true of: what others do at that moment. */
export function beforeCall(
  table: LedgerTable,
  call: { readonly isIt: (command: string, input: string) => boolean; readonly nth?: number },
  act: () => Promise<void>,
): void {
  let left = call.nth ?? 1;
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      if (call.isIt(String(context["commandName"]), JSON.stringify(args.input))) {
        left--;
        if (left === 0) await act();
      }
      return await next(args);
    },
    { step: "initialize" },
  );
}

export const isFactsQuery = (command: string, input: string) => command === "QueryCommand" && input.includes("FILL#");
export const isHoursQuery = (command: string, input: string) => command === "QueryCommand" && input.includes("HOUR#");
export const isPositionUpdate = (command: string, input: string) =>
  command === "UpdateItemCommand" && input.includes("SET");
