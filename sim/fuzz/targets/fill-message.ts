/** The body of a fill message, as the ledger reads it, and a whole batch in front of a table that is out of order. */
import { formatScaled, MONEY_DECIMALS } from "../../../core/decimal.ts";
import {
  type FillMessage,
  isSameFill,
  type LedgerFill,
  parseFillMessage,
  toFillMessage,
  toMessageBody,
} from "../../../core/messages.ts";
import { type Accounting, accountBatch } from "../../../lambdas/fill-accounting/account-batch.ts";
import { decodeFill, encodeFill } from "../../../lambdas/ledger-items.ts";
import type { ExchangeFill } from "../../exchange/account-records.ts";
import { makeAnsweringClient } from "../item-answers.ts";
import { requireLedgerFill, requirePlain } from "../laws.ts";
import { makeJsonTarget, parseJson, requireLaw, type Target } from "../target.ts";

/** The digits of a DynamoDB number. */
const DIGITS_MAX = 38;

/** A message beside the fuzzed one, which must be booked whatever the other is. */
const NEIGHBOUR_ID = "neighbour";

export function toBodies(fills: readonly ExchangeFill[]): readonly string[] {
  return fills.map((fill, index) => {
    const message: FillMessage = {
      version: 1,
      engineId: "engine-1",
      market: fill.market,
      fillId: fill.fillId,
      orderId: fill.orderId,
      clientOrderId: fill.clientOrderId,
      side: fill.side,
      price: fill.price,
      size: fill.quantity,
      fee: fill.fee,
      feeAsset: fill.feeAsset,
      liquidity: fill.liquidity,
      venueTime: fill.timestamp,
      ...(index === 0 ? {} : { midAtFill: fill.price }),
    };
    return toMessageBody(message);
  });
}

export function makeFillMessageTarget(
  bodies: readonly string[],
  parse: (value: unknown) => LedgerFill = parseFillMessage,
): Target {
  return makeJsonTarget({
    name: "fill-messages",
    share: 10,
    recordings: bodies,
    read: parse,
    laws: (fill) => {
      requireLedgerFill(fill);
      requirePlain(fill);
      for (const again of [parse(JSON.parse(toMessageBody(toFillMessage(fill)))), decodeFill(encodeFill(fill))]) {
        const isSame =
          isSameFill(again, fill) && again.midAtFill === fill.midAtFill && again.engineId === fill.engineId;
        requireLaw(isSame, "a fill written again is read the same", () => again.fillId);
      }
      const digits = formatScaled(fill.price * fill.size, 2 * MONEY_DECIMALS).replace(/\D/g, "");
      requireLaw(digits.length <= 2 * DIGITS_MAX, "a fill's value is within its bounds", () => digits);
    },
  });
}

/** Whatever a message is, it is answered for itself, and the one beside it is tried. */
export function makeFillBatchTarget(bodies: readonly string[]): Target {
  const [neighbour = ""] = bodies;
  const client = makeAnsweringClient(() => {
    throw new Error("the table is out of order");
  });
  let undecodable = 0;
  const nothing = () => undefined;
  const accounting: Accounting = {
    table: { client, tableName: "ledger" },
    pacing: { random: () => 0.5, wait: async () => undefined },
    log: { info: nothing, warn: nothing, error: nothing },
    count: (kind, by) => {
      if (kind === "undecodable") undecodable += by;
    },
  };
  return {
    name: "fill-batches",
    share: 1,
    recordings: bodies,
    run: async (input) => {
      undecodable = 0;
      const body = input.toString("utf8");
      const records = [
        { messageId: "fuzzed", body },
        { messageId: NEIGHBOUR_ID, body: neighbour },
      ].map((record) => ({ ...record, eventSource: "aws:sqs" }));
      const { batchItemFailures } = await accountBatch(accounting, records);
      const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).toSorted();
      requireLaw(failed.join() === "fuzzed,neighbour", "each message is answered for itself", () => failed.join());
      requireLaw(
        undecodable <= 1 && (undecodable === 1 || parseJson(body) !== undefined),
        "what is no JSON is counted",
        () => body,
      );
      return undecodable === 1 ? "refused" : "accepted";
    },
  };
}
