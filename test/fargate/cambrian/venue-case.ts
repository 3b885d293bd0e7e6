/** A Cambrian venue over a `Fetch` that the test answers by hand, and everything it says: events, metrics, log lines. */

import type { CancelOrder, PlaceOrder, QueryOrder } from "../../../core/commands.ts";
import type { EngineEvent } from "../../../core/events.ts";
import { RequestBudget } from "../../../core/execution/request-budget.ts";
import { makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { type CambrianVenueOptions, makeCambrianVenue } from "../../../fargate/cambrian/venue.ts";
import type { Log } from "../../../fargate/log.ts";
import type { Clock, HttpRequest, HttpResponse } from "../../../fargate/seams.ts";
import { Secret } from "../../../fargate/secret.ts";
import type { Metrics } from "../../../fargate/telemetry.ts";
import type { Venue } from "../../../fargate/venue.ts";

export const MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
export const CLIENT_ID = "fm-3-SEIUSDC-b0-17";

export type Answer = HttpResponse | Error | "silence";

export type VenueCase = {
  readonly venue: Venue;
  readonly budget: RequestBudget;
  readonly clock: SkippingClock;
  readonly requests: HttpRequest[];
  readonly events: EngineEvent[];
  readonly logLines: string[];
  readonly counted: Map<string, number>;
  place(): PlaceOrder;
  cancel(): CancelOrder;
  query(): QueryOrder;
  /** Waits until nothing is on its way. */
  idle(): Promise<void>;
  /** Executes, waits for the outcome and answers with it; that a placing was written stands in `events` alone. */
  run(command: PlaceOrder | CancelOrder | QueryOrder): Promise<readonly EngineEvent[]>;
};

/** A clock that jumps to whatever is waited for. */
class SkippingClock implements Clock {
  nowMs = 1_000;
  waiting = 0;

  now() {
    return { monotonicMs: this.nowMs, epochMs: 1_735_787_045_000 + this.nowMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    this.waiting += 1;
    const immediate = setImmediate(() => {
      this.waiting -= 1;
      this.nowMs += delayMs;
      callback();
    });
    return () => {
      this.waiting -= 1;
      clearImmediate(immediate);
    };
  }
}

export function makeVenueCase(
  answer: (request: HttpRequest, index: number) => Answer,
  options: Partial<CambrianVenueOptions> = {},
): VenueCase {
  const clock = new SkippingClock();
  const budget = new RequestBudget();
  const requests: HttpRequest[] = [];
  const events: EngineEvent[] = [];
  const logLines: string[] = [];
  const counted = new Map<string, number>();
  let silent = 0;
  const venue = makeCambrianVenue({
    markets: [MARKET],
    baseUrl: "https://venue.test/api",
    apiKey: new Secret("key-of-the-test"),
    secretKey: new Secret("secret-of-the-test"),
    network: "testnet",
    clock,
    rng: { next: () => 0.5 },
    fetch: (request) => {
      const fenced = request.fence?.();
      if (fenced !== undefined) return Promise.reject(Object.assign(new Error(fenced), { code: "FENCED" }));
      requests.push(request);
      const answered = answer(request, requests.length - 1);
      if (answered !== "silence")
        return answered instanceof Error ? Promise.reject(answered) : Promise.resolve(answered);
      silent += 1;
      request.signal?.addEventListener("abort", () => {
        silent -= 1;
      });
      return new Promise(() => undefined);
    },
    connect: () => ({ send: () => undefined, ping: () => undefined, terminate: () => undefined }),
    budget,
    log: makeRecordingLog(logLines),
    metrics: makeCountingMetrics(counted),
    timeoutMs: 40,
    onEvent: (event) => events.push(event),
    fence: () => undefined,
    ...options,
  });
  const ids = { market: "SEI/USDC", clientOrderId: CLIENT_ID };
  const idle = async () => {
    for (let quiet = 0; quiet < 5; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (silent > 0 || clock.waiting > 0) quiet = 0;
    }
  };
  const paid = (kind: "place" | "cancel" | "query") => budget.take(kind, clock.now()) ?? Number.NaN;
  return {
    venue,
    budget,
    clock,
    requests,
    events,
    logLines,
    counted,
    place: () => {
      const order = { side: "buy", price: toTicks(4213), size: toLots(40) } as const;
      return { type: "place-order", requestId: paid("place"), ...ids, ...order };
    },
    cancel: () => ({ type: "cancel-order", requestId: paid("cancel"), ...ids, orderId: "O-1" }),
    query: () => ({ type: "query-order", requestId: paid("query"), ...ids }),
    idle,
    run: async (command) => {
      const before = events.length;
      venue.execute(command);
      await idle();
      return events.slice(before).filter(({ type }) => type !== "order-sent");
    },
  };
}

export function json(status: number, body: unknown, headers: HttpResponse["headers"] = {}): HttpResponse {
  return { status, headers, body: JSON.stringify(body) };
}

export function refusal(status: number, headers: HttpResponse["headers"] = {}): HttpResponse {
  return json(status, { error: { code: "some_code", message: "some words" } }, headers);
}

export function orderAnswer(fields: Readonly<Record<string, string>> = {}) {
  return {
    order_id: "O-1",
    client_order_id: CLIENT_ID,
    market_id: "SEI/USDC",
    side: "buy",
    order_type: "limit",
    price: "0.4213",
    quantity: "40",
    filled_quantity: "0",
    status: "open",
    created_at: "2026-01-02T03:04:05.678Z",
    ...fields,
  };
}

export function makeRecordingLog(lines: string[]): Log {
  const write = (message: string, fields?: unknown) => {
    const shown = (_: string, value: unknown) =>
      value instanceof Error ? `${value.message} ${String(value.cause)}` : value;
    lines.push(`${message} ${JSON.stringify(fields, shown)}`);
  };
  return { debug: write, info: write, warn: write, error: write };
}

export function makeCountingMetrics(counted: Map<string, number>): Metrics {
  const key = (name: string, labels: object) => `${name} ${Object.values(labels).join(",")}`;
  return {
    set: (name, labels, value) => void counted.set(key(name, labels), value),
    increment: (name, labels, by = 1) =>
      void counted.set(key(name, labels), (counted.get(key(name, labels)) ?? 0) + by),
    observe: (name, labels) => void counted.set(key(name, labels), (counted.get(key(name, labels)) ?? 0) + 1),
    handle: () => undefined,
  };
}
