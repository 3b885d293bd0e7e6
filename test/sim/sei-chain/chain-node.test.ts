import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import type { SeiNode } from "../../../sim/sei-node/node.ts";
import { BOOK_QUERY } from "../sei-node/hand-fed-source.ts";
import { openWireClient, type WireClient } from "../sei-node/wire-client.ts";
import { CHAIN_ID, CONTRACT, makeChain, makeWallets, OURS, placeOrders, sign, startNode } from "./chain-world.ts";

let chain: SeiChain;
let node: SeiNode;
let url: string;
let client: WireClient;

beforeEach(async () => {
  chain = await makeChain();
  node = await startNode(chain);
  url = node.endpoints[0]!.restUrl;
  client = await openWireClient(node.endpoints[0]!.wsUrl);
});

afterEach(async () => {
  client.socket.terminate();
  await node.close();
});

async function signedOrder(sequence = 0): Promise<Uint8Array> {
  const { ours } = await makeWallets();
  return await sign(ours, [placeOrders(OURS, [{ side: "buy", price: "0.42", quantity: "5" }])], { sequence });
}

async function post(method: string, params: unknown = {}) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
  return JSON.parse(await (await fetch(url, { method: "POST", body })).text());
}

describe("a subscription of a node with a chain", () => {
  it("to transactions brings each as it is included, in the map form, and only those asked for", async () => {
    expect(await client.subscribe("tm.event='Tx' AND place_order.order_id EXISTS")).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {},
    });
    await client.subscribe("tm.event='Tx' AND cancel_order.cancellation_id EXISTS");
    const hash = chain.broadcast(await signedOrder())?.hash;
    chain.makeBlock();
    const [event, ...more] = await client.drain();
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      id: 1,
      result: {
        subscription_id: "",
        query: "tm.event='Tx' AND place_order.order_id EXISTS",
        data: {
          type: "tendermint/event/Tx",
          value: { TxResult: { height: "1001", index: 0, result: { log: "[]", gas_wanted: "400000" } } },
        },
        events: { "tm.event": ["Tx"], "tx.hash": [hash], "tx.height": ["1001"], "place_order.order_id": ["0"] },
      },
    });
    // Sei's event has no code: a failure shows in `/tx` alone.
    expect(JSON.stringify(event)).not.toContain('"code"');
  });

  it("to blocks brings each with its time, its transactions and what happened at its end", async () => {
    await client.subscribe("tm.event='NewBlock'");
    chain.broadcast(await signedOrder());
    chain.makeBlock();
    const [event] = await client.drain();
    expect(event).toMatchObject({
      result: {
        data: {
          type: "tendermint/event/NewBlock",
          value: {
            block: { header: { height: "1001", chain_id: CHAIN_ID, time: "2026-01-02T03:04:05.000Z" } },
            result_end_block: { events: [] },
          },
        },
      },
    });
  });

  it("goes beside those of market data, five on a connection", async () => {
    const queries = [BOOK_QUERY, "tm.event='NewBlock'", "tm.event='Tx'", "tx.height > 5", "tx.height > 6"];
    for (const query of queries) expect((await client.subscribe(query)).error).toBeUndefined();
    await client.drain();
    expect(await client.subscribe("tx.height > 7")).toMatchObject({
      error: { code: -32603, message: "Internal error", data: "max_subscriptions_per_client 5 reached" },
    });
    expect(await client.subscribe("tm.event = 'Tx'")).toMatchObject({
      error: { data: "max_subscriptions_per_client 5 reached" },
    });
  });

  it("can be allowed as many as the interface has", async () => {
    const wide = await startNode(chain, { subscriptionsPerClientMax: 10 });
    const other = await openWireClient(wide.endpoints[0]!.wsUrl);
    for (let n = 0; n < 10; n += 1) expect((await other.subscribe(`tx.height > ${n}`)).error).toBeUndefined();
    expect((await other.subscribe("tx.height > 10")).error?.data).toBe("max_subscriptions_per_client 10 reached");
    other.socket.terminate();
    await wide.close();
  });

  it("twice is refused, and a slow reader's alone is ended", async () => {
    await client.subscribe("tm.event='NewBlock'");
    expect((await client.subscribe("tm.event = 'NewBlock'")).error?.data).toBe("already subscribed");
    node.endpoints[0]!.stall(true);
    for (let n = 0; n < 101; n += 1) chain.makeBlock();
    node.endpoints[0]!.stall(false);
    const frames = await client.drain();
    expect(frames.at(-1)?.error?.data).toBe("subscription terminated by publisher");
    expect(frames).toHaveLength(101);
  });
});

describe("a call", () => {
  it("is the same by WebSocket, by JSON over HTTP with named or positional parameters, and by URI", async () => {
    chain.makeBlock();
    client.send({ jsonrpc: "2.0", id: 1, method: "block", params: { height: "1001" } });
    const byName = await post("block", { height: "1001" });
    expect((await client.next()).result).toEqual(byName.result);
    expect((await post("block", [1_001])).result).toEqual(byName.result);
    const byUri = JSON.parse(await (await fetch(`${url}/block?height=1001`)).text());
    expect(byUri).toEqual({ ...byName, id: -1 });
    const bytes = Buffer.from(await signedOrder());
    const sent = await (await fetch(`${url}/broadcast_tx_sync?tx=0x${bytes.toString("hex")}`)).text();
    expect(JSON.parse(sent).result).toMatchObject({ code: 0 });
    expect((await post("broadcast_tx_sync", { tx: bytes.toString("base64") })).error.data).toBe(
      "tx already exists in cache",
    );
    chain.makeBlock();
    const hash = chain.blocks.last.transactions[0]?.hash;
    const found = await (await fetch(`${url}/tx_search?query="tx.hash='${hash}'"&page=1`)).text();
    expect(JSON.parse(found).result).toMatchObject({ total_count: "1", txs: [{ hash, height: "1002" }] });
    expect((await post("tx", { hash: Buffer.from(hash ?? "", "hex").toString("base64") })).result.hash).toBe(hash);
  });

  it.each([
    ["foo", {}, { code: -32601, data: "method foo not found" }],
    ["tx_search", { query: "tx.hash=" }, { code: -32603, data: expect.stringContaining("failed to parse query") }],
    ["tx_search", {}, { code: -32602, data: "query must be a string" }],
    [
      "tx_search",
      { query: "tx.height=1", page: "2" },
      { code: -32603, data: expect.stringContaining("within [1, 1]") },
    ],
    ["block", { height: "9999" }, { code: -32603, data: expect.stringContaining("current blockchain height 1000") }],
    ["block", { height: "-1" }, { code: -32602, data: "height must be a whole number" }],
    ["tx", { hash: "AAAA" }, { code: -32603, data: "tx (000000) not found" }],
    ["broadcast_tx_sync", { tx: "*" }, { code: -32602, data: "tx must be base64 text" }],
  ] as const)("of %s with %j is answered with its fault", async (method, params, error) => {
    expect((await post(method, params)).error).toMatchObject(error);
  });

  it("finds transactions and blocks by height and event, in pages", async () => {
    for (let sequence = 0; sequence < 3; sequence += 1) {
      chain.broadcast(await signedOrder(sequence));
      chain.makeBlock();
    }
    const heights = async (query: string, more = {}) =>
      (await post("tx_search", { query, ...more })).result.txs.map(({ height }: { height: string }) => height);
    expect(await heights("tx.height > 1001")).toEqual(["1002", "1003"]);
    expect(await heights("tx.height = 1002")).toEqual(["1002"]);
    expect(await heights("place_order.order_id='2'")).toEqual(["1003"]);
    expect(await heights("tx.height >= 1001", { per_page: "2", page: "2", order_by: "desc" })).toEqual(["1001"]);
    const blocks = await post("block_search", { query: `wasm.account='${OURS}' AND block.height > 1000` });
    expect(blocks.result).toEqual({ blocks: [], total_count: "0" });
    const sale = [placeOrders(OURS, [{ side: "sell", price: "0.42", quantity: "7" }])];
    const { ours } = await makeWallets();
    chain.broadcast(await sign(ours, sale, { sequence: 3 }));
    chain.makeBlock();
    const settled = await post("block_search", { query: `wasm.account='${OURS}' AND block.height > 1003` });
    expect(settled.result.blocks[0].block.header.height).toBe("1004");
    const { result } = await post("block_results", { height: "1004" });
    expect(result.end_block_events[0]).toMatchObject({
      type: "wasm",
      attributes: expect.arrayContaining([{ key: "_contract_address", value: CONTRACT, index: true }]),
    });
  });
});

describe("a fault of a node", () => {
  it("answers calls with a status, or never, and REST as before", async () => {
    node.endpoints[0]!.failRpc(503);
    expect((await fetch(url, { method: "POST", body: '{"id":1,"method":"status"}' })).status).toBe(503);
    expect((await fetch(`${url}/status`)).status).toBe(503);
    expect((await fetch(`${url}/cosmos/bank/v1beta1/balances/${OURS}`)).status).toBe(200);
    node.endpoints[0]!.failRpc("silence");
    const waiting = new AbortController();
    const silent = fetch(`${url}/status`, { signal: waiting.signal });
    await client.drain();
    waiting.abort();
    await expect(silent).rejects.toThrow("aborted");
    node.endpoints[0]!.failRpc(null);
    expect((await post("status")).result.node_info.network).toBe(CHAIN_ID);
  });

  it("leaves it behind: it knows neither the last blocks, nor what they did, nor tells of them", async () => {
    await client.subscribe("tm.event='NewBlock'");
    node.endpoints[0]!.fallBehind(2);
    for (let n = 0; n < 4; n += 1) chain.makeBlock();
    const hash = chain.broadcast(await signedOrder())?.hash;
    chain.makeBlock();
    const heightOf = async () => (await post("status")).result.sync_info.latest_block_height;
    expect(await heightOf()).toBe("1003");
    expect((await post("tx_search", { query: `tx.hash='${hash}'` })).result.total_count).toBe("0");
    const data = Buffer.concat([Buffer.from([10, OURS.length]), Buffer.from(OURS)]).toString("hex");
    const account = async () =>
      (await post("abci_query", { path: "/cosmos.auth.v1beta1.Query/Account", data })).result.response;
    const behind = await account();
    expect(behind).toMatchObject({ code: 0, height: "1003" });
    expect(await client.drain()).toEqual([]);
    node.endpoints[0]!.fallBehind(0);
    expect(await heightOf()).toBe("1005");
    expect((await account()).value).not.toBe(behind.value);
  });

  it("breaks the connection in place of the answer to a transaction that was taken", async () => {
    chain.faults.next({ type: "lose-answer" }, { type: "lose-answer" });
    const tx = Buffer.from(await signedOrder()).toString("base64");
    await expect(post("broadcast_tx_sync", { tx })).rejects.toThrow();
    client.send({
      jsonrpc: "2.0",
      id: 1,
      method: "broadcast_tx_sync",
      params: { tx: Buffer.from(await signedOrder(1)).toString("base64") },
    });
    await client.closed;
    chain.makeBlock();
    expect(chain.blocks.last.transactions.map(({ result }) => result.code)).toEqual([0, 0]);
  });
});
