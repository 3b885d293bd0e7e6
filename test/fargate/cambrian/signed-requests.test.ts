import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toLots, toTicks } from "../../../core/units.ts";
import { cancelling, placing } from "../../../fargate/cambrian/calls.ts";
import { SignedRequests } from "../../../fargate/cambrian/signed-requests.ts";
import type { HttpRequest } from "../../../fargate/seams.ts";
import { Secret } from "../../../fargate/secret.ts";
import { MARKET } from "./venue-case.ts";

const NOW_MS = 1_735_787_045_000;
const signal = new AbortController().signal;

function makeRequests() {
  const baseUrl = "https://venue.test/api";
  const keys = { apiKey: new Secret("the-key"), secretKey: new Secret("the-secret") };
  return new SignedRequests({ baseUrl, ...keys, network: "testnet" });
}

const ids = { market: "SEI/USDC", requestId: 1 } as const;
const cancelOf = (orderId: string) => cancelling({ type: "cancel-order", ...ids, clientOrderId: orderId, orderId });
const place = placing(MARKET, {
  ...{ type: "place-order", ...ids, clientOrderId: "fm-3-SEIUSDC-b0-1", side: "buy" },
  ...{ price: toTicks(4_213), size: toLots(40) },
});

function timestampOf({ headers }: HttpRequest): number {
  return Number(headers["x-cambrian-timestamp"]);
}

/** What the venue would work out (CONTRACTS 3). */
function signatureOf(request: HttpRequest): string {
  const { pathname, search } = new URL(request.url);
  const text = [timestampOf(request), request.method, pathname + search, request.body ?? ""].join("\n");
  return createHmac("sha256", "the-secret").update(text).digest("hex");
}

test("a cancel that was signed before is sent as it was signed, once", () => {
  const requests = makeRequests();
  requests.prepare(cancelOf("O-1"), NOW_MS);
  expect(timestampOf(requests.make(cancelOf("O-2"), NOW_MS + 300, signal))).toBe(NOW_MS + 300);
  expect(timestampOf(requests.make(cancelOf("O-1"), NOW_MS + 400, signal))).toBe(NOW_MS);
  expect(timestampOf(requests.make(cancelOf("O-1"), NOW_MS + 500, signal))).toBe(NOW_MS + 500);
});

test.each([
  ["as old as it may be", 1_000, true],
  ["older", 1_001, false],
  ["of a clock that was set back since", -1, false],
])("one that is %s is used, or signed anew", (_, laterMs, isUsed) => {
  const requests = makeRequests();
  requests.prepare(cancelOf("O-1"), NOW_MS);
  const sent = timestampOf(requests.make(cancelOf("O-1"), NOW_MS + laterMs, signal));
  expect(sent).toBe(isUsed ? NOW_MS : NOW_MS + laterMs);
});

test("a placing is signed when it is written, whatever was rehearsed", () => {
  const requests = makeRequests();
  requests.prepare(place, NOW_MS);
  expect(timestampOf(requests.make(place, NOW_MS + 1, signal))).toBe(NOW_MS + 1);
});

test("of more orders than are gone through in that time the newest are kept", () => {
  const requests = makeRequests();
  for (let order = 0; order < 100; order += 1) requests.prepare(cancelOf(`O-${order}`), NOW_MS + order);
  expect(timestampOf(requests.make(cancelOf("O-0"), NOW_MS + 100, signal))).toBe(NOW_MS + 100);
  expect(timestampOf(requests.make(cancelOf("O-35"), NOW_MS + 100, signal))).toBe(NOW_MS + 100);
  expect(timestampOf(requests.make(cancelOf("O-36"), NOW_MS + 100, signal))).toBe(NOW_MS + 36);
  expect(timestampOf(requests.make(cancelOf("O-99"), NOW_MS + 100, signal))).toBe(NOW_MS + 99);
});

test("whatever was signed before and when, each request's signature is its own, and none is older than a second", () => {
  const step = fc.record({
    isSent: fc.boolean(),
    call: fc.oneof(fc.constantFrom("O-1", "O-2", "O/3 ü").map(cancelOf), fc.constant(place)),
    passedMs: fc.integer({ min: -2_000, max: 2_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const requests = makeRequests();
      let nowMs = NOW_MS;
      for (const { isSent, call, passedMs } of steps) {
        nowMs += passedMs;
        if (!isSent) requests.prepare(call, nowMs);
        else {
          const request = requests.make(call, nowMs, signal);
          expect(request.headers["x-cambrian-signature"]).toBe(signatureOf(request));
          expect(nowMs - timestampOf(request)).toBeGreaterThanOrEqual(0);
          expect(nowMs - timestampOf(request)).toBeLessThanOrEqual(1_000);
        }
      }
    }),
  );
});

test("once a cancel was refused for key or clock, each is signed as it is sent for a minute, and asking again is worth it once", () => {
  const requests = makeRequests();
  requests.prepare(cancelOf("O-1"), NOW_MS);
  expect(requests.distrust(NOW_MS)).toBe(true);
  expect(requests.distrust(NOW_MS + 10)).toBe(false);
  expect(timestampOf(requests.make(cancelOf("O-1"), NOW_MS + 20, signal))).toBe(NOW_MS + 20);
  requests.prepare(cancelOf("O-1"), NOW_MS + 60_000);
  expect(timestampOf(requests.make(cancelOf("O-1"), NOW_MS + 60_005, signal))).toBe(NOW_MS + 60_005);
  requests.prepare(cancelOf("O-1"), NOW_MS + 60_010);
  expect(timestampOf(requests.make(cancelOf("O-1"), NOW_MS + 60_020, signal))).toBe(NOW_MS + 60_010);
});
