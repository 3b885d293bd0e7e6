import { describe, expect, test } from "vitest";
import { EmfMetrics } from "../../fargate/emf.ts";
import { makeMetrics } from "../../fargate/telemetry.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";

const market = "SEI/USDC";

async function startEmf() {
  const time = new VirtualTime();
  const lines: string[] = [];
  const emf = new EmfMetrics({
    shard: "main",
    markets: [market],
    clock: time.clock,
    write: (line) => lines.push(line),
  });
  const metrics = emf.watch(makeMetrics());
  emf.start();
  /** The lines of a minute, by what they are of. */
  const minute = async () => {
    await time.pass(60_000);
    const [shard, ofMarket, ...rest] = lines.splice(0).map((line) => JSON.parse(line));
    expect(rest).toEqual([]);
    return { shard, market: ofMarket };
  };
  return { emf, metrics, minute, lines, time };
}

describe("a minute's line", () => {
  test("is what CloudWatch's embedded metric format asks for, and says nothing that was not recorded", async () => {
    const { metrics, minute } = await startEmf();
    metrics.set("flashmm_quoting_state", { market }, 1);
    const { _aws, ...values } = (await minute()).market;
    const [directive, ...more] = _aws.CloudWatchMetrics;
    expect(more).toEqual([]);
    expect(Number.isSafeInteger(_aws.Timestamp)).toBe(true);
    expect(directive.Namespace).toBe("FlashMM");
    expect(directive.Dimensions).toEqual([["service", "market"]]);
    expect(values).toMatchObject({ service: "task", market, flashmm_quoting_state: 1 });
    const named = directive.Metrics.map((metric: { readonly Name: string }) => metric.Name);
    expect(Object.keys(values).toSorted()).toEqual(["market", "service", ...named].toSorted());
    expect(named).not.toContain("flashmm_position");
  });

  test("has of a counter what was added in the minute, both sides together, and 0 of a quiet one", async () => {
    const { metrics, minute } = await startEmf();
    metrics.increment("flashmm_orders_placed_total", { market, side: "buy" }, 3);
    metrics.increment("flashmm_orders_placed_total", { market, side: "sell" });
    metrics.increment("flashmm_cambrian_api_errors_total", { kind: "timeout" });
    metrics.increment("flashmm_cambrian_api_errors_total", { kind: "network" });
    const first = await minute();
    expect(first.market.flashmm_orders_placed_total).toBe(4);
    expect(first.shard).toMatchObject({ service: "task", shard: "main", flashmm_cambrian_api_errors_total: 2 });
    const second = await minute();
    expect(second.market.flashmm_orders_placed_total).toBe(0);
    expect(second.shard.flashmm_cambrian_api_errors_total).toBe(0);
  });

  test("has of a gauge its last value, of one that is a danger its highest", async () => {
    const { metrics, minute } = await startEmf();
    for (const value of [1, 5, 2]) {
      metrics.set("flashmm_position", { market }, value);
      metrics.set("flashmm_feed_staleness_seconds", { market }, value);
      metrics.set("flashmm_drawdown_percent", {}, value);
    }
    const { market: line, shard } = await minute();
    expect(line).toMatchObject({ flashmm_position: 2, flashmm_feed_staleness_seconds: 5 });
    expect(shard.flashmm_drawdown_percent).toBe(5);
    expect(Object.keys((await minute()).market)).not.toContain("flashmm_position");
  });

  test("has of a profit the whole", async () => {
    const { metrics, minute } = await startEmf();
    metrics.set("flashmm_pnl_usdc", { market, kind: "total" }, 7);
    metrics.set("flashmm_pnl_usdc", { market, kind: "unrealized" }, 3);
    expect((await minute()).market.flashmm_pnl_usdc).toBe(7);
  });

  test("has at most a hundred samples of a busy minute, taken evenly", async () => {
    const { metrics, minute } = await startEmf();
    for (let index = 0; index < 10_000; index += 1) metrics.observe("flashmm_tick_to_wire_seconds", { market }, index);
    const samples: readonly number[] = (await minute()).market.flashmm_tick_to_wire_seconds;
    expect(samples.length).toBeGreaterThan(50);
    expect(samples.length).toBeLessThanOrEqual(100);
    expect(samples.map((each, index) => each - (samples[index - 1] ?? each)).slice(1)).toEqual(
      new Array(samples.length - 1).fill(128),
    );
  });
});

test("a market that is not the task's makes no line and no metric", async () => {
  const { metrics, minute } = await startEmf();
  metrics.set("flashmm_position", { market: "ATOM/USDC" }, 1);
  metrics.increment("flashmm_orders_placed_total", { market: "ATOM/USDC", side: "buy" });
  const { market: line } = await minute();
  expect(line.flashmm_orders_placed_total).toBe(0);
});

test("a stop writes the minute that had begun, and nothing after it", async () => {
  const { emf, metrics, lines, time } = await startEmf();
  metrics.increment("flashmm_orders_filled_total", { market, side: "buy" });
  emf.stop();
  expect(lines.map((line) => JSON.parse(line).flashmm_orders_filled_total)).toEqual([undefined, 1]);
  await time.pass(300_000);
  expect(lines).toHaveLength(2);
});

test("a line of a market costs at most eleven metrics, that of the shard at most four", async () => {
  const { metrics, minute } = await startEmf();
  for (const name of ["flashmm_quoting_state", "flashmm_feed_staleness_seconds", "flashmm_position"] as const) {
    metrics.set(name, { market }, 1);
  }
  metrics.set("flashmm_spread_improvement_bps", { market }, 1);
  metrics.set("flashmm_pnl_usdc", { market, kind: "total" }, 1);
  metrics.set("flashmm_uptime_ratio", { market }, 1);
  metrics.set("flashmm_drawdown_percent", {}, 1);
  metrics.observe("flashmm_tick_to_wire_seconds", { market }, 1);
  metrics.observe("flashmm_order_round_trip_seconds", { operation: "place" }, 1);
  const { market: line, shard } = await minute();
  expect(line._aws.CloudWatchMetrics[0].Metrics.length).toBe(11);
  expect(shard._aws.CloudWatchMetrics[0].Metrics.length).toBe(4);
});
