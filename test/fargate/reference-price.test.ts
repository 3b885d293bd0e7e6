import { once } from "node:events";
import { createServer } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReferencePrice } from "../../core/events.ts";
import { makeHttpClient } from "../../fargate/fetch.ts";
import { followReferencePrice, readPrice } from "../../fargate/reference-price.ts";
import type { Fetch, HttpResponse } from "../../fargate/seams.ts";
import { makeDrivenClock } from "../sim/exchange/driven-clock.ts";
import { makeRecorder } from "./driven-world.ts";

const ERRORS = "flashmm_reference_price_errors_total";

describe("the price in an answer", () => {
  test.each([
    ["a decimal string", '{"data":[{"last":"0.4213"}]}', "/data/0/last", 0.4213],
    ["a number", '{"price":2684.5}', "/price", 2_684.5],
    ["a name with a slash and a tilde", '{"a/b~c":"7"}', "/a~1b~0c", 7],
    ["an empty name", '{"":{"":3}}', "//", 3],
    ["a list at the root", "[[1,2],[3,4]]", "/1/0", 3],
  ])("is %s where the pointer says", (_name, body, pointer, price) => {
    expect(readPrice(body, pointer)).toBe(price);
  });

  test.each([
    ["no JSON", "<html>", "/a", "the answer must be JSON"],
    ["nothing there", '{"a":1}', "/b", "/b must be a number or decimal string"],
    ["what every object has", "{}", "/constructor/length", "/constructor/length must be a number"],
    ["a list's length", '{"a":[1]}', "/a/length", "/a/length must be a number"],
    ["a place with a leading zero", '{"a":[1,2]}', "/a/01", "/a/01 must be a number"],
    ["a word", '{"a":"much"}', "/a", "/a must be a decimal string"],
    ["a number of another grammar", '{"a":"0x10"}', "/a", "/a must be a decimal string"],
    ["an exponent", '{"a":"1e3"}', "/a", "/a must be a decimal string"],
    ["zero", '{"a":0}', "/a", "/a must be a number or decimal string from"],
    ["less than nothing", '{"a":"-1"}', "/a", "/a must be a number or decimal string from"],
    ["more than any price", '{"a":1e300}', "/a", "/a must be a number or decimal string from"],
    ["an object", '{"a":{}}', "/a", "/a must be a number or decimal string"],
    ["a long answer", `{"a":1,"b":"${"x".repeat(65_536)}"}`, "/a", "the answer must be at most 65536 characters"],
  ])("is none where it holds %s", (_name, body, pointer, fault) => {
    expect(() => readPrice(body, pointer)).toThrow(fault);
  });
});

type Reply = Partial<HttpResponse> | Error | "silence";

/** A source that answers what stands next, or the last again, and whoever follows it, a second between two questions. */
function follow(...replies: readonly Reply[]) {
  const clock = makeDrivenClock();
  const { log, lines, metrics, countOf } = makeRecorder();
  const told: ReferencePrice[] = [];
  const askedMs: number[] = [];
  const aborted: unknown[] = [];
  const fetch: Fetch = ({ signal }) => {
    const reply = replies[Math.min(askedMs.length, replies.length - 1)] ?? {};
    askedMs.push(clock.now().monotonicMs);
    if (reply instanceof Error) return Promise.reject(reply);
    if (reply !== "silence") return Promise.resolve({ status: 200, headers: {}, body: '{"last":"2"}', ...reply });
    signal?.addEventListener("abort", () => aborted.push(signal.reason));
    return new Promise(() => undefined);
  };
  const source = { url: "https://prices.example/last", pricePointer: "/last", pollMs: 1_000 };
  const rng = { next: () => 0.5 };
  const push = (event: ReferencePrice) => told.push(event);
  const stop = followReferencePrice({ market: "SEI/USDC", source, push, fetch, clock, rng, log, metrics });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      await turn();
      clock.advance(100);
    }
    await turn();
  };
  return { told, askedMs, aborted, lines, stop, pass, countOf: (kind: string) => countOf(`SEI/USDC,${kind}`, ERRORS) };
}

describe("a reference price", () => {
  test("is asked for at once, and a pause after each answer", async () => {
    const { told, askedMs, pass } = follow({});
    await pass(3_000);
    expect(askedMs).toEqual([0, 1_000, 2_000, 3_000]);
    expect(told[0]).toEqual({
      type: "reference-price",
      market: "SEI/USDC",
      price: 2,
      ageMs: 0,
      at: expect.objectContaining({ monotonicMs: 0 }),
    });
  });

  test("is as much older as a cache on the way says, in whole seconds alone", async () => {
    const { told, pass } = follow({ headers: { age: "12" } }, { headers: { age: "-3" } }, { headers: { age: "1.5" } });
    await pass(2_500);
    expect(told.map(({ ageMs }) => ageMs)).toEqual([12_000, 0, 0]);
  });

  test.each<[string, Reply, string]>([
    ["no connection", new Error("refused"), "no-answer"],
    ["another status", { status: 302 }, "refused"],
    ["an answer without a price", { body: "{}" }, "unreadable"],
  ])("with %s is counted, logged once and asked for less and less often", async (_name, reply, kind) => {
    const { told, askedMs, lines, pass, countOf } = follow(reply);
    await pass(16_000);
    expect(askedMs).toEqual([0, 2_000, 6_000, 14_000]);
    expect(countOf(kind)).toBe(4);
    expect(told).toEqual([]);
    expect(lines).toEqual(["the reference price can not be had"]);
  });

  test("is asked for once a minute however long it can not be had, and as before once it can", async () => {
    const down = Array.from({ length: 10 }, () => new Error("refused"));
    const { told, askedMs, lines, pass } = follow(...down, {});
    await pass(400_000);
    const pauses = askedMs.slice(1).map((ms, index) => ms - (askedMs[index] ?? 0));
    expect(Math.max(...pauses)).toBe(60_000);
    expect(pauses.slice(10).every((pause) => pause === 1_000)).toBe(true);
    expect(told.length).toBeGreaterThan(10);
    expect(lines).toEqual(["the reference price can not be had", "the reference price is there again"]);
  });

  test("that does not come within two seconds is given up, and no second question is under way meanwhile", async () => {
    const { askedMs, aborted, pass, countOf } = follow("silence");
    await pass(1_900);
    expect([askedMs, aborted]).toEqual([[0], []]);
    await pass(200);
    expect(aborted).toHaveLength(1);
    expect(countOf("no-answer")).toBe(1);
    await pass(1_900);
    expect(askedMs).toEqual([0, 4_000]);
  });

  test("is told no more once nobody follows it", async () => {
    const { told, askedMs, stop, pass } = follow({});
    stop();
    await pass(3_000);
    expect([askedMs, told]).toEqual([[0], []]);
  });
});

describe("over a real server", () => {
  const bodies = new Map([
    ["/good", '{"last":0.42}'],
    ["/long", `{"last":1,"rest":"${"x".repeat(100_000)}"}`],
  ]);
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? "");
    response.writeHead(body === undefined ? 503 : 200, { "content-type": "application/json", age: "1" }).end(body);
  });
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    ["/good", { price: 0.42, ageMs: 1_000 }],
    ["/long", "unreadable"],
    ["/absent", "refused"],
  ])("%s comes to %j", async (path, expected) => {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const clock = makeDrivenClock();
    const http = makeHttpClient(clock);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { log, metrics } = makeRecorder();
    const stop = followReferencePrice({
      ...{ market: "SEI/USDC", fetch: http.fetch, clock, rng: { next: () => 0 }, log },
      source: { url: `http://127.0.0.1:${port}${path}`, pricePointer: "/last", pollMs: 1_000 },
      push: ({ price, ageMs }) => resolve({ price, ageMs }),
      metrics: { ...metrics, increment: (_name, labels) => resolve(Reflect.get(labels, "kind")) },
    });
    expect(await promise).toEqual(expected);
    stop();
    http.close();
  });
});
