/**
 * What the dead man remembers between sweeps (`DEADMAN`/`<shard>`, none of CONTRACTS 5's): the beat it saw last and since when, an alarm
 * that is not raised yet, and whose turn at the venue it is. Owns the item and its conditions: of two sweeps at once one acts and raises
 * the alarm, and what was lost with its process a later sweep takes over.
 */
import { UpdateItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../../core/sei/iso-time.ts";
import { ifCondition } from "../ledger-facts.ts";
import type { ItemKey } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";
import type { SeenBeat } from "./watch-beat.ts";

/** Orders of a silent task were found; `orders` are their client ids, the first of them. */
export type PendingAlarm = {
  /** When it was taken on, epoch milliseconds; also its name. */
  readonly atMs: number;
  readonly silentForMs: number;
  readonly orders: readonly string[];
};

export type DeadManState = { readonly seen: SeenBeat | undefined; readonly alarm: PendingAlarm | undefined };

/** The sort key where all leases are taken as one. */
const ALL_SHARDS = "ALL";
const ORDERS_MAX = 20;

/** Whose state it is. */
export type Place = { readonly table: LedgerTable; readonly shard: string | undefined };

export async function readDeadMan({ table, shard }: Place): Promise<DeadManState> {
  const item = await readItem(table, toKey(shard));
  const key = item?.["beat"]?.S;
  const seenAtMs = readIsoTime(item?.["seenAt"]?.S ?? "");
  const alarm = item?.["alarm"]?.M;
  const alarmAtMs = readIsoTime(item?.["alarmAt"]?.S ?? "");
  const age = item?.["seenAgeMs"]?.N;
  const seen = { atMs: seenAtMs, ageMs: age === undefined ? undefined : Number(age) };
  return {
    seen: key === undefined || seenAtMs < 0 ? undefined : { key, ...seen },
    alarm:
      alarm === undefined || alarmAtMs < 0
        ? undefined
        : {
            atMs: alarmAtMs,
            silentForMs: Number(alarm["silentForMs"]?.N ?? 0),
            orders: (alarm["orders"]?.L ?? []).flatMap((order) => order.S ?? []),
          },
  };
}

/** Notes a beat that is another than the one noted: of the same one the first time stays. */
export async function noteBeat(place: Place, { key, atMs, ageMs }: SeenBeat): Promise<void> {
  await update(place, {
    UpdateExpression: "SET #beat = :beat, #seenAt = :seenAt, #age = :age",
    ConditionExpression: "attribute_not_exists(#beat) OR #beat <> :beat",
    ExpressionAttributeNames: { "#beat": "beat", "#seenAt": "seenAt", "#age": "seenAgeMs" },
    ExpressionAttributeValues: {
      ":beat": { S: key },
      ":seenAt": encodeTime(atMs),
      ":age": ageMs === undefined ? { NULL: true } : { N: `${Math.round(ageMs)}` },
    },
  });
}

/** Takes an alarm on, over `standing` if that is still the one that stands. Answers whether it is the caller's to raise. */
export async function takeAlarm(
  place: Place,
  alarm: PendingAlarm,
  standing: PendingAlarm | undefined,
): Promise<boolean> {
  return await update(place, {
    UpdateExpression: "SET #alarm = :alarm, #alarmAt = :at",
    ConditionExpression: standing === undefined ? "attribute_not_exists(#alarmAt)" : "#alarmAt = :standing",
    ExpressionAttributeNames: { "#alarm": "alarm", "#alarmAt": "alarmAt" },
    ExpressionAttributeValues: {
      ":alarm": {
        M: {
          silentForMs: { N: `${Math.round(alarm.silentForMs)}` },
          orders: { L: alarm.orders.slice(0, ORDERS_MAX).map((order) => ({ S: order })) },
        },
      },
      ":at": encodeTime(alarm.atMs),
      ...(standing === undefined ? {} : { ":standing": encodeTime(standing.atMs) }),
    },
  });
}

/** Forgets an alarm that was raised. */
export async function endAlarm(place: Place, { atMs }: Pick<PendingAlarm, "atMs">): Promise<void> {
  await update(place, {
    UpdateExpression: "REMOVE #alarm, #alarmAt",
    ConditionExpression: "#alarmAt = :at",
    ExpressionAttributeNames: { "#alarm": "alarm", "#alarmAt": "alarmAt" },
    ExpressionAttributeValues: { ":at": encodeTime(atMs) },
  });
}

/**
 * Takes the turn at the venue, or takes it again, until `untilMs` (epoch). Answers whether it is the caller's: another's is, until it ends
 * it or its time has passed, since it may have ended with its process. One that ends later than a turn taken now could, by as much again,
 * was taken by a clock that is wrong, and holds nobody up.
 */
export async function takeTurn(
  place: Place,
  turn: { readonly by: string; readonly atMs: number; readonly untilMs: number },
): Promise<boolean> {
  return await update(place, {
    UpdateExpression: "SET #by = :by, #until = :until",
    ConditionExpression: "attribute_not_exists(#by) OR #by = :by OR #until <= :at OR #until > :latest",
    ExpressionAttributeNames: { "#by": "actingBy", "#until": "actingUntil" },
    ExpressionAttributeValues: {
      ":by": { S: turn.by },
      ":until": encodeTime(turn.untilMs),
      ":at": encodeTime(turn.atMs),
      ":latest": encodeTime(2 * turn.untilMs - turn.atMs),
    },
  });
}

/** Gives the turn up, if it is the caller's still: from `fromMs` (epoch) on it is anybody's. */
export async function endTurn(place: Place, turn: { readonly by: string; readonly fromMs: number }): Promise<void> {
  await update(place, {
    UpdateExpression: "SET #by = :nobody, #until = :from",
    ConditionExpression: "#by = :by",
    ExpressionAttributeNames: { "#by": "actingBy", "#until": "actingUntil" },
    ExpressionAttributeValues: {
      ":by": { S: turn.by },
      ":nobody": { S: "nobody" },
      ":from": encodeTime(turn.fromMs),
    },
  });
}

/** Answers whether the condition held. */
async function update(
  { table, shard }: Place,
  expressions: Pick<
    UpdateItemCommandInput,
    "UpdateExpression" | "ConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
  >,
): Promise<boolean> {
  return await ifCondition(
    table.client.send(new UpdateItemCommand({ TableName: table.tableName, Key: toKey(shard), ...expressions })),
  );
}

function toKey(shard: string | undefined): ItemKey {
  return { pk: { S: "DEADMAN" }, sk: { S: shard ?? ALL_SHARDS } };
}

function encodeTime(atMs: number): { readonly S: string } {
  return { S: new Date(atMs).toISOString() };
}
