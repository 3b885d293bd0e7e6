/** A node's answers, as they are read: what proves something, and what does not. */
import { describe, expect, it } from "vitest";
import type { HttpRequest, HttpResponse } from "../../../fargate/seams.ts";
import { ChainNodes } from "../../../fargate/sei-chain/nodes.ts";
import { ChainRpc } from "../../../fargate/sei-chain/rpc.ts";

const CLOCK = { now: () => ({ monotonicMs: 0, epochMs: 0 }), after: () => () => undefined };

const answered = (body: unknown, status = 200): HttpResponse => {
  return { status, headers: {}, body: typeof body === "string" ? body : JSON.stringify(body) };
};
const result = (value: unknown) => answered({ jsonrpc: "2.0", id: 1, result: value });
const nodeError = (data: string, status = 200) => {
  return answered({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "Internal error", data } }, status);
};

function makeRpc(answer: HttpResponse | Error) {
  const requests: HttpRequest[] = [];
  const fetch = async (request: HttpRequest) => {
    requests.push(request);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    requests,
    rpc: new ChainRpc({ url: "http://node/", chainId: "pacific-1", fetch, clock: CLOCK, timeoutMs: 1_000 }),
  };
}

const SYNC = { latest_block_height: "1042", earliest_block_height: "17", catching_up: true };
const refused = Object.assign(new Error("the connection was refused"), { code: "ECONNREFUSED" });
const fenced = Object.assign(new Error("halted"), { code: "FENCED" });

describe("a broadcast", () => {
  it.each([
    ["taken", result({ code: 0, data: "", log: "[]", codespace: "", hash: "AB" }), { type: "checked" }],
    ["taken, by a node that leaves a 0 out", result({ hash: "AB" }), { type: "checked" }],
    ["known", nodeError("tx already exists in cache"), { type: "known" }],
    ["known, as an HTTP error", nodeError("tx already exists in cache", 500), { type: "known" }],
    ["known, as a code", result({ code: 19, codespace: "sdk", log: "tx already in mempool" }), { type: "known" }],
    [
      "refused",
      result({
        code: 32,
        codespace: "sdk",
        log: "account sequence mismatch, expected 10, got 99: incorrect account sequence",
      }),
      {
        type: "refused",
        code: 32,
        codespace: "sdk",
        log: "account sequence mismatch, expected 10, got 99: incorrect account sequence",
      },
    ],
  ])("is %s", async (_, answer, word) => {
    const { rpc, requests } = makeRpc(answer);
    await expect(rpc.broadcast("AAAA", () => undefined)).resolves.toEqual(word);
    expect(requests[0]).toMatchObject({ method: "POST", url: "http://node/" });
    expect(JSON.parse(String(requests[0]?.body))).toMatchObject({
      method: "broadcast_tx_sync",
      params: { tx: "AAAA" },
    });
  });

  it.each([
    ["another error of the node's", nodeError("mempool is full"), "NODE"],
    ["a server's error", answered("<html>", 502), "UNREADABLE"],
    ["an answer without a result", answered({ jsonrpc: "2.0", id: 1 }), "UNREADABLE"],
    ["a result with a bad status", answered({ result: { code: 0 } }, 503), "STATUS"],
    ["no connection", refused, "ECONNREFUSED"],
    ["a fence", fenced, "FENCED"],
  ])("proves nothing after %s", async (_, answer, code) => {
    await expect(makeRpc(answer).rpc.broadcast("AAAA", () => undefined)).rejects.toMatchObject({ code });
  });
});

describe("a node's word", () => {
  it("on its height, its account, a transaction and its blocks is read", async () => {
    const status = { node_info: { network: "pacific-1" }, sync_info: SYNC };
    await expect(makeRpc(result(status)).rpc.status()).resolves.toEqual({
      ...{ height: 1_042, earliestHeight: 17, isCatchingUp: true },
    });
    const value = Buffer.from([0x0a, 0x07, 0x12, 0x05, 0x18, 0x03, 0x20, 0xac, 0x02]).toString("base64");
    await expect(makeRpc(result({ response: { code: 0, value } })).rpc.account("sei1us")).resolves.toEqual({
      ...{ accountNumber: 3n, sequence: 300n },
    });
    const inner = { code: 5, codespace: "sdk", log: "x".repeat(500), data: null, events: null };
    const found = { txs: [{ height: "7", tx: "AAAA", tx_result: inner }], total_count: "1" };
    const transaction = await makeRpc(result(found)).rpc.transaction("AB");
    expect(transaction).toMatchObject({ height: 7, code: 5, events: [] });
    expect(transaction?.log).toHaveLength(201);
    await expect(makeRpc(result({ txs: null })).rpc.transaction("AB")).resolves.toBeUndefined();
    const blocks = [9, 8].map((at) => ({ block: { header: { height: `${at}`, time: "t" } } }));
    await expect(makeRpc(result({ blocks, total_count: "2" })).rpc.blocks("q")).resolves.toMatchObject([
      { height: 8 },
      { height: 9 },
    ]);
    const ends = { height: "8", end_block_events: null, finalize_block_events: [{ type: "wasm", attributes: [] }] };
    await expect(makeRpc(result(ends)).rpc.blockEvents(8)).resolves.toHaveLength(1);
  });

  it.each([
    [
      "an unknown account",
      () => makeRpc(result({ response: { code: 22, log: "not found" } })).rpc.account("sei1us"),
      /does not know sei1us: not found/,
    ],
    [
      "an empty account",
      () => makeRpc(result({ response: { code: 0 } })).rpc.account("sei1us"),
      /no account in the answer/,
    ],
    [
      "a node of another chain",
      () => makeRpc(result({ node_info: { network: "atlantic-2" }, sync_info: SYNC })).rpc.status(),
      /of atlantic-2, not of pacific-1/,
    ],
    ["another block", () => makeRpc(result({ height: "9" })).rpc.blockEvents(8), /9 in place of 8/],
    [
      "a height in words",
      () =>
        makeRpc(result({ blocks: [{ block: { header: { height: "nine", time: "" } } }], total_count: "1" })).rpc.blocks(
          "q",
        ),
      /blocks\.0\.block\.header\.height/,
    ],
  ])("that is %s is none", async (_, ask, fault) => {
    await expect(ask()).rejects.toThrow(fault);
  });
});

it("nodes are asked in order, and their silence is told once, and their return", async () => {
  const told: boolean[] = [];
  let isUp = false;
  const nodes = new ChainNodes({
    ...{
      urls: ["http://a", "http://b"],
      chainId: "pacific-1",
      clock: CLOCK,
      timeoutMs: 1_000,
      onAnswering: (word) => told.push(word),
    },
    fetch: async () => {
      if (!isUp) throw refused;
      return result({ txs: [] });
    },
  });
  const asked: string[] = [];
  const ask = () =>
    nodes.ask((rpc) => {
      asked.push(rpc.url);
      return rpc.transaction("AB");
    });
  for (let round = 0; round < 6; round += 1) await expect(ask()).rejects.toThrow("refused");
  expect(asked.slice(0, 2)).toEqual(["http://a", "http://b"]);
  expect(nodes.isAnswering).toBe(false);
  isUp = true;
  await ask();
  expect(told).toEqual([false, true]);
  expect(nodes.advance()).toBe(true);
  expect(nodes.current.url).toBe("http://b");
});
