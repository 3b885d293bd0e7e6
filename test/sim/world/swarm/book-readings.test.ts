import { expect, it } from "vitest";
import type { FrameConnection, Network } from "../../../../sim/world/network.ts";
import { BookReadings, isWhole } from "../../../../sim/world/swarm/book-readings.ts";
import { FrameBooks } from "../../../../sim/world/swarm/frame-books.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../../sim/world/world-process.ts";

const MARKET = { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.42" };
const AT = "2026-01-02T00:00:10.000Z";

function frame(attributes: Readonly<Record<string, unknown>>): string {
  const whole = { market_id: "SEI/USDC", timestamp: AT, sequence: "1", bids: '[["0.41","5"]]', asks: '[["0.43","5"]]' };
  const event = { type: "OrderBookUpdate", attributes: { ...whole, ...attributes } };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, result: { query: "", events: [event] } });
}

/** A process, and what is remembered of the frames that it reads. */
function reader(own: readonly (readonly [price: number, size: number])[] = []) {
  const time = new VirtualTime();
  const network: Pick<Network, "onFrame"> = { onFrame: undefined };
  const process = new WorldProcess("task-1", time);
  const readings = new BookReadings(new FrameBooks(network, [MARKET]), {
    nowMs: () => time.nowMs,
    ownSizes: () => new Map(own),
  });
  return {
    time,
    process,
    read: (text: string, connection: FrameConnection = { url: "ws://node" }) =>
      network.onFrame?.(process, text, connection),
    books: () => readings.read("task-1", "SEI/USDC", time.nowMs).flat(),
  };
}

/** What is remembered of frames, each on a connection of its own unless told. */
function readingsOf(
  frames: readonly string[],
  own: readonly (readonly [price: number, size: number])[] = [],
  connection?: FrameConnection,
) {
  const { read, books } = reader(own);
  for (const text of frames) read(text, connection);
  return books();
}

it.each([
  ["a plain one", frame({}), [{ bid: 0.41, ask: 0.43 }]],
  ["a crossed one", frame({ bids: '[["0.44","5"]]' }), [{ bid: 0.44, ask: 0.43 }]],
  ["an empty side", frame({ bids: "[]" }), [{ bid: undefined, ask: 0.43 }]],
  ["prose", '"type":"OrderBookUpdate" upstream connect error', []],
  ["a cut frame", frame({}).slice(0, -4), []],
  ["a price that is none", frame({ bids: '[["NaN","5"]]' }), []],
  ["a price between two ticks", frame({ asks: '[["0.43005","5"]]' }), []],
  ["prices out of order", frame({ asks: '[["0.43","5"],["0.43","5"]]' }), []],
  ["numbers in place of text", frame({ bids: [[0.41, 5]] }), []],
  ["another market's", frame({ market_id: "ATOM/USDC" }), []],
] as const)("of books that a process reads, %s counts as what it is", (_what, text, books) => {
  expect(readingsOf([text]).map(({ bid, ask }) => ({ bid, ask }))).toEqual(books);
});

it("a book that goes back in time by more than a second counts for nothing", () => {
  const old = frame({ timestamp: "2026-01-02T00:00:08.900Z", bids: '[["0.40","5"]]' });
  expect(readingsOf([frame({}), old, frame({ timestamp: "2026-01-02T00:00:09.100Z" })])).toHaveLength(2);
});

it("only a book with two sides in their order is whole", () => {
  const at = { atMs: 0, monotonicMs: 0, mids: undefined, isDoubted: false };
  expect(isWhole({ ...at, bid: 1, ask: 3 })).toBe(true);
  expect(isWhole({ ...at, bid: 3, ask: 3 })).toBe(false);
  expect(isWhole({ ...at, bid: undefined, ask: 3 })).toBe(false);
});

it("mids are those of the others: our own orders hold theirs back where a price has leapt", () => {
  const asks = '[["0.42","5"],["0.43","5"]]';
  expect(readingsOf([frame({ asks })])[0]?.mids?.low).toBeCloseTo(0.415);
  expect(readingsOf([frame({ asks })], [[0.42, 5]])[0]?.mids?.low).toBeCloseTo(0.42);
  expect(readingsOf([frame({ asks })], [[0.41, 5]])[0]?.mids).toBeUndefined();
});

it("a repeat and a step back of a connection's count are no books", () => {
  const connection = { url: "ws://node" };
  const frames = [
    frame({ sequence: "5" }),
    frame({ sequence: "5" }),
    frame({ sequence: "4" }),
    frame({ sequence: "6" }),
  ];
  expect(readingsOf(frames, [], connection)).toHaveLength(2);
});

it.each([
  ["all of a price is ours", 5, { low: 0.42, high: 0.42 }],
  ["a stranger stands there, too", 3, { low: 0.415, high: 0.42 }],
  ["ours has just ended there", 0, { low: 0.415, high: 0.42 }],
])(
  "the mids that a task can have taken it for are between those with and without our price: %s",
  (_what, size, mids) => {
    const [book] = readingsOf([frame({ asks: '[["0.42","5"],["0.43","5"]]' })], [[0.42, size]]);
    expect(book?.mids?.low).toBeCloseTo(mids.low);
    expect(book?.mids?.high).toBeCloseTo(mids.high);
  },
);

it.each([
  ["half a second, which nobody notices", 500, 0, { isMid: true, isDoubted: false }],
  ["a second and a half, which may be noticed", 1_500, 0, { isMid: true, isDoubted: true }],
  ["a minute", 60_000, 0, { isMid: false, isDoubted: true }],
  ["a minute, and half a second ago", 60_000, 500, { isMid: true, isDoubted: false }],
])("the mid of a book that is read after a standstill of %s", async (_what, stoodMs, sinceMs, expected) => {
  const { time, process, read, books } = reader();
  process.freeze();
  await time.pass(stoodMs);
  process.thaw();
  await time.pass(sinceMs);
  read(frame({}));
  expect(books().map(({ mids, isDoubted }) => ({ isMid: mids !== undefined, isDoubted }))).toEqual([expected]);
});
