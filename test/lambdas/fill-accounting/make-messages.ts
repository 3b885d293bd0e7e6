/** Fill messages and SQS records as the queue delivers them, and the books that a set of fills must lead to. */
import { emptyLedger, foldFill, type HourFigures, type LedgerState } from "../../../core/accounting/hourly.ts";
import { compareFills } from "../../../core/accounting/pnl.ts";
import { type FillMessage, parseFillMessage, splitSymbol } from "../../../core/messages.ts";

export function makeMessage(fields: Partial<FillMessage> & { readonly fillId: string }): FillMessage {
  return {
    version: 1,
    engineId: "engine-1",
    market: "SEI/USDC",
    orderId: `O-${fields.fillId}`,
    clientOrderId: "fm-1-SEIUSDC-b0-1",
    side: "buy",
    price: "0.4213",
    size: "40",
    fee: "0.0016",
    feeAsset: "USDC",
    liquidity: "maker",
    venueTime: "2026-01-02T03:04:05.678Z",
    midAtFill: "0.42145",
    ...fields,
  };
}

let deliveries = 0;

/** One SQS record with every field that AWS sends. */
export function makeRecord(message: unknown) {
  deliveries++;
  return {
    messageId: `00000000-0000-4000-8000-${String(deliveries).padStart(12, "0")}`,
    receiptHandle: `receipt-${deliveries}`,
    body: typeof message === "string" ? message : JSON.stringify(message),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1767323045678",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1767323045679",
    },
    messageAttributes: {},
    md5OfBody: "d41d8cd98f00b204e9800998ecf8427e",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:000000000000:fills",
    awsRegion: "eu-central-1",
  };
}

/** The pure fold of one market's messages, and the figures of each of its hours. */
export function foldMessages(messages: readonly FillMessage[]): { state: LedgerState; hours: readonly HourFigures[] } {
  const fills = messages.map(parseFillMessage).sort(compareFills);
  const hours = new Map<string, HourFigures>();
  let state = emptyLedger();
  for (const fill of fills) {
    state = foldFill(state, fill, splitSymbol(fill.market));
    if (state.hour !== undefined) hours.set(state.hour.hour, state.hour);
  }
  return { state, hours: [...hours.values()] };
}
