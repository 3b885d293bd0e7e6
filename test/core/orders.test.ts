import { describe, expect, it } from "vitest";
import type { OrderEvent, VenueOrder } from "../../core/events.ts";
import type { OrderState } from "../../core/orders.ts";
import { isOpen, Orders, PLACING_LIFETIME_MS, remainingOf } from "../../core/orders.ts";
import { toLots, toTicks } from "../../core/units.ts";

const ID = "fm-1-SEIUSDC-b0-1";

function at(monotonicMs: number) {
  return { monotonicMs, epochMs: 1_767_323_045_678 + monotonicMs };
}

function seen(status: VenueOrder["status"], filled = 0, ms = 10): OrderEvent {
  const order = { orderId: "O-1", clientOrderId: ID, market: "SEI/USDC", side: "buy", price: toTicks(4213) } as const;
  return { type: "order-seen", order: { ...order, size: toLots(500), filled: toLots(filled), status }, at: at(ms) };
}

function fact(
  type: "place-unknown" | "cancel-unknown" | "order-rejected" | "order-unsent" | "order-cancelled" | "order-absent",
  ms = 10,
): OrderEvent {
  const base = { market: "SEI/USDC", clientOrderId: ID, at: at(ms) };
  switch (type) {
    case "order-cancelled":
    case "order-absent":
      return { type, ...base };
    default:
      return { type, reason: "test", ...base };
  }
}

/** An order brought into the given state by facts alone. */
function orderIn(state: OrderState): Orders {
  const orders = new Orders();
  const order = {
    clientOrderId: ID,
    market: "SEI/USDC",
    side: "buy",
    level: 0,
    price: toTicks(4213),
    size: toLots(500),
  } as const;
  orders.sent(order, 0);
  if (state === "sent") return orders;
  if (state === "place-unknown") orders.apply(fact("place-unknown", 1));
  else if (state === "rejected") orders.apply(fact("order-rejected", 1));
  else orders.apply(seen("open", 0, 1));
  if (state === "cancel-sent" || state === "cancel-unknown") orders.cancelSent(ID, 2);
  if (state === "cancel-unknown") orders.apply(fact("cancel-unknown", 3));
  if (state === "cancelled") orders.apply(fact("order-cancelled", 3));
  if (state === "filled") orders.apply(seen("filled", 500, 3));
  return orders;
}

const STATES: readonly OrderState[] = [
  "sent",
  "live",
  "cancel-sent",
  "place-unknown",
  "cancel-unknown",
  "filled",
  "cancelled",
  "rejected",
];

/** The whole table: the state after each fact, in the order of STATES; `!` marks a contradiction, which changes nothing. */
const TABLE: readonly [string, () => OrderEvent, readonly string[]][] = [
  ["seen open", () => seen("open"), ["live", "live", "cancel-sent", "live", "live", "filled", "cancelled", "rejected"]],
  [
    "seen filled",
    () => seen("filled", 500),
    ["filled", "filled", "filled", "filled", "filled", "filled", "cancelled", "rejected"],
  ],
  [
    "seen cancelled",
    () => seen("cancelled"),
    ["cancelled", "cancelled", "cancelled", "cancelled", "cancelled", "filled", "cancelled", "rejected"],
  ],
  [
    "seen rejected",
    () => seen("rejected"),
    ["rejected", "live!", "cancel-sent!", "rejected", "cancel-unknown!", "filled", "cancelled", "rejected"],
  ],
  [
    "rejected",
    () => fact("order-rejected"),
    ["rejected", "live!", "cancel-sent!", "rejected", "cancel-unknown!", "filled!", "cancelled!", "rejected"],
  ],
  [
    "unsent",
    () => fact("order-unsent"),
    ["rejected", "live!", "cancel-sent!", "rejected", "cancel-unknown!", "filled!", "cancelled!", "rejected"],
  ],
  [
    "place unknown",
    () => fact("place-unknown"),
    ["place-unknown", "live", "cancel-sent", "place-unknown", "cancel-unknown", "filled", "cancelled", "rejected"],
  ],
  [
    "cancel unknown",
    () => fact("cancel-unknown"),
    ["sent", "live", "cancel-unknown", "place-unknown", "cancel-unknown", "filled", "cancelled", "rejected"],
  ],
  [
    "cancelled",
    () => fact("order-cancelled"),
    ["cancelled", "cancelled", "cancelled", "cancelled", "cancelled", "filled", "cancelled", "rejected"],
  ],
  [
    "absent",
    () => fact("order-absent"),
    ["sent", "live", "cancel-sent", "place-unknown", "cancel-unknown", "filled", "cancelled", "rejected"],
  ],
];

describe("order states", () => {
  for (const [name, makeFact, after] of TABLE) {
    it.each(STATES.map((state, index) => [state, after[index] ?? ""]))(`${name}: %s becomes %s`, (state, expected) => {
      const orders = orderIn(state);
      expect(orders.find(ID)?.state).toBe(state);
      orders.apply(makeFact());
      expect(orders.find(ID)?.state).toBe(expected.replace("!", ""));
      expect(orders.contradictions).toBe(expected.endsWith("!") ? 1 : 0);
    });
  }

  it.each(STATES)("a fill is taken in state %s", (state) => {
    const orders = orderIn(state);
    expect(orders.filled(ID, toLots(200), 20)).toBe(true);
    expect(orders.find(ID)?.filledBooked).toBe(200);
  });

  it("a fill of a stranger's order is not taken", () => {
    expect(new Orders().filled("by-hand", toLots(1), 20)).toBe(false);
  });

  it("fills that complete an order end it without waiting for the venue's word", () => {
    const orders = orderIn("live");
    orders.filled(ID, toLots(300), 20);
    expect(orders.find(ID)?.state).toBe("live");
    orders.filled(ID, toLots(200), 20);
    expect(orders.find(ID)?.state).toBe("filled");
  });
});

describe("an order of unknown fate", () => {
  it("counts in full", () => {
    const order = orderIn("place-unknown").find(ID);
    expect(order && isOpen(order) && remainingOf(order)).toBe(500);
  });

  it("stays unknown when the venue does not know it yet, since the placing may still arrive", () => {
    const orders = orderIn("place-unknown");
    orders.querySent(ID, PLACING_LIFETIME_MS - 1);
    orders.apply(fact("order-absent", PLACING_LIFETIME_MS + 5_000));
    expect(orders.find(ID)?.state).toBe("place-unknown");
  });

  it("is proven dead when the venue does not know it after its signature has expired", () => {
    const orders = orderIn("place-unknown");
    orders.querySent(ID, PLACING_LIFETIME_MS);
    orders.apply(fact("order-absent", PLACING_LIFETIME_MS + 1));
    expect(orders.find(ID)?.state).toBe("rejected");
  });
});

describe("an order whose cancel is unknown", () => {
  it("stays open while the venue forgets it for a moment", () => {
    const orders = orderIn("cancel-unknown");
    orders.querySent(ID, 30_002);
    orders.apply(fact("order-absent", 30_500));
    expect(orders.find(ID)?.state).toBe("cancel-unknown");
  });

  it("is proven ended when the venue has not known it for 30 s, with its fills still to be proven", () => {
    const orders = orderIn("cancel-unknown");
    orders.querySent(ID, 30_003);
    orders.apply(fact("order-absent", 30_500));
    const order = orders.find(ID);
    expect(order?.state).toBe("cancelled");
    expect(order && remainingOf(order)).toBe(500);
  });
});

describe("what remains of an order", () => {
  it("is all of it after a cancel that did not say how much had filled, until the history was read", () => {
    const orders = orderIn("cancelled");
    const remaining = () => {
      const order = orders.find(ID);
      return order && remainingOf(order);
    };
    orders.filled(ID, toLots(100), 20);
    expect(remaining()).toBe(400);
    orders.fillsRead(2_002);
    expect(remaining()).toBe(400);
    orders.fillsRead(2_003);
    expect(remaining()).toBe(0);
  });

  it("is what the venue said it filled, even if the history does not show it yet", () => {
    const orders = orderIn("live");
    orders.apply(seen("cancelled", 300));
    orders.fillsRead(60_000);
    const order = orders.find(ID);
    expect(order && remainingOf(order)).toBe(300);
  });

  it("is, once ended as filled, what the fills on their way will bring", () => {
    const orders = orderIn("live");
    orders.filled(ID, toLots(100), 20);
    orders.apply(seen("filled", 500));
    const order = orders.find(ID);
    expect(order && remainingOf(order)).toBe(400);
  });

  it("is nothing once cancelled with every fill received", () => {
    const orders = orderIn("live");
    orders.filled(ID, toLots(100), 20);
    orders.apply(seen("cancelled", 100));
    const order = orders.find(ID);
    expect(order && remainingOf(order)).toBe(0);
  });
});

it("the venue's word that an order is open outweighs a list that lacks it", () => {
  const orders = orderIn("live");
  orders.openOrdersRead(new Set(), 5_000);
  expect(orders.find(ID)?.missingMs).toBe(5_000);
  orders.apply(seen("open", 0, 36_000));
  orders.querySent(ID, 37_000);
  orders.apply(fact("order-absent", 37_001));
  expect(orders.find(ID)?.state).toBe("live");
});

describe("forgetting", () => {
  it("takes ended orders after a minute, open ones never", () => {
    const orders = orderIn("live");
    orders.apply(seen("cancelled", 0, 3));
    const other = { clientOrderId: "other", market: "SEI/USDC", side: "sell", level: 0 } as const;
    orders.sent({ ...other, price: toTicks(4300), size: toLots(1) }, 0);
    orders.forget(60_003);
    expect(orders.find(ID)?.state).toBe("cancelled");
    orders.forget(60_004);
    expect(orders.find(ID)).toBeUndefined();
    orders.forget(10_000_000);
    expect(orders.find("other")?.state).toBe("sent");
  });

  it("never takes an order that has fills to come", () => {
    const orders = orderIn("live");
    orders.apply(seen("filled", 500, 3));
    orders.forget(10_000_000);
    expect(orders.find(ID)?.state).toBe("filled");
    orders.filled(ID, toLots(500), 10_000_001);
    orders.forget(10_000_002);
    expect(orders.find(ID)).toBeUndefined();
  });

  it("counts from the end, not from the last word before it", () => {
    const orders = orderIn("live");
    orders.filled(ID, toLots(500), 100_000);
    orders.forget(100_001);
    expect(orders.find(ID)?.state).toBe("filled");
  });
});
