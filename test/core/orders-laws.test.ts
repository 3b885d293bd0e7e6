/** What `Orders` keeps beside its orders, so that no decision walks over all of them, against its plain definition. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderEvent, VenueOrder } from "../../core/events.ts";
import { isDone, isOpen, isResting, mayRest, type Order, remainingOf } from "../../core/order.ts";
import { Orders } from "../../core/orders.ts";
import { toLots } from "../../core/units.ts";
import { at, DECIDED, isOurs, venueOrder } from "./order-in-state.ts";

const ENDED_KEPT_MS = 60_000;

/** The ids that stay: ended ones go in the order they were decided, up to the first that did not end long ago. */
function remembered(orders: Iterable<Order>, nowMs: number): readonly string[] {
  const all = [...orders];
  const young = all.findIndex((order) => isDone(order) && nowMs - order.changedMs <= ENDED_KEPT_MS);
  return all.filter((order, index) => !isDone(order) || (young !== -1 && index >= young)).map(idOf);
}

function idOf({ clientOrderId }: Order): string {
  return clientOrderId;
}

const IDS = ["fm-1-a", "fm-1-b", "fm-1-c", "fm-1-d"] as const;

const step = fc.record({
  id: fc.constantFrom(...IDS),
  act: fc.constantFrom(...(["decide", "cancel", "fill", "see", "say", "list", "read", "pass"] as const)),
  status: fc.constantFrom<VenueOrder["status"]>("open", "partially_filled", "filled", "cancelled", "rejected"),
  word: fc.constantFrom(
    ...(["order-rejected", "place-unknown", "cancel-unknown", "order-cancelled", "order-absent"] as const),
  ),
  size: fc.constantFrom(100, 400, 500),
  listed: fc.subarray([...IDS]),
  ms: fc.constantFrom(1, 1_000, 9_000, 45_000, 60_001),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Carries out one step; what our own program can not do is left out. */
function take(orders: Orders, { id, act, status, word, size, listed }: Step, nowMs: number): void {
  const order = orders.find(id);
  switch (act) {
    case "decide":
      if (order === undefined) orders.decided({ ...DECIDED, clientOrderId: id }, nowMs);
      if (order === undefined)
        orders.apply({ type: "order-sent", market: DECIDED.market, clientOrderId: id, at: at(nowMs) });
      return;
    case "cancel":
      if (order !== undefined && (isResting(order) || order.state === "external")) orders.cancelDecided(id, nowMs);
      return;
    case "fill":
      orders.filled({ clientOrderId: id, orderId: "O-1", size: toLots(size) }, nowMs);
      return;
    case "see":
      orders.apply({ type: "order-seen", order: venueOrder(status, status === "filled" ? 500 : 0, id), at: at(nowMs) });
      return;
    case "say":
      orders.apply(said(word, id, nowMs));
      return;
    case "list":
      orders.listed(
        { orders: listed.map((each) => venueOrder("open", 0, each)), askedMs: nowMs, at: at(nowMs) },
        isOurs,
      );
      return;
    case "read":
      orders.fillsRead(nowMs);
      return;
    case "pass":
      return;
  }
}

function said(type: Step["word"], clientOrderId: string, nowMs: number): OrderEvent {
  const about = { market: DECIDED.market, clientOrderId, at: at(nowMs) };
  return type === "order-cancelled" || type === "order-absent"
    ? { type, ...about }
    : { type, reason: "test", ...about };
}

test("whatever is told of some orders, the open ones are those of the known that are open, in the same order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const orders = new Orders();
      let nowMs = 0;
      for (const each of steps) {
        nowMs += each.ms;
        take(orders, each, nowMs);
        expect(orders.open()).toEqual([...orders.known()].filter(isOpen));
      }
    }),
    { numRuns: 200 },
  );
});

test("whatever is told of some orders, exactly those are forgotten that ended long ago", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const orders = new Orders();
      let nowMs = 0;
      for (const each of steps) {
        nowMs += each.ms;
        take(orders, each, nowMs);
        const expected = remembered(orders.known(), nowMs);
        orders.forget(nowMs);
        expect([...orders.known()].map(idOf)).toEqual(expected);
      }
    }),
    { numRuns: 200 },
  );
});

test("whatever is told of some orders, those that matter are all that may rest or fill, or have just changed", () => {
  const recentMs = 500;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const orders = new Orders(recentMs);
      let nowMs = 0;
      for (const each of steps) {
        nowMs += each.ms;
        take(orders, each, nowMs);
        orders.forget(nowMs);
        const matters = (order: Order) =>
          remainingOf(order) > 0 || isOpen(order) || mayRest(order) || nowMs - order.changedMs <= recentMs;
        const expected = [...orders.known()].filter(matters).map(idOf);
        expect([...orders.mattering()].map(idOf).toSorted()).toEqual(expected.toSorted());
        // As often as one likes.
        expect([...orders.mattering()]).toHaveLength(expected.length);
      }
    }),
    { numRuns: 200 },
  );
});
