/**
 * What an operator asked for, written down where the task reads it: one control item a market, and one for all of them.
 * Owns what a request means; the order of words is `control-item.ts`'s, and how fast the task obeys is the task's.
 *
 * EventBridge delivers at least once and in no order, so what counts is a request's own time: the item ends as the newest request
 * says, whatever the delivery, and a second delivery changes nothing. Of two requests of one time the one delivered last stands
 * (events carry whole seconds). What is not applied is answered by an event that says why.
 */
import { InputError } from "../../core/errors.ts";
import { toJsonText, toWritable } from "../../core/json-text.ts";
import { isSymbol } from "../../core/market.ts";
import { parseIsoTime } from "../../core/sei/iso-time.ts";
import { type ControlOutcome, type ControlWord, toReasonLine, writeControlItem } from "../control-item.ts";
import { type EventSink, sayEvent } from "../event-bus.ts";
import type { LedgerTable } from "../ledger-table.ts";

/** An event of CONTRACTS 6; keys of the detail that are not known are passed over. */
export type OperatorRequest = {
  readonly "detail-type": "Quoting Halt Requested" | "Quoting Resume Requested";
  readonly source: string;
  /** EventBridge's own; the same for every delivery of the event. */
  readonly id?: string | undefined;
  readonly account?: string | undefined;
  /** ISO-8601 UTC; EventBridge writes whole seconds. */
  readonly time: string;
  readonly detail: { readonly market?: unknown; readonly reason?: unknown } & Readonly<Record<string, unknown>>;
};

export type OperatorControl = {
  readonly table: LedgerTable;
  /** The markets that are traded. */
  readonly markets: readonly string[];
  /** Where refusals are said; undefined where nobody listens. */
  readonly bus?: EventSink | undefined;
  readonly log: {
    info(message: string, fields: Record<string, unknown>): void;
    warn(message: string, fields: Record<string, unknown>): void;
  };
};

/** `outdated`: a later request stands there, nothing was changed. */
export type RequestOutcome = "applied" | "outdated";

/**
 * As `applyRequest`; a request that is not applied is refused on the bus, where the operator sees it. One that came too late for a later
 * one fails nothing: its sender's clock may lag, or EventBridge has delivered it again.
 */
export async function answerRequest(control: OperatorControl, request: OperatorRequest): Promise<RequestOutcome> {
  let outcome: ControlOutcome;
  try {
    outcome = await writeRequest(control, request);
  } catch (error) {
    if (error instanceof InputError) await refuse(control, request, error.message);
    throw error;
  }
  if (outcome.type === "outdated") {
    const { state, by, at, reason } = outcome.standing;
    const later = `what stands there is later: ${state} since ${at} by ${by} (${reason})`;
    await refuse(control, request, `the request of ${request.time} changed nothing, ${later}`);
  }
  return outcome.type;
}

async function refuse({ bus, log }: OperatorControl, request: OperatorRequest, reason: string): Promise<void> {
  const { "detail-type": requested, id, time } = request;
  const asked = toWritable(request.detail);
  const detail = { requested, eventId: id ?? null, time, detail: asked, reason, by: "operator-control" };
  log.warn("request is refused", detail);
  if (bus === undefined) return;
  try {
    await sayEvent(bus, { source: "flashmm.engine", type: "Operator Request Refused", detail });
  } catch (cause) {
    log.warn("the refusal could not be announced", { error: cause });
  }
}

/** Writes the request unless a later one stands there. Throws `InputError` on a market that is not traded here. */
export async function applyRequest(control: OperatorControl, request: OperatorRequest): Promise<RequestOutcome> {
  return (await writeRequest(control, request)).type;
}

async function writeRequest(control: OperatorControl, request: OperatorRequest): Promise<ControlOutcome> {
  const scope = scopeOf(request.detail.market, control.markets);
  const wanted: ControlWord = {
    state: request["detail-type"] === "Quoting Halt Requested" ? "halted" : "running",
    reason: reasonOf(request.detail.reason),
    by: request.account === undefined ? request.source : `${request.source} of account ${request.account}`,
    at: timeOf(request.time),
  };
  const outcome = await writeControlItem(control.table, scope, wanted, request.id);
  if (outcome.type === "outdated") {
    const { standing } = outcome;
    control.log.warn("request is older than what stands there, nothing was changed", {
      scope,
      request: wanted,
      standing,
    });
  } else {
    control.log.info("request was written down", { scope, request: wanted });
  }
  return outcome;
}

/** The sort key of the item: a market, or `ALL` when the request names none. */
function scopeOf(market: unknown, markets: readonly string[]): string {
  if (market === undefined) return "ALL";
  if (isSymbol(market) && markets.includes(market)) return market;
  const expected = `absent or one of ${markets.join(", ")}`;
  throw new InputError({ what: "detail.market", expected, was: market });
}

/** Whatever the reason is, it becomes one line of text. */
function reasonOf(reason: unknown): string {
  const words = reason ?? "";
  return toReasonLine(typeof words === "string" ? words : toJsonText(words));
}

/** The event's time with milliseconds, so that times sort as text. */
function timeOf(time: string): string {
  const [, seconds, fraction = ""] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  const at = `${seconds ?? time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  parseIsoTime(seconds === undefined ? time : at, "time");
  return at;
}
