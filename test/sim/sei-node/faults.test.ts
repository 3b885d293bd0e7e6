import { createConnection } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type BookFault, nextSequence } from "../../../sim/sei-node/book-fault.ts";
import type { SeiNode } from "../../../sim/sei-node/node.ts";
import { BOOK_QUERY, bookOf, startHandFedNode, TRADE_QUERY, tradeOf } from "./hand-fed-source.ts";
import { attributesOf, type Frame, openWireClient } from "./wire-client.ts";

const running: SeiNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
});

async function start(input: Parameters<typeof startHandFedNode>[0] = {}) {
  const started = await startHandFedNode(input);
  running.push(started.node);
  const client = await openWireClient(started.endpoint.wsUrl);
  await client.subscribe(BOOK_QUERY);
  await client.next();
  return { ...started, client };
}

const sequencesOf = (frames: readonly Frame[]) => frames.map((frame) => attributesOf(frame)["sequence"]);
const balancesPath = "/cosmos/bank/v1beta1/balances/sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";

describe("an endpoint that dies", () => {
  it("cuts every connection and refuses new ones, until it is revived on the same port", async () => {
    const { client, endpoint } = await start();
    const url = endpoint.wsUrl;
    await endpoint.die();
    await client.closed;
    await expect(openWireClient(url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(fetch(endpoint.restUrl + balancesPath)).rejects.toThrow();
    expect(endpoint.state()).toMatchObject({ listening: false, connections: 0, subscriptions: 0 });
    await endpoint.die();
    await endpoint.revive();
    await endpoint.revive();
    expect(endpoint.wsUrl).toBe(url);
    const again = await openWireClient(url);
    await again.subscribe(BOOK_QUERY);
    expect(sequencesOf(await again.drain())).toEqual(["1"]);
    expect(endpoint.state()).toMatchObject({ connections: 1, connectionsAccepted: 2, framesWritten: 5 });
  });

  it("leaves the other endpoints alone", async () => {
    const { source, node, endpoint } = await start({ endpoints: 2 });
    const backup = await openWireClient(node.endpoints[1]?.wsUrl ?? "");
    await backup.subscribe(TRADE_QUERY);
    await endpoint.die();
    source.emit(tradeOf("T-1"));
    expect(attributesOf(await backup.next())["trade_id"]).toBe("T-1");
  });
});

it("an endpoint that refuses connections keeps those it has", async () => {
  const { source, client, endpoint } = await start();
  endpoint.refuseConnections(true);
  await expect(openWireClient(endpoint.wsUrl)).rejects.toThrow();
  source.emit(bookOf());
  expect(sequencesOf(await client.drain())).toEqual(["2"]);
  endpoint.refuseConnections(false);
  await (await openWireClient(endpoint.wsUrl)).subscribe(BOOK_QUERY);
});

describe("an endpoint that stalls", () => {
  it("holds sockets open and sends nothing, not even a pong; then goes on where it stood", async () => {
    const { source, clock, node, client, endpoint } = await start({ endpoints: 2 });
    endpoint.stall(true);
    let pongs = 0;
    let pings = 0;
    const frames: string[] = [];
    client.socket.on("pong", () => (pongs += 1));
    client.socket.on("ping", () => (pings += 1));
    client.socket.on("message", (data) => frames.push(data.toString()));
    client.socket.ping();
    client.send({ jsonrpc: "2.0", id: "h", method: "health" });
    source.emit(bookOf());
    clock.advance(90_000);
    const rest = fetch(endpoint.restUrl + balancesPath);
    const opening = openWireClient(endpoint.wsUrl);
    // Round trips to the other endpoint of the same process give anything sent here the time to arrive.
    const other = await openWireClient(node.endpoints[1]?.wsUrl ?? "");
    for (let i = 0; i < 20; i += 1) await other.drain();
    expect({ frames, pongs, pings, open: client.socket.readyState === client.socket.OPEN }).toEqual({
      frames: [],
      pongs: 0,
      pings: 0,
      open: true,
    });
    endpoint.stall(false);
    const ponged = new Promise((resolve) => client.socket.once("pong", resolve));
    expect(attributesOf(await client.next())["sequence"]).toBe("2");
    expect(await client.next()).toMatchObject({ id: "h" });
    await ponged;
    expect((await rest).status).toBe(200);
    await (await opening).drain();
  });

  it("ends the subscriptions that overflow meanwhile, and says so afterwards", async () => {
    const { source, client, endpoint } = await start({ limits: { subscriptionBufferMax: 3 } });
    endpoint.stall(true);
    for (let i = 0; i < 5; i += 1) source.emit(bookOf());
    endpoint.stall(false);
    const frames = await client.drain();
    expect(sequencesOf(frames)).toEqual(["2", "3", "4", undefined]);
    expect(frames.at(-1)?.error?.data).toBe("subscription terminated by publisher");
  });
});

it("an endpoint in silence acknowledges and answers, and sends no event", async () => {
  const { source, client, endpoint } = await start();
  endpoint.silence(true);
  source.emit(bookOf());
  expect((await client.subscribe(TRADE_QUERY)).result).toEqual({});
  source.emit(tradeOf("T-1"));
  const ponged = new Promise((resolve) => client.socket.once("pong", resolve));
  client.socket.ping();
  await ponged;
  expect(await client.drain()).toEqual([]);
  endpoint.silence(false);
  source.emit(bookOf());
  expect(sequencesOf(await client.drain())).toEqual(["2"]);
});

it("a subscription the node ends is told of, alone, and can be made again", async () => {
  const { source, client, endpoint } = await start();
  await client.subscribe(TRADE_QUERY);
  expect(endpoint.endSubscriptions(BOOK_QUERY)).toBe(1);
  source.emit(bookOf());
  source.emit(tradeOf("T-1"));
  expect(await client.next()).toEqual({
    jsonrpc: "2.0",
    id: 1,
    error: { code: -32603, message: "Internal error", data: "subscription terminated by publisher" },
  });
  expect(attributesOf(await client.next())["trade_id"]).toBe("T-1");
  expect((await client.subscribe(BOOK_QUERY)).result).toEqual({});
  await client.next();
  expect(endpoint.endSubscriptions()).toBe(2);
  expect(endpoint.state().subscriptionsTerminated).toBe(3);
});

it("dropped sockets close while the port stays open", async () => {
  const { client, endpoint } = await start();
  expect(endpoint.dropSockets()).toBe(1);
  await client.closed;
  await (await openWireClient(endpoint.wsUrl)).drain();
});

it("a raw frame goes to every connection as it is", async () => {
  const { client, endpoint } = await start();
  expect(endpoint.sendRaw('{"jsonrpc":"2.0"')).toBe(1);
  expect(await client.nextText()).toBe('{"jsonrpc":"2.0"');
});

it("the shape of events can change in a run", async () => {
  const { source, client, endpoint } = await start();
  endpoint.setEventShape("map");
  source.emit(bookOf());
  expect(await client.next()).toMatchObject({ result: { events: { "OrderBookUpdate.sequence": ["2"] } } });
  endpoint.setEventShape("design");
  source.emit(bookOf());
  expect(attributesOf(await client.next())["sequence"]).toBe("3");
});

it("REST that fails does so with the status asked for, until it is healed", async () => {
  const { endpoint } = await start();
  endpoint.failRest(503);
  const response = await fetch(endpoint.restUrl + balancesPath);
  expect({ status: response.status, body: await response.json() }).toEqual({
    status: 503,
    body: { code: 14, message: "the node cannot answer now", details: [] },
  });
  endpoint.failRest(null);
  expect((await fetch(endpoint.restUrl + balancesPath)).status).toBe(200);
});

describe("a book update", () => {
  it.each<[BookFault, readonly string[]]>([
    [{ type: "sequence-gap", by: 3 }, ["2", "6", "7"]],
    [{ type: "sequence-repeat" }, ["2", "2", "3"]],
    [{ type: "sequence-step-back", by: 1 }, ["2", "1", "3"]],
  ])("with %j is numbered so", async (fault, expected) => {
    const { source, client, endpoint } = await start();
    source.emit(bookOf());
    expect(endpoint.disturbNextBook("SEI/USDC", fault)).toBe(1);
    source.emit(bookOf());
    source.emit(bookOf());
    expect(sequencesOf(await client.drain())).toEqual(expected);
  });

  it.each<[BookFault["type"] & ("wrong-types" | "nan-price" | "bids-not-json" | "crossed"), unknown]>([
    ["nan-price", { bids: '[["NaN","1500"],["0.4212","900"]]' }],
    ["bids-not-json", { bids: "[[0.4213," }],
    ["crossed", { bids: '[["0.4217","5"],["0.4213","1500"],["0.4212","900"]]', asks: bookOf().attributes["asks"] }],
    ["wrong-types", { sequence: 2, bids: [[0.4213, 1500]], asks: {} }],
  ])("with fault %s carries that, once, and keeps its number", async (type, attributes) => {
    const { source, client, endpoint } = await start();
    endpoint.disturbNextBook("SEI/USDC", { type });
    source.emit(bookOf());
    expect(attributesOf(await client.next())).toMatchObject(attributes ?? {});
    source.emit(bookOf());
    expect(attributesOf(await client.next())).toEqual({ ...bookOf().attributes, sequence: "3" });
  });

  it.each<"not-json" | "cut-json">(["not-json", "cut-json"])("with fault %s is no JSON", async (type) => {
    const { source, client, endpoint } = await start();
    for (let i = 0; i < 20; i += 1) {
      endpoint.disturbNextBook("SEI/USDC", { type });
      source.emit(bookOf());
      const text = await client.nextText();
      expect(text).not.toBe("");
      expect(() => JSON.parse(text)).toThrow(SyntaxError);
    }
  });

  it("of another market takes no fault, and faults are taken in order", async () => {
    const { source, client, endpoint } = await start();
    await client.subscribe("tm.event='OrderBookUpdate' AND market_id='ETH/USDC'");
    await client.drain();
    endpoint.disturbNextBook("SEI/USDC", { type: "sequence-gap", by: 10 });
    endpoint.disturbNextBook("SEI/USDC", { type: "sequence-repeat" });
    source.emit(bookOf("ETH/USDC"));
    source.emit(bookOf());
    source.emit(bookOf());
    expect(sequencesOf(await client.drain())).toEqual(["2", "12", "12"]);
  });

  it("with one empty side can be spoilt as well", async () => {
    const { source, client, endpoint } = await start();
    const empty = bookOf("SEI/USDC", "[]");
    endpoint.disturbNextBook("SEI/USDC", { type: "nan-price" });
    endpoint.disturbNextBook("SEI/USDC", { type: "crossed" });
    source.emit(empty);
    source.emit(empty);
    const [spoilt, crossed] = (await client.drain()).map(attributesOf);
    expect(spoilt).toMatchObject({ bids: "[]", asks: '[["NaN","1200"],["0.4217","5"]]' });
    expect(crossed).toMatchObject({ bids: "[]", asks: empty.attributes["asks"] });
  });

  it("is numbered by one from the highest number sent, whatever went wrong before", () => {
    const fault = fc.oneof(
      fc.record({
        type: fc.constantFrom("sequence-gap" as const, "sequence-step-back" as const),
        by: fc.integer({ min: 1, max: 9 }),
      }),
      fc.record({ type: fc.constantFrom("sequence-repeat" as const, "crossed" as const) }),
    );
    fc.assert(
      fc.property(fc.array(fault), (faults) => {
        let last = 0;
        let highest = 0;
        for (const one of faults) {
          const { sent, last: after } = nextSequence(last, one);
          expect(sent).toBeGreaterThan(0);
          highest = Math.max(highest, sent);
          last = after;
          expect(last).toBe(highest);
        }
        expect(nextSequence(last, undefined).sent).toBe(highest + 1);
      }),
    );
  });
});

it("a connection that is reset before it says anything harms no other", async () => {
  const { source, client, endpoint } = await start();
  const socket = createConnection(Number(new URL(endpoint.wsUrl).port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.resetAndDestroy();
  await new Promise((resolve) => socket.once("close", resolve));
  source.emit(bookOf());
  expect(sequencesOf(await client.drain())).toEqual(["2"]);
});
