/**
 * What the fill audit last said of each market (`AUDIT#<market>`/`LATEST`), read now and then and shown on the page. Owns the reading alone:
 * the audit is not the task's, and no order depends on it.
 */
import { type AttributeValue, type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../core/sei/iso-time.ts";
import type { Log } from "./log.ts";
import { PeriodicReading } from "./periodic-reading.ts";
import type { Clock } from "./seams.ts";
import type { AuditState } from "./status/state.ts";

/** An audit comes every five minutes, in a local run each minute. */
const READ_INTERVAL_MS = 15_000;

export function makeAuditView(options: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly markets: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}): PeriodicReading<readonly AuditState[]> {
  const { client, tableName, markets } = options;
  const readOne = async (market: string, abortSignal: AbortSignal) => {
    const Key = { pk: { S: `AUDIT#${market}` }, sk: { S: "LATEST" } };
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key }), { abortSignal });
    return Item === undefined ? [] : [toAuditState(market, Item)];
  };
  return new PeriodicReading<readonly AuditState[]>({
    ...options,
    what: "the audit items",
    everyMs: READ_INTERVAL_MS,
    read: async (abortSignal) => (await Promise.all(markets.map((market) => readOne(market, abortSignal)))).flat(),
  });
}

function toAuditState(market: string, item: Readonly<Record<string, AttributeValue>>): AuditState {
  const timeOf = (name: string) => {
    const atMs = readIsoTime(item[name]?.S ?? "");
    return atMs < 0 ? null : atMs;
  };
  const countOf = (name: string) => {
    const count = Number(item[name]?.N ?? 0);
    return Number.isSafeInteger(count) && count >= 0 ? count : 0;
  };
  return {
    market,
    state: item["state"]?.S ?? "unknown",
    checkedAtMs: timeOf("checkedAt"),
    checkedThroughMs: timeOf("checkedThrough"),
    againSinceMs: timeOf("againSince"),
    cleanAtMs: timeOf("cleanAt"),
    provenThrough: item["provenThrough"]?.S ?? null,
    checkedTotal: countOf("checkedTotal"),
    missing: countOf("missing"),
    different: countOf("different"),
    unknownToVenue: countOf("unknownToVenue"),
    unprovenHours: countOf("identity"),
    reason: item["reason"]?.S ?? null,
  };
}
