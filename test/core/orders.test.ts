import { describe, expect, it } from "vitest";
import { isInFlight, isOpen, isQueryDue, mayRest, remainingOf } from "../../core/order.ts";
import { ORDER_STATES, type OrderState } from "../../core/order-states.ts";
import { ABSENCE_PROOF_MS, Orders, PLACING_LIFETIME_MS } from "../../core/orders.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { at, DECIDED, fact, fill, ID, isOurs, listing, orderIn, seen, the, venueOrder } from "./order-in-state.ts";

/** Asks for the order and hears that the venue does not know it. */
function absent(orders: Orders, askedMs: number, answeredMs = askedMs + 400): void {
  orders.querySent(ID, askedMs);
  orders.apply(fact("order-absent", answeredMs));
}

describe("an order", () => {
  it("is known by an id of its own", () => {
    const orders = orderIn("intent");
    expect(() => orders.decided(DECIDED, 1)).toThrow(`a client order id must be new, was ${ID}`);
    expect(() => orders.cancelDecided("fm-1-other", 1)).toThrow("an order to be cancelled must be known");
  });

  it("is shown to everyone who walks over the known ones, not to the first alone", () => {
    const known = orderIn("live").known();
    expect([...known]).toHaveLength(1);
    expect([...known]).toHaveLength(1);
  });

  it("of a stranger is no order of ours, whatever is told of it", () => {
    const orders = new Orders();
    expect(orders.filled(fill(1, "by-hand"), 20)).toBe(false);
    expect(orders.apply(seen("open"))).toBeUndefined();
    expect([...orders.known()]).toEqual([]);
  });

  it("that is complete by its fills ends without waiting for the venue's word", () => {
    const orders = orderIn("live");
    orders.filled(fill(300), 20);
    expect(the(orders).state).toBe("partially-filled");
    orders.filled(fill(200), 20);
    expect(the(orders).state).toBe("filled");
    expect(remainingOf(the(orders))).toBe(0);
  });

  it.each<[OrderState, number, boolean, boolean]>([
    ["intent", 500, true, true],
    ["sent", 500, true, true],
    ["live", 500, true, false],
    ["partially-filled", 500, true, false],
    ["cancel-sent", 500, true, true],
    ["place-unknown", 500, true, true],
    ["cancel-unknown", 500, true, true],
    ["external", 500, true, false],
    ["filled", 500, false, false],
    ["cancelled", 500, false, false],
    ["rejected", 0, false, false],
    ["denied", 0, false, false],
  ])("that is %s may still fill %i; open: %s, in flight: %s", (state, remaining, open, inFlight) => {
    const order = the(orderIn(state));
    expect([remainingOf(order), isOpen(order), isInFlight(order)]).toEqual([remaining, open, inFlight]);
  });

  it.each<[OrderState, number | undefined]>([
    ["intent", 2_001],
    ["sent", 2_001],
    ["cancel-sent", 2_003],
    ["place-unknown", 1],
    ["cancel-unknown", 3],
    ["live", undefined],
    ["partially-filled", undefined],
    ["external", undefined],
    ["filled", undefined],
    ["cancelled", undefined],
    ["rejected", undefined],
    ["denied", undefined],
  ])("that is %s must be asked for from %s ms on", (state, dueMs) => {
    const orders = orderIn(state);
    expect(isQueryDue(the(orders), dueMs ?? 1_000_000)).toBe(dueMs !== undefined);
    if (dueMs === undefined) return;
    if (dueMs > 1_000) expect(isQueryDue(the(orders), dueMs - 1)).toBe(false);
    orders.querySent(ID, dueMs);
    expect(isQueryDue(the(orders), dueMs + 999)).toBe(false);
    expect(isQueryDue(the(orders), dueMs + 1_000)).toBe(true);
  });
});

describe("a placing of unknown fate", () => {
  it("is judged by 10 s to arrive and 60 s to be overlooked", () => {
    expect([PLACING_LIFETIME_MS, ABSENCE_PROOF_MS]).toEqual([10_000, 60_000]);
  });

  it("stays unknown when the venue does not know it yet, since it may still arrive", () => {
    const orders = orderIn("place-unknown");
    absent(orders, PLACING_LIFETIME_MS - 1, PLACING_LIFETIME_MS + 5_000);
    expect(the(orders).state).toBe("place-unknown");
    expect(remainingOf(the(orders))).toBe(500);
  });

  it("ends when the venue does not know it after its signature has expired, and stays exposure in full for 60 s", () => {
    const orders = orderIn("place-unknown");
    absent(orders, PLACING_LIFETIME_MS);
    expect(the(orders).state).toBe("rejected");
    expect(isInFlight(the(orders))).toBe(false);
    for (const askedMs of [PLACING_LIFETIME_MS + 5_000, ABSENCE_PROOF_MS - 1]) {
      orders.fillsRead(askedMs);
      expect([remainingOf(the(orders)), mayRest(the(orders))]).toEqual([500, true]);
    }
    orders.forget(ABSENCE_PROOF_MS + 500_000);
    expect(orders.find(ID)).toBeDefined();
    orders.fillsRead(ABSENCE_PROOF_MS);
    expect([remainingOf(the(orders)), mayRest(the(orders))]).toEqual([0, false]);
  });

  it("that was proven absent late still waits for a history read after the proof", () => {
    const orders = orderIn("place-unknown");
    absent(orders, 70_000, 70_400);
    orders.fillsRead(72_399);
    expect(remainingOf(the(orders))).toBe(500);
    orders.fillsRead(72_400);
    expect(remainingOf(the(orders))).toBe(0);
  });

  it("that shows up after all is external: in full exposure, to be cancelled, and no quote's", () => {
    const orders = orderIn("place-unknown");
    absent(orders, PLACING_LIFETIME_MS);
    expect(orders.listed(listing(30_000, [venueOrder("open")]), isOurs)).toBe(1);
    expect(the(orders)).toMatchObject({ state: "external", level: -1, isFillKnown: false, orderId: "O-1" });
    expect(orders.contradictions).toBe(1);
  });

  it("that fills after all is taken back, and what is left of it counts", () => {
    const orders = orderIn("place-unknown");
    absent(orders, PLACING_LIFETIME_MS);
    orders.filled(fill(200), 30_000);
    expect(the(orders)).toMatchObject({ state: "external", level: -1, orderId: "O-1" });
    expect(remainingOf(the(orders))).toBe(300);
  });
});

describe("an order whose cancel is unknown", () => {
  it("stays open while the venue forgets it for less than 60 s", () => {
    const orders = orderIn("cancel-unknown");
    for (let ms = 1_003; ms < ABSENCE_PROOF_MS + 3; ms += 1_000) absent(orders, ms);
    absent(orders, ABSENCE_PROOF_MS + 2);
    expect(the(orders).state).toBe("cancel-unknown");
  });

  it("is proven ended when it has been absent for 60 s, with its fills still to be proven", () => {
    const orders = orderIn("cancel-unknown");
    for (let ms = 1_003; ms <= ABSENCE_PROOF_MS + 2_003; ms += 1_000) absent(orders, ms);
    expect(the(orders).state).toBe("cancelled");
    expect(remainingOf(the(orders))).toBe(500);
  });

  it("is not proven ended by a single answer after a minute in which the venue could not be asked", () => {
    const orders = orderIn("cancel-unknown");
    absent(orders, ABSENCE_PROOF_MS + 3);
    expect(the(orders).state).toBe("cancel-unknown");
  });

  it("rests when the venue shows it, and can be cancelled again", () => {
    const orders = orderIn("cancel-unknown");
    orders.apply(seen("open", 0, 40_000));
    orders.cancelDecided(ID, 40_001);
    expect(the(orders)).toMatchObject({ state: "cancel-sent", missingMs: undefined });
  });
});

describe("an order that rests", () => {
  it("and that the list lacks is asked for, and ends once it has been absent for 60 s", () => {
    const orders = orderIn("live");
    orders.listed(listing(2_000, []), isOurs);
    expect(the(orders).missingMs).toBeUndefined();
    orders.listed(listing(2_001, []), isOurs);
    expect(the(orders).missingMs).toBe(2_006);
    expect(isQueryDue(the(orders), 2_007)).toBe(true);
    absent(orders, ABSENCE_PROOF_MS + 2_005);
    expect(the(orders).state).toBe("live");
    absent(orders, ABSENCE_PROOF_MS + 2_006);
    expect(the(orders).state).toBe("cancelled");
    expect(remainingOf(the(orders))).toBe(500);
  });

  it("is missed from the list's answer on, however often that had been asked for", () => {
    const orders = orderIn("live");
    const answerMs = 12_000;
    orders.listed({ ...listing(5_000, []), at: { monotonicMs: answerMs, epochMs: answerMs } }, isOurs);
    absent(orders, answerMs + ABSENCE_PROOF_MS - 1);
    expect(the(orders).state).toBe("live");
    absent(orders, answerMs + ABSENCE_PROOF_MS);
    expect(the(orders).state).toBe("cancelled");
  });

  it("is not ended by absence that no list has confirmed", () => {
    const orders = orderIn("live");
    absent(orders, 500_000);
    expect(the(orders).state).toBe("live");
  });

  it.each(["intent", "sent"] as const)("is not missed while it is %s: it may not have arrived", (state) => {
    const orders = orderIn(state);
    orders.listed(listing(90_000, []), isOurs);
    expect(the(orders).missingMs).toBeUndefined();
    absent(orders, 200_000);
    expect(the(orders).state).toBe(state);
  });

  it("is not missed any more once it is listed, or seen open", () => {
    const orders = orderIn("live");
    orders.listed(listing(5_000, []), isOurs);
    expect(the(orders).missingMs).toBe(5_005);
    orders.listed(listing(10_000, [venueOrder("open")]), isOurs);
    expect(the(orders).missingMs).toBeUndefined();
    orders.listed(listing(15_000, []), isOurs);
    orders.apply(seen("open", 0, 16_000));
    absent(orders, 100_000);
    expect(the(orders).state).toBe("live");
  });
});

describe("the list of open orders", () => {
  it("brings in what is ours and not known: external, counted in full, and cancellable", () => {
    const orders = new Orders();
    expect(orders.listed(listing(100, [venueOrder("open")]), isOurs)).toBe(1);
    expect(the(orders)).toMatchObject({ state: "external", level: -1, orderId: "O-1", isFillKnown: false });
    expect(remainingOf(the(orders))).toBe(500);
    expect(orders.listed(listing(5_100, [venueOrder("open")]), isOurs)).toBe(0);
  });

  it("leaves a stranger's order alone", () => {
    const orders = new Orders();
    const strange = [venueOrder("open", 0, "by-hand"), venueOrder("open", 0, "fm-2-SEIUSDC-b0-1")];
    expect(orders.listed(listing(100, strange), isOurs)).toBe(0);
    expect([...orders.known()]).toEqual([]);
  });

  it.each<OrderState>(["cancelled", "rejected", "denied"])(
    "takes back an order that is %s and still listed 2 s later",
    (state) => {
      const orders = orderIn(state);
      const changedMs = the(orders).changedMs;
      const early = orders.listed(listing(changedMs + 1_999, [venueOrder("open")]), isOurs);
      const late = orders.listed(listing(changedMs + 2_000, [venueOrder("open")]), isOurs);
      expect(early + late).toBe(1);
      expect(the(orders)).toMatchObject({ state: "external", level: -1, isFillKnown: false });
      expect(remainingOf(the(orders))).toBe(500);
    },
  );

  it("that was asked before the order ended says nothing of it", () => {
    const orders = orderIn("cancelled");
    expect(orders.listed(listing(2_002, [venueOrder("open")]), isOurs)).toBe(0);
    expect(the(orders).state).toBe("cancelled");
  });

  it("proves that a placing of unknown fate rests", () => {
    const orders = orderIn("place-unknown");
    expect(orders.listed(listing(500, [venueOrder("open")]), isOurs)).toBe(0);
    expect(the(orders)).toMatchObject({ state: "live", level: 0, orderId: "O-1" });
  });

  it("an order found half filled counts for its other half until it ends, whenever its earlier fills arrive", () => {
    const orders = new Orders();
    orders.listed(listing(100, [venueOrder("partially_filled", 300)]), isOurs);
    expect(remainingOf(the(orders))).toBeGreaterThanOrEqual(200);
    orders.filled(fill(300), 200);
    expect(isOpen(the(orders))).toBe(true);
    expect(remainingOf(the(orders))).toBeGreaterThanOrEqual(200);
  });

  it("an order found half filled is cancelled with nothing left once its end and the history are known", () => {
    const orders = new Orders();
    orders.listed(listing(100, [venueOrder("partially_filled", 300)]), isOurs);
    orders.cancelDecided(ID, 200);
    orders.apply(seen("cancelled", 300, 300));
    orders.fillsRead(2_300);
    expect(remainingOf(the(orders))).toBe(0);
  });
});

describe("what remains of an order", () => {
  it("is all of it after a cancel's answer, until the list lacks it and the history was read after that", () => {
    const orders = orderIn("cancelled");
    orders.filled(fill(100), 20);
    orders.fillsRead(2_002);
    orders.listed(listing(2_002, []), isOurs);
    expect(remainingOf(the(orders))).toBe(400);
    orders.listed(listing(2_003, []), isOurs);
    expect(remainingOf(the(orders))).toBe(400);
    orders.fillsRead(4_008);
    expect(remainingOf(the(orders))).toBe(0);
  });

  it("is all of it after a cancel's answer, while no list lacks it: it may not have been carried out", () => {
    const orders = orderIn("cancelled");
    for (const askedMs of [2_003, 60_000, 600_000]) orders.fillsRead(askedMs);
    expect(remainingOf(the(orders))).toBe(500);
  });

  it("is all of it after a list that lacks it, until a history read well after that list's answer shows what it filled", () => {
    const orders = orderIn("cancelled");
    // Cancelled at 3 ms, carried out only at 53 s, after a fill that no history has shown yet.
    orders.listed({ ...listing(50_000, []), at: at(53_100) }, isOurs);
    orders.fillsRead(55_099);
    expect(remainingOf(the(orders))).toBe(500);
    orders.fillsRead(55_100);
    expect(remainingOf(the(orders))).toBe(0);
  });

  it("is what the venue said it filled, even if the history does not show it yet", () => {
    const orders = orderIn("live");
    orders.apply(seen("cancelled", 300));
    orders.fillsRead(60_000);
    expect(remainingOf(the(orders))).toBe(300);
  });

  it("is, once ended as filled, what the fills on their way will bring", () => {
    const orders = orderIn("live");
    orders.filled(fill(100), 20);
    orders.apply(seen("filled", 500));
    expect(remainingOf(the(orders))).toBe(400);
  });

  it("is nothing once cancelled with every fill received", () => {
    const orders = orderIn("live");
    orders.filled(fill(100), 20);
    orders.apply(seen("cancelled", 100));
    expect(remainingOf(the(orders))).toBe(0);
  });

  it("is never shortened by a state of the venue that is older than one seen before", () => {
    const orders = orderIn("live");
    orders.apply(seen("cancelled", 300));
    orders.apply(seen("partially_filled", 100));
    expect(the(orders)).toMatchObject({ state: "cancelled", filledReported: 300 });
  });

  it.each(ORDER_STATES)("is not made smaller by a reading of the history while the order is open: %s", (state) => {
    const orders = orderIn(state);
    const before = remainingOf(the(orders));
    orders.fillsRead(1_000_000);
    if (isOpen(the(orders))) expect(remainingOf(the(orders))).toBe(before);
  });
});

describe("forgetting", () => {
  it("takes ended orders after a minute, open ones never", () => {
    const orders = orderIn("live");
    orders.apply(seen("cancelled", 0, 3));
    const other = { clientOrderId: "other", market: "SEI/USDC", side: "sell", level: 0 } as const;
    orders.decided({ ...other, price: toTicks(4300), size: toLots(1) }, 0);
    orders.forget(60_003);
    expect(the(orders).state).toBe("cancelled");
    orders.forget(60_004);
    expect(orders.find(ID)).toBeUndefined();
    orders.forget(10_000_000);
    expect(orders.find("other")?.state).toBe("intent");
  });

  it("never takes an order that has fills to come", () => {
    const orders = orderIn("live");
    orders.apply(seen("filled", 500, 3));
    orders.forget(10_000_000);
    expect(the(orders).state).toBe("filled");
    orders.filled(fill(500), 10_000_001);
    orders.forget(10_000_002);
    expect(orders.find(ID)).toBeUndefined();
  });

  it("counts from the end, not from the last word before it", () => {
    const orders = orderIn("live");
    orders.filled(fill(500), 100_000);
    orders.forget(100_001);
    expect(the(orders).state).toBe("filled");
  });

  it("keeps at most 2,000 ended orders, the newest of them", () => {
    const orders = new Orders();
    for (let n = 0; n < 2_005; n += 1) {
      orders.decided({ ...DECIDED, clientOrderId: `fm-1-${n}` }, n);
      orders.apply({ type: "order-unsent", market: "SEI/USDC", clientOrderId: `fm-1-${n}`, reason: "test", at: at(n) });
    }
    orders.forget(2_005);
    expect([...orders.known()]).toHaveLength(2_000);
    expect(orders.find("fm-1-4")).toBeUndefined();
  });

  it("counts an ended order once, however often its end is told", () => {
    const orders = new Orders();
    const ids = Array.from({ length: 1_500 }, (_, n) => `fm-1-${n}`);
    for (const clientOrderId of ids) {
      orders.decided({ ...DECIDED, clientOrderId }, 0);
      for (const ms of [1, 2]) {
        const order = venueOrder("rejected", 0, clientOrderId);
        orders.apply({ type: "order-seen", order, at: at(ms) });
      }
    }
    orders.forget(3);
    expect([...orders.known()]).toHaveLength(1_500);
  });
});
