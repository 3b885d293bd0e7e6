import { afterEach, describe, expect, it } from "vitest";
import type { SeiNode } from "../../../sim/sei-node/node.ts";
import {
  BOOK_QUERY,
  bookOf,
  STATUS_QUERY,
  startHandFedNode,
  statusOf,
  TRADE_QUERY,
  tradeOf,
} from "./hand-fed-source.ts";
import { attributesOf, openWireClient, type WireClient } from "./wire-client.ts";

const running: SeiNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
});

async function start(input: Parameters<typeof startHandFedNode>[0] = {}) {
  const started = await startHandFedNode(input);
  running.push(started.node);
  return { ...started, client: await openWireClient(started.endpoint.wsUrl) };
}

const refusal = async (client: WireClient, query: string) => (await client.subscribe(query)).error;

describe("a subscription", () => {
  it("is acknowledged, begins with the book as it is, and goes on with each update under its id", async () => {
    const { source, client } = await start();
    expect(await client.subscribe(BOOK_QUERY)).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(await client.next()).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        query: BOOK_QUERY,
        events: [{ type: "OrderBookUpdate", attributes: { ...bookOf().attributes, sequence: "1" } }],
      },
    });
    source.emit(bookOf("SEI/USDC", '[["0.4210","1"]]'));
    const update = await client.next();
    expect(update.id).toBe(1);
    expect(attributesOf(update)).toMatchObject({ sequence: "2", bids: '[["0.4210","1"]]' });
  });

  it("gets the events it asked for and no others", async () => {
    const { source, client } = await start();
    await client.subscribe(TRADE_QUERY);
    await client.subscribe(STATUS_QUERY);
    expect(attributesOf(await client.next())).toEqual(statusOf().attributes);
    for (const event of [bookOf(), tradeOf("T-1", "ETH/USDC"), tradeOf("T-2"), statusOf("SEI/USDC", "halted")]) {
      source.emit(event);
    }
    const frames = await client.drain();
    expect(frames.map((frame) => frame.id)).toEqual([1, 2]);
    expect(frames.map(attributesOf)).toEqual([tradeOf("T-2").attributes, statusOf("SEI/USDC", "halted").attributes]);
  });

  it("to events a node does not have is acknowledged and stays silent", async () => {
    const { source, client } = await start();
    expect((await client.subscribe("tm.event='NewBlock'")).result).toEqual({});
    source.emit(bookOf());
    expect(await client.drain()).toEqual([]);
  });

  it("counts each market by itself on each connection, from 1, by one", async () => {
    const { source, client, endpoint } = await start();
    await client.subscribe("tm.event='OrderBookUpdate'");
    source.emit(bookOf("ETH/USDC"));
    const late = await openWireClient(endpoint.wsUrl);
    await late.subscribe(BOOK_QUERY);
    source.emit(bookOf());
    const counts = (frames: Awaited<ReturnType<WireClient["drain"]>>) =>
      frames.map(attributesOf).map(({ market_id, sequence }) => `${market_id} ${sequence}`);
    expect(counts(await client.drain())).toEqual(["SEI/USDC 1", "ETH/USDC 1", "ETH/USDC 2", "SEI/USDC 2"]);
    expect(counts(await late.drain())).toEqual(["SEI/USDC 1", "SEI/USDC 2"]);
  });

  it("ended and made again on the same connection goes on counting", async () => {
    const { source, client } = await start();
    await client.subscribe(BOOK_QUERY);
    await client.drain();
    client.send({ jsonrpc: "2.0", id: "u", method: "unsubscribe", params: { query: BOOK_QUERY } });
    expect(await client.next()).toEqual({ jsonrpc: "2.0", id: "u", result: {} });
    source.emit(bookOf());
    expect(await client.drain()).toEqual([]);
    await client.subscribe(BOOK_QUERY);
    expect(attributesOf(await client.next())["sequence"]).toBe("2");
  });

  it("twice, past the limit or in no known grammar is refused, and what stands goes on", async () => {
    const { source, client } = await start({ limits: { subscriptionsPerClientMax: 2 } });
    await client.subscribe(TRADE_QUERY);
    expect(await refusal(client, TRADE_QUERY.replace("=", " = "))).toEqual({
      code: -32603,
      message: "Internal error",
      data: "already subscribed",
    });
    expect(await refusal(client, "tm.event=")).toMatchObject({
      data: "failed to parse query: offset 9: got invalid token, wanted number, timestamp, datestamp or string",
    });
    await client.subscribe("tm.event='NewBlock'");
    expect(await refusal(client, BOOK_QUERY)).toMatchObject({ data: "max_subscriptions_per_client 2 reached" });
    source.emit(tradeOf("T-1"));
    expect(attributesOf(await client.next())["trade_id"]).toBe("T-1");
  });

  it("is one of ten unless told otherwise", async () => {
    const { client } = await start();
    for (let i = 0; i < 10; i += 1) expect((await client.subscribe(`tm.event='E${i}'`)).result).toEqual({});
    expect(await refusal(client, "tm.event='E10'")).toMatchObject({ data: "max_subscriptions_per_client 10 reached" });
  });

  it("of a client that does not read is ended at its buffer's end, while the others and the socket stay", async () => {
    const { source, client, endpoint } = await start();
    await client.subscribe(BOOK_QUERY);
    await client.subscribe(STATUS_QUERY);
    await client.drain();
    client.socket.pause();
    // The operating system takes some megabytes before anything waits at the node.
    const deep = bookOf("SEI/USDC", JSON.stringify(Array.from({ length: 10_000 }, () => ["0.4213", "1500"])));
    for (let i = 0; i < 1_000 && endpoint.state().subscriptions === 2; i += 1) source.emit(deep);
    expect(endpoint.state()).toMatchObject({ subscriptions: 1, connections: 1, subscriptionsTerminated: 1 });
    client.socket.resume();
    source.emit(statusOf("SEI/USDC", "halted"));
    const frames = await client.drain();
    expect(frames.at(-2)).toMatchObject({
      id: 1,
      error: { code: -32603, data: "subscription terminated by publisher" },
    });
    expect(attributesOf(frames.at(-1) ?? {})["status"]).toBe("halted");
    const sequences = frames
      .map(attributesOf)
      .flatMap(({ sequence }) => (sequence === undefined ? [] : [Number(sequence)]));
    expect(sequences).toEqual(sequences.map((_, index) => index + 2));
    expect((await client.subscribe(BOOK_QUERY)).result).toEqual({});
  });

  it("of a client that reads is not ended by a burst", async () => {
    const { source, client } = await start();
    await client.subscribe(TRADE_QUERY);
    for (let i = 0; i < 1_000; i += 1) source.emit(tradeOf(`T-${i}`));
    expect((await client.drain()).map((frame) => attributesOf(frame)["trade_id"])).toEqual(
      Array.from({ length: 1_000 }, (_, i) => `T-${i}`),
    );
  });
});

describe("a request", () => {
  it.each([
    ["{", { id: null, error: { code: -32700, message: "Parse error" } }],
    ["[]", { id: null, error: { code: -32700 } }],
    [
      { jsonrpc: "2.0", id: {}, method: "health" },
      { id: null, error: { code: -32600 } },
    ],
    [
      { jsonrpc: "1.0", id: 5, method: "health" },
      { id: 5, error: { code: -32600, message: "Invalid Request" } },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "foo" },
      { id: 5, error: { code: -32601, message: "Method not found" } },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "subscribe" },
      { id: 5, error: { code: -32602, message: "Invalid params" } },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "unsubscribe", params: { query: 3 } },
      { id: 5, error: { code: -32602 } },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "unsubscribe", params: { query: "a='b'" } },
      { id: 5, error: { code: -32603, data: "subscription not found" } },
    ],
    [{ jsonrpc: "2.0", id: 5, method: "unsubscribe_all" }, { error: { data: "subscription not found" } }],
    [
      { jsonrpc: "2.0", id: "s", method: "subscribe", params: ["tm.event='NewBlock'"] },
      { id: "s", result: {} },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "health" },
      { id: 5, result: {} },
    ],
    [
      { jsonrpc: "2.0", id: 5, method: "status" },
      { result: { node_info: { network: "sei-sim-1" }, sync_info: { latest_block_height: "1000" } } },
    ],
  ])("%j is answered as a node does", async (request, answer) => {
    const { client } = await start();
    client.send(request);
    expect(await client.next()).toMatchObject({ jsonrpc: "2.0", ...answer });
  });

  it("without an id is ignored", async () => {
    const { client, endpoint } = await start();
    client.send({ jsonrpc: "2.0", method: "subscribe", params: { query: BOOK_QUERY } });
    client.send({ jsonrpc: "2.0", id: null, method: "health" });
    expect(await client.drain()).toEqual([]);
    expect(endpoint.state().subscriptions).toBe(0);
  });

  it.each(["unsubscribe_all", "unsubscribe"])(
    "%s with a query no one can read ends every subscription",
    async (method) => {
      const { source, client } = await start();
      await client.subscribe(TRADE_QUERY);
      await client.subscribe("tm.event='NewBlock'");
      client.send({ jsonrpc: "2.0", id: 5, method, params: { query: "=" } });
      expect(await client.next()).toEqual({ jsonrpc: "2.0", id: 5, result: {} });
      source.emit(tradeOf("T-1"));
      expect(await client.drain()).toEqual([]);
    },
  );

  it("longer than a megabyte ends the connection", async () => {
    const { client } = await start();
    client.send("x".repeat(1_000_001));
    await client.closed;
  });
});

describe("keep-alive", () => {
  it("pings each 27 s and keeps a client that does no more than answer", async () => {
    const { clock, client, endpoint } = await start();
    const other = await openWireClient(endpoint.wsUrl);
    for (let i = 0; i < 3; i += 1) {
      const pinged = new Promise((resolve) => client.socket.once("ping", resolve));
      clock.advance(27_000);
      await pinged;
      // The pong is on its way; some round trips on another connection give the node the time to read it.
      for (let j = 0; j < 5; j += 1) await other.drain();
    }
    expect(endpoint.state().connections).toBe(2);
  });

  it("drops a client that has sent nothing for 30 s, pings of its own not counted", async () => {
    const { clock, endpoint } = await start();
    const [mute, pinging] = await Promise.all([
      openWireClient(endpoint.wsUrl, { autoPong: false }),
      openWireClient(endpoint.wsUrl, { autoPong: false }),
    ]);
    clock.advance(10_000);
    await mute.drain();
    await pinging.drain();
    clock.advance(19_999);
    const ponged = new Promise((resolve) => pinging.socket.once("pong", resolve));
    pinging.socket.ping();
    await ponged;
    clock.advance(10_000);
    await mute.drain();
    clock.advance(1);
    await pinging.closed;
    await mute.drain();
    clock.advance(30_000);
    await mute.closed;
  });
});

it("each endpoint has its own port, connections and counts, on one market data", async () => {
  const { source, node } = await start({ endpoints: 3 });
  const clients = await Promise.all(node.endpoints.map((endpoint) => openWireClient(endpoint.wsUrl)));
  expect(new Set(node.endpoints.map((endpoint) => endpoint.wsUrl)).size).toBe(3);
  for (const client of clients) await client.subscribe(BOOK_QUERY);
  source.emit(bookOf());
  for (const client of clients) {
    expect((await client.drain()).map((frame) => attributesOf(frame)["sequence"])).toEqual(["1", "2"]);
  }
  expect(source.listeners()).toBe(1);
  await node.close();
  await Promise.all(clients.map((client) => client.closed));
  expect(source.listeners()).toBe(0);
});

it("a port that is taken rejects the start and leaves nothing running", async () => {
  const { endpoint } = await start();
  const taken = Number(new URL(endpoint.restUrl).port);
  await expect(startHandFedNode({ endpoints: 2, ports: [0, taken] })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

describe("over HTTP", () => {
  it("the same port serves REST, status and health", async () => {
    const balances = () => [{ denom: "usei", amount: "5" }];
    const { endpoint, clock } = await start({ account: { balances, openOrders: () => [] } });
    const read = async (path: string) => {
      const response = await fetch(endpoint.restUrl + path);
      return { status: response.status, body: await response.json() };
    };
    expect(await read("/cosmos/bank/v1beta1/balances/sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5")).toEqual({
      status: 200,
      body: { balances: [{ denom: "usei", amount: "5" }], pagination: { next_key: null, total: "1" } },
    });
    expect(await read("/nothing")).toEqual({
      status: 501,
      body: { code: 12, message: "Not Implemented", details: [] },
    });
    expect(await read("/health")).toEqual({ status: 200, body: { jsonrpc: "2.0", id: -1, result: {} } });
    clock.advance(4_000);
    expect((await read("/status")).body).toMatchObject({
      result: { sync_info: { latest_block_height: "1010", latest_block_time: "2026-01-02T03:04:09.000Z" } },
    });
  });

  it("JSON-RPC is answered, and subscribing is not among it", async () => {
    const { endpoint } = await start();
    const post = async (body: unknown) =>
      (await fetch(endpoint.restUrl, { method: "POST", body: JSON.stringify(body) })).json();
    expect(await post({ jsonrpc: "2.0", id: 1, method: "health" })).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(await post({ jsonrpc: "2.0", id: 2, method: "subscribe" })).toMatchObject({
      id: 2,
      error: { code: -32601 },
    });
    expect(await post("x".repeat(1_000_001))).toMatchObject({ error: { code: -32600 } });
  });

  it("a WebSocket elsewhere than at /websocket is not found", async () => {
    const { endpoint } = await start();
    await expect(openWireClient(endpoint.wsUrl.replace("/websocket", "/ws"))).rejects.toThrow("404");
  });
});
