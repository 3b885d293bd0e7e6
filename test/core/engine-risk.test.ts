import { describe, expect, it } from "vitest";
import type { Command, PlaceOrder } from "../../core/commands.ts";
import type { EngineEvent, HaltSource } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import { isInFlight, remainingOf } from "../../core/order.ts";
import { toLots } from "../../core/units.ts";
import { Desk, ONE, SYMBOL, settings, shardLimits, shown, wide, withLimits } from "./desk.ts";
import { instant, makeBook, makeFill } from "./make-events.ts";

const OTHER = "ETH/USDC";
const other: MarketSettings = { ...settings, market: makeMarket({ symbol: OTHER, tickSize: "0.0001", lotSize: "1" }) };

function unknown(
  type: "place-unknown" | "cancel-unknown",
  clientOrderId: string,
  market: string,
  ms: number,
): EngineEvent {
  return { type, market, clientOrderId, reason: "time-out", at: instant(ms) };
}

function word(type: "quoting-allowed" | "quoting-halted", by: HaltSource, market = SYMBOL): EngineEvent {
  const at = instant(0);
  return type === "quoting-allowed" ? { type, market, by, at } : { type, market, by, reason: `halted by ${by}`, at };
}

/** Commands of one market. */
function of(market: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => command.market === market);
}

function reasonsNow(desk: Desk): readonly string[] {
  return desk.market.denials.now.map(({ quote, reason }) => `${quote.side} ${reason}`);
}

function inFlightOf(desk: Desk): number {
  return desk.engine.markets.flatMap((market) => [...market.orders.known()].filter(isInFlight)).length;
}

describe("orders in flight", () => {
  it("are counted over all markets: unanswered ones, unknown ones and ones being cancelled", () => {
    const desk = new Desk([settings, other], { inFlightMax: 2 });
    for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, market }));
    const first = desk.decide(1);
    expect([of(OTHER, first).length, of(SYMBOL, first).length]).toEqual([2, 0]);
    expect(reasonsNow(desk)).toEqual(["buy in-flight", "sell in-flight"]);
    const [buy, sell] = first;
    desk.answer(sell!, 2);
    desk.budget.settle(buy!.requestId, instant(2));
    desk.tell(unknown("place-unknown", buy!.clientOrderId, OTHER, 2));
    const second = of(SYMBOL, desk.decide(3));
    expect(shown(second)).toEqual(["place buy 500@4212"]);
    desk.answer(second[0]!, 4);
    // The other market's ask is too generous now: its cancel takes the place that the answered bid has left.
    desk.tell(makeBook({ bids: [[4_300, 100]], asks: [[4_330, 100]], ms: 10, market: OTHER }));
    expect(desk.decide(11).map((command) => command.type)).toContain("cancel-order");
    expect(reasonsNow(desk)).toEqual(["sell in-flight"]);
    expect(inFlightOf(desk)).toBe(2);
  });

  it("a move never brings them over the limit, its own cancel counted", () => {
    const desk = new Desk([settings], { inFlightMax: 3 });
    desk.tell(makeBook(wide));
    const [buy] = desk.decideAndAnswer(1);
    const { clientOrderId } = buy!;
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", clientOrderId, size: toLots(200) }), at: instant(5) });
    desk.tell(makeBook({ ...wide, ms: 100 }));
    desk.decide(101);
    expect(desk.decide(1_099).length).toBeGreaterThan(0);
    expect(inFlightOf(desk)).toBeLessThanOrEqual(3);
  });

  it("two unknown orders in a market stop placing there, and nowhere else", () => {
    const two = { ...settings, strategy: { ...settings.strategy, levels: 2, orderSize: toLots(100) } };
    const desk = new Desk([two, other], { inFlightMax: 5 });
    desk.tell(makeBook(wide));
    for (const [index, { requestId, clientOrderId }] of desk.decide(1).entries()) {
      desk.budget.settle(requestId, instant(2));
      if (index < 2) desk.tell(unknown("place-unknown", clientOrderId, SYMBOL, 2));
      else desk.tell({ type: "order-unsent", market: SYMBOL, clientOrderId, reason: "test", at: instant(2) });
    }
    for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, ms: 1_900, market }));
    const commands = desk.decide(1_901);
    expect(of(OTHER, commands).length).toBeGreaterThan(0);
    expect(of(SYMBOL, commands).map((command) => command.type)).toEqual(["query-order", "query-order"]);
    expect(reasonsNow(desk)).toEqual(["buy unknown-orders", "sell unknown-orders"]);
  });
});

describe("the gate sees every order for every control", () => {
  it("a quote of the same side, price and size as one sent a moment ago is a duplicate", () => {
    const desk = new Desk([withLimits({ duplicateMs: 250 })]);
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(10) });
    desk.decideAndAnswer(10);
    desk.tell({ type: "feed-connected", endpoint: "wss://one", at: instant(20) });
    desk.tell(makeBook({ ...wide, ms: 20 }));
    expect(desk.decide(250)).toEqual([]);
    expect(reasonsNow(desk)).toEqual(["buy duplicate", "sell duplicate"]);
    expect(desk.decide(251)).not.toEqual([]);
  });
});

describe("an order that never left", () => {
  it("frees its slot after a pause, is no exposure, takes no place in flight, and does not count as placed", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decide(1);
    const { clientOrderId, requestId } = buy!;
    desk.budget.settle(requestId, instant(2));
    desk.tell({ type: "order-unsent", market: SYMBOL, clientOrderId, reason: "the lease is lost", at: instant(2) });
    expect(desk.market.orders.find(clientOrderId)?.state).toBe("denied");
    const [order] = [...desk.market.orders.known()];
    expect([order!.clientOrderId, remainingOf(order!), isInFlight(order!)]).toEqual([clientOrderId, 0, false]);
    expect(desk.market.counts.buy).toEqual({ placed: 0, cancelled: 0, rejected: 0, filled: 0 });
    desk.tell(makeBook({ ...wide, ms: 400 }));
    expect(desk.decide(501)).toEqual([]);
    expect(shown(desk.decide(502))).toEqual(["place buy 500@4212"]);
  });
});

describe("the start period", () => {
  const small = withLimits({ startSizePercent: 50, startPeriodMs: 5_000 });

  it("quotes a share of the sizes, and all of them once it is over", () => {
    const desk = new Desk([small]);
    desk.tell(makeBook(wide));
    expect(shown(desk.decideAndAnswer(1))).toEqual(["place buy 250@4212", "place sell 250@4218"]);
    desk.tell(makeBook({ ...wide, ms: 4_990 }));
    expect(desk.decide(4_999)).toEqual([]);
    expect(desk.decide(5_000)).toEqual([]);
    const places = desk.decide(5_800).filter((command) => command.type === "place-order");
    expect(shown(places)).toEqual(["place buy 500@4212", "place sell 500@4218"]);
  });

  it("begins anew after a minute without prices: there is nothing left to hold them to", () => {
    const desk = new Desk([small]);
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(10) });
    for (const command of desk.decideAndAnswer(11)) expect(command.type).toBe("cancel-order");
    desk.tell({ type: "feed-connected", endpoint: "wss://two", at: instant(60_900) });
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: 60_950, at: instant(60_950) });
    desk.tell(makeBook({ ...wide, ms: 61_000 }));
    const places = desk.decideAndAnswer(61_001).filter((command) => command.type === "place-order");
    expect(shown(places)).toEqual(["place buy 250@4212", "place sell 250@4218"]);
  });

  it("is the start's: a halt and a resume begin no other", () => {
    const desk = new Desk([small]);
    desk.tell(word("quoting-halted", "operator"));
    desk.tell(makeBook({ ...wide, ms: 6_000 }));
    expect(desk.decide(6_001)).toEqual([]);
    desk.tell(word("quoting-allowed", "operator"));
    desk.tell({ type: "operator-resumed", market: SYMBOL, at: instant(0) });
    expect(shown(desk.decide(6_002))).toEqual(["place buy 500@4212", "place sell 500@4218"]);
  });
});

describe("funds", () => {
  const balances = (sei: bigint, usdc: bigint, ms: number): EngineEvent => ({
    type: "balances-read",
    balances: new Map([
      ["SEI", sei * ONE],
      ["USDC", usdc * ONE],
    ]),
    askedMs: ms,
    isSettled: false,
    at: instant(ms),
  });

  it("an order the account could not pay for is denied, until a reading shows more", () => {
    const desk = new Desk();
    desk.tell(balances(1_000n, 210n, 0));
    desk.tell(makeBook(wide));
    expect(shown(desk.decideAndAnswer(1))).toEqual(["place sell 500@4218"]);
    expect(reasonsNow(desk)).toEqual(["buy balance"]);
    desk.tell(balances(1_000n, 211n, 5));
    expect(shown(desk.decide(6))).toEqual(["place buy 500@4212"]);
  });

  it("are without what was spent outside the books, which the position is compared with all the same", () => {
    const desk = new Desk();
    const read = { ...balances(500n, 1_000n, 0), spent: new Map([["SEI", 1n]]) };
    desk.tell(read);
    desk.tell(makeBook(wide));
    expect(shown(desk.decideAndAnswer(1))).toEqual(["place buy 500@4212"]);
    expect(reasonsNow(desk)).toEqual(["sell balance"]);
    expect(desk.engine.markets[0]?.check.baseline).toBe(500n * ONE);
    desk.tell(balances(500n, 1_000n, 5));
    expect(shown(desk.decide(6))).toEqual(["place sell 500@4218"]);
  });

  it("are shared by the markets: what one has open the other can not spend", () => {
    const desk = new Desk([settings, other]);
    desk.tell(balances(1_000n, 300n, 0));
    for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, market }));
    const buys = desk.decide(1).filter((command): command is PlaceOrder => "side" in command && command.side === "buy");
    expect(buys.map((command) => command.market)).toEqual([OTHER]);
  });
});

describe("the value of all markets together", () => {
  const exposureValue = 430n * ONE;
  const held = makeFill({ fillId: "F-1", size: toLots(1_000) });

  it("is limited: an order that would bring it over is denied in whichever market", () => {
    const desk = new Desk([settings, other], { limits: { ...shardLimits, exposureValue } });
    desk.tell({ type: "fill", fill: held, at: instant(0) });
    for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, market }));
    const commands = desk.decide(1);
    expect(shown(of(OTHER, commands))).toEqual([]);
    expect(shown(of(SYMBOL, commands))).toEqual(["place sell 500@4215"]);
    expect(reasonsNow(desk)).toEqual(["buy exposure-value"]);
  });

  it("once over the limit by the price alone, a position may still be made smaller", () => {
    const desk = new Desk([settings], { limits: { ...shardLimits, exposureValue } });
    desk.tell({ type: "fill", fill: held, at: instant(0) });
    desk.tell(makeBook({ bids: [[4_385, 100]], asks: [[4_415, 100]] }));
    expect(shown(desk.decide(1))).toEqual(["place sell 500@4400"]);
  });
});
