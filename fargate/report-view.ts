/**
 * The last hourly reports (CONTRACTS 5, `REPORT`/`<hour>`), read now and then and shown on the page, and their charts where this machine has
 * them. Owns the reading alone: what a report says is `lambdas/hourly-report`'s. The task has no right to the bucket in AWS, so there a
 * report is shown without its chart.
 */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AttributeValue, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../core/sei/iso-time.ts";
import type { Log } from "./log.ts";
import { PeriodicReading } from "./periodic-reading.ts";
import type { Clock } from "./seams.ts";
import type { ReportState } from "./status/state.ts";

/** A report comes each hour, in a local run each minute. */
const READ_INTERVAL_MS = 15_000;
const SHOWN_MAX = 6;

/** A post is below 280 characters; whoever writes more is not shown whole. */
const TEXT_CHARACTERS_MAX = 1_000;

/** `2026-01-02T03`, and of a local run `2026-01-02T03:04_2026-01-02T03:07`, its end perhaps with seconds. */
const REPORT_ID = /^\d{4}-\d\d-\d\dT\d\d(?::\d\d_\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)?$/;

/** Charts have some hundred kilobytes. */
const CHART_BYTES_MAX = 4_194_304;
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function isReportId(text: string): boolean {
  return REPORT_ID.test(text);
}

export type ReportViewOptions = {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Where the charts are, as `<id>.png` with hyphens for colons; undefined where they are not. */
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

export function makeReportView(options: ReportViewOptions): PeriodicReading<readonly ReportState[]> {
  const { client, tableName, folder } = options;
  const read = async (abortSignal: AbortSignal) => {
    const command = new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
      ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
      // Ids begin with a year; the gate and the dry runs of the partition do not.
      ExpressionAttributeValues: { ":pk": { S: "REPORT" }, ":from": { S: "0" }, ":to": { S: "9~" } },
      ScanIndexForward: false,
      Limit: SHOWN_MAX,
    });
    const { Items = [] } = await client.send(command, { abortSignal });
    return await Promise.all(Items.filter(hasId).map(async (item) => await toReportState(item, folder)));
  };
  return new PeriodicReading<readonly ReportState[]>({
    ...options,
    what: "the reports",
    everyMs: READ_INTERVAL_MS,
    read,
  });
}

type Item = Readonly<Record<string, AttributeValue>>;

function hasId(item: Item): boolean {
  return isReportId(item["sk"]?.S ?? "");
}

async function toReportState(item: Item, folder: string | undefined): Promise<ReportState> {
  const id = item["sk"]?.S ?? "";
  const postedAtMs = readIsoTime(item["postedAt"]?.S ?? "");
  return {
    id,
    state: item["state"]?.S ?? "unknown",
    text: textOf(item, "text"),
    altText: textOf(item, "altText"),
    reason: textOf(item, "reason"),
    postedAtMs: postedAtMs < 0 ? null : postedAtMs,
    hasChart: folder !== undefined && (await isThere(chartPath(folder, id))),
  };
}

function textOf(item: Item, name: string): string | null {
  const text = item[name]?.S;
  return text === undefined || text === "" ? null : text.slice(0, TEXT_CHARACTERS_MAX).toWellFormed();
}

/** The PNG of a report; undefined where there is none. `id` must be one. */
export async function readChart(folder: string | undefined, id: string): Promise<Buffer | undefined> {
  if (folder === undefined || !isReportId(id)) return undefined;
  try {
    const png = await readFile(chartPath(folder, id));
    const isPng = png.length <= CHART_BYTES_MAX && png.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE);
    return isPng ? png : undefined;
  } catch {
    // Not there, or not any more: the page shows the report without it.
    return undefined;
  }
}

function chartPath(folder: string, id: string): string {
  return join(folder, `${id.replaceAll(":", "-")}.png`);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
