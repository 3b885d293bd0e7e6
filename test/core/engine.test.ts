import { describe, expect, it } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import type { Command } from "../../core/commands.ts";
import { Engine } from "../../core/engine.ts";
import type { EngineEvent } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketEngine, MarketSettings } from "../../core/market-engine.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { EPOCH_MS, instant, makeBook, makeFill, orderSeen } from "./make-events.ts";

const SYMBOL = "SEI/USDC";

const settings: MarketSettings = {
  market: makeMarket({ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1" }),
  strategy: {
    type: "pure-market-making",
    halfSpreadBps: 5,
    levels: 1,
    levelSpacingBps: 5,
    orderSize: toLots(500),
    inventorySkewBps: 10,
  },
  tolerance: { priceTicks: 0, sizePercent: 20 },
  limits: { orderSize: toLots(1_000), position: toLots(2_000), bookAgeMs: 1_000 },
};

const wide = { bids: [[4_200, 100]], asks: [[4_230, 100]] } as const;

/** An engine with a connected feed and leave to quote, and the hands to tell it facts. */
class Desk {
  readonly engine: Engine;
  readonly budget = new RequestBudget();

  constructor(markets: readonly MarketSettings[] = [settings]) {
    const books = new Map(markets.map((each) => [each.market.symbol, emptyBooks()]));
    this.engine = new Engine({ markets, epoch: 7, budget: this.budget, books });
    this.tell({ type: "feed-connected", endpoint: "wss://one", at: instant(0) });
    for (const { market } of markets) {
      this.tell({ type: "fills-read", market: market.symbol, askedMs: 0, at: instant(0) });
      this.tell({ type: "quoting-allowed", market: market.symbol, by: "start-up", at: instant(0) });
    }
  }

  get market(): MarketEngine {
    const market = this.engine.market(SYMBOL);
    if (market === undefined) throw new Error("no market");
    return market;
  }

  tell(event: EngineEvent): boolean {
    return this.engine.apply(event);
  }

  decide(ms: number): readonly Command[] {
    return this.engine.decide(instant(ms));
  }

  /** Decides and lets the venue take every placing and prove every cancel at once. */
  decideAndAnswer(ms: number): readonly Command[] {
    const commands = this.decide(ms);
    for (const command of commands) this.answer(command, ms + 1);
    return commands;
  }

  answer(command: Command, ms: number): void {
    this.budget.settle(command.requestId, instant(ms));
    if (command.type === "place-order") this.tell(seenOpen(command, ms));
    if (command.type === "cancel-order") {
      this.tell({
        type: "order-cancelled",
        market: command.market,
        clientOrderId: command.clientOrderId,
        at: instant(ms),
      });
    }
  }
}

function seenOpen(command: Extract<Command, { type: "place-order" }>, ms: number): EngineEvent {
  const { clientOrderId, market, side, price, size } = command;
  return orderSeen({ orderId: `O-${clientOrderId}`, clientOrderId, market, side, price, size, status: "open" }, ms);
}

function shown(commands: readonly Command[]): string[] {
  return commands.map((command) =>
    command.type === "place-order"
      ? `place ${command.side} ${command.size}@${command.price}`
      : `${command.type} ${command.clientOrderId}`,
  );
}

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
    expect(shown(desk.decide(103))).toEqual(["cancel-order fm-7-SEIUSDC-s0-2", "place sell 500@4198"]);
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
    expect(shown(desk.decide(502))).toEqual(["place buy 500@4212"]);
    expect(desk.market.counts.buy).toEqual({ placed: 2, cancelled: 0, rejected: 1, filled: 0 });
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
      "book has an empty side",
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
    const engine = new Engine({
      markets: [settings],
      epoch: 1,
      budget: new RequestBudget(),
      books: new Map([[SYMBOL, emptyBooks()]]),
    });
    engine.apply({ type: "feed-connected", endpoint: "wss://one", at: instant(0) });
    engine.apply(makeBook(wide));
    expect(engine.decide(instant(1))).toEqual([]);
    expect(engine.markets[0]?.blockers).toEqual(["starting", "the venue's fills have not been read yet"]);
  });
});

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
    expect(desk.market.denials).toMatchObject([{ quote: { side: "buy" }, reason: "position" }]);
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 2_005, at: instant(2_010) });
    desk.tell(makeBook({ ...wide, ms: 2_020 }));
    expect(shown(desk.decide(2_021))).toEqual(["place buy 500@4212"]);
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
    const spent = [1, 2, 3, 4].map(() => desk.budget.take("place", instant(2)));
    expect(spent).not.toContain(undefined);
    const higher = { bids: [[4_213, 100]], asks: [[4_241, 100]] } as const;
    desk.tell(makeBook({ ...higher, ms: 100 }));
    const commands = desk.decide(101);
    expect(shown(commands)).toEqual(["cancel-order fm-7-SEIUSDC-s0-2"]);
    for (const command of commands) desk.answer(command, 102);
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
