/**
 * The health items of CONTRACTS 5 (`HEALTH`/`<integration>`): how they are read and written. Owns the stored form and its conditions: of
 * two sweeps at once one writes an item and the other leaves it, so that two looks at one moment never count as two in a row.
 */
import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../../core/sei/iso-time.ts";
import { readAll } from "../item-range.ts";
import { ifCondition } from "../ledger-facts.ts";
import type { Item, ItemKey } from "../ledger-items.ts";
import type { LedgerTable } from "../ledger-table.ts";
import { breakerOf, type IntegrationRecord } from "./integration-record.ts";

const PARTITION = "HEALTH";
/** Names are short and of ASCII: everything sorts between these. */
const ALL = { pk: PARTITION, from: " ", to: "~" };

/** What stands, by integration. An item without a version (CONTRACTS 5 knows none) is one of version 0. */
export async function readRecords(table: LedgerTable): Promise<ReadonlyMap<string, IntegrationRecord>> {
  const items = await readAll(table, ALL);
  return new Map(items.flatMap(decodeRecord).map((record) => [record.integration, record]));
}

/** Writes the record that follows `before`. `superseded`: another sweep wrote meanwhile, and its word stands. */
export async function writeRecord(
  table: LedgerTable,
  record: IntegrationRecord,
  before: IntegrationRecord | undefined,
): Promise<"written" | "superseded"> {
  const { condition, names, values } = conditionOn(before);
  const isWritten = await ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: { ...encodeRecord(record), ...toKey(record.integration) },
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      }),
    ),
  );
  return isWritten ? "written" : "superseded";
}

/** What must still stand, so that older never goes over newer however long a sweep took: nothing, or the version that was read. */
function conditionOn(before: IntegrationRecord | undefined) {
  if (before === undefined) {
    return { condition: "attribute_not_exists(#sk)", names: { "#sk": "sk" }, values: undefined };
  }
  const names = { "#version": "version" };
  if (before.version === 0) {
    const condition = "attribute_not_exists(#version) OR NOT attribute_type(#version, :number)";
    return { condition, names, values: { ":number": { S: "N" } } };
  }
  return { condition: "#version = :before", names, values: { ":before": { N: `${before.version}` } } };
}

/** Notes that what `record` says was announced. The version moves, so that a sweep that began earlier does not undo it. */
export async function markAnnounced(table: LedgerTable, record: IntegrationRecord): Promise<void> {
  await ifCondition(
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toKey(record.integration),
        UpdateExpression: "SET #announced = :healthy, #version = #version + :one REMOVE #announcingAt",
        ConditionExpression: "#healthy = :healthy",
        ExpressionAttributeNames: {
          "#announced": "announced",
          "#version": "version",
          "#announcingAt": "announcingAt",
          "#healthy": "healthy",
        },
        ExpressionAttributeValues: { ":healthy": { BOOL: record.healthy }, ":one": { N: "1" } },
      }),
    ),
  );
}

export function encodeRecord(record: IntegrationRecord): Item {
  const times = {
    doubtedAt: record.doubtedAtMs,
    openUntil: record.openUntilMs,
    announcingAt: record.announcingAtMs,
  };
  return {
    integration: { S: record.integration },
    healthy: { BOOL: record.healthy },
    configured: { BOOL: record.configured },
    detail: { S: record.detail },
    checkedAt: encodeTime(record.checkedAtMs),
    since: encodeTime(record.sinceMs),
    // For people, and for the page: what the next sweep does follows from `openUntil`.
    breaker: { S: breakerOf(record, record.checkedAtMs) },
    streak: { N: `${record.streak}` },
    failures: { N: `${record.failures}` },
    announced: { BOOL: record.announced },
    version: { N: `${record.version}` },
    ...Object.fromEntries(
      Object.entries(times).flatMap(([name, atMs]) => (atMs === undefined ? [] : [[name, encodeTime(atMs)]])),
    ),
  };
}

/** None for an item without a name. What else is missing in one reads as a first look would leave it. */
export function decodeRecord(item: Item): readonly IntegrationRecord[] {
  const integration = item["sk"]?.S;
  if (integration === undefined) return [];
  const checkedAtMs = readTime(item, "checkedAt") ?? 0;
  return [
    {
      integration,
      healthy: item["healthy"]?.BOOL ?? true,
      configured: item["configured"]?.BOOL ?? true,
      detail: item["detail"]?.S ?? "",
      checkedAtMs,
      sinceMs: readTime(item, "since") ?? checkedAtMs,
      streak: readWhole(item, "streak") ?? 1,
      doubtedAtMs: readTime(item, "doubtedAt"),
      failures: readWhole(item, "failures") ?? 0,
      openUntilMs: readTime(item, "openUntil"),
      announced: item["announced"]?.BOOL ?? true,
      announcingAtMs: readTime(item, "announcingAt"),
      version: readWhole(item, "version") ?? 0,
    },
  ];
}

function encodeTime(atMs: number): { readonly S: string } {
  return { S: new Date(atMs).toISOString() };
}

function readTime(item: Item, name: string): number | undefined {
  const atMs = readIsoTime(item[name]?.S ?? "");
  return atMs < 0 ? undefined : atMs;
}

function readWhole(item: Item, name: string): number | undefined {
  const value = item[name]?.N === undefined ? Number.NaN : Number(item[name].N);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function toKey(integration: string): ItemKey {
  return { pk: { S: PARTITION }, sk: { S: integration } };
}
