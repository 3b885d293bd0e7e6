/**
 * What the audit writes down of a market (`AUDIT#<market>`): where it stands (`CURSOR`), its last word (`LATEST`) and each of its words
 * (`RUN#<time>`, for 35 days). Owns these items and the order of their writes: the state first, under its version, so that of two
 * audits at once one is written and the other is not; a word that is lost with its process is made up for by the next run.
 */
import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { ifCondition } from "../ledger-facts.ts";
import type { ItemKey } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";
import { auditPartition } from "../proof-items.ts";
import { type AuditState, decodeState, encodeState } from "./audit-state.ts";

/**
 * `clean`: the venue and the ledger say the same. `repairing`: nothing that needs a person; fills were missing and are queued, or the
 * history is not read to its end yet. `different`: somebody must look. `failed`: it could not be told.
 */
type AuditVerdict = "clean" | "repairing" | "different" | "failed";

/** What one audit of one market came to. Counts of differences are of those that stand after it. */
export type AuditWord = {
  readonly market: string;
  readonly state: AuditVerdict;
  /** Venue times: from where this run compared, undefined for the beginning of the history, and through where all is compared. */
  readonly checkedFrom: string | undefined;
  readonly checkedThrough: string | undefined;
  /** Fills compared in this run, and each once in all. */
  readonly checked: number;
  readonly checkedTotal: number;
  /** Older fills compared again in this run, venue time through which the round has come, undefined at its beginning. */
  readonly checkedAgain: number;
  readonly againThrough: string | undefined;
  /** Everything through `checkedThrough` was compared then or later; undefined before the first whole round. */
  readonly againSince: string | undefined;
  readonly missing: number;
  readonly different: number;
  readonly unknownToVenue: number;
  /** Hours whose PnL does not add up. */
  readonly identity: number;
  readonly provenThrough: string | undefined;
  /** Whether the history was read to its end. */
  readonly complete: boolean;
  /** When an audit was clean last; stays over those that are not. */
  readonly cleanAt: string | undefined;
  readonly checkedAt: string;
  /** Why it is not clean; undefined when it is. */
  readonly reason: string | undefined;
};

const RUN_KEPT_SECONDS = 35 * 86_400;
const REASON_CHARACTERS_MAX = 1_000;

export async function loadState(table: LedgerTable, market: string): Promise<AuditState | undefined> {
  const item = await readItem(table, toKey(market, "CURSOR"));
  return item === undefined ? undefined : decodeState(item);
}

/** Writes the state that follows version `state.version − 1`. `superseded`: another run was written meanwhile, this one is not. */
export async function saveState(
  table: LedgerTable,
  market: string,
  state: AuditState,
  runId: string,
): Promise<"saved" | "superseded"> {
  const key = toKey(market, "CURSOR");
  const before = state.version - 1;
  const isSaved = await ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: { ...encodeState(state), runId: { S: runId }, ...key },
        ConditionExpression: before === 0 ? "attribute_not_exists(#pk)" : "#version = :before",
        ExpressionAttributeNames: before === 0 ? { "#pk": "pk" } : { "#version": "version" },
        ...(before === 0 ? {} : { ExpressionAttributeValues: { ":before": { N: `${before}` } } }),
      }),
    ),
  );
  if (isSaved) return "saved";
  // A write tried again by the SDK may have found its own first try.
  const standing = await readItem(table, key);
  return standing?.["runId"]?.S === runId ? "saved" : "superseded";
}

/** Writes the word of the run that was saved as `version`: the latest one unless a later run's stands there, and its own item. */
export async function writeWord(table: LedgerTable, word: AuditWord, version: number): Promise<void> {
  const item = { ...encodeWord(word), version: { N: `${version}` } };
  await ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: { ...item, ...toKey(word.market, "LATEST") },
        ConditionExpression: "attribute_not_exists(#version) OR #version <= :version",
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: { ":version": item.version },
      }),
    ),
  );
  const ttl = Math.floor(Date.parse(word.checkedAt) / 1_000) + RUN_KEPT_SECONDS;
  await table.client.send(
    new PutItemCommand({
      TableName: table.tableName,
      Item: { ...item, ttl: { N: `${ttl}` }, ...toKey(word.market, `RUN#${word.checkedAt}`) },
    }),
  );
}

/** Says that a run failed before it could be judged at all; what the latest word says beside that stays. Answers its `cleanAt`. */
export async function writeFailure(
  table: LedgerTable,
  failure: { readonly market: string; readonly checkedAt: string; readonly reason: string },
): Promise<string | undefined> {
  const answer = await table.client.send(
    new UpdateItemCommand({
      TableName: table.tableName,
      Key: toKey(failure.market, "LATEST"),
      UpdateExpression: "SET #market = :market, #state = :failed, #checkedAt = :checkedAt, #reason = :reason",
      ExpressionAttributeNames: {
        "#market": "market",
        "#state": "state",
        "#checkedAt": "checkedAt",
        "#reason": "reason",
      },
      ExpressionAttributeValues: {
        ":market": { S: failure.market },
        ":failed": { S: "failed" },
        ":checkedAt": { S: failure.checkedAt },
        ":reason": { S: cut(failure.reason) },
      },
      ReturnValues: "ALL_NEW",
    }),
  );
  return answer.Attributes?.["cleanAt"]?.S;
}

function encodeWord(word: AuditWord) {
  const texts = Object.entries({
    market: word.market,
    state: word.state,
    checkedFrom: word.checkedFrom,
    checkedThrough: word.checkedThrough,
    againThrough: word.againThrough,
    againSince: word.againSince,
    provenThrough: word.provenThrough,
    cleanAt: word.cleanAt,
    checkedAt: word.checkedAt,
    reason: word.reason === undefined ? undefined : cut(word.reason),
  });
  const { checked, checkedTotal, checkedAgain, missing, different, unknownToVenue, identity, complete } = word;
  const counts = Object.entries({ checked, checkedTotal, checkedAgain, missing, different, unknownToVenue, identity });
  return {
    ...Object.fromEntries(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]]))),
    ...Object.fromEntries(counts.map(([name, count]) => [name, { N: `${count}` }])),
    complete: { BOOL: complete },
  };
}

function cut(text: string): string {
  return text.slice(0, REASON_CHARACTERS_MAX).toWellFormed();
}

function toKey(market: string, sk: string): ItemKey {
  return { pk: { S: auditPartition(market) }, sk: { S: sk } };
}
