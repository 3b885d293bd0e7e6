/**
 * The fills of the benchmark: any number of them, in venue order, the same each time. Owns their making alone. 18,000 fall into an
 * hour, which is a whole number of batches, so that every run of batches crosses as many hours as any other of its length.
 */
import type { FillMessage } from "../../core/messages.ts";

const FIRST_MS = Date.UTC(2026, 0, 1);
const APART_MS = 200;

/** Fills of an hour. */
export const FILLS_AN_HOUR = 3_600_000 / APART_MS;

/** The fill of a number, counted from 0. Position grows, shrinks and flips; fees stand in quote and base. */
export function makeBenchFill(market: string, number: number): FillMessage {
  const [base = "", quote = ""] = market.split("/");
  return {
    version: 1,
    engineId: "bench",
    market,
    fillId: `${base}-${number}`,
    orderId: `O-${number >> 1}`,
    clientOrderId: `fm-1-${base}${quote}-b0-${number >> 1}`,
    side: (number * 7) % 13 < 6 ? "buy" : "sell",
    price: `0.4${100 + (number % 97)}`,
    size: `${1 + (number % 40)}`,
    fee: `0.00${10 + (number % 9)}`,
    feeAsset: number % 5 === 0 ? base : quote,
    liquidity: "maker",
    venueTime: new Date(FIRST_MS + number * APART_MS).toISOString(),
    midAtFill: "0.41425",
  };
}

/** Records as SQS delivers them, from the fill of number `from` on. */
export function makeBenchRecords(market: string, from: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    messageId: `${market}-${from + index}`,
    body: JSON.stringify(makeBenchFill(market, from + index)),
  }));
}
