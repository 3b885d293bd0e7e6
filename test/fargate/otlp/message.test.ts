import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeMessage } from "../../../fargate/otlp/message.ts";
import { makeMetrics, type Registry } from "../../../fargate/telemetry.ts";
import { readExportRequest } from "../../../sim/otlp-collector/export-request.ts";
import { samplesOf, scrape, seriesKey } from "../scrape.ts";

const SENDER = { stage: "testnet", shard: "main", startedMs: 1_767_323_000_000 };
const NOW_MS = SENDER.startedMs + 45_678;
const KNOWN = { markets: ["SEI/USDC", "ETH/USDC"], endpoints: ["wss://a/websocket"] };

async function pushedBy(registry: Registry) {
  return readExportRequest(gunzipSync(makeMessage(await registry.collect(), SENDER, NOW_MS)));
}

/** Without what tells the senders apart: `/metrics` has not that. */
function samplesPushed({ series }: Awaited<ReturnType<typeof pushedBy>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    series.map(({ name, labels: { job: _job, instance: _instance, ...labels }, value }) => [
      seriesKey(name, labels),
      value,
    ]),
  );
}

/** One thing the task may tell of itself. */
type Act = (registry: Registry) => void;

const marketArbitrary = fc.constantFrom(...KNOWN.markets);
const amountArbitrary = fc.double({ min: 0, max: 1e12, noNaN: true });
const actArbitrary: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(marketArbitrary, fc.constantFrom("buy", "sell"), fc.nat(5)).map(([market, side, by]): Act => {
    return (registry) => registry.increment("flashmm_orders_placed_total", { market, side }, by);
  }),
  fc.tuple(marketArbitrary, amountArbitrary).map(([market, by]): Act => {
    return (registry) => registry.increment("flashmm_volume_usdc_total", { market }, by);
  }),
  fc.constantFrom("timeout", "no-slot").map((kind): Act => {
    return (registry) => registry.increment("flashmm_cambrian_api_errors_total", { kind });
  }),
  fc.tuple(marketArbitrary, amountArbitrary).map(([market, value]): Act => {
    // Not `-value`: a text has one zero, a message two.
    return (registry) => registry.set("flashmm_pnl_usdc", { market, kind: "total" }, 0 - value);
  }),
  // A text format has line ends and quotes of its own.
  fc.stringMatching(/^[^\n\r"\\\u2028\u2029]{1,8}$/u).map((reason): Act => {
    return (registry) => registry.increment("flashmm_orders_denied_total", { market: "SEI/USDC", reason });
  }),
  fc.double({ min: 0, max: 3, noNaN: true }).map((seconds): Act => {
    return (registry) => registry.observe("flashmm_tick_to_wire_seconds", { market: "SEI/USDC" }, seconds);
  }),
  fc
    .tuple(fc.constantFrom("place", "cancel"), fc.double({ min: 0, max: 30, noNaN: true }))
    .map(([operation, seconds]): Act => {
      return (registry) => registry.observe("flashmm_order_round_trip_seconds", { operation }, seconds);
    }),
);

describe("a message of the metrics", () => {
  test("says what /metrics says at that moment: each name, label and value, and no other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actArbitrary, { maxLength: 60 }), async (acts) => {
        const registry = makeMetrics(KNOWN);
        for (const act of acts) act(registry);
        const { lines } = await scrape(registry);
        expect(samplesPushed(await pushedBy(registry))).toEqual(samplesOf(lines));
      }),
      { numRuns: 25 },
    );
  });

  test("has the descriptions and the types of /metrics", async () => {
    const registry = makeMetrics(KNOWN);
    registry.set("flashmm_position", { market: "SEI/USDC" }, -40);
    registry.observe("flashmm_tick_to_wire_seconds", { market: "SEI/USDC" }, 0.0004);
    const { series, descriptions } = await pushedBy(registry);
    const { lines } = await scrape(registry);
    const told = lines.filter((line) => line.startsWith("# HELP ")).map((line) => line.slice(7));
    expect(Object.entries(descriptions).map(([name, text]) => `${name} ${text}`)).toEqual(told);
    const types = new Map(series.map(({ name, type }) => [name.replace(/_(bucket|sum|count)$/, ""), type]));
    const typed = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.slice(7));
    expect([...types].map(([name, type]) => `${name} ${type}`)).toEqual(typed);
  });

  test("is the shard's, whichever task sends it, and of the stage", async () => {
    const { resource, series } = await pushedBy(makeMetrics(KNOWN));
    expect(resource).toEqual({
      "service.name": "flashmm",
      "service.instance.id": "testnet/main",
      "deployment.environment": "testnet",
    });
    expect(new Set(series.map(({ labels }) => `${labels["job"]} ${labels["instance"]}`))).toEqual(
      new Set(["flashmm testnet/main"]),
    );
  });

  test("is of the moment that the task's clock tells, counted since the registry was made", async () => {
    const { series } = await pushedBy(makeMetrics(KNOWN));
    expect(new Set(series.map(({ startMs, atMs }) => `${startMs} ${atMs}`))).toEqual(
      new Set([`${SENDER.startedMs} ${NOW_MS}`]),
    );
  });

  test("takes nothing away: the next one counts on", async () => {
    const registry = makeMetrics(KNOWN);
    const key = seriesKey("flashmm_feed_reconnects_total", { endpoint: "wss://a/websocket" });
    for (const expected of [1, 2, 3]) {
      registry.increment("flashmm_feed_reconnects_total", { endpoint: "wss://a/websocket" });
      expect(samplesPushed(await pushedBy(registry))[key]).toBe(expected);
    }
  });

  test("is the same whatever the variables of OpenTelemetry say", async () => {
    const names = [
      "OTEL_SERVICE_NAME",
      "OTEL_RESOURCE_ATTRIBUTES",
      "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    ];
    const registry = makeMetrics(KNOWN);
    const before = await pushedBy(registry);
    for (const name of names) process.env[name] = "delta";
    try {
      expect(await pushedBy(makeMetrics(KNOWN))).toEqual(before);
    } finally {
      for (const name of names) delete process.env[name];
    }
  });
});
