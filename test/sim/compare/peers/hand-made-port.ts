/** A venue in a test's hand: it records what a competitor asks for, and answers when it is told to. */
import type { BookUpdate, Fill, VenueOrder } from "../../../../core/events.ts";
import { makeMarket } from "../../../../core/market.ts";
import { toLots, toTicks } from "../../../../core/units.ts";
import type { Competitor, OrderPort, OrderRequest, Terms } from "../../../../sim/compare/competitor.ts";
import { instant, makeBook, makeFill } from "../../../core/make-events.ts";

export const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

type Sent = ({ readonly type: "place" } & OrderRequest) | { readonly type: "cancel"; readonly clientOrderId: string };

export class HandMadePort implements OrderPort {
  sent: Sent[] = [];
  readonly #orders = new Map<string, OrderRequest>();

  place(order: OrderRequest): void {
    this.#orders.set(order.clientOrderId, order);
    this.sent.push({ type: "place", ...order });
  }

  cancel(clientOrderId: string): void {
    this.sent.push({ type: "cancel", clientOrderId });
  }

  query(): void {
    throw new Error("no peer asks");
  }

  poll(): void {
    throw new Error("no peer asks");
  }

  /** Lets every placing rest and every cancel succeed. Answers what was sent, in words. */
  answerAll(competitor: Competitor, ms: number): string[] {
    const sent = this.sent;
    this.sent = [];
    for (const each of sent) {
      const order = this.view(each.clientOrderId, each.type === "place" ? "open" : "cancelled");
      competitor.answer({ type: each.type === "place" ? "placed" : "cancelled", order }, instant(ms));
    }
    return sent.map((each) =>
      each.type === "place" ? `${each.side} ${each.size}@${each.price}` : `cancel ${each.clientOrderId}`,
    );
  }

  view(clientOrderId: string, status: VenueOrder["status"]): VenueOrder {
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) throw new Error(`no order ${clientOrderId}`);
    return { ...order, orderId: `O-${clientOrderId}`, market: market.symbol, filled: toLots(0), status };
  }

  /** A fill of an order, in whole unless said otherwise. */
  fillOf(clientOrderId: string, size?: number): Fill {
    const order = this.view(clientOrderId, "filled");
    const { side, price } = order;
    return makeFill({ fillId: `F-${clientOrderId}`, clientOrderId, side, price, size: toLots(size ?? order.size) });
  }
}

export function termsOf(port: OrderPort, changes: Partial<Terms> = {}): Terms {
  return {
    market,
    port,
    orderSize: toLots(500),
    positionMax: toLots(5_000),
    levels: 1,
    levelSpacingBps: 5,
    halfSpreadBps: 10,
    requests: { perSecond: 10, placementsInFlight: 5 },
    ...changes,
  };
}

/** A book of one level a side, 10,000 lots each. */
export function bookOf(bid: number, ask: number, ms = 0): BookUpdate {
  return makeBook({ bids: [[toTicks(bid), 10_000]], asks: [[toTicks(ask), 10_000]], ms });
}

/** Wakes a competitor each 100 ms from `fromMs` (left out) to `toMs`, answering everything. What was sent, with its second. */
export function wake(competitor: Competitor, port: HandMadePort, fromMs: number, toMs: number): string[] {
  const sent: string[] = [];
  for (let ms = fromMs + 100; ms <= toMs; ms += 100) {
    competitor.turn(instant(ms));
    for (const what of port.answerAll(competitor, ms)) sent.push(`${ms / 1_000}s ${what}`);
  }
  return sent;
}
