/**
 * One word on who may quote: the control items of CONTRACTS 5, as functions write them. Owns the order of words: an item of a
 * later time is never changed, so that the item ends as the newest word says, whatever the order of writes; of two words of one
 * time the one written last stands. The task writes its own kills by the same rule (`fargate/control-table.ts`).
 */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../core/sei/iso-time.ts";
import { ifCondition } from "./ledger-facts.ts";
import type { ItemKey } from "./ledger-items.ts";
import { type LedgerTable, readItem } from "./ledger-table.ts";

export type ControlWord = {
  readonly state: "halted" | "running";
  readonly reason: string;
  readonly by: string;
  /** ISO-8601 UTC with milliseconds, so that times sort as text. */
  readonly at: string;
};

/** `outdated`: a later word stands there, and nothing was changed; `standing` are its attributes, as far as they are text. */
export type ControlOutcome =
  | { readonly type: "applied" }
  | { readonly type: "outdated"; readonly standing: Readonly<Record<string, string | undefined>> };

const REASON_CHARACTERS_MAX = 500;
/** Of the events of one second on one market; the newest stay. */
const EVENT_IDS_CHARACTERS_MAX = 2_000;
const ATTEMPTS_MAX = 10;
const NO_REASON = "no reason given";

/** Line breaks and other control characters would break the lines that logs and pages show. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * Writes the word of `scope`, a market or `ALL`, unless a later one stands there. A word with the id of its event is written once: when
 * the event is delivered again after another one of the same second, it changes nothing.
 */
export async function writeControlItem(
  table: LedgerTable,
  scope: string,
  word: ControlWord,
  eventId?: string,
): Promise<ControlOutcome> {
  const key = toControlKey(scope);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const before = eventId === undefined ? undefined : await readItem(table, key);
    const seen = before?.["at"]?.S === word.at ? (before["eventIds"]?.S ?? "") : "";
    // Delivered again. A caller that gives two words one id means both.
    const isRepeat = eventId !== undefined && seen.split(" ").includes(wordId(eventId, word));
    if (isRepeat) return { type: "applied" };
    const eventIds =
      eventId === undefined ? undefined : `${seen} ${wordId(eventId, word)}`.trim().slice(-EVENT_IDS_CHARACTERS_MAX);
    if (await putWord(table, key, { word, eventIds, seen: eventId === undefined ? undefined : seen })) {
      return { type: "applied" };
    }
    const standing = (await readItem(table, key)) ?? {};
    // Another one of the same second came in between.
    if (standing["at"]?.S === word.at) continue;
    const texts = Object.entries(standing).map(([name, value]) => [name, value.S]);
    return { type: "outdated", standing: Object.fromEntries(texts) };
  }
  throw new Error(`the control item of ${scope} must hold still for a moment, was changed ${ATTEMPTS_MAX} times`);
}

function wordId(eventId: string, { state }: ControlWord): string {
  return `${eventId}:${state}`;
}

/** `seen` are the ids that a word of the same time must still carry; undefined when that does not matter. */
async function putWord(
  table: LedgerTable,
  key: ItemKey,
  { word, eventIds, seen }: { word: ControlWord; eventIds: string | undefined; seen: string | undefined },
): Promise<boolean> {
  const texts = Object.entries({ ...word, ...(eventIds === undefined ? {} : { eventIds }) });
  const sameIds = seen === "" ? "attribute_not_exists(#ids)" : "#ids = :seen";
  const ofSameTime = seen === undefined ? "#at = :at" : `(#at = :at AND ${sameIds})`;
  const put = new PutItemCommand({
    TableName: table.tableName,
    Item: { ...key, ...Object.fromEntries(texts.map(([name, value]) => [name, { S: value }])) },
    // An item without a time, or whose time is no text, is broken, and a broken one must not outlast a word.
    ConditionExpression: `attribute_not_exists(#at) OR NOT attribute_type(#at, :text) OR #at < :at OR ${ofSameTime}`,
    ExpressionAttributeNames: { "#at": "at", ...(seen === undefined ? {} : { "#ids": "eventIds" }) },
    ExpressionAttributeValues: {
      ":text": { S: "S" },
      ":at": { S: word.at },
      ...(seen === undefined || seen === "" ? {} : { ":seen": { S: seen } }),
    },
  });
  return await ifCondition(table.client.send(put));
}

/** When the word that stands was said, in epoch milliseconds; undefined when there is none, or none that can be read. */
export async function readControlTime(table: LedgerTable, scope: string): Promise<number | undefined> {
  const item = await readItem(table, toControlKey(scope));
  const atMs = readIsoTime(item?.["at"]?.S ?? "");
  return atMs < 0 ? undefined : atMs;
}

/** A reason as one line of bounded length: a halt must not fail for want of words. */
export function toReasonLine(text: string): string {
  const line = text.replace(UNPRINTABLE, " ").trim();
  // A cut through a pair of surrogates would leave half a character.
  return line.slice(0, REASON_CHARACTERS_MAX).toWellFormed() || NO_REASON;
}

function toControlKey(scope: string): ItemKey {
  return { pk: { S: "CONTROL" }, sk: { S: scope } };
}
