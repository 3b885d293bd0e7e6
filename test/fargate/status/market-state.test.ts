import { expect, test } from "vitest";
import { toLots, toTicks } from "../../../core/units.ts";
import { toMarketState } from "../../../fargate/status/market-state.ts";
import { instant, makeBook, makeFill } from "../../core/make-events.ts";
import { bookAround, decideAndAnswer, MARKET_CONFIG, makeEngine, makeQuotingEngine, orderOf } from "../make-engine.ts";

const LONG_AGO = "2026-01-02T03:03:00.000Z";

test("before the first fact nothing is quoted, and what is not known is null", () => {
  const { engine, market } = makeEngine();
  engine.decide(instant(0));
  const state = toMarketState(market, instant(0));
  expect(state).toMatchObject({
    market: "SEI/USDC",
    base: "SEI",
    quote: "USDC",
    quoting: false,
    mid: null,
    fairValue: null,
    spreadOthersBps: null,
    spreadSelfBps: null,
    spreadImprovementBps: null,
    spreadImprovementPercent: null,
    unrealizedPnl: null,
    totalPnl: null,
    uptimeRatio: null,
    bookAgeMs: null,
    bids: [],
    asks: [],
    position: "0",
    realizedPnl: "0",
    fillCount: 0,
  });
  expect(state.reasons).toContain("starting");
  expect(state.markouts.rolling.map(({ side, level }) => `${side} ${level}`)).toEqual([
    "buy all",
    "buy 0",
    "buy 1",
    "sell all",
    "sell 0",
    "sell 1",
  ]);
  const unknown = { count: 0, bps: null, plusMinusBps: null };
  for (const { capture, markout, adverseSelection } of state.markouts.rolling) {
    expect([capture, ...Object.values(markout), ...Object.values(adverseSelection)]).toEqual(Array(7).fill(unknown));
  }
  expect([state.markouts.hour, state.markouts.unmarked]).toEqual([null, 0]);
});

test("markouts of the last hour and of the running one are shown as far as they are known", () => {
  const { engine, market } = makeQuotingEngine();
  const { clientOrderId } = orderOf(market, "buy");
  const fill = { clientOrderId, price: toTicks(4_995), size: toLots(10) };
  engine.apply({ type: "fill", at: instant(100), fill: makeFill({ ...fill, fillId: "F-1" }) });
  engine.apply({ type: "fill", at: instant(100), fill: makeFill({ ...fill, fillId: "F-2", venueTime: LONG_AGO }) });
  engine.apply(bookAround(4_990, 900));
  for (const ms of [1_150, 1_200]) engine.decide(instant(ms));
  const known = (bps: number) => ({ count: 1, bps, plusMinusBps: null });
  const unknown = { count: 0, bps: null, plusMinusBps: null };
  const row = {
    side: "buy",
    level: "all",
    capture: known(10),
    markout: { "1s": known(-10), "5s": unknown, "60s": unknown },
    adverseSelection: { "1s": known(20), "5s": unknown, "60s": unknown },
  };
  const { rolling, hour, unmarked } = toMarketState(market, instant(1_200)).markouts;
  expect([rolling[0], rolling[1], unmarked]).toEqual([row, { ...row, level: 0 }, 1]);
  expect(hour).toEqual({ hour: "2026-01-02T03", rows: rolling });
  // The next hour has no fill yet.
  expect(toMarketState(market, instant(3_600_000)).markouts.hour).toBeNull();
});

test("a quoting market shows its orders, and its own part of each level", () => {
  const { engine, market } = makeQuotingEngine();
  const ours = market.orders.open();
  engine.apply(
    makeBook({
      ms: 100,
      sequence: 200,
      bids: [
        ...ours.filter((order) => order.side === "buy").map((order) => [order.price, 100] as const),
        ...Array.from({ length: 12 }, (_, i) => [4_985 - i, 1_000 + i] as const),
      ],
      asks: [
        ...ours.filter((order) => order.side === "sell").map((order) => [order.price, 130] as const),
        ...Array.from({ length: 12 }, (_, i) => [5_015 + i, 1_000] as const),
      ],
    }),
  );
  const state = toMarketState(market, instant(350));
  expect(state).toMatchObject({ quoting: true, reasons: [], bookAgeMs: 250, ordersPlaced: 4, ordersUnknown: 0 });
  expect(state.openOrders.map(({ side, level, size, filled, state: at }) => [side, level, size, filled, at])).toEqual(
    ours.map((order) => [order.side, order.level, "100", "0", "live"]),
  );
  expect(state.openOrders[0]).toMatchObject({ clientOrderId: "fm-3-SEIUSDC-b0-1", orderId: "O-fm-3-SEIUSDC-b0-1" });
  expect([state.bids.length, state.asks.length]).toEqual([10, 10]);
  expect(state.bids[0]).toEqual({ price: "0.4995", size: "100", own: "100" });
  expect(state.asks[0]).toEqual({ price: "0.5005", size: "130", own: "100" });
  expect(state.bids[2]).toEqual({ price: "0.4985", size: "1000", own: "0" });
});

test("mid and fair value leave our own orders out, and the spreads say what we improve", () => {
  const { engine, market } = makeQuotingEngine({
    config: { ...MARKET_CONFIG, strategy: { ...MARKET_CONFIG.strategy, levels: 1 } },
  });
  const bid = orderOf(market, "buy").price;
  const ask = orderOf(market, "sell").price;
  for (const ms of [1_000, 2_000]) {
    engine.apply(
      makeBook({
        ms,
        sequence: ms,
        bids: [
          [bid, 100],
          [4_980, 300],
        ],
        asks: [
          [ask, 100],
          [5_020, 100],
        ],
      }),
    );
  }
  const state = toMarketState(market, instant(2_000));
  expect(state.mid).toBe("0.5");
  // Microprice of 300 bid at 4,980 and 100 asked at 5,020: 5,010 ticks.
  expect(state.fairValue).toBe("0.50100");
  expect(state.spreadOthersBps).toBeCloseTo(80, 9);
  expect(state.spreadSelfBps).toBeCloseTo((10_000 * (ask - bid)) / 5_000, 9);
  expect(state.spreadImprovementBps).toBeGreaterThan(0);
});

test("fills make position, cost and PnL, the newest shown first", () => {
  const { engine, market } = makeQuotingEngine();
  const buy = orderOf(market, "buy");
  const sell = orderOf(market, "sell");
  const fill = { fee: 10n ** 15n, feeAsset: "USDC" };
  engine.apply({
    type: "fill",
    at: instant(10),
    fill: makeFill({
      ...fill,
      fillId: "F-1",
      clientOrderId: buy.clientOrderId,
      price: toTicks(4_990),
      size: toLots(100),
      venueTime: "2026-01-02T03:04:05.100Z",
    }),
  });
  engine.apply({
    type: "fill",
    at: instant(20),
    fill: makeFill({
      ...fill,
      fillId: "F-2",
      clientOrderId: sell.clientOrderId,
      side: "sell",
      price: toTicks(5_010),
      size: toLots(40),
      venueTime: "2026-01-02T03:04:05.200Z",
    }),
  });
  engine.apply(bookAround(5_000, 30));
  const state = toMarketState(market, instant(30));
  expect(state).toMatchObject({
    position: "60",
    averageCost: "0.499",
    // 40 sold at 0.002 above their cost, less two fees of 0.001.
    realizedPnl: "0.078",
    fees: "0.002",
    volume: "69.94",
    fillCount: 2,
    ordersFilled: 1,
  });
  expect(state.unrealizedPnl).toBe("0.06");
  expect(state.totalPnl).toBe("0.138");
  expect(state.fills).toEqual([
    {
      fillId: "F-2",
      side: "sell",
      price: "0.501",
      size: "40",
      fee: "0.001",
      feeAsset: "USDC",
      venueTimeMs: Date.parse("2026-01-02T03:04:05.200Z"),
    },
    expect.objectContaining({ fillId: "F-1", side: "buy", price: "0.499", size: "100" }),
  ]);
  expect(state.openOrders.find((order) => order.clientOrderId === sell.clientOrderId)?.filled).toBe("40");
});

test("a side that the limits hold back says why", () => {
  const { engine, market, budget } = makeQuotingEngine({
    config: { ...MARKET_CONFIG, limits: { ...MARKET_CONFIG.limits, position: "100" } },
  });
  decideAndAnswer(engine, budget, instant(20));
  const state = toMarketState(market, instant(20));
  expect(state.quoting).toBe(true);
  expect(state.reasons).toEqual(
    expect.arrayContaining(["buy level 1 held back: position", "sell level 1 held back: position"]),
  );
});

test("an order of unknown outcome is counted and shown as such", () => {
  const { engine, market } = makeEngine();
  for (const event of [
    { type: "feed-connected", endpoint: "ws://node.test", at: instant(0) },
    bookAround(5_000, 0),
  ] as const) {
    engine.apply(event);
  }
  const quote = { side: "buy", level: 0, price: toTicks(4_990), size: toLots(100) } as const;
  const { clientOrderId } = market.sent.place(quote, 1, instant(0));
  engine.apply({ type: "place-unknown", market: "SEI/USDC", clientOrderId, reason: "timeout", at: instant(5) });
  const state = toMarketState(market, instant(5));
  expect(state).toMatchObject({ quoting: false, ordersUnknown: 1 });
  expect(state.openOrders).toMatchObject([{ clientOrderId, orderId: null, state: "place-unknown" }]);
});

test("why each quote is where it is, what time without both sides went to, and what the quotes go by", () => {
  const { engine, market } = makeEngine();
  engine.decide(instant(0));
  const blocked = toMarketState(market, instant(0)).why.quotes;
  expect(blocked.map(({ side, level, wanted, order }) => [side, level, wanted, order])).toEqual([
    ["buy", 0, null, null],
    ["buy", 1, null, null],
    ["sell", 0, null, null],
    ["sell", 1, null, null],
  ]);
  expect(blocked[0]?.reasons).toContainEqual({ reason: "start-up", meaning: "The start-up is not done." });
  const quoting = makeQuotingEngine();
  const { clientOrderId } = orderOf(quoting.market, "buy");
  quoting.engine.apply({ type: "order-cancelled", market: "SEI/USDC", clientOrderId, at: instant(100) });
  for (const ms of [100, 350]) quoting.engine.decide(instant(ms));
  const { why, estimates } = toMarketState(quoting.market, instant(350));
  const [, , ask] = why.quotes;
  const standing = orderOf(quoting.market, "sell");
  expect(ask).toMatchObject({
    side: "sell",
    level: 0,
    order: { size: String(standing.size), state: "live" },
    reasons: [],
  });
  expect(ask?.order).toEqual({ ...ask?.wanted, state: "live" });
  const unquotedMs = quoting.market.meter.unquotedTotalMs;
  const seconds = (reasons: readonly { readonly seconds: number }[]) =>
    reasons.reduce((sum, each) => sum + each.seconds, 0);
  expect(unquotedMs).toBeGreaterThan(0);
  expect(seconds(why.unquoted.total)).toBeCloseTo(unquotedMs / 1_000, 9);
  expect(why.unquoted.hours.map(({ hour }) => hour)).toEqual(["2026-01-02T03"]);
  expect(seconds(why.unquoted.hours[0]?.reasons ?? [])).toBeCloseTo(unquotedMs / 1_000, 9);
  expect(estimates).toEqual({ fairValueNote: null, volatilityBps: null, arrivals: null, pausedSides: [] });
});
