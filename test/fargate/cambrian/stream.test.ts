import { beforeEach, describe, expect, test } from "vitest";
import type { EngineEvent } from "../../../core/events.ts";
import { CambrianStream } from "../../../fargate/cambrian/stream.ts";
import type { Clock, SocketHandlers } from "../../../fargate/seams.ts";
import { CLIENT_ID, MARKET, makeCountingMetrics, makeRecordingLog, orderAnswer } from "./venue-case.ts";

/** Time moves by `advance` alone. */
class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  now() {
    return { monotonicMs: this.#nowMs, epochMs: 1_735_787_045_000 + this.#nowMs };
  }

  after(delayMs: number, callback: () => void) {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}

type Line = {
  readonly url: string;
  readonly handlers: SocketHandlers;
  readonly sent: string[];
  pings: number;
  isEnded: boolean;
};

let clock: ManualClock;
let lines: Line[];
let events: EngineEvent[];
let states: boolean[];
let counted: Map<string, number>;
let stream: CambrianStream;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  events = [];
  states = [];
  counted = new Map();
  stream = new CambrianStream({
    baseUrl: "https://venue.test/api",
    markets: new Map([["SEI/USDC", MARKET]]),
    auth: () => ({ key: "k", timestamp: String(clock.now().epochMs), signature: "s" }),
    connect: (url, handlers) => {
      const line: Line = { url, handlers, sent: [], pings: 0, isEnded: false };
      lines.push(line);
      return {
        send: (text) => line.sent.push(text),
        ping: () => {
          line.pings += 1;
        },
        terminate: () => {
          if (line.isEnded) return;
          line.isEnded = true;
          handlers.onClose("terminated");
        },
      };
    },
    clock,
    rng: { next: () => 1 },
    log: makeRecordingLog([]),
    metrics: makeCountingMetrics(counted),
    onEvent: (event) => events.push(event),
    onConnected: (connected) => states.push(connected),
  });
});

const last = (): Line => lines.at(-1)!;
const open = () => last().handlers.onOpen();
const say = (frame: unknown) =>
  last().handlers.onMessage(Buffer.from(typeof frame === "string" ? frame : JSON.stringify(frame)));
const kinds = (kind: string) => counted.get(`flashmm_cambrian_api_errors_total ${kind}`) ?? 0;

const fill = {
  fill_id: "F-1",
  order_id: "O-1",
  client_order_id: CLIENT_ID,
  market_id: "SEI/USDC",
  side: "buy",
  price: "0.4213",
  quantity: "40",
  fee: "0",
  fee_asset: "USDC",
  liquidity: "maker",
  timestamp: "2026-01-02T03:04:05.678Z",
};

describe("frames", () => {
  test("the first frame signs in, with the moment it is sent", () => {
    stream.start();
    clock.advance(3);
    open();
    expect(last().url).toBe("wss://venue.test/api/v1/stream");
    expect(last().sent.map((text) => JSON.parse(text))).toEqual([
      { type: "auth", key: "k", timestamp: "1735787045003", signature: "s" },
    ]);
    expect(states).toEqual([true]);
  });

  test("fills and order states become facts", () => {
    stream.start();
    open();
    say({ type: "fill", fill });
    say({ type: "order", order: orderAnswer({ status: "cancelled", filled_quantity: "5" }) });
    expect(events).toMatchObject([
      { type: "fill", fill: { fillId: "F-1", price: 4213, size: 40, fee: 0n } },
      { type: "order-seen", order: { clientOrderId: CLIENT_ID, status: "cancelled", filled: 5 } },
    ]);
  });

  test.each([
    "",
    "{",
    "null",
    JSON.stringify({ type: "hello" }),
    JSON.stringify({ type: "fill", fill: { ...fill, price: "NaN" } }),
    JSON.stringify({ type: "fill", fill: { ...fill, market_id: "BTC/USDC" } }),
    JSON.stringify({ type: "fill", fill: { ...fill, fee_asset: "US DC" } }),
    JSON.stringify({ type: "order", order: orderAnswer({ status: "dreaming" }) }),
  ])("a frame of %s is counted, and the next one is taken", (text) => {
    stream.start();
    open();
    say(text);
    say({ type: "fill", fill });
    expect(kinds("stream-malformed")).toBe(1);
    expect(events).toHaveLength(1);
    expect(stream.connected).toBe(true);
  });

  test("an error of the venue ends the connection, and a new one is opened", () => {
    stream.start();
    open();
    say({ type: "error", code: "unauthorized", message: "no" });
    expect(kinds("stream-error")).toBe(1);
    expect(states).toEqual([true, false]);
    clock.advance(500);
    expect(lines).toHaveLength(2);
  });
});

describe("the connection", () => {
  test("it is pinged every ten seconds, and ended when no pong comes within five", () => {
    stream.start();
    open();
    clock.advance(10_000);
    expect(last().pings).toBe(1);
    clock.advance(4_000);
    last().handlers.onPong();
    clock.advance(10_000);
    expect(lines[0]).toMatchObject({ pings: 2, isEnded: false });
    clock.advance(5_000);
    expect(lines[0]).toMatchObject({ isEnded: true });
  });

  test("one that does not open within ten seconds is given up", () => {
    stream.start();
    clock.advance(10_000);
    expect(lines[0]).toMatchObject({ isEnded: true });
  });

  test("waits double up to ten seconds, and start over after a connection that lived", () => {
    stream.start();
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const count = lines.length;
      last().handlers.onClose("refused");
      let waitMs = 0;
      while (lines.length === count) {
        clock.advance(100);
        waitMs += 100;
      }
      waits.push(waitMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    open();
    clock.advance(10_000);
    last().handlers.onClose("gone");
    clock.advance(500);
    expect(lines).toHaveLength(9);
  });

  test("stop ends it for good", () => {
    stream.start();
    open();
    stream.stop();
    clock.advance(60_000);
    expect(lines).toHaveLength(1);
    expect(states).toEqual([true, false]);
  });
});
