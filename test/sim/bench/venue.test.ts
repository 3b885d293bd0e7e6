import { describe, expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { readBookFrame } from "../../../core/sei/book-reader.ts";
import { decodeFrame } from "../../../core/sei/frames.ts";
import { MidPath } from "../../../sim/bench/engine/mid-path.ts";
import { BookFrames } from "../../../sim/bench/venue/books.ts";

const MARKETS = new Map([["SEI/USDC", makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" })]]);
const AT = { monotonicMs: 0, epochMs: 0 };

/** The text of an unmasked frame. */
const payloadOf = (frame: Buffer) => frame.subarray(frame[1] === 126 ? 4 : 2);

describe("the benchmark's venue", () => {
  test("sends books of 20 levels a side that the byte reader takes, each another", () => {
    const frames = new BookFrames({ book: 1, status: 2 });
    const [first, second] = [frames.book(0), frames.book(1)].map((frame) =>
      readBookFrame(payloadOf(frame), MARKETS, AT)?.events.find((event) => event.type === "book-update"),
    );
    expect(first?.bids.prices).toHaveLength(20);
    expect(first?.asks.prices).toHaveLength(20);
    expect(second?.sequence).toBe((first?.sequence ?? 0) + 1);
    expect(second?.bids.prices[0]).toBe((first?.bids.prices[0] ?? 0) + 3);
  });

  test("halts and opens the market, a book in the same frame", () => {
    const frames = new BookFrames({ book: 1, status: 2 });
    const events = [frames.halt(), frames.open(0)].map((frame) => {
      const decoded = decodeFrame(payloadOf(frame), MARKETS, AT);
      return decoded.kind === "events" ? decoded.events.map(({ type }) => type) : decoded.kind;
    });
    expect(events).toEqual([["market-status"], ["market-status", "book-update"]]);
  });
});

test("from wherever the mid stands four steps go in one direction after a turn", () => {
  const path = new MidPath();
  for (let start = 0; start < 40; start += 1) {
    const before = path.next();
    path.turn();
    const levels = [before, path.next(), path.next(), path.next(), path.next()];
    const steps = levels.slice(1).map((level, index) => level - (levels[index] ?? 0));
    expect(new Set(steps).size).toBe(1);
    expect(Math.max(...levels.map(Math.abs))).toBeLessThanOrEqual(4);
  }
});
