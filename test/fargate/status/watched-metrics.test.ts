import { expect, test } from "vitest";
import { watchMetrics } from "../../../fargate/status/watched-metrics.ts";
import { makeCountingMetrics } from "../cambrian/venue-case.ts";

function makeWatched() {
  const counted = new Map<string, number>();
  return { counted, watched: watchMetrics(makeCountingMetrics(counted)) };
}

test("everything still reaches the metrics themselves", () => {
  const { counted, watched } = makeWatched();
  watched.metrics.increment("flashmm_volume_usdc_total", { market: "SEI/USDC" }, 12.5);
  watched.metrics.increment("flashmm_cambrian_api_errors_total", { kind: "timeout" });
  watched.metrics.set("flashmm_position", { market: "SEI/USDC" }, -3);
  watched.metrics.observe("flashmm_order_round_trip_seconds", { operation: "cancel" }, 0.01);
  expect(Object.fromEntries(counted)).toEqual({
    "flashmm_volume_usdc_total SEI/USDC": 12.5,
    "flashmm_cambrian_api_errors_total timeout": 1,
    "flashmm_position SEI/USDC": -3,
    "flashmm_order_round_trip_seconds cancel": 1,
  });
});

test("errors are shown by what and kind, other counters and zeros are not", () => {
  const { watched } = makeWatched();
  const { metrics } = watched;
  metrics.increment("flashmm_cambrian_api_errors_total", { kind: "timeout" });
  metrics.increment("flashmm_cambrian_api_errors_total", { kind: "timeout" }, 2);
  metrics.increment("flashmm_order_placement_errors_total", { market: "SEI/USDC" });
  metrics.increment("flashmm_twitter_publish_errors_total", {});
  metrics.increment("flashmm_order_cancellation_errors_total", { market: "SEI/USDC" }, 0);
  metrics.increment("flashmm_orders_placed_total", { market: "SEI/USDC", side: "buy" });
  expect(watched.errors()).toEqual({
    "cambrian api timeout": 3,
    "order placement SEI/USDC": 1,
    "twitter publish": 1,
  });
});

test("past a hundred kinds the rest is counted together, and known kinds go on", () => {
  const { watched } = makeWatched();
  for (let market = 0; market < 150; market += 1) {
    watched.metrics.increment("flashmm_order_placement_errors_total", { market: `M${market}/USDC` });
  }
  watched.metrics.increment("flashmm_order_placement_errors_total", { market: "M0/USDC" });
  const errors = watched.errors();
  expect(Object.keys(errors)).toHaveLength(101);
  expect(errors).toMatchObject({ "order placement M0/USDC": 2, "order placement M99/USDC": 1, other: 50 });
  expect(Object.values(errors).reduce((sum, count) => sum + count, 0)).toBe(151);
});

test("latencies are of ticks and of placings alone", () => {
  const { watched } = makeWatched();
  const { metrics, tickToWire, placeRoundTrip } = watched;
  metrics.observe("flashmm_order_round_trip_seconds", { operation: "cancel" }, 9);
  metrics.observe("flashmm_order_round_trip_seconds", { operation: "query" }, 9);
  expect([tickToWire.percentileMicros(50), placeRoundTrip.percentileMicros(50)]).toEqual([null, null]);
  metrics.observe("flashmm_order_round_trip_seconds", { operation: "place" }, 0.004);
  metrics.observe("flashmm_tick_to_wire_seconds", { market: "SEI/USDC" }, 0.0006);
  expect([tickToWire.percentileMicros(50), placeRoundTrip.percentileMicros(50)]).toEqual([600, 4_000]);
});
