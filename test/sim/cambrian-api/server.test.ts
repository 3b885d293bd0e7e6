import { createHmac } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type CambrianApi, startCambrianApi } from "../../../sim/cambrian-api/server.ts";
import { type Exchange, makeSimulatedExchange } from "../../../sim/exchange/exchange.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { type DrivenClock, makeDrivenClock } from "../exchange/driven-clock.ts";

const MARKET = "SEI/USDC";
const ENCODED = "SEI%2FUSDC";

let clock: DrivenClock;
let exchange: Exchange;
let api: CambrianApi;

async function open(latencyMs: number): Promise<void> {
  clock = makeDrivenClock();
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  exchange = makeSimulatedExchange({ clock, seed: 7, markets, balances: { SEI: "10000", USDC: "10000" } });
  const credentials = { apiKey: "the-key", secretKey: "the-secret" };
  const rng = makeSeededRng(7, "latency");
  api = await startCambrianApi({ ...credentials, exchange, network: "testnet", clock, rng, port: 0, latencyMs });
}

beforeEach(() => open(0));
afterEach(() => api.close());

type Sent = {
  readonly method?: string;
  readonly body?: unknown;
  /** Changes the headers of a well-signed request. */
  readonly headers?: Record<string, string>;
  readonly skewMs?: number;
  readonly signedPath?: string;
};

async function call(path: string, sent: Sent = {}) {
  const method = sent.method ?? "GET";
  const body = sent.body === undefined ? "" : typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body);
  const timestamp = String(clock.now().epochMs + (sent.skewMs ?? 0));
  const text = `${timestamp}\n${method}\n${sent.signedPath ?? path}\n${body}`;
  const response = await fetch(api.url + path, {
    method,
    ...(body === "" ? {} : { body }),
    headers: {
      "X-Cambrian-Key": "the-key",
      "X-Cambrian-Timestamp": timestamp,
      "X-Cambrian-Network": "testnet",
      "X-Cambrian-Signature": createHmac("sha256", "the-secret").update(text).digest("hex"),
      ...sent.headers,
    },
  });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, text: answer, json: readJson(answer) };
}

function readJson(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function order(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const fixed = { market_id: MARKET, order_type: "limit", time_in_force: "post_only", quantity: "500" };
  return { ...fixed, side: "buy", price: "0.4100", client_order_id: id, ...more };
}

/** Places an order; each call waits out the venue's second, so that no test of something else meets the limit. */
async function place(id: string, more: Record<string, unknown> = {}) {
  clock.advance(200);
  return call("/v1/orders", { method: "POST", body: order(id, more) });
}

test("an order goes its way: placed, found by both ids, listed, cancelled, cancelled again", async () => {
  const placed = await place("fm-1-SEIUSDC-b0-1");
  expect(placed.status).toBe(201);
  const id = placed.json.order_id;
  expect(placed.json).toEqual({
    order_id: id,
    client_order_id: "fm-1-SEIUSDC-b0-1",
    status: "open",
    filled_quantity: "0",
  });
  const whole = {
    order_id: id,
    client_order_id: "fm-1-SEIUSDC-b0-1",
    market_id: MARKET,
    side: "buy",
    order_type: "limit",
    price: "0.41",
    quantity: "500",
    filled_quantity: "0",
    status: "open",
    created_at: "2026-01-02T03:04:05.200Z",
  };
  expect((await call(`/v1/orders/${id}`)).json).toEqual(whole);
  expect((await call("/v1/orders?client_order_id=fm-1-SEIUSDC-b0-1")).json).toEqual({ orders: [whole] });
  expect((await call(`/v1/orders?status=open&market_id=${ENCODED}`)).json).toEqual({ orders: [whole] });
  const gone = { order_id: id, status: "cancelled" };
  expect((await call(`/v1/orders/${id}`, { method: "DELETE" })).json).toEqual(gone);
  expect(await call(`/v1/orders/${id}`, { method: "DELETE" })).toMatchObject({ status: 200, json: gone });
  expect((await call(`/v1/orders?status=open&market_id=${ENCODED}`)).json).toEqual({ orders: [] });
});

test("the same client order id again is answered 200 with the first order", async () => {
  const first = await place("one");
  const again = await place("one", { price: "0.4000" });
  expect(again.status).toBe(200);
  expect(again.json).toMatchObject({ order_id: first.json.order_id, price: "0.41", status: "open" });
});

test("a post_only order that would cross is 201 rejected, and a taker is filled", async () => {
  expect(await place("cross", { price: "0.4300" })).toMatchObject({ status: 201, json: { status: "rejected" } });
  const taken = await place("take", { price: "0.4300", time_in_force: "ioc" });
  expect(taken).toMatchObject({ status: 201, json: { status: "filled", filled_quantity: "500" } });
  const nothing = await place("none", { price: "0.4000", time_in_force: "ioc" });
  expect(nothing).toMatchObject({ status: 201, json: { status: "rejected", filled_quantity: "0" } });
  const market = await place("mkt", { order_type: "market", price: null, time_in_force: "ioc", side: "sell" });
  expect(market).toMatchObject({ status: 201, json: { status: "filled" } });
});

test("a halted market and too little money are 422", async () => {
  expect(await place("rich", { quantity: "30000" })).toMatchObject({
    status: 422,
    json: { error: { code: "insufficient_balance" } },
  });
  exchange.setMarketStatus(MARKET, "halted");
  expect(await place("halted")).toMatchObject({ status: 422, json: { error: { code: "market_halted" } } });
});

test("cancel all names what it cancelled", async () => {
  const ids = [(await place("a")).json.order_id, (await place("b")).json.order_id];
  const answer = await call(`/v1/orders?market_id=${ENCODED}`, { method: "DELETE" });
  expect(answer).toMatchObject({ status: 200, json: { cancelled: ids } });
});

test("fills are paged, and the cursor of no fills at all is usable later", async () => {
  const none = await call(`/v1/fills?market_id=${ENCODED}`);
  expect(none.json).toEqual({ fills: [], next_cursor: expect.any(String) });
  for (const id of ["a", "b", "c"]) await place(id, { price: "0.4300", time_in_force: "ioc", quantity: "10" });
  const first = await call(`/v1/fills?market_id=${ENCODED}&after=${none.json.next_cursor}&limit=2`);
  const rest = await call(`/v1/fills?market_id=${ENCODED}&after=${first.json.next_cursor}`);
  const ids = [...first.json.fills, ...rest.json.fills].map(
    (fill: { client_order_id: string }) => fill.client_order_id,
  );
  expect(ids).toEqual(["a", "b", "c"]);
  expect(first.json.fills[0]).toEqual({
    fill_id: "F-000000000001",
    order_id: "O-000000000001",
    client_order_id: "a",
    market_id: MARKET,
    side: "buy",
    price: expect.stringMatching(/^0\.42\d+$/),
    quantity: "10",
    fee: expect.stringMatching(/^0\.00\d+$/),
    fee_asset: "USDC",
    liquidity: "taker",
    timestamp: "2026-01-02T03:04:05.200Z",
  });
});

test("the account shows totals and what is free of them", async () => {
  await place("a");
  expect((await call("/v1/account")).json).toEqual({
    account_id: exchange.accountId,
    balances: [
      { asset: "SEI", total: "10000", available: "10000" },
      { asset: "USDC", total: "10000", available: "9794.8975" },
    ],
  });
});

test.each<[string, number, string, Sent]>([
  ["a body that is no JSON", 400, "/v1/orders", { method: "POST", body: "{" }],
  ["an unknown market", 400, "/v1/orders", { method: "POST", body: order("a", { market_id: "X/Y" }) }],
  ["an unknown field", 400, "/v1/orders", { method: "POST", body: order("a", { hidden: true }) }],
  ["a price that is a number", 400, "/v1/orders", { method: "POST", body: order("a", { price: 0.41 }) }],
  ["an over-long client id", 400, "/v1/orders", { method: "POST", body: order("x".repeat(37)) }],
  ["a body beyond 64 KiB", 400, "/v1/orders", { method: "POST", body: "x".repeat(70_000) }],
  ["cancel all without a market", 400, "/v1/orders", { method: "DELETE" }],
  ["a cursor never given", 400, `/v1/fills?market_id=${ENCODED}&after=99`, {}],
  ["a limit of 501", 400, `/v1/fills?market_id=${ENCODED}&limit=501`, {}],
  ["a parameter twice", 400, "/v1/orders?client_order_id=a&client_order_id=b", {}],
  ["another status than open", 400, `/v1/orders?status=filled&market_id=${ENCODED}`, {}],
  ["an unknown order", 404, "/v1/orders/O-7", {}],
  ["the end of an unknown order", 404, "/v1/orders/O-7", { method: "DELETE" }],
  ["an unknown call", 404, "/v1/orders/O-7/fills", {}],
  ["the other network", 403, "/v1/account", { headers: { "X-Cambrian-Network": "mainnet" } }],
  ["no network at all", 400, "/v1/account", { headers: { "X-Cambrian-Network": "moon" } }],
])("%s is answered %i with an error body", async (_name, status, path, sent) => {
  const answer = await call(path, sent);
  expect(answer.status).toBe(status);
  expect(answer.json).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
});

test.each([
  ["price", { price: "0.41001" }],
  ["price", { price: "NaN" }],
  ["quantity", { quantity: "1e3" }],
  ["side", { side: "BUY" }],
  ["time_in_force", { time_in_force: "day" }],
  ["client_order_id", { client_order_id: "" }],
])("a bad %s is named", async (field, change) => {
  const answer = await place("a", change);
  expect(answer).toMatchObject({
    status: 400,
    json: { error: { message: expect.stringMatching(new RegExp(`^${field} `)) } },
  });
});

test.each<[string, Sent]>([
  ["another key", { headers: { "X-Cambrian-Key": "a-key" } }],
  ["another signature", { headers: { "X-Cambrian-Signature": "0".repeat(64) } }],
  ["a signature in capitals", { headers: { "X-Cambrian-Signature": "A".repeat(64) } }],
  ["a timestamp 5.001 s behind", { skewMs: -5_001 }],
  ["a timestamp 5.001 s ahead", { skewMs: 5_001 }],
  ["a timestamp that is no number", { headers: { "X-Cambrian-Timestamp": "now" } }],
  ["a signature over the decoded path", { signedPath: `/v1/orders?status=open&market_id=${MARKET}` }],
  ["a signature over the path without query", { signedPath: "/v1/orders" }],
])("%s is refused with 401 and counted", async (_name, sent) => {
  const answer = await call(`/v1/orders?status=open&market_id=${ENCODED}`, sent);
  expect(answer.status).toBe(401);
  expect(api.stats().refusedForSignature).toBe(1);
});

test.each([-5_000, 5_000])("a timestamp %i ms off is still taken", async (skewMs) => {
  expect((await call("/v1/account", { skewMs })).status).toBe(200);
});

test("the eleventh request in a second is refused, wherever that second begins", async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 6; i += 1) statuses.push((await call("/v1/account")).status);
  clock.advance(600);
  for (let i = 0; i < 4; i += 1) statuses.push((await call("/v1/account")).status);
  clock.advance(399);
  const refused = await call("/v1/account");
  expect(statuses).toEqual(Array(10).fill(200));
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  clock.advance(1);
  expect((await call("/v1/account")).status).toBe(200);
  expect(api.stats()).toMatchObject({
    requests: 12,
    refusedForRate: 1,
    byRoute: { account: 12 },
    byStatus: { 200: 11, 429: 1 },
  });
});

test("a sixth placement in flight is refused, and nothing of it is remembered", async () => {
  await api.close();
  await open(10);
  const ids = ["a", "b", "c", "d", "e"];
  const five = ids.map((id) => call("/v1/orders", { method: "POST", body: order(id) }));
  while (api.stats().requests < 5) await new Promise((resolve) => setImmediate(resolve));
  const sixth = await call("/v1/orders", { method: "POST", body: order("f") });
  expect(sixth.status).toBe(429);
  const done = Promise.all(five);
  while ((api.stats().byStatus[201] ?? 0) < 5) {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await done).map((answer) => answer.status)).toEqual([201, 201, 201, 201, 201]);
  expect(
    exchange
      .openOrders()
      .map((entry) => entry.clientOrderId)
      .sort(),
  ).toEqual(ids);
  expect(api.stats().refusedForPlacements).toBe(1);
});

test.each([
  ["before", { type: "drop" }, 0],
  ["after", { type: "drop" }, 1],
  ["before", { type: "status", status: 503 }, 0],
  ["after", { type: "status", status: 503 }, 1],
  ["before", { type: "garbage" }, 0],
  ["after", { type: "garbage" }, 1],
] as const)("a fault %s a placement took effect (%j) tells the client nothing", async (when, effect, orders) => {
  api.faults.inject({ route: "place", when, effect });
  const answer = await place("a").catch(() => undefined);
  expect(answer?.status).toBe({ drop: undefined, status: 503, garbage: 200 }[effect.type]);
  expect(answer?.json?.order_id).toBeUndefined();
  expect(exchange.openOrders()).toHaveLength(orders);
  expect((await place("a")).status).toBe(orders === 0 ? 201 : 200);
});

test("a delayed request takes effect when its delay is over", async () => {
  api.faults.inject({ route: "any", when: "before", effect: { type: "delay", delayMs: 3_000 } });
  const answer = call("/v1/orders", { method: "POST", body: order("late") });
  while (api.stats().requests === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(2_999);
  expect(exchange.openOrders()).toEqual([]);
  while (exchange.openOrders().length === 0) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await answer).status).toBe(201);
});

type Stream = { readonly socket: WebSocket; readonly frames: { type: string }[]; next(): Promise<void> };

async function openStream(change: Record<string, unknown> = {}): Promise<Stream> {
  const socket = new WebSocket(`${api.url.replace("http", "ws")}/v1/stream`);
  const frames: { type: string }[] = [];
  socket.on("message", (data) => frames.push(JSON.parse(String(data))));
  await once(socket, "open");
  const timestamp = String(clock.now().epochMs);
  const signature = createHmac("sha256", "the-secret").update(`${timestamp}\nGET\n/v1/stream\n`).digest("hex");
  socket.send(JSON.stringify({ type: "auth", key: "the-key", timestamp, signature, ...change }));
  const next = async () => {
    await once(socket, "message");
  };
  return { socket, frames, next };
}

/** Waits until the server has read everything sent before. */
async function pinged(stream: Stream): Promise<void> {
  const pong = once(stream.socket, "pong");
  stream.socket.ping();
  await pong;
}

test("a stream that proved itself hears of orders and fills in order", async () => {
  const stream = await openStream();
  await pinged(stream);
  await place("take", { price: "0.4300", time_in_force: "ioc" });
  await place("rest");
  await pinged(stream);
  expect(stream.frames).toMatchObject([
    { type: "fill", fill: { client_order_id: "take", quantity: "500" } },
    { type: "order", order: { client_order_id: "take", status: "filled" } },
    { type: "order", order: { client_order_id: "rest", status: "open" } },
  ]);
  expect(api.stats()).toMatchObject({ streamsOpened: 1, streamFrames: 3 });
});

test("an order that is cancelled over HTTP is told on the stream, with what of it was filled", async () => {
  const stream = await openStream();
  await pinged(stream);
  const book = exchange.snapshot(MARKET).find((event) => event.type === "OrderBookUpdate");
  const [[price, size]] = JSON.parse(String(book?.attributes["asks"]));
  const { json } = await place("mine", { price, quantity: String(Number(size) + 500), time_in_force: "gtc" });
  expect(json).toMatchObject({ status: "partially_filled", filled_quantity: size });
  stream.frames.length = 0;
  await call(`/v1/orders/${json.order_id}`, { method: "DELETE" });
  await pinged(stream);
  const order = { client_order_id: "mine", status: "cancelled", filled_quantity: size };
  expect(stream.frames).toMatchObject([{ type: "order", order }]);
});

test.each([
  ["another signature", { signature: "00" }],
  ["another key", { key: "x" }],
  ["another first frame", { type: "hello" }],
])("a stream with %s is told so and closed, and hears nothing", async (_name, change) => {
  const stream = await openStream(change);
  await once(stream.socket, "close");
  expect(stream.frames).toEqual([{ type: "error", code: "unauthorized", message: expect.any(String) }]);
  expect(api.stats().refusedForSignature).toBe(1);
});

test("a stream that says nothing for five seconds is closed", async () => {
  const socket = new WebSocket(`${api.url.replace("http", "ws")}/v1/stream`);
  await once(socket, "open");
  clock.advance(5_000);
  const [code] = await once(socket, "close");
  expect(code).toBe(1008);
});

test("dropped fills, a muted stream and a reset stream are faults that end when cleared", async () => {
  const stream = await openStream();
  await pinged(stream);
  api.faults.streamFillsDropped = true;
  await place("a", { price: "0.4300", time_in_force: "ioc" });
  api.faults.streamMuted = true;
  await place("b", { price: "0.4300", time_in_force: "ioc" });
  api.faults.clear();
  await place("c");
  await pinged(stream);
  expect(stream.frames).toMatchObject([
    { type: "order", order: { client_order_id: "a" } },
    { type: "order", order: { client_order_id: "c" } },
  ]);
  api.faults.dropStreams();
  await once(stream.socket, "close");
});

test("an upgrade on another path is refused", async () => {
  const socket = new WebSocket(`${api.url.replace("http", "ws")}/v2/stream`);
  const [error] = await once(socket, "error");
  expect(String(error)).toContain("404");
});
