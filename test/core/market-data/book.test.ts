import { describe, expect, it } from "vitest";
import type { BookUpdate } from "../../../core/events.ts";
import { isCrossed, type OwnSize, ownAt, topOf, topWithoutOwn } from "../../../core/market-data/book.ts";
import { SpreadMeter } from "../../../core/market-data/spread-meter.ts";
import { micropriceOf, midOf } from "../../../core/quoting/fair-value.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { makeBook } from "../make-events.ts";

function own(side: "buy" | "sell", price: number, size: number): OwnSize {
  return { side, price: toTicks(price), size: toLots(size) };
}

const book: BookUpdate = makeBook({
  bids: [
    [100, 500],
    [99, 900],
  ],
  asks: [
    [103, 500],
    [104, 700],
  ],
});

describe("the top without our own orders", () => {
  it("is the top itself when we have none", () => {
    expect(topWithoutOwn(book, [])).toEqual(topOf(book));
  });

  it("is the one before where it is the same, and leaves that one as it was where it is not", () => {
    const before = topWithoutOwn(book, []);
    expect(topWithoutOwn({ ...book, sequence: 2 }, [], before)).toBe(before);
    const asks = { prices: book.asks.prices, sizes: [toLots(400), toLots(700)] };
    const after = topWithoutOwn({ ...book, asks }, [], before);
    expect(after).toEqual(topWithoutOwn({ ...book, asks }, []));
    expect(after.bid).toBe(before.bid);
    expect(before).toEqual(topOf(book));
  });

  it("skips a level that is ours alone", () => {
    expect(topWithoutOwn(book, [own("buy", 100, 500), own("sell", 103, 500)])).toMatchObject({
      bid: { price: 99, size: 900 },
      ask: { price: 104, size: 700 },
    });
  });

  it("leaves the rest of a level that we share", () => {
    expect(topWithoutOwn(book, [own("buy", 100, 200)]).bid).toEqual({ price: 100, size: 300 });
  });

  it("skips a level that shows less than we believe to have there", () => {
    expect(topWithoutOwn(book, [own("buy", 100, 800)]).bid).toMatchObject({ price: 99 });
  });

  it("does not take our ask for our bid at the same price", () => {
    expect(topWithoutOwn(book, [own("sell", 100, 500)]).bid).toMatchObject({ price: 100, size: 500 });
  });

  it("has no side left when the whole side is ours", () => {
    const top = topWithoutOwn(book, [own("buy", 100, 500), own("buy", 99, 900)]);
    expect(top.bid).toBeUndefined();
    expect(midOf(top)).toBeUndefined();
    expect(micropriceOf(top)).toBeUndefined();
  });
});

it("several orders at one price add up, to at most the level", () => {
  const level = { price: toTicks(100), size: toLots(500) };
  expect(ownAt([own("buy", 100, 200), own("buy", 100, 200)], "buy", level)).toBe(400);
  expect(ownAt([own("buy", 100, 400), own("buy", 100, 400)], "buy", level)).toBe(500);
});

it.each([
  [100, 103, false],
  [103, 103, true],
  [104, 103, true],
])("a bid of %i and an ask of %i: crossed %s", (bid, ask, crossed) => {
  expect(isCrossed(topOf(makeBook({ bids: [[bid, 1]], asks: [[ask, 1]] })))).toBe(crossed);
});

describe("fair value", () => {
  it("lies in the middle when both sides are as heavy", () => {
    expect(micropriceOf(topOf(book))).toBe(101.5);
  });

  it("leans towards the ask when the bid is heavier", () => {
    expect(micropriceOf(topOf(makeBook({ bids: [[100, 300]], asks: [[104, 100]] })))).toBe(103);
  });
});

describe("the spread meter", () => {
  it("weights each spread by the time it stood", () => {
    const meter = new SpreadMeter();
    meter.record({ othersBps: 40, selfBps: 10 }, 1_000);
    meter.record({ othersBps: 20, selfBps: 20 }, 4_000);
    meter.record(undefined, 5_000);
    meter.record({ othersBps: 900, selfBps: 0 }, 60_000);
    expect(meter.averages()).toEqual({
      othersBps: 35,
      selfBps: 12.5,
      improvementBps: 22.5,
      improvementPercent: (100 * 22.5) / 35,
    });
  });

  it("counts what stands up to the moment it is asked for, and is not moved by the asking", () => {
    const meter = new SpreadMeter();
    expect(meter.totalsAt(900)).toEqual({ measuredMs: 0, othersBpsMs: 0, selfBpsMs: 0 });
    meter.record({ othersBps: 40, selfBps: 10 }, 1_000);
    expect(meter.totalsAt(1_300)).toEqual({ measuredMs: 300, othersBpsMs: 12_000, selfBpsMs: 3_000 });
    expect(meter.totalsAt(1_100)).toEqual({ measuredMs: 100, othersBpsMs: 4_000, selfBpsMs: 1_000 });
    meter.record(undefined, 1_500);
    expect(meter.totalsAt(9_000)).toEqual({ measuredMs: 500, othersBpsMs: 20_000, selfBpsMs: 5_000 });
  });

  it("counts spreads no longer than their book may be believed, and no time twice", () => {
    const meter = new SpreadMeter(500);
    meter.record({ othersBps: 40, selfBps: 10 }, 1_000);
    expect(meter.totalsAt(1_501).measuredMs).toBe(500);
    meter.record({ othersBps: 20, selfBps: 20 }, 3_000);
    expect(meter.totalsAt(3_000).measuredMs).toBe(500);
    meter.record({ othersBps: 30, selfBps: 20 }, 2_900);
    expect(meter.totalsAt(3_100)).toEqual({ measuredMs: 600, othersBpsMs: 23_000, selfBpsMs: 7_000 });
  });

  it("knows nothing before any time has passed", () => {
    const meter = new SpreadMeter();
    meter.record({ othersBps: 40, selfBps: 10 }, 1_000);
    expect(meter.averages()).toBeUndefined();
  });
});
