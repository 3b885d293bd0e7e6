import { describe, expect, test } from "vitest";
import { ERROR_KINDS } from "../../core/metrics.ts";
import { makeMetrics } from "../../fargate/telemetry.ts";
import { scrape } from "./scrape.ts";

const market = "SEI/USDC";
const endpoint = "wss://a/websocket";

/** Every counter of CONTRACTS 7 and those beside it, as it stands before anything has happened. */
const COUNTERS_AT_START = [
  ...["placed", "cancelled", "rejected", "filled"].flatMap((what) =>
    ["buy", "sell"].map((side) => `flashmm_orders_${what}_total{market="SEI/USDC",side="${side}"} 0`),
  ),
  'flashmm_volume_usdc_total{market="SEI/USDC"} 0',
  'flashmm_fees_usdc_total{market="SEI/USDC"} 0',
  'flashmm_feed_reconnects_total{endpoint="wss://a/websocket"} 0',
  'flashmm_feed_sequence_gaps_total{market="SEI/USDC"} 0',
  "flashmm_sei_websocket_errors_total 0",
  "flashmm_cambrian_api_errors_total 0",
  'flashmm_order_placement_errors_total{market="SEI/USDC"} 0',
  'flashmm_order_cancellation_errors_total{market="SEI/USDC"} 0',
  "flashmm_fill_processing_errors_total 0",
  ...["no-answer", "refused", "unreadable"].map(
    (kind) => `flashmm_reference_price_errors_total{market="SEI/USDC",kind="${kind}"} 0`,
  ),
  "flashmm_twitter_publish_errors_total 0",
  ...Object.entries(ERROR_KINDS).flatMap(([name, kinds]) => kinds.map((kind) => `${name}{kind="${kind}"} 0`)),
];

describe("metrics", () => {
  test("every counter of the contract stands at 0 before anything has happened", async () => {
    const { lines } = await scrape(makeMetrics({ markets: [market], endpoints: [endpoint] }));
    expect(lines).toEqual(expect.arrayContaining(COUNTERS_AT_START));
    expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toHaveLength(COUNTERS_AT_START.length);
  });

  test("each kind is written under its own name with its labels and nothing else", async () => {
    const metrics = makeMetrics();
    metrics.set("flashmm_market_spread_bps", { market, including: "self" }, 21.5);
    metrics.set("flashmm_market_spread_bps", { market, including: "self" }, 21.25);
    metrics.set("flashmm_pnl_usdc", { market, kind: "total" }, -1.5);
    metrics.set("flashmm_drawdown_percent", {}, 0.5);
    metrics.increment("flashmm_orders_placed_total", { market, side: "buy" });
    metrics.increment("flashmm_orders_placed_total", { market, side: "buy" });
    metrics.increment("flashmm_volume_usdc_total", { market }, 42.13);
    metrics.increment("flashmm_cambrian_api_errors_total", { kind: "timeout" });
    const { lines, text } = await scrape(metrics);
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE flashmm_market_spread_bps gauge",
        'flashmm_market_spread_bps{market="SEI/USDC",including="self"} 21.25',
        'flashmm_pnl_usdc{market="SEI/USDC",kind="total"} -1.5',
        "flashmm_drawdown_percent 0.5",
        "# TYPE flashmm_orders_placed_total counter",
        'flashmm_orders_placed_total{market="SEI/USDC",side="buy"} 2',
        'flashmm_volume_usdc_total{market="SEI/USDC"} 42.13',
        'flashmm_cambrian_api_errors_total{kind="timeout"} 1',
      ]),
    );
    expect(text).not.toMatch(/otel|target_info|scope|_total_total|description missing/);
  });

  test.each([
    { seconds: 0.00004, first: "0.00005" },
    { seconds: 0.0004, first: "0.0005" },
    { seconds: 0.9, first: "1" },
    { seconds: 2, first: "+Inf" },
  ])("a tick to wire of $seconds s falls into the bucket $first", async ({ seconds, first }) => {
    const metrics = makeMetrics();
    metrics.observe("flashmm_tick_to_wire_seconds", { market }, seconds);
    const { lines } = await scrape(metrics);
    const filled = lines.filter((line) => /^flashmm_tick_to_wire_seconds_bucket.* 1$/.test(line));
    expect(filled[0]).toBe(`flashmm_tick_to_wire_seconds_bucket{market="SEI/USDC",le="${first}"} 1`);
    expect(lines).toContain('flashmm_tick_to_wire_seconds_count{market="SEI/USDC"} 1');
  });

  test("round trips are told apart by operation, from 1 ms to 10 s", async () => {
    const metrics = makeMetrics();
    metrics.observe("flashmm_order_round_trip_seconds", { operation: "place" }, 0.0009);
    metrics.observe("flashmm_order_round_trip_seconds", { operation: "cancel" }, 9);
    const { lines } = await scrape(metrics);
    expect(lines).toContain('flashmm_order_round_trip_seconds_bucket{operation="place",le="0.001"} 1');
    expect(lines).toContain('flashmm_order_round_trip_seconds_bucket{operation="cancel",le="5"} 0');
    expect(lines).toContain('flashmm_order_round_trip_seconds_bucket{operation="cancel",le="10"} 1');
  });

  test("two registries know nothing of each other, and a scrape takes nothing away", async () => {
    const one = makeMetrics();
    const other = makeMetrics();
    one.increment("flashmm_feed_reconnects_total", { endpoint }, 3);
    const line = 'flashmm_feed_reconnects_total{endpoint="wss://a/websocket"} 3';
    expect((await scrape(one)).lines).toContain(line);
    expect((await scrape(one)).lines).toContain(line);
    expect((await scrape(other)).lines).not.toContain(line);
  });

  test("the text says which version of the format it is", async () => {
    expect((await scrape(makeMetrics())).contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });
});
