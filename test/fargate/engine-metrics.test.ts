import { expect, test } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { EngineMetrics } from "../../fargate/engine-metrics.ts";
import { instant, makeBook, makeFill } from "../core/make-events.ts";
import { makeCountingMetrics } from "./cambrian/venue-case.ts";
import { bookAround, decideAndAnswer, makeEngine, makeQuotingEngine, orderOf } from "./make-engine.ts";

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
  recorder.record(market, instant(0));
  recorder.record(market, instant(0));
  expect(figures.get("flashmm_orders_placed_total SEI/USDC,buy")).toBe(2);
  expect(figures.get("flashmm_orders_placed_total SEI/USDC,sell")).toBe(2);
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  engine.apply(bookAround(5_200, 100));
  const sent = decideAndAnswer(engine, budget, instant(100));
  recorder.record(market, instant(100));
  recorder.record(market, instant(100));
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
  const { market } = makeEngine({ books });
  recorder.record(market, instant(0));
  expect(figures.get("flashmm_position SEI/USDC")).toBe(7);
  expect(figures.get("flashmm_volume_usdc_total SEI/USDC")).toBe(0);
  expect(figures.get("flashmm_fees_usdc_total SEI/USDC")).toBe(0);
});

test("a rebate takes nothing off the fees counted before", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  recorder.record(market, instant(0));
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  recorder.record(market, instant(10));
  engine.apply(fillOf(orderOf(market, "sell"), "F-2", -ONE));
  recorder.record(market, instant(20));
  expect(figures.get("flashmm_fees_usdc_total SEI/USDC")).toBeCloseTo(0.001, 9);
});

test("without a book there is no PnL at the mid, no spread and no age", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeEngine();
  engine.decide(instant(0));
  recorder.record(market, instant(0));
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
  const { engine, market, budget } = makeQuotingEngine();
  decideAndAnswer(engine, budget, instant(1_000));
  engine.apply(bookAround(5_000, 1_000));
  recorder.record(market, instant(1_500));
  expect(figures.get("flashmm_quoting_state SEI/USDC")).toBe(1);
  expect(figures.get("flashmm_uptime_ratio SEI/USDC")).toBe(1);
  expect(figures.get("flashmm_feed_staleness_seconds SEI/USDC")).toBe(0.5);
  expect(figures.get("flashmm_market_spread_bps SEI/USDC,others")).toBeGreaterThan(0);
  expect(figures.get("flashmm_market_spread_bps SEI/USDC,self")).toBeGreaterThan(0);
  expect(figures.has("flashmm_spread_improvement_bps SEI/USDC")).toBe(true);
});

test("each crossed book is counted once", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  for (const sequence of [10, 11]) {
    engine.apply(makeBook({ ms: sequence, sequence, bids: [[5_010, 10]], asks: [[5_000, 10]] }));
    recorder.record(market, instant(sequence));
    recorder.record(market, instant(sequence));
  }
  expect(figures.get("flashmm_sei_websocket_errors_total crossed-book")).toBe(2);
});

test("position and PnL are figures a person can read", () => {
  const { figures, recorder } = makeRecorded();
  const { engine, market } = makeQuotingEngine();
  engine.apply(fillOf(orderOf(market, "buy"), "F-1"));
  recorder.record(market, instant(10));
  expect(figures.get("flashmm_position SEI/USDC")).toBe(100);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,realized")).toBeCloseTo(-0.001, 9);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,unrealized")).toBeCloseTo(0.1, 9);
  expect(figures.get("flashmm_pnl_usdc SEI/USDC,total")).toBeCloseTo(0.099, 9);
});
