/** The push over real sockets: bytes, compression and the answer as the task's own HTTP client sees them. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { makeSystemClock } from "../../../fargate/clock.ts";
import { makeHttpClient } from "../../../fargate/fetch.ts";
import { MetricsPush } from "../../../fargate/otlp/push.ts";
import { readPushSource } from "../../../fargate/otlp/target.ts";
import { makeMetrics } from "../../../fargate/telemetry.ts";
import { startCollector } from "../../../sim/otlp-collector/server.ts";
import { makeRecorder } from "../driven-world.ts";
import { ACCOUNT, toldOf } from "./push-world.ts";

test("what is pushed over HTTP arrives as it was, the last push included, and nothing stays open", async () => {
  const server = await startCollector(ACCOUNT);
  const { collector, url } = server;
  const clock = makeSystemClock();
  const http = makeHttpClient(clock);
  const registry = makeMetrics({ markets: ["SEI/USDC"], endpoints: [] });
  const words: Record<string, string> = {
    OTLP_URL: url,
    OTLP_INSTANCE_ID: ACCOUNT.instanceId,
    OTLP_TOKEN: ACCOUNT.token,
  };
  const push = new MetricsPush({
    ...{
      source: readPushSource((name) => words[name], []),
      registry,
      metrics: registry,
      clock,
      log: makeRecorder().log,
    },
    sender: { stage: "testnet", shard: "main", startedMs: clock.now().epochMs },
    fetch: http.fetch,
    isInCharge: () => true,
    rng: { next: Math.random },
  });
  try {
    registry.increment("flashmm_orders_denied_total", { market: "SEI/USDC", reason: "größer als ¼ €" }, 3);
    push.start();
    while (push.state().pushes === 0 && push.state().failures === 0) await sleep(2);
    registry.increment("flashmm_volume_usdc_total", { market: "SEI/USDC" }, 42.13);
    await push.finish(1_500);
    expect(collector.refusals).toEqual([]);
    expect(push.state()).toMatchObject({ status: "working", pushes: 2, failures: 0 });
    const labels = { market: "SEI/USDC" };
    expect(toldOf(collector.taken[0], "flashmm_orders_denied_total", { ...labels, reason: "größer als ¼ €" })).toBe(3);
    expect(collector.taken.map((taken) => toldOf(taken, "flashmm_volume_usdc_total", labels))).toEqual([0, 42.13]);
  } finally {
    http.close();
    await server.close();
  }
});
