import { expect, test } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { EngineMetrics } from "../../fargate/engine-metrics.ts";
import { instant, makeBook, makeFill } from "../core/make-events.ts";
import { makeCountingMetrics } from "./cambrian/venue-case.ts";
import { bookAround, decideAndAnswer, MARKET_CONFIG, makeEngine, makeQuotingEngine, orderOf } from "./make-engine.ts";

const ONE = 10n ** 18n;

/** The figures as they stand after each record, by metric and labels. */
function makeRecorded() {
  const figures = new Map<string, number>();
  return { figures, recorder: new EngineMetrics(makeCountingMetrics(figures)) };
}

function fillOf(order: { clientOrderId: string; side: "buy" | "sell" }, fillId: string, fee = ONE / 1_000n) {
  const { clientOrderId, side } = order;
  const size = toLots(100);
  const fill = makeFill({ fillId, clientOrderId, side, price: toTicks(4_990), size, fee });
  return { type: "fill", fill, at: instant(10) } as const;
}

test("counters take what happened since the last record, once", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market, budget } = makeQuotingEngine();
  recorder.record(engine, instant(0));
  recorder.record(engine, instant(0));
  expect(figures.get("flashmm_orders_placed_total SEI/USDC,buy")).toBe(2);
  expect(figures.get("flashmm_orders_placed_total SEI/USDC,sell")).toBe(2);
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  engine.apply(bookAround(5_200, 100));
  const sent = decideAndAnswer(engine, budget, instant(100));
  recorder.record(engine, instant(100));
  recorder.record(engine, instant(100));
  const cancelled = sent.filter((command) => command.type === "cancel-order").length;
  expect(cancelled).toBeGreaterThan(0);
  const both = (name: string) =>
    (figures.get(`${name} SEI/USDC,buy`) ?? 0) + (figures.get(`${name} SEI/USDC,sell`) ?? 0);
  expect(both("flashmm_orders_cancelled_total")).toBe(cancelled);
  expect(figures.get("flashmm_orders_filled_total SEI/USDC,buy")).toBe(1);
  expect(figures.get("flashmm_volume_usdc_total SEI/USDC")).toBeCloseTo(49.9, 9);
  expect(figures.get("flashmm_fees_usdc_total SEI/USDC")).toBeCloseTo(0.001, 9);
});

test("what an earlier task traded is in the gauges and not in the counters", () => {
  const { figures, recorder } = makeRecorded();
  const books = { ...emptyBooks(), position: 7n * ONE, averageCost: ONE / 2n, volume: 900n * ONE, fees: 3n * ONE };
  const { engine } = makeEngine({ books });
  recorder.record(engine, instant(0));
  expect(figures.get("flashmm_position SEI/USDC")).toBe(7);
  expect(figures.get("flashmm_volume_usdc_total SEI/USDC")).toBe(0);
  expect(figures.get("flashmm_fees_usdc_total SEI/USDC")).toBe(0);
});

test("a rebate takes nothing off the fees counted before", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  recorder.record(engine, instant(0));
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  recorder.record(engine, instant(10));
  engine.apply(fillOf(orderOf(market, "sell"), "F-2", -ONE));
  recorder.record(engine, instant(20));
  expect(figures.get("flashmm_fees_usdc_total SEI/USDC")).toBeCloseTo(0.001, 9);
});

test("without a book there is no PnL at the mid, no spread and no age", () => {
  const { figures, recorder } = makeRecorded();
  const { engine } = makeEngine();
  engine.decide(instant(0));
  recorder.record(engine, instant(0));
  expect(figures.get("flashmm_quoting_state SEI/USDC")).toBe(0);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,realized")).toBe(0);
  for (const name of [
    "flashmm_pnl_usdc SEI/USDC,unrealized",
    "flashmm_pnl_usdc SEI/USDC,total",
    "flashmm_market_spread_bps SEI/USDC,others",
    "flashmm_spread_improvement_bps SEI/USDC",
    "flashmm_feed_staleness_seconds SEI/USDC",
    "flashmm_uptime_ratio SEI/USDC",
  ]) {
    expect(figures.has(name), name).toBe(false);
  }
});

test("a quoting market shows spreads, age, state and the share of time quoted on both sides", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, budget } = makeQuotingEngine();
  // The time until the next decision is that of the orders that stood at the last one: none, the first time.
  for (const ms of [10, 1_000]) decideAndAnswer(engine, budget, instant(ms));
  engine.apply(bookAround(5_000, 1_000));
  recorder.record(engine, instant(1_500));
  expect(figures.get("flashmm_quoting_state SEI/USDC")).toBe(1);
  expect(figures.get("flashmm_uptime_ratio SEI/USDC")).toBe(0.99);
  expect(figures.get("flashmm_feed_staleness_seconds SEI/USDC")).toBe(0.5);
  expect(figures.get("flashmm_market_spread_bps SEI/USDC,others")).toBeGreaterThan(0);
  expect(figures.get("flashmm_market_spread_bps SEI/USDC,self")).toBeGreaterThan(0);
  expect(figures.has("flashmm_spread_improvement_bps SEI/USDC")).toBe(true);
});

test("each crossed book is counted once", () => {
  const { figures, recorder } = makeRecorded();
  const { engine } = makeQuotingEngine();
  for (const sequence of [10, 11]) {
    engine.apply(makeBook({ ms: sequence, sequence, bids: [[5_010, 10]], asks: [[5_000, 10]] }));
    recorder.record(engine, instant(sequence));
    recorder.record(engine, instant(sequence));
  }
  expect(figures.get("flashmm_sei_websocket_errors_total crossed-book")).toBe(2);
});

test("position and PnL are figures a person can read", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  recorder.record(engine, instant(10));
  expect(figures.get("flashmm_position SEI/USDC")).toBe(100);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,realized")).toBeCloseTo(-0.001, 9);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,unrealized")).toBeCloseTo(0.1, 9);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,total")).toBeCloseTo(0.099, 9);
});

test("each quote that the gate holds back is counted once by its reason, until it was let through again", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market, budget } = makeQuotingEngine({
    config: { ...MARKET_CONFIG, limits: { ...MARKET_CONFIG.limits, position: "100" } },
  });
  const denied = (reason: string) => figures.get(`flashmm_orders_denied_total SEI/USDC,${reason}`) ?? 0;
  const recordAt = (ms: number) => {
    decideAndAnswer(engine, budget, instant(ms));
    recorder.record(engine, instant(ms));
    recorder.record(engine, instant(ms));
  };
  recordAt(10);
  expect(denied("position")).toBe(market.denials.counts.get("position"));
  expect(denied("position")).toBe(2);
  recordAt(20);
  expect(denied("position")).toBe(2);
  // A market without a quote denies none; then the same quotes are denied anew.
  engine.apply({ type: "quoting-halted", market: "SEI/USDC", by: "venue", reason: "a test", at: instant(30) });
  recordAt(30);
  const at = instant(4_700);
  engine.apply({ type: "quoting-allowed", market: "SEI/USDC", by: "venue", at });
  // Only then is it known that the cancelled orders have ended and did not fill.
  engine.apply({ type: "open-orders-read", market: "SEI/USDC", orders: [], askedMs: 2_500, at: instant(2_550) });
  engine.apply({ type: "fills-read", market: "SEI/USDC", askedMs: 4_600, at });
  engine.apply(bookAround(5_000, 4_700));
  recordAt(4_700);
  expect(denied("position")).toBe(4);
  expect(denied("order-size")).toBe(0);
});

test("the drawdown is shown in percent of the capital, from the peak on", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market, budget } = makeQuotingEngine();
  recorder.record(engine, instant(0));
  expect(figures.get("flashmm_drawdown_percent ")).toBe(0);
  // A fee of 20 at a capital of 1,000; the fill itself gains 0.1.
  engine.apply(fillOf(orderOf(market, "buy"), "F-1", 20n * ONE));
  decideAndAnswer(engine, budget, instant(100));
  recorder.record(engine, instant(100));
  expect(figures.get("flashmm_drawdown_percent ")).toBeCloseTo(1.99, 9);
});

test("jumps of the mid and orders that nobody knew are counted once each", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, budget } = makeQuotingEngine({
    config: { ...MARKET_CONFIG, limits: { ...MARKET_CONFIG.limits, midJumpPercent: 1 } },
  });
  engine.apply(bookAround(5_100, 100));
  const order = { orderId: "O-9", clientOrderId: "fm-2-SEIUSDC-b0-9", market: "SEI/USDC", side: "buy" } as const;
  const shown = { price: toTicks(4_990), size: toLots(10), filled: toLots(0), status: "open" } as const;
  const orders = [{ ...order, ...shown }];
  engine.apply({ type: "open-orders-read", market: "SEI/USDC", orders, askedMs: 50, at: instant(100) });
  decideAndAnswer(engine, budget, instant(100));
  for (const ms of [100, 200]) recorder.record(engine, instant(ms));
  expect(figures.get("flashmm_sei_websocket_errors_total mid-jump")).toBe(1);
  expect(figures.get("flashmm_cambrian_api_errors_total stray-order")).toBe(1);
});

test("markouts are shown by side, level and horizon as far as they are known, and under no other level", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  const take = (clientOrderId: string, side: "buy" | "sell", price: number) => {
    const at = instant(100);
    const venueTime = new Date(at.epochMs).toISOString();
    const fill = makeFill({ fillId: clientOrderId, clientOrderId, side, price: toTicks(price), venueTime });
    engine.apply({ type: "fill", fill, at });
  };
  const shown = () => [...figures.keys()].filter((key) => /capture|markout|adverse/.test(key)).toSorted();
  recorder.record(engine, instant(0));
  expect(shown()).toEqual([]);
  for (const order of market.orders.open()) take(order.clientOrderId, order.side, order.side === "buy" ? 4_990 : 5_005);
  take("by-hand", "buy", 4_990);
  for (let ms = 200; ms <= 61_000; ms += 200) {
    engine.apply(bookAround(5_010, ms));
    for (const turnMs of [ms, ms + 50]) engine.decide(instant(turnMs));
    if (ms === 1_400) recorder.record(engine, instant(ms));
    if (ms === 1_400) expect(shown()).toHaveLength(3 * 6);
  }
  recorder.record(engine, instant(61_000));
  const labels = ["buy", "sell"].flatMap((side) => ["all", "0", "1"].map((level) => `SEI/USDC,${side},${level}`));
  const horizons = ["1s", "5s", "60s"];
  expect(shown()).toEqual(
    labels
      .flatMap((label) => [
        `flashmm_spread_capture_bps ${label}`,
        ...horizons.map((horizon) => `flashmm_markout_bps ${label},${horizon}`),
        ...horizons.map((horizon) => `flashmm_adverse_selection_bps ${label},${horizon}`),
      ])
      .toSorted(),
  );
  // At a mid of 5,000 a tick is 2 bps.
  expect(figures.get("flashmm_spread_capture_bps SEI/USDC,buy,all")).toBeCloseTo(20, 9);
  expect(figures.get("flashmm_markout_bps SEI/USDC,buy,1,5s")).toBeCloseTo(40, 9);
  expect(figures.get("flashmm_markout_bps SEI/USDC,sell,0,60s")).toBeCloseTo(-10, 9);
  expect(figures.get("flashmm_adverse_selection_bps SEI/USDC,sell,0,60s")).toBeCloseTo(20, 9);
});
