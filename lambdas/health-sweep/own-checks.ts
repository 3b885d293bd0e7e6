/**
 * One look at each thing of our own account: the table, the queues, the task's heartbeat and what it says of its feed. Owns what counts
 * as well. A look that gets no answer throws.
 */
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { readIsoTime } from "../../core/sei/iso-time.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { type Beat, SILENT_AFTER_MS } from "./heartbeat.ts";
import type { IntegrationRecord, Outcome } from "./integration-record.ts";

export type Queues = { readonly client: Pick<SQSClient, "send">; readonly urls: readonly string[] };

/**
 * SQS tells the age of its oldest message to CloudWatch alone, whose alarm stands beside this. Here a queue's age is the time since it
 * was last seen without a waiting message: three looks a second apart meet such a moment where the consumer keeps up.
 */
const LOOKS = 3;
const LOOKS_APART_MS = 1_000;
const NOT_EMPTY_MS_MAX = 5 * 60_000;
const WAITING_MAX = 10_000;

/** Three audits. */
const AUDIT_MS_MAX = 15 * 60_000;
const NOT_EMPTY_SINCE = /^(\d+) waiting, not seen empty since (\S+)$/;

const STARTED_BY_NOBODY: Outcome = { kind: "not-configured", detail: "no task has held the lease yet" };

export async function checkTable(table: LedgerTable, timing: Timing): Promise<Outcome> {
  const startedMs = timing.monotonicMs();
  await readItem(table, { pk: { S: "HEALTH" }, sk: { S: "dynamodb" } });
  return { kind: "healthy", detail: `it answered in ${Math.round(timing.monotonicMs() - startedMs)} ms` };
}

export function checkHeartbeat(beat: Beat, nowMs: number): Outcome {
  if (beat.atMs === undefined) return STARTED_BY_NOBODY;
  const ageMs = nowMs - beat.atMs;
  const age = `${(ageMs / 1_000).toFixed(1)} s old`;
  if ((beat.owner ?? "") === "")
    return { kind: "unhealthy", detail: `the lease is free, its last heartbeat is ${age}` };
  if (ageMs > SILENT_AFTER_MS) return { kind: "unhealthy", detail: `the task is silent, its last heartbeat is ${age}` };
  return { kind: "healthy", detail: `epoch ${beat.epoch}, ${beat.openOrders ?? "unknown"} open orders, ${age}` };
}

/** What the task says of its feed, as long as it says anything. */
export function checkFeed(beat: Beat, nowMs: number): Outcome {
  if (beat.atMs === undefined) return STARTED_BY_NOBODY;
  const feed = beat.feed ?? "not told";
  const age = `${((nowMs - beat.atMs) / 1_000).toFixed(1)} s ago`;
  const isWell = nowMs - beat.atMs <= SILENT_AFTER_MS && /^connected\b/.test(feed) && (beat.owner ?? "") !== "";
  return { kind: isWell ? "healthy" : "unhealthy", detail: `${feed}, told ${age}` };
}

/** Undefined: the look is made without knowing the last one. */
export async function checkFillsQueue(
  queues: Queues,
  before: IntegrationRecord | undefined,
  timing: Timing,
): Promise<Outcome> {
  const [url] = queues.urls;
  if (url === undefined) return { kind: "not-configured", detail: "FILLS_QUEUE_URL is not set" };
  let waiting = await countWaiting(queues.client, url);
  for (let look = 1; look < LOOKS && waiting > 0; look++) {
    await timing.wait(LOOKS_APART_MS);
    waiting = await countWaiting(queues.client, url);
  }
  if (waiting === 0) return { kind: "healthy", detail: "no message waits" };
  const nowMs = Math.floor(timing.epochMs());
  const [, , since] = NOT_EMPTY_SINCE.exec(before?.detail ?? "") ?? [];
  const sinceMs = since === undefined ? nowMs : Date.parse(since);
  const detail = `${waiting} waiting, not seen empty since ${new Date(sinceMs).toISOString()}`;
  const isBehind = waiting > WAITING_MAX || nowMs - sinceMs > NOT_EMPTY_MS_MAX;
  return { kind: isBehind ? "unhealthy" : "healthy", detail };
}

/** What the fill audit last said of each market (`AUDIT#<market>`/`LATEST`): a difference, or no word lately, wants a person. */
export async function checkAudit(table: LedgerTable, markets: readonly string[], nowMs: number): Promise<Outcome> {
  const words = await Promise.all(
    markets.map(async (market) => {
      const item = await readItem(table, { pk: { S: `AUDIT#${market}` }, sk: { S: "LATEST" } });
      return { market, state: item?.["state"]?.S, atMs: readIsoTime(item?.["checkedAt"]?.S ?? "") };
    }),
  );
  if (words.every(({ state }) => state === undefined)) return { kind: "not-configured", detail: "no audit yet" };
  const faults = words.flatMap(({ market, state, atMs }) => {
    // A new market is audited within minutes; one that never is, the alarm on the audit's age tells.
    if (state === undefined) return [];
    if (nowMs - atMs > AUDIT_MS_MAX)
      return [`${market} was last audited ${Math.round((nowMs - atMs) / 60_000)} min ago`];
    return state === "different" || state === "failed" ? [`${market} is ${state}`] : [];
  });
  if (faults.length > 0) return { kind: "unhealthy", detail: faults.join("; ") };
  return { kind: "healthy", detail: words.map(({ market, state }) => `${market} ${state ?? "not yet"}`).join(", ") };
}

/** What was set aside anywhere waits for a person. */
export async function checkDeadLetters(queues: Queues): Promise<Outcome> {
  const { client, urls } = queues;
  if (urls.length === 0) return { kind: "not-configured", detail: "DEAD_LETTER_QUEUE_URLS is not set" };
  const counts = await Promise.all(urls.map(async (url) => [nameOf(url), await countWaiting(client, url)] as const));
  const filled = counts.flatMap(([name, count]) => (count === 0 ? [] : [`${name} ${count}`]));
  if (filled.length === 0) return { kind: "healthy", detail: `${urls.length} queues, all empty` };
  return { kind: "unhealthy", detail: `messages set aside: ${filled.join(", ")}` };
}

async function countWaiting(client: Queues["client"], url: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["ApproximateNumberOfMessages"] });
  const count = Number((await client.send(command)).Attributes?.["ApproximateNumberOfMessages"]);
  if (!Number.isSafeInteger(count)) throw new Error(`${nameOf(url)} does not say how many messages wait`);
  return count;
}

function nameOf(url: string): string {
  return url.split("/").at(-1) ?? url;
}
