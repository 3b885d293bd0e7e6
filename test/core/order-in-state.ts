/** One order, brought into any state by facts alone, and the facts to tell of it. */
import type { OrderEvent, VenueOrder } from "../../core/events.ts";
import type { Order } from "../../core/order.ts";
import type { OrderState } from "../../core/order-states.ts";
import { type Listing, Orders } from "../../core/orders.ts";
import { type Instant, toLots, toTicks } from "../../core/units.ts";
import { instant } from "./make-events.ts";

export const ID = "fm-1-SEIUSDC-b0-1";

/** What was decided: a bid of 500 lots, at 0 ms. */
export const DECIDED = {
  clientOrderId: ID,
  market: "SEI/USDC",
  side: "buy",
  level: 0,
  price: toTicks(4_213),
  size: toLots(500),
} as const;

export function at(ms: number): Instant {
  return instant(ms);
}

export function venueOrder(status: VenueOrder["status"], filled = 0, clientOrderId = ID): VenueOrder {
  const { market, side, price, size } = DECIDED;
  return { orderId: "O-1", clientOrderId, market, side, price, size, filled: toLots(filled), status };
}

export function seen(status: VenueOrder["status"], filled = 0, ms = 10): OrderEvent {
  return { type: "order-seen", order: venueOrder(status, filled), at: at(ms) };
}

export function fact(type: Exclude<OrderEvent["type"], "order-seen">, ms = 10): OrderEvent {
  const base = { market: "SEI/USDC", clientOrderId: ID, at: at(ms) };
  switch (type) {
    case "order-sent":
    case "order-cancelled":
    case "order-absent":
      return { type, ...base };
    default:
      return { type, reason: "test", ...base };
  }
}

export function fill(size: number, clientOrderId = ID) {
  return { clientOrderId, orderId: "O-1", size: toLots(size) };
}

export function listing(askedMs: number, orders: readonly VenueOrder[]): Listing {
  return { orders, askedMs, at: at(askedMs + 5) };
}

/** Ours by its name, as far as these tests go. */
export function isOurs(clientOrderId: string): boolean {
  return clientOrderId.startsWith("fm-1-");
}

/** Orders of which the one is in the given state since 3 ms or less. */
export function orderIn(state: OrderState): Orders {
  const orders = new Orders();
  if (state === "external") {
    orders.listed({ orders: [venueOrder("open")], askedMs: 1, at: at(3) }, isOurs);
    return orders;
  }
  orders.decided(DECIDED, 0);
  if (state === "intent") return orders;
  if (state === "denied") orders.apply(fact("order-unsent", 1));
  else orders.apply(fact("order-sent", 0));
  if (state === "sent" || state === "denied") return orders;
  if (state === "place-unknown") orders.apply(fact("place-unknown", 1));
  else if (state === "rejected") orders.apply(fact("order-rejected", 1));
  else orders.apply(seen("open", 0, 1));
  if (state === "partially-filled") orders.apply(seen("partially_filled", 100, 3));
  if (state === "cancel-sent" || state === "cancel-unknown") orders.cancelDecided(ID, 2);
  if (state === "cancel-unknown") orders.apply(fact("cancel-unknown", 3));
  if (state === "cancelled") orders.apply(fact("order-cancelled", 3));
  if (state === "filled") orders.apply(seen("filled", 500, 3));
  return orders;
}

export function the(orders: Orders): Order {
  const order = orders.find(ID);
  if (order === undefined) throw new Error("the order is not known");
  return order;
}
