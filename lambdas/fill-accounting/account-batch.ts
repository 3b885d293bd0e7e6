/**
 * One batch from the `fills` queue: what is read, booked, counted and said, and which messages come again.
 * Owns the answer to SQS; the books are `book-fills.ts`'s. A message that cannot be read, or fails, holds up no other.
 */
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { PartialItemFailureResponse } from "@aws-lambda-powertools/batch/types";
import { isThirdAssetFee } from "../../core/accounting/pnl.ts";
import { InputError } from "../../core/errors.ts";
import { type LedgerFill, parseFillMessage, splitSymbol } from "../../core/messages.ts";
import type { Claim } from "../ledger-facts.ts";
import type { LedgerTable } from "../ledger-table.ts";
import { bookFills } from "./book-fills.ts";
import { LedgerContentionError, OutOfTimeError, type Pacing } from "./fold-books.ts";
import type { Settled } from "./parallel.ts";

/** A record of an SQS event; whatever else it carries is passed over. */
export type QueueRecord = { readonly messageId: string; readonly body: string };

/**
 * What is counted as `flashmm_fill_processing_errors_total`. The last two are booked all the same: a fee in an asset
 * whose value is not known here, and an order that does not bear our name.
 */
export type Trouble =
  | "undecodable"
  | "storage"
  | "contention"
  | "time"
  | "conflict"
  | "third-asset-fee"
  | "foreign-order";

export type Accounting = {
  readonly table: LedgerTable;
  readonly pacing: Pacing;
  /** Counts troubles of one kind. */
  count(kind: Trouble, by: number): void;
  readonly log: {
    info(message: string, fields: Record<string, unknown>): void;
    warn(message: string, fields: Record<string, unknown>): void;
    error(message: string, fields: Record<string, unknown>): void;
  };
};

/** `fm-<epoch>-<market>-<b|s><level>-<n>` (CONTRACTS 3). */
const OUR_ORDER = /^fm-\d+-[A-Z0-9]+-[bs]\d+-\d+$/;

/**
 * Books the fills of a batch; the answer names the messages that SQS shall deliver again or, in the end, set aside. `timeLeftMs`
 * answers how long the process has.
 */
export async function accountBatch(
  accounting: Accounting,
  records: readonly QueueRecord[],
  timeLeftMs: () => number = () => Number.MAX_SAFE_INTEGER,
): Promise<PartialItemFailureResponse> {
  const fills = new Map<string, LedgerFill>();
  const errors = new Map<string, Error>();
  for (const record of records) {
    try {
      fills.set(record.messageId, parseFillMessage(parseJson(record.body)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.set(record.messageId, error);
      accounting.log.error("fill message cannot be read", { messageId: record.messageId, reason: error.message });
    }
  }
  const onBooking = (fill: LedgerFill) => raiseOddities(accounting, fill);
  const { table, pacing } = accounting;
  const outcomes = await bookFills({ table, pacing, onBooking, timeLeftMs }, [...fills.values()]);
  const troubles: Trouble[] = Array.from(errors, () => "undecodable");
  for (const [index, [messageId, fill]] of [...fills].entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if (outcome.type === "failed") errors.set(messageId, toError(outcome.error));
    troubles.push(...judge(accounting, messageId, fill, outcome));
  }
  for (const [kind, all] of Map.groupBy(troubles, (kind) => kind)) accounting.count(kind, all.length);
  accounting.log.info("fills booked", {
    received: records.length,
    first: outcomes.filter((outcome) => outcome.type === "done" && outcome.value.type === "first").length,
    failed: errors.size,
  });
  return answer(records, errors);
}

/**
 * Raises what is odd about a fill that is booked all the same. Called before the fact is written, each time that it is not
 * there yet, and counted at once: an alarm after the fact would be lost with a process that ends in between, since the next
 * delivery finds the fill booked. So it comes at least once, and again only where a delivery failed.
 */
function raiseOddities(accounting: Accounting, fill: LedgerFill): void {
  const { log } = accounting;
  const ids = { fillId: fill.fillId, market: fill.market, orderId: fill.orderId };
  if (isThirdAssetFee(fill, splitSymbol(fill.market))) {
    accounting.count("third-asset-fee", 1);
    log.warn("fill has a fee in a third asset", { ...ids, feeAsset: fill.feeAsset });
  }
  if (!OUR_ORDER.test(fill.clientOrderId)) {
    accounting.count("foreign-order", 1);
    log.warn("fill of an order that is not ours by name", { ...ids, clientOrderId: fill.clientOrderId });
  }
}

/** Says what is wrong with one fill's outcome, and what kinds of trouble that is. */
function judge(
  accounting: Accounting,
  messageId: string,
  fill: LedgerFill,
  outcome: Settled<Claim>,
): readonly Trouble[] {
  const { log } = accounting;
  const ids = { messageId, fillId: fill.fillId, market: fill.market, orderId: fill.orderId };
  if (outcome.type === "failed") {
    log.error("fill is not booked yet", { ...ids, error: toError(outcome.error) });
    return [troubleOf(outcome.error)];
  }
  const claim = outcome.value;
  if (claim.type !== "conflict") return [];
  log.error("fill came again with other contents", { ...ids, clientOrderId: fill.clientOrderId });
  return ["conflict"];
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof LedgerContentionError) return "contention";
  return error instanceof OutOfTimeError ? "time" : "storage";
}

async function answer(
  records: readonly QueueRecord[],
  errors: ReadonlyMap<string, Error>,
): Promise<PartialItemFailureResponse> {
  const settle = async (record: QueueRecord): Promise<void> => {
    const error = errors.get(record.messageId);
    if (error !== undefined) throw error;
  };
  // A whole failed batch is answered like a part of one: an error of the function would say nothing more.
  return await processPartialResponse({ Records: [...records] }, settle, new BatchProcessor(EventType.SQS), {
    throwOnFullBatchFailure: false,
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new InputError({ what: "message body", expected: "JSON", was: body, cause });
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
