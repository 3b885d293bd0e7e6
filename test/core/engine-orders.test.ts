import { describe, expect, it } from "vitest";
import type { EngineEvent, VenueOrder } from "../../core/events.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { Desk, SYMBOL, settings, shown, wide } from "./desk.ts";
import { instant, makeBook, makeFill, orderSeen } from "./make-events.ts";

describe("unknown outcomes", () => {
  it("a lost answer is asked after once a second, and the slot waits", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy, sell] = desk.decide(1);
    desk.answer(sell!, 2);
    desk.budget.settle(buy!.requestId, instant(3));
    desk.tell({
      type: "place-unknown",
      market: SYMBOL,
      clientOrderId: buy!.clientOrderId,
      reason: "time-out",
      at: instant(3),
    });
    expect(shown(desk.decide(4))).toEqual([`query-order ${buy!.clientOrderId}`]);
    desk.tell(makeBook({ ...wide, ms: 900 }));
    expect(desk.decide(1_003)).toEqual([]);
    expect(shown(desk.decide(1_004))).toEqual([`query-order ${buy!.clientOrderId}`]);
    desk.tell(
      orderSeen(
        {
          orderId: "O-9",
          clientOrderId: buy!.clientOrderId,
          market: SYMBOL,
          side: "buy",
          price: toTicks(4_212),
          size: toLots(500),
          status: "open",
        },
        1_010,
      ),
    );
    expect(desk.decide(1_011)).toEqual([]);
    expect(desk.market.orders.find(buy!.clientOrderId)?.state).toBe("live");
  });

  it("an answer that never comes is asked after too", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy, sell] = desk.decide(1);
    desk.answer(sell!, 2);
    desk.tell(makeBook({ ...wide, ms: 3_000 }));
    expect(shown(desk.decide(3_002))).toEqual([`query-order ${buy!.clientOrderId}`]);
  });
});

describe("the venue's list of open orders", () => {
  function listed(orders: readonly VenueOrder[], askedMs: number): EngineEvent {
    return { type: "open-orders-read", market: SYMBOL, orders, askedMs, at: instant(askedMs + 5) };
  }

  function venueOrder(clientOrderId: string, size = 500): VenueOrder {
    const order = {
      orderId: `O-${clientOrderId}`,
      clientOrderId,
      market: SYMBOL,
      side: "buy",
      status: "open",
    } as const;
    return { ...order, price: toTicks(4_000), size: toLots(size), filled: toLots(0) };
  }

  it("an order missing from it is asked for, and the venue's word ends it", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy, sell] = desk.decideAndAnswer(1).map((command) => command.clientOrderId);
    desk.tell(makeBook({ ...wide, ms: 3_000 }));
    desk.tell(listed([venueOrder(sell!)], 3_000));
    expect(shown(desk.decide(3_010))).toEqual([`query-order ${buy}`]);
    desk.tell(orderSeen({ ...venueOrder(buy!), status: "cancelled" }, 3_020));
    expect(shown(desk.decide(3_030))).toEqual(["place buy 500@4212"]);
  });

  it("an order that was only late in the list is left alone", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy, sell] = desk.decideAndAnswer(1).map((command) => command.clientOrderId);
    desk.tell(makeBook({ ...wide, ms: 1_900 }));
    desk.tell(listed([], 1_900));
    expect(desk.decide(1_910)).toEqual([]);
    desk.tell(makeBook({ ...wide, ms: 3_000 }));
    desk.tell(listed([venueOrder(sell!)], 3_000));
    desk.tell(listed([venueOrder(buy!), venueOrder(sell!)], 3_500));
    expect(desk.decide(3_510)).toEqual([]);
  });

  it("an order that the venue has forgotten for 60 s rests no more", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1).map((command) => command.clientOrderId);
    desk.tell(listed([], 3_000));
    for (const ms of [3_010, 62_999, 63_999]) {
      desk.tell(makeBook({ ...wide, ms }));
      desk.tell({ type: "fills-read", market: SYMBOL, askedMs: ms, at: instant(ms) });
      for (const command of desk.decide(ms)) desk.budget.settle(command.requestId, instant(ms));
      desk.tell({ type: "order-absent", market: SYMBOL, clientOrderId: buy!, at: instant(ms + 1) });
      expect(desk.market.orders.find(buy!)?.state).toBe(ms < 63_999 ? "live" : "cancelled");
    }
  });

  it("an order named like ours that nobody here sent is cancelled, and counts until then; a stranger's is left alone", () => {
    const desk = new Desk([{ ...settings, limits: { ...settings.limits, position: toLots(800) } }]);
    desk.tell(makeBook(wide));
    desk.tell(listed([venueOrder("fm-6-SEIUSDC-b0-9"), venueOrder("by-hand-1")], 0));
    // The stray may fill before its cancel arrives: 500 of it and 500 more would be over the limit of 800.
    expect(shown(desk.decideAndAnswer(1))).toEqual(["cancel-order fm-6-SEIUSDC-b0-9", "place sell 500@4218"]);
    expect(desk.market.sent.straysSeen).toBe(1);
    expect(desk.decide(2)).toEqual([]);
    desk.tell(makeBook({ ...wide, ms: 3_000 }));
    desk.tell(listed([venueOrder("fm-6-SEIUSDC-b0-9")], 3_000));
    expect(shown(desk.decideAndAnswer(3_010))).toContain("cancel-order fm-6-SEIUSDC-b0-9");
    // Gone from the list, but what it filled before it went is only known once the history was read well after.
    desk.tell(listed([], 5_011));
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 5_000, at: instant(5_012) });
    desk.tell(makeBook({ ...wide, ms: 5_010 }));
    expect(shown(desk.decide(5_020))).not.toContain("place buy 500@4212");
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 7_100, at: instant(7_105) });
    desk.tell(makeBook({ ...wide, ms: 7_110 }));
    expect(shown(desk.decide(7_120))).toContain("place buy 500@4212");
  });
});

describe("orders of other starts", () => {
  function listed(clientOrderId: string, askedMs: number, market = SYMBOL): EngineEvent {
    const order = { orderId: "O-9", clientOrderId, market, side: "buy", status: "open" } as const;
    const orders = [{ ...order, price: toTicks(4_000), size: toLots(500), filled: toLots(0) }];
    return { type: "open-orders-read", market: SYMBOL, orders, askedMs, at: instant(askedMs + 5) };
  }

  it("a later start's are not cancelled: this one gives way, and says why", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell(listed("fm-8-SEIUSDC-b0-1", 10));
    expect(shown(desk.decide(11))).toEqual(["cancel-order fm-7-SEIUSDC-b0-1", "cancel-order fm-7-SEIUSDC-s0-2"]);
    expect(desk.market.blockers).toEqual(["a later start makes this market: fm-8-SEIUSDC-b0-1"]);
  });

  it("those of another market, from a venue that does not filter, are not this market's to cancel", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell(listed("fm-7-ETHUSDC-b0-1", 10, "ETH/USDC"));
    expect(desk.decide(11)).toEqual([]);
  });

  it("one of ours that was taken for ended and is listed as open is cancelled, and counts until it is gone", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1);
    const { clientOrderId, market } = buy!;
    desk.tell({ type: "order-cancelled", market, clientOrderId, at: instant(5) });
    // The cancel's answer alone frees nothing: it may not have been carried out.
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 2_500, at: instant(2_500) });
    desk.tell(listed(clientOrderId, 2_000));
    expect([desk.exposure.long, desk.market.orders.find(clientOrderId)?.state]).toEqual([500, "cancelled"]);
    desk.tell(listed(clientOrderId, 2_600));
    expect([desk.exposure.long, desk.market.orders.find(clientOrderId)?.state]).toEqual([500, "external"]);
    desk.tell(makeBook({ ...wide, ms: 2_600 }));
    expect(shown(desk.decide(2_610))[0]).toBe(`cancel-order ${clientOrderId}`);
  });
});

describe("fills", () => {
  it("a fill seen twice is booked once", () => {
    const desk = new Desk();
    const fill = { type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(1) } as const;
    expect(desk.tell(fill)).toBe(true);
    expect(desk.tell(fill)).toBe(false);
    expect(desk.market.position).toBe(40);
    expect(desk.market.books.fillCount).toBe(1);
  });

  it("a fill of an order from an earlier start is real: booked and counted apart", () => {
    const desk = new Desk();
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", clientOrderId: "fm-6-SEIUSDC-b0-1" }), at: instant(1) });
    expect(desk.market.externalFills).toBe(1);
    expect(desk.market.position).toBe(40);
  });

  it("a cancelled order whose fills are not proven keeps its size from being quoted again", () => {
    const desk = new Desk([{ ...settings, limits: { ...settings.limits, position: toLots(500) } }]);
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1);
    desk.tell({ type: "order-cancelled", market: SYMBOL, clientOrderId: buy!.clientOrderId, at: instant(5) });
    desk.tell(makeBook({ ...wide, ms: 900 }));
    expect(desk.decide(901)).toEqual([]);
    expect(desk.market.denials.now).toMatchObject([{ quote: { side: "buy" }, reason: "position" }]);
    desk.tell({ type: "open-orders-read", market: SYMBOL, orders: [], askedMs: 2_005, at: instant(2_006) });
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 4_006, at: instant(4_010) });
    desk.tell(makeBook({ ...wide, ms: 4_020 }));
    expect(shown(desk.decide(4_021))).toContain("place buy 500@4212");
  });

  it("a fill after the cancel was proven is booked all the same", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1);
    desk.tell({ type: "order-cancelled", market: SYMBOL, clientOrderId: buy!.clientOrderId, at: instant(5) });
    desk.tell({
      type: "fill",
      fill: makeFill({ fillId: "F-1", clientOrderId: buy!.clientOrderId, size: toLots(500) }),
      at: instant(6),
    });
    expect(desk.market.position).toBe(500);
    expect(desk.market.counts.buy.filled).toBe(1);
  });

  it("an order filled in two parts counts as one filled order", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1);
    for (const [fillId, size] of [
      ["F-1", 200],
      ["F-2", 300],
    ] as const) {
      desk.tell({
        type: "fill",
        fill: makeFill({ fillId, clientOrderId: buy!.clientOrderId, size: toLots(size) }),
        at: instant(6),
      });
    }
    expect(desk.market.counts.buy.filled).toBe(1);
    expect(desk.market.orders.find(buy!.clientOrderId)?.state).toBe("filled");
  });
});
