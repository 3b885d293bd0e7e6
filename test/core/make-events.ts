/** Facts for the tests of the core, with as little said as each test needs. */
import type { BookSide, BookUpdate, Fill, OrderEvent, VenueOrder } from "../../core/events.ts";
import type { Order } from "../../core/order.ts";
import type { Instant } from "../../core/units.ts";
import { toLots, toTicks } from "../../core/units.ts";

export const EPOCH_MS = Date.parse("2026-01-02T03:04:05.000Z");

export function instant(monotonicMs: number): Instant {
  return { monotonicMs, epochMs: EPOCH_MS + monotonicMs };
}

type Rows = readonly (readonly [price: number, size: number])[];

export function makeBook(input: {
  bids: Rows;
  asks: Rows;
  ms?: number;
  market?: string;
  sequence?: number;
}): BookUpdate {
  const at = instant(input.ms ?? 0);
  return {
    type: "book-update",
    market: input.market ?? "SEI/USDC",
    bids: makeSide(input.bids),
    asks: makeSide(input.asks),
    sequence: input.sequence ?? 1,
    venueTimeMs: at.epochMs,
    at,
  };
}

export function makeFill(fill: Partial<Fill> & Pick<Fill, "fillId">): Fill {
  return {
    orderId: "O-1",
    clientOrderId: "by-hand",
    market: "SEI/USDC",
    side: "buy",
    price: toTicks(4213),
    size: toLots(40),
    fee: 0n,
    feeAsset: "USDC",
    liquidity: "maker",
    venueTime: "2026-01-02T03:04:05.678Z",
    ...fill,
  };
}

export function makeOrder(order: Partial<Order> & Pick<Order, "clientOrderId" | "side">): Order {
  return {
    market: "SEI/USDC",
    level: 0,
    price: toTicks(4213),
    size: toLots(500),
    sentMs: 0,
    orderId: "O-1",
    state: "live",
    filledReported: toLots(0),
    filledBooked: toLots(0),
    isFillKnown: true,
    fillsProvableMs: Number.POSITIVE_INFINITY,
    isAdopted: false,
    isEndConfirmed: true,
    changedMs: 0,
    queriedMs: undefined,
    missingMs: undefined,
    ...order,
  };
}

export function orderSeen(order: Omit<VenueOrder, "filled"> & { filled?: number }, ms: number): OrderEvent {
  return { type: "order-seen", order: { ...order, filled: toLots(order.filled ?? 0) }, at: instant(ms) };
}

function makeSide(rows: Rows): BookSide {
  return { prices: rows.map(([price]) => toTicks(price)), sizes: rows.map(([, size]) => toLots(size)) };
}
