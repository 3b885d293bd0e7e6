import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import { toLots } from "../../core/units.ts";
import { Desk, makeEngine, SYMBOL, settings, shown, wide } from "./desk.ts";
import { EPOCH_MS, instant, makeBook, makeFill } from "./make-events.ts";

describe("quoting", () => {
  it("quotes both sides around the fair value of a fresh book", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    expect(shown(desk.decide(1))).toEqual(["place buy 500@4212", "place sell 500@4218"]);
    expect(desk.decide(2)).toEqual([]);
  });

  it("names each order by epoch, market, slot and number", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    expect(desk.decide(1).map((command) => command.clientOrderId)).toEqual(["fm-7-SEIUSDC-b0-1", "fm-7-SEIUSDC-s0-2"]);
  });

  it("does not quote off its own quotes: its orders in the book move nothing", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell(makeBook({ bids: [[4_212, 500], ...wide.bids], asks: [[4_218, 500], ...wide.asks], ms: 100 }));
    expect(desk.decide(101)).toEqual([]);
    expect(desk.market.watch.fairValue()).toBe(4_215);
    expect(desk.market.watch.spreads.current?.selfBps).toBeCloseTo((10_000 * 6) / 4_215);
    expect(desk.market.watch.spreads.current?.othersBps).toBeCloseTo((10_000 * 30) / 4_215);
  });

  it("cancels before it places when the market moves, and places again when the cancel is proven", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell(makeBook({ bids: [[4_180, 100]], asks: [[4_210, 100]], ms: 100 }));
    const commands = desk.decide(101);
    // The ask is only too shy: it rests until its place can be taken, and 4,198 would meet our own bid at 4,212, which may
    // still be live.
    expect(shown(commands)).toEqual(["cancel-order fm-7-SEIUSDC-b0-1", "place buy 500@4192"]);
    for (const command of commands) desk.answer(command, 102);
    // The answer alone may not have been carried out.
    expect(shown(desk.decide(103))).toEqual([]);
    desk.showCancelled(commands, 104);
    // A move is worth its requests once the quote has been missed for a while: sooner, the fewer requests are under way.
    expect(shown(desk.decide(105))).toEqual([]);
    expect(shown(desk.decide(600))).toEqual(["cancel-order fm-7-SEIUSDC-s0-2", "place sell 500@4198"]);
  });

  it("leans against the position", () => {
    const desk = new Desk();
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", size: toLots(1_000) }), at: instant(0) });
    desk.tell(makeBook(wide));
    expect(shown(desk.decide(1))).toEqual(["place buy 500@4210", "place sell 500@4215"]);
  });

  it("never lets buys and position together pass the limit", () => {
    const desk = new Desk();
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", size: toLots(1_900) }), at: instant(0) });
    desk.tell(makeBook(wide));
    expect(shown(desk.decide(1))[0]).toMatch(/^place buy 100@/);
  });

  it("leaves a slot alone for a while after the venue refused its order", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decide(1);
    desk.budget.settle(buy!.requestId, instant(2));
    desk.tell({
      type: "order-rejected",
      market: SYMBOL,
      clientOrderId: buy!.clientOrderId,
      reason: "would cross",
      at: instant(2),
    });
    expect(desk.decide(501)).toEqual([]);
    const [again] = desk.decide(502);
    expect(shown([again!])).toEqual(["place buy 500@4212"]);
    expect(desk.market.counts.buy).toEqual({ placed: 1, cancelled: 0, rejected: 1, filled: 0 });
    desk.tell({ type: "order-sent", market: SYMBOL, clientOrderId: again!.clientOrderId, at: instant(503) });
    expect(desk.market.counts.buy.placed).toBe(2);
  });
});

describe("old and bad data", () => {
  const pulls: readonly [string, EngineEvent | undefined, number, string][] = [
    ["an old book", undefined, 1_011, "book is older than 1000 ms"],
    [
      "a lost feed",
      { type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(20) },
      21,
      "market data lost from wss://one: reset",
    ],
    ["a crossed book", makeBook({ bids: [[4_230, 1]], asks: [[4_200, 1]], ms: 20 }), 21, "book is crossed"],
    ["a locked book", makeBook({ bids: [[4_230, 1]], asks: [[4_230, 1]], ms: 20 }), 21, "book is crossed"],
    ["an empty side", makeBook({ bids: [], asks: [[4_230, 1]], ms: 20 }), 21, "book has an empty side"],
    [
      "a book of ours alone",
      makeBook({ bids: [[4_212, 500]], asks: [[4_218, 500]], ms: 20 }),
      21,
      "a side of the book holds only our own orders",
    ],
    [
      "a halted market",
      { type: "market-status", market: SYMBOL, status: "halted", venueTimeMs: EPOCH_MS, at: instant(20) },
      21,
      "the venue has halted the market",
    ],
    [
      "an operator's halt",
      { type: "quoting-halted", market: SYMBOL, by: "operator", reason: "halted by ada: test", at: instant(20) },
      21,
      "halted by ada: test",
    ],
  ];

  it.each(pulls)("%s pulls every quote and says why", (_name, event, ms, reason) => {
    const desk = new Desk();
    desk.tell(makeBook({ ...wide, ms: 10 }));
    desk.decideAndAnswer(10);
    if (event !== undefined) desk.tell(event);
    expect(shown(desk.decide(ms))).toEqual(["cancel-order fm-7-SEIUSDC-b0-1", "cancel-order fm-7-SEIUSDC-s0-2"]);
    expect(desk.market.blockers).toContain(reason);
  });

  it("a crossed book is counted, and the next good one quotes again", () => {
    const desk = new Desk();
    desk.tell(makeBook({ bids: [[4_230, 1]], asks: [[4_200, 1]] }));
    expect(desk.decide(1)).toEqual([]);
    expect(desk.market.watch.crossedBooks).toBe(1);
    desk.tell(makeBook({ ...wide, ms: 10 }));
    expect(desk.decide(11)).toHaveLength(2);
  });

  it("after a lost feed, being connected is not enough: a new book is", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(10) });
    desk.tell({ type: "feed-connected", endpoint: "wss://two", at: instant(20) });
    expect(desk.decide(21)).toEqual([]);
    desk.tell(makeBook({ ...wide, ms: 30 }));
    expect(desk.decide(31)).toHaveLength(2);
  });

  it("a halt of the venue's market does not outlive the connection: it may have reopened unseen", () => {
    const desk = new Desk();
    const halted = { type: "market-status", market: SYMBOL, status: "halted", venueTimeMs: EPOCH_MS } as const;
    desk.tell({ ...halted, at: instant(1) });
    desk.tell({ type: "feed-connected", endpoint: "wss://two", at: instant(2) });
    desk.tell(makeBook({ ...wide, ms: 3 }));
    expect(desk.decide(4)).toHaveLength(2);
  });

  it("a node that sends books of the past is not quoted on, however alive it is", () => {
    const desk = new Desk();
    desk.tell(makeBook({ ...wide, ms: 10_000 }));
    desk.decideAndAnswer(10_001);
    const past = { ...makeBook({ ...wide, ms: 10_100 }), venueTimeMs: EPOCH_MS + 8_999 };
    desk.tell(past);
    expect(desk.decide(10_101).map((command) => command.type)).toEqual(["cancel-order", "cancel-order"]);
    expect(desk.market.blockers).toEqual(["book is 1001 ms behind one seen before"]);
    expect(desk.market.watch.booksBehind).toBe(1);
    desk.tell(makeBook({ ...wide, ms: 10_200 }));
    expect(desk.market.watch.reasonsNotToQuote(instant(10_201))).toEqual([]);
  });

  it("where the venue's clock is good, a first book of the past is not quoted on", () => {
    const desk = new Desk([{ ...settings, venueAgeMsMax: 6_000 }]);
    const told = (oldMs: number) => desk.tell({ ...makeBook({ ...wide, ms: 1 }), venueTimeMs: EPOCH_MS + 1 - oldMs });
    told(6_001);
    expect(desk.decide(2)).toEqual([]);
    expect(desk.market.blockers).toEqual(["book is 6 s old by the venue's clock"]);
    told(6_000);
    expect(desk.decide(3)).toHaveLength(2);
  });

  it("a book from the far future moves no clock", () => {
    const desk = new Desk();
    desk.tell({ ...makeBook({ ...wide, ms: 1 }), venueTimeMs: EPOCH_MS + 1e12 });
    desk.tell(makeBook({ ...wide, ms: 2 }));
    expect(desk.decide(3)).toHaveLength(2);
  });

  it("fills of the venue that cannot be read for 20 s pull every quote", () => {
    const desk = new Desk();
    desk.tell(makeBook({ ...wide, ms: 19_999 }));
    expect(desk.decideAndAnswer(20_000)).toHaveLength(2);
    desk.tell(makeBook({ ...wide, ms: 20_001 }));
    expect(desk.decide(20_002).map((command) => command.type)).toEqual(["cancel-order", "cancel-order"]);
    expect(desk.market.blockers).toEqual(["the venue's fills have not been read for 20 s"]);
  });

  it("time with an old book is not counted as a spread of ours", () => {
    const desk = new Desk();
    desk.tell(makeBook({ ...wide, ms: 0 }));
    desk.decide(1);
    desk.decide(15_000);
    desk.tell(makeBook({ bids: [[4_210, 1]], asks: [[4_220, 1]], ms: 16_000 }));
    desk.tell(makeBook({ bids: [[4_210, 1]], asks: [[4_220, 1]], ms: 17_000 }));
    // One second of 30 ticks until the book was too old, one second of 10.
    expect(desk.market.watch.spreads.averages()?.othersBps).toBeCloseTo((10_000 * 20) / 4_215);
  });

  it("time without a live order counts from the end of what blocked the market", () => {
    const desk = new Desk();
    desk.decide(1);
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 60_000, at: instant(60_000) });
    desk.decide(60_000);
    desk.tell(makeBook({ ...wide, ms: 60_001 }));
    expect(desk.decide(60_002)).toHaveLength(2);
    expect(desk.market.meter.unquotedMs(60_003)).toBe(3);
  });

  it("each source's halt is its own: one that allows does not lift another's", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    for (const by of ["venue", "operator"] as const) {
      desk.tell({ type: "quoting-halted", market: SYMBOL, by, reason: `halted by the ${by}`, at: instant(1) });
    }
    desk.tell({ type: "quoting-allowed", market: SYMBOL, by: "venue", at: instant(2) });
    expect(desk.decide(3)).toEqual([]);
    expect(desk.market.blockers).toEqual(["halted by the operator"]);
  });

  it("nothing is quoted before it is allowed", () => {
    const engine = makeEngine([settings]);
    engine.apply({ type: "feed-connected", endpoint: "wss://one", at: instant(0) });
    engine.apply(makeBook(wide));
    expect(engine.decide(instant(1))).toEqual([]);
    expect(engine.markets[0]?.blockers).toEqual(["starting", "the venue's fills have not been read yet"]);
  });
});

describe("the request budget", () => {
  it("cancels go before placings when requests are short, and the rest is decided anew", () => {
    const markets = ["AAA/USDC", "BBB/USDC", "CCC/USDC"].map((symbol) => ({
      ...settings,
      market: makeMarket({ symbol, tickSize: "0.0001", lotSize: "1" }),
    }));
    const desk = new Desk(markets);
    for (const { market } of markets) desk.tell(makeBook({ ...wide, market: market.symbol }));
    const placed = desk.decideAndAnswer(1);
    expect(placed.map((command) => command.type)).toEqual(Array(5).fill("place-order"));
    desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(10) });
    expect(desk.decideAndAnswer(11).map((command) => command.type)).toEqual(Array(5).fill("cancel-order"));
  });

  it("a quote that is only too shy rests until both requests of its move can go", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    const spent = [1, 2, 3].map(() => desk.budget.take("place", instant(2)));
    expect(spent).not.toContain(undefined);
    const higher = { bids: [[4_213, 100]], asks: [[4_241, 100]] } as const;
    desk.tell(makeBook({ ...higher, ms: 100 }));
    const commands = desk.decide(101);
    expect(shown(commands)).toEqual(["cancel-order fm-7-SEIUSDC-s0-2"]);
    for (const command of commands) desk.answer(command, 102);
    desk.showCancelled(commands, 102);
    for (const requestId of spent) desk.budget.settle(requestId!, instant(102));
    desk.tell(makeBook({ ...higher, ms: 1_200 }));
    expect(shown(desk.decide(1_201))).toEqual([
      "place sell 500@4230",
      "cancel-order fm-7-SEIUSDC-b0-1",
      "place buy 500@4224",
    ]);
  });

  it("a fact about a market this engine does not have is counted", () => {
    const desk = new Desk();
    expect(desk.tell(makeBook({ ...wide, market: "XXX/YYY" }))).toBe(false);
    expect(desk.engine.unroutable).toBe(1);
  });
});
