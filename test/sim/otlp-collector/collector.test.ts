import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeMessage } from "../../../fargate/otlp/message.ts";
import { makeMetrics } from "../../../fargate/telemetry.ts";
import { Collector } from "../../../sim/otlp-collector/collector.ts";
import { readExportRequest } from "../../../sim/otlp-collector/export-request.ts";

type Part = readonly number[];

function varint(value: number): Part {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}

const bytes = (number: number, ...parts: readonly Part[]): Part => {
  const content = parts.flat();
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
};
const flag = (number: number, value: number): Part => [...varint(number * 8), ...varint(value)];
const word = (number: number, value: string): Part => bytes(number, [...Buffer.from(value)]);
const bits = (value: number): Part => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return [...buffer];
};
const double = (value: number): Part => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return [...buffer];
};
const fixed = (number: number, value: Part): Part => [...varint(number * 8 + 1), ...value];
const attribute = (number: number, key: string, value: string): Part =>
  bytes(number, word(1, key), bytes(2, word(1, value)));

const TIMES = [fixed(2, bits(1_000_000)), fixed(3, bits(2_000_000))].flat();
const POINT = [TIMES, fixed(4, double(7)), attribute(7, "market", "SEI/USDC")].flat();
const COUNTER = [word(1, "flashmm_x_total"), bytes(7, bytes(1, POINT), flag(2, 2), flag(3, 1))].flat();
const SENDER = [attribute(1, "service.name", "flashmm"), attribute(1, "service.instance.id", "main"), flag(2, 0)];

const histogram = (counts: readonly number[], bounds: readonly number[], count: number): Part => {
  const [packedCounts, packedBounds] = [bytes(6, counts.flatMap(bits)), bytes(7, bounds.flatMap(double))];
  const point = [TIMES, fixed(4, bits(count)), fixed(5, double(1)), packedCounts, packedBounds].flat();
  return [word(1, "flashmm_x_seconds"), bytes(9, bytes(1, point), flag(2, 2))].flat();
};

function request(metrics: readonly Part[], sender: readonly Part[] = SENDER): Uint8Array {
  const scope = bytes(2, ...metrics.map((metric) => bytes(2, metric)));
  return Uint8Array.from(bytes(1, bytes(1, ...sender), scope));
}

describe("a request made by hand", () => {
  test("is read as series of Prometheus", () => {
    expect(readExportRequest(request([COUNTER, histogram([1, 2, 4], [0.5, 1], 7)])).series).toMatchObject([
      {
        name: "flashmm_x_total",
        labels: { instance: "main", job: "flashmm", market: "SEI/USDC" },
        value: 7,
        startMs: 1,
        atMs: 2,
      },
      { name: "flashmm_x_seconds_bucket", labels: { instance: "main", job: "flashmm", le: "0.5" }, value: 1 },
      { name: "flashmm_x_seconds_bucket", labels: { instance: "main", job: "flashmm", le: "1" }, value: 3 },
      { name: "flashmm_x_seconds_bucket", labels: { instance: "main", job: "flashmm", le: "+Inf" }, value: 7 },
      { name: "flashmm_x_seconds_sum", value: 1 },
      { name: "flashmm_x_seconds_count", value: 7 },
    ]);
  });

  test.each<[string, Uint8Array, string]>([
    ["nothing in it", new Uint8Array(), "a request must have one resource"],
    ["a field of another version", request([[...COUNTER, ...flag(12, 1)]]), "metric must have fields"],
    ["a unit", request([[...COUNTER, ...word(3, "s")]]), "flashmm_x_total must have no unit, had s"],
    ["a metric twice", request([COUNTER, COUNTER]), "flashmm_x_total must come once, came twice"],
    ["a name that would be changed", request([[word(1, "flashmm.x"), bytes(5)].flat()]), "as Prometheus writes it"],
    [
      "a counter of another name",
      request([[word(1, "flashmm_x"), bytes(7, bytes(1, POINT), flag(2, 2), flag(3, 1))].flat()]),
      "the counter flashmm_x must end in _total",
    ],
    [
      "what was added since the last one",
      request([[word(1, "flashmm_x_total"), bytes(7, bytes(1, POINT), flag(2, 1), flag(3, 1))].flat()]),
      "flashmm_x_total must be cumulative, was 1",
    ],
    [
      "a sum that may fall",
      request([[word(1, "flashmm_x_total"), bytes(7, bytes(1, POINT), flag(2, 2), flag(3, 0))].flat()]),
      "flashmm_x_total must be monotonic",
    ],
    ["no instance", request([COUNTER], [attribute(1, "service.name", "flashmm"), flag(2, 0)]), "service and instance"],
    ["a bucket too few", request([histogram([1, 2], [0.5, 1], 3)]), "must have a bucket more than bounds"],
    ["bounds in disorder", request([histogram([1, 2, 3], [1, 0.5], 6)]), "must ascend"],
    ["a count that is not the buckets'", request([histogram([1, 2, 3], [0.5, 1], 7)]), "must hold 7 in all, hold 6"],
    [
      "a time before the start",
      request([
        [
          word(1, "flashmm_x"),
          bytes(5, bytes(1, fixed(2, bits(3_000_000)), fixed(3, bits(1_000_000)), fixed(4, double(1)))),
        ].flat(),
      ]),
      "must begin before its time",
    ],
  ])("with %s is refused", (_name, message, fault) => {
    expect(() => readExportRequest(message)).toThrow(fault);
  });
});

describe("a push of ours", () => {
  test("is refused when any end of it is missing", async () => {
    const registry = makeMetrics({ markets: ["SEI/USDC"], endpoints: [] });
    registry.observe("flashmm_tick_to_wire_seconds", { market: "SEI/USDC" }, 0.1);
    const sender = { stage: "testnet", shard: "main", startedMs: 0 };
    const whole = gunzipSync(makeMessage(await registry.collect(), sender, 1));
    expect(readExportRequest(whole).series.length).toBeGreaterThan(50);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(() => readExportRequest(whole.subarray(0, length))).toThrow();
      }),
      { numRuns: 50 },
    );
  });
});

describe("the collector", () => {
  const account = { instanceId: "1", token: "t" };
  const good = {
    method: "POST",
    path: "/otlp/v1/metrics",
    headers: {
      authorization: `Basic ${Buffer.from("1:t").toString("base64")}`,
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
    },
    body: gzipSync(request([COUNTER])),
  };

  test("takes what is well formed and proven", () => {
    const collector = new Collector(account);
    expect(collector.answer(good)).toMatchObject({ status: 200, body: "" });
    expect(collector.taken[0]?.series).toHaveLength(1);
  });

  test.each([
    ["nobody's", { headers: { ...good.headers, authorization: "" } }, 401],
    ["a stranger's", { headers: { ...good.headers, authorization: "Basic MTp1" } }, 401],
    ["for another path", { path: "/v1/metrics" }, 404],
    ["a question", { method: "GET" }, 405],
    ["JSON", { headers: { ...good.headers, "content-type": "application/json" } }, 415],
    ["not compressed", { headers: { ...good.headers, "content-encoding": "identity" } }, 415],
    ["said to be compressed", { body: request([COUNTER]) }, 400],
    ["no message", { body: gzipSync("hello") }, 400],
    ["too large", { body: Buffer.alloc(4 * 1_024 * 1_024 + 1) }, 413],
  ])("refuses what is %s", (_name, change, status) => {
    const collector = new Collector(account);
    expect(collector.answer({ ...good, ...change })?.status).toBe(status);
    expect([collector.taken, collector.refusals.length]).toEqual([[], 1]);
  });
});
