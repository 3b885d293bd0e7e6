/**
 * Reports as they are stored (CONTRACTS 5, `REPORT`/`<hour>`): one item each, from the moment it is made to its end. Owns the stored form
 * and who may overwrite what; when a report is posted is `publish.ts`'s.
 *
 * Beside the contract's states there is `waiting`: stored, and to be posted. `mayBePosted` marks the one failure after which nobody knows
 * whether X has the post: such a report is never made again, since it must never be posted twice.
 */
import { PutItemCommand, type PutItemCommandInput, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { readSome } from "../item-range.ts";
import { ifCondition } from "../ledger-facts.ts";
import type { Item, ItemKey } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";

export type ReportState = "waiting" | "posted" | "skipped" | "failed" | "dry-run";

export type Report = {
  readonly id: string;
  readonly state: ReportState;
  /** The end of its period, from which its age counts. */
  readonly to: string;
  readonly madeAt: string;
  /** Undefined where nothing could be said. */
  readonly text: string | undefined;
  readonly altText: string | undefined;
  /** Of the PNG in the bucket. */
  readonly chartKey: string | undefined;
  /** Why it is not posted, or what happened on the way. */
  readonly reason: string | undefined;
  readonly tweetId: string | undefined;
  readonly postedAt: string | undefined;
  readonly mayBePosted: boolean;
  /** Somebody asked for this very report: it is posted before those that the schedule made. */
  readonly isAsked?: boolean;
};

/** What becomes of a waiting report. */
export type Settlement = {
  readonly state: ReportState;
  readonly reason?: string;
  readonly tweetId?: string;
  readonly postedAt?: string;
  readonly mayBePosted?: boolean;
};

const PARTITION = "REPORT";
/** Ids begin with a year: between these stand all of them, and nothing else of the partition. */
const IDS = { from: "0", to: "9~" };
const DRY_RUN_PREFIX = "DRY-RUN#";

/** Far more than may wait. */
const LOOKED_AT_MAX = 200;
const REASON_CHARACTERS_MAX = 1_000;

export async function readReport(table: LedgerTable, id: string): Promise<Report | undefined> {
  const item = await readItem(table, toReportKey(id));
  return item === undefined ? undefined : decodeReport(item);
}

/** Whether a report may be made again: only when it is sure that it was not posted, and is not about to be. */
export function isReplaceable({ state, mayBePosted }: Pick<Report, "state" | "mayBePosted">): boolean {
  return state !== "posted" && state !== "waiting" && !mayBePosted;
}

/** Writes a new report, with the figures beside it, over none or a replaceable one. `kept`: another stands there. */
export async function storeReport(table: LedgerTable, report: Report, figures: Item): Promise<"stored" | "kept"> {
  const isStored = await putReport(table, report, figures, {
    // The same as `isReplaceable`; or the very item, written by a first try whose answer was lost.
    ConditionExpression:
      "attribute_not_exists(#pk) OR ((#state = :skipped OR #state = :failed OR #state = :dryRun) AND attribute_not_exists(#mayBePosted)) OR (#madeAt = :madeAt AND #state = :state)",
    ExpressionAttributeNames: { "#pk": "pk", "#state": "state", "#mayBePosted": "mayBePosted", "#madeAt": "madeAt" },
    ExpressionAttributeValues: {
      ":skipped": { S: "skipped" },
      ":failed": { S: "failed" },
      ":dryRun": { S: "dry-run" },
      ":madeAt": { S: report.madeAt },
      ":state": { S: report.state },
    },
  });
  return isStored ? "stored" : "kept";
}

/** Writes what a dry run made: beside whatever report stands, and as the report where none does. */
export async function storeDryRun(table: LedgerTable, report: Report, figures: Item): Promise<void> {
  await putReport(table, report, figures, {
    ConditionExpression: "attribute_not_exists(#pk)",
    ExpressionAttributeNames: { "#pk": "pk" },
  });
  await putReport(table, { ...report, id: DRY_RUN_PREFIX + report.id }, figures, {});
}

/** What the last dry run of the period made; undefined when there was none. */
export async function readDryRun(table: LedgerTable, id: string): Promise<Report | undefined> {
  const report = await readReport(table, DRY_RUN_PREFIX + id);
  return report === undefined ? undefined : { ...report, id };
}

/** False when the condition does not hold. */
async function putReport(
  table: LedgerTable,
  report: Report,
  figures: Item,
  condition: Omit<PutItemCommandInput, "TableName" | "Item">,
): Promise<boolean> {
  const Item = { ...figures, ...encodeReport(report), ...toReportKey(report.id) };
  return await ifCondition(table.client.send(new PutItemCommand({ TableName: table.tableName, Item, ...condition })));
}

/** Reports that wait, in the order of their turns: those that somebody asked for, then the others; newest period first. */
export async function readWaiting(table: LedgerTable): Promise<readonly Report[]> {
  const { items } = await readSome(table, { pk: PARTITION, ...IDS, descending: true }, LOOKED_AT_MAX);
  return items
    .map(decodeReport)
    .filter(({ state }) => state === "waiting")
    .sort(
      (a, b) => Number(b.isAsked === true) - Number(a.isAsked === true) || (a.to === b.to ? 0 : a.to > b.to ? -1 : 1),
    );
}

/** Notes that somebody asked for a report that waits already. */
export async function markAsked(table: LedgerTable, id: string): Promise<void> {
  await ifCondition(
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toReportKey(id),
        UpdateExpression: "SET #isAsked = :true",
        ConditionExpression: "#state = :waiting",
        ExpressionAttributeNames: { "#isAsked": "isAsked", "#state": "state" },
        ExpressionAttributeValues: { ":true": { BOOL: true }, ":waiting": { S: "waiting" } },
      }),
    ),
  );
}

/** Ends the waiting of a report, or corrects the end of one that nobody knew the outcome of. False when it has ended otherwise. */
export async function settleReport(table: LedgerTable, id: string, settlement: Settlement): Promise<boolean> {
  const { state, reason, tweetId, postedAt, mayBePosted = false } = settlement;
  const texts = Object.entries({ state, tweetId, postedAt, reason: reason === undefined ? undefined : cut(reason) });
  const values: Item = {
    ...Object.fromEntries(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]]))),
    ...(mayBePosted ? { mayBePosted: { BOOL: true } } : {}),
  };
  const set = Object.keys(values).map((name) => `#${name} = :${name}`);
  return await ifCondition(
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toReportKey(id),
        UpdateExpression: `SET ${set.join(", ")}${mayBePosted ? "" : " REMOVE #mayBePosted"}`,
        ConditionExpression: "#state = :waiting OR #mayBePosted = :true",
        ExpressionAttributeNames: {
          "#mayBePosted": "mayBePosted",
          ...Object.fromEntries(Object.keys(values).map((name) => [`#${name}`, name])),
        },
        ExpressionAttributeValues: {
          ":waiting": { S: "waiting" },
          ":true": { BOOL: true },
          ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
        },
      }),
    ),
  );
}

function encodeReport(report: Report): Item {
  const { id: _, mayBePosted, isAsked = false, reason, ...texts } = report;
  const all = Object.entries({ ...texts, reason: reason === undefined ? undefined : cut(reason) });
  return {
    ...Object.fromEntries(all.flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]]))),
    ...(mayBePosted ? { mayBePosted: { BOOL: true } } : {}),
    ...(isAsked ? { isAsked: { BOOL: true } } : {}),
  };
}

function decodeReport(item: Item): Report {
  const text = (name: string) => item[name]?.S;
  return {
    id: text("sk") ?? "",
    state: readState(text("state")),
    to: text("to") ?? "",
    madeAt: text("madeAt") ?? "",
    text: text("text"),
    altText: text("altText"),
    chartKey: text("chartKey"),
    reason: text("reason"),
    tweetId: text("tweetId"),
    postedAt: text("postedAt"),
    mayBePosted: item["mayBePosted"]?.BOOL === true,
    isAsked: item["isAsked"]?.BOOL === true,
  };
}

/** A state that nobody knows is none that anything is posted from. */
function readState(text: string | undefined): ReportState {
  const states: readonly ReportState[] = ["waiting", "posted", "skipped", "failed", "dry-run"];
  return states.find((state) => state === text) ?? "failed";
}

function cut(text: string): string {
  return text.slice(0, REASON_CHARACTERS_MAX).toWellFormed();
}

function toReportKey(id: string): ItemKey {
  return { pk: { S: PARTITION }, sk: { S: id } };
}
