import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { type CambrianParts, makeCambrianApi } from "../../../sim/cambrian-api/cambrian-api.ts";
import type { FaultEffect } from "../../../sim/cambrian-api/faults.ts";
import { type HandMadeExchange, makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { MemorySocket } from "../../../sim/world/memory-socket.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";

const MARKET = "SEI/USDC";
const LIST = "/v1/orders?status=open&market_id=SEI%2FUSDC";

let time: VirtualTime;
let exchange: HandMadeExchange;
let api: CambrianParts;
let keys: { apiKey: string; secretKey: string };

beforeEach(() => {
  time = new VirtualTime();
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4200" }];
  exchange = makeHandMadeExchange({ clock: time.clock, markets });
  keys = { apiKey: "the-key", secretKey: "the-secret" };
  const rng = makeSeededRng(1, "venue");
  api = makeCambrianApi({ ...keys, exchange, network: "testnet", clock: time.clock, rng, latencyMs: 0 });
});

function sign(text: string): string {
  return createHmac("sha256", keys.secretKey).update(text).digest("hex");
}

/** Sends a request; what came of it so far, to be looked at as time passes. */
function ask(method: string, path: string, body = "") {
  const timestamp = String(time.clock.now().epochMs);
  const headers = {
    "x-cambrian-key": keys.apiKey,
    "x-cambrian-timestamp": timestamp,
    "x-cambrian-network": "testnet",
    "x-cambrian-signature": sign(`${timestamp}\n${method}\n${path}\n${body}`),
  };
  return api.desk.serve(api.desk.arrive(method, path), { headers, body });
}

async function answer(method: string, path: string, body = "") {
  await time.pass(200);
  const reply = await time.settled(ask(method, path, body), "the answer");
  if (reply.type !== "answer") return reply;
  const isJson = reply.headers["Content-Type"] === "application/json";
  return { status: reply.status, headers: reply.headers, body: isJson ? JSON.parse(reply.body) : reply.body };
}

const place = (id: string, side = "sell", price = "0.4205") => answer("POST", "/v1/orders", placing(id, side, price));

function placing(id: string, side = "sell", price = "0.4205"): string {
  const fixed = { market_id: MARKET, order_type: "limit", time_in_force: "post_only", quantity: "500" };
  return JSON.stringify({ ...fixed, side, price, client_order_id: id });
}

/** A stream that is signed in, and the fills that it has told. */
function listen() {
  const fills: string[] = [];
  let end = "";
  const socket = new MemorySocket({
    frame: (text) => {
      const frame = JSON.parse(text);
      if (frame.type === "fill") fills.push(frame.fill.fill_id);
    },
    ping: () => undefined,
    pong: () => undefined,
    end: (reason) => {
      end = reason;
    },
  });
  api.stream.greet(socket);
  const timestamp = String(time.clock.now().epochMs);
  const signature = sign(`${timestamp}\nGET\n/v1/stream\n`);
  socket.frameArrived(JSON.stringify({ type: "auth", key: keys.apiKey, timestamp, signature }));
  return { fills, end: () => end };
}

describe("an order that the venue forgets", () => {
  it("is in no list and no lookup, stays live, fills, and comes back", async () => {
    const placed = await place("a");
    const { order_id: id } = "body" in placed ? placed.body : { order_id: "" };
    api.faults.orders.hide("a");
    expect(await answer("GET", LIST)).toMatchObject({ body: { orders: [] } });
    expect(await answer("GET", "/v1/orders?client_order_id=a")).toMatchObject({ body: { orders: [] } });
    expect(await answer("GET", `/v1/orders/${id}`)).toMatchObject({ status: 404 });
    exchange.hand(MARKET).hit("buy", "200", "0.4205");
    api.faults.orders.show("a");
    expect(await answer("GET", LIST)).toMatchObject({ body: { orders: [{ order_id: id, filled_quantity: "200" }] } });
  });
});

describe("an answer that comes 45 s late", () => {
  it.each([
    ["after", 1],
    ["before", 0],
  ] as const)("%s its effect leaves %i orders meanwhile and one in the end", async (when, meanwhile) => {
    api.faults.inject({ route: "place", when, effect: { type: "delay", delayMs: 45_000 } });
    const reply = ask("POST", "/v1/orders", placing("a"));
    await time.pass(44_000);
    expect(exchange.openOrders()).toHaveLength(meanwhile);
    expect(await time.settled(reply, "the answer")).toMatchObject({ status: 201 });
    expect(time.nowMs).toBe(45_000);
    expect(exchange.openOrders()).toHaveLength(1);
  });
});

describe("an error reply while the order was accepted", () => {
  it.each<[string, FaultEffect, Record<string, unknown>]>([
    ["500", { type: "status", status: 500 }, { status: 500, body: { error: { code: "unavailable" } } }],
    ["408", { type: "status", status: 408 }, { status: 408 }],
    [
      "502 as HTML",
      { type: "status", status: 502, html: true },
      { status: 502, body: expect.stringContaining("<html>") },
    ],
    ["200 with garbage", { type: "garbage" }, { status: 200, body: expect.stringContaining("<html>") }],
    ["a reset", { type: "drop" }, { type: "dropped" }],
    ["silence", { type: "silence" }, { type: "silence" }],
  ])("%s", async (_, effect, expected) => {
    api.faults.inject({ route: "place", when: "after", effect });
    expect(await place("a")).toMatchObject(expected);
    expect(exchange.openOrders()).toHaveLength(1);
    expect(await place("b", "buy", "0.4195")).toMatchObject({ status: 201 });
  });
});

it("a storm of 429 says when to come back, and nothing is taken", async () => {
  const effect = { type: "status", status: 429, retryAfterSeconds: 7 } as const;
  api.faults.inject({ route: "any", when: "before", effect }, Number.POSITIVE_INFINITY);
  expect(api.faults.disturbs("orders")).toBe(true);
  expect(await place("a")).toMatchObject({ status: 429, headers: { "Retry-After": "7" } });
  expect(await answer("GET", LIST)).toMatchObject({ status: 429 });
  expect(exchange.openOrders()).toEqual([]);
  api.faults.clear();
  expect(await place("a")).toMatchObject({ status: 201 });
});

describe("a cancel that lies", () => {
  async function cancelled(type: "cancel-ignored" | "cancel-pretended" | "cancel-not-found" | "cancel-shown") {
    const placed = await place("a");
    const { order_id: id } = "body" in placed ? placed.body : { order_id: "" };
    api.faults.inject({ route: "cancel", when: "before", effect: { type } });
    const said = await answer("DELETE", `/v1/orders/${id}`);
    const shown = await answer("GET", "/v1/orders?client_order_id=a");
    expect(exchange.openOrders()).toHaveLength(1);
    return { id, said, shown };
  }

  it("is acknowledged and not carried out: the order is live, and shown so", async () => {
    const { said, shown } = await cancelled("cancel-ignored");
    expect(said).toMatchObject({ status: 200, body: { status: "cancelled" } });
    expect(shown).toMatchObject({ body: { orders: [{ status: "open" }] } });
  });

  it("is acknowledged and shown, and the order fills a moment later", async () => {
    const { said, shown } = await cancelled("cancel-pretended");
    const stream = listen();
    expect(said).toMatchObject({ status: 200, body: { status: "cancelled" } });
    expect(shown).toMatchObject({ body: { orders: [{ status: "cancelled" }] } });
    expect(await answer("GET", LIST)).toMatchObject({ body: { orders: [] } });
    exchange.hand(MARKET).hit("buy", "500", "0.4205");
    expect(stream.fills).toHaveLength(1);
    expect(await answer("GET", "/v1/orders?client_order_id=a")).toMatchObject({
      body: { orders: [{ status: "filled" }] },
    });
  });

  it("is answered 404 though the order lives", async () => {
    const { said, shown } = await cancelled("cancel-not-found");
    expect(said).toMatchObject({ status: 404 });
    expect(shown).toMatchObject({ body: { orders: [{ status: "open" }] } });
  });

  it("is answered with the order as it stands", async () => {
    const { said } = await cancelled("cancel-shown");
    expect(said).toMatchObject({ status: 200, body: { status: "open" } });
  });
});

describe("fills on the stream", () => {
  async function fillTimes(count: number): Promise<void> {
    await place("a");
    for (let index = 0; index < count; index += 1) exchange.hand(MARKET).hit("buy", "50", "0.4205");
  }

  it("come twice", async () => {
    const { fills } = listen();
    api.faults.streamFillCopies = 2;
    await fillTimes(1);
    expect(fills).toHaveLength(2);
    expect(new Set(fills).size).toBe(1);
  });

  it("come late", async () => {
    const { fills } = listen();
    api.faults.streamFillDelayMs = { low: 5_000, high: 5_000 };
    await fillTimes(1);
    await time.pass(4_999);
    expect(fills).toEqual([]);
    await time.pass(1);
    expect(fills).toHaveLength(1);
  });

  it("come out of order", async () => {
    const { fills } = listen();
    api.faults.streamFillDelayMs = { low: 0, high: 5_000 };
    await fillTimes(8);
    await time.pass(5_000);
    expect(fills).not.toEqual(fills.toSorted());
    expect(new Set(fills).size).toBe(8);
  });

  it("are missing, and in the history all the same", async () => {
    const { fills } = listen();
    api.faults.streamFillsDropped = true;
    await fillTimes(2);
    expect(fills).toEqual([]);
    expect(await answer("GET", "/v1/fills?market_id=SEI%2FUSDC")).toMatchObject({ body: { fills: [{}, {}] } });
  });
});

it("after a rotation the old key is refused and its streams are cut, and the new one is known", async () => {
  const stream = listen();
  api.rotateKey({ apiKey: "new-key", secretKey: "new-secret" });
  expect(stream.end()).not.toBe("");
  expect(await answer("GET", LIST)).toMatchObject({ status: 401 });
  keys = { apiKey: "new-key", secretKey: "new-secret" };
  expect(await answer("GET", LIST)).toMatchObject({ status: 200 });
});
