import { describe, expect, it } from "vitest";
import { Network } from "../../../../sim/world/network.ts";
import { FrameBooks } from "../../../../sim/world/swarm/frame-books.ts";
import { Receipts } from "../../../../sim/world/swarm/receipts.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../../sim/world/world-process.ts";

const MARKET = "SEI/USDC";
const SETTING = { symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.42" };
const BOOK = { bids: '[["0.4213","1500"]]', asks: '[["0.4216","1200"],["0.4217","3"]]' };
const CONNECTION = { url: "ws://node" };

/** A process that reads frames; `agoMs` is how old a book's own time is. */
function reading() {
  const time = new VirtualTime();
  const network = new Network(time, 1);
  const process = new WorldProcess("task-1", time);
  const receipts = new Receipts(new FrameBooks(network, [SETTING]), () => time.nowMs);
  return {
    time,
    process,
    ageMs: () => receipts.ageMs(process, MARKET, time.nowMs),
    read: (sequence: unknown, change: Record<string, unknown> = {}, agoMs = 0, connection = CONNECTION) => {
      const timestamp = new Date(time.epochMs - agoMs).toISOString();
      const attributes = { market_id: MARKET, timestamp, sequence, ...BOOK, ...change };
      const result = { query: "…", events: [{ type: "OrderBookUpdate", attributes }] };
      network.onFrame?.(process, JSON.stringify({ jsonrpc: "2.0", id: 1, result }), connection);
    },
  };
}

describe("a book read half a second after a good one", () => {
  it.each([
    ["is the newest where nothing is wrong with it", "2", {}, 0, 0],
    ["is one with an empty side", "2", { asks: "[]" }, 0, 0],
    ["is one a little behind the one before", "2", {}, 900, 0],
    ["is none where its time lies a second behind", "2", {}, 1_600, 500],
    ["is none where it carries the number of the one before", "1", {}, 0, 500],
    ["is none with numbers where text should be", 2, { bids: [[0.4213, 1500]] }, 0, 500],
    ["is none with a price that is no number", "2", { asks: '[["NaN","1"]]' }, 0, 500],
    ["is none with half a list", "2", { bids: "[[0.4213," }, 0, 500],
  ] as const)("%s", async (_, sequence, change, agoMs, expected) => {
    const { time, read, ageMs } = reading();
    read("1");
    await time.pass(500);
    read(sequence, change, agoMs);
    expect(ageMs()).toBe(expected);
  });
});

it("counts each connection for itself", async () => {
  const { time, read, ageMs } = reading();
  read("40");
  await time.pass(500);
  read("1", {}, 0, { ...CONNECTION });
  expect(ageMs()).toBe(0);
});

it.each([
  [600, 200],
  [3_000, 2_200],
])("a clock that stood still for %i ms makes a book %i ms old after 200 ms more", async (stoodMs, expected) => {
  const { time, process, read, ageMs } = reading();
  read("1");
  process.freeze("stands-still");
  await time.pass(stoodMs);
  process.thaw();
  await time.pass(200);
  expect(ageMs()).toBeCloseTo(expected, 3);
});
