/**
 * What an operator asked for, written down where the task reads it: one control item a market, and one for all of them.
 * Owns what a request means and the order of requests; whether and how fast the task obeys is the task's.
 *
 * EventBridge delivers at least once and in no order, so a request never changes an item of a later time: the item ends as the
 * newest request says, whatever the delivery. Of two requests of one time the one delivered last stands (events carry whole
 * seconds). The engine writes its own kills into the same items, by the same rule.
 */
import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { InputError } from "../../core/errors.ts";
import { isSymbol } from "../../core/market.ts";
import { parseIsoTime } from "../../core/sei/iso-time.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";

/** An event of CONTRACTS 6; keys of the detail that are not known are passed over. */
export type OperatorRequest = {
  readonly "detail-type": "Quoting Halt Requested" | "Quoting Resume Requested";
  readonly source: string;
  readonly account?: string | undefined;
  /** ISO-8601 UTC; EventBridge writes whole seconds. */
  readonly time: string;
  readonly detail: { readonly market?: unknown; readonly reason?: unknown } & Readonly<Record<string, unknown>>;
};

export type OperatorControl = {
  readonly table: LedgerTable;
  /** The markets that are traded. */
  readonly markets: readonly string[];
  readonly log: {
    info(message: string, fields: Record<string, unknown>): void;
    warn(message: string, fields: Record<string, unknown>): void;
  };
};

/** `outdated`: a later request stands there, nothing was changed. */
export type RequestOutcome = "applied" | "outdated";

const REASON_CHARACTERS_MAX = 500;
const NO_REASON = "no reason given";

/** Line breaks and other control characters would break the lines that logs and pages show. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Writes the request unless a later one stands there. Throws `InputError` on a market that is not traded here. */
export async function applyRequest(control: OperatorControl, request: OperatorRequest): Promise<RequestOutcome> {
  const scope = scopeOf(request.detail.market, control.markets);
  const wanted = {
    state: request["detail-type"] === "Quoting Halt Requested" ? "halted" : "running",
    reason: reasonOf(request.detail.reason),
    by: request.account === undefined ? request.source : `${request.source} of account ${request.account}`,
    at: timeOf(request.time),
  };
  const key = { pk: { S: "CONTROL" }, sk: { S: scope } };
  const put = new PutItemCommand({
    TableName: control.table.tableName,
    Item: { ...key, ...Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, { S: value }])) },
    // An item without a time, or whose time is no text, is broken, and a broken one must not outlast the operator's word.
    ConditionExpression: "attribute_not_exists(#at) OR NOT attribute_type(#at, :text) OR #at <= :at",
    ExpressionAttributeNames: { "#at": "at" },
    ExpressionAttributeValues: { ":text": { S: "S" }, ":at": { S: wanted.at } },
  });
  try {
    await control.table.client.send(put);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const standing = (await readItem(control.table, key)) ?? {};
    control.log.warn("request is older than what stands there, nothing was changed", {
      scope,
      request: wanted,
      standing: Object.fromEntries(Object.entries(standing).map(([name, value]) => [name, value.S])),
    });
    return "outdated";
  }
  control.log.info("request was written down", { scope, request: wanted });
  return "applied";
}

/** The sort key of the item: a market, or `ALL` when the request names none. */
function scopeOf(market: unknown, markets: readonly string[]): string {
  if (market === undefined) return "ALL";
  if (isSymbol(market) && markets.includes(market)) return market;
  const expected = `absent or one of ${markets.join(", ")}`;
  throw new InputError({ what: "detail.market", expected, was: market });
}

/** A halt must not fail for want of words: whatever the reason is, it becomes one line of text. */
function reasonOf(reason: unknown): string {
  const words = reason ?? "";
  const text = typeof words === "string" ? words : JSON.stringify(words);
  const line = text.replace(UNPRINTABLE, " ").trim();
  // A cut through a pair of surrogates would leave half a character.
  return line.slice(0, REASON_CHARACTERS_MAX).toWellFormed() || NO_REASON;
}

/** The event's time with milliseconds, so that times sort as text. */
function timeOf(time: string): string {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  const at = `${seconds ?? time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  parseIsoTime(seconds === undefined ? time : at, "time");
  return at;
}
