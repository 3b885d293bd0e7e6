import { describe, expect, it } from "vitest";
import type { OthersDepth } from "../../../core/market-data/book.ts";
import { depthWithoutOwn } from "../../../core/market-data/book.ts";
import { FairValue, micropriceOf, weightedPriceOf, withoutReference } from "../../../core/quoting/fair-value.ts";
import type { FairValueParameters, ReferenceParameters } from "../../../core/quoting/parameters.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { makeBook } from "../make-events.ts";

type Rows = readonly (readonly [price: number, size: number])[];

function depth(bids: Rows, asks: Rows): OthersDepth {
  const levels = (rows: Rows) => rows.map(([price, size]) => ({ price: toTicks(price), size: toLots(size) }));
  return { bids: levels(bids), asks: levels(asks) };
}

const book = depth(
  [
    [100, 300],
    [99, 900],
  ],
  [
    [104, 100],
    [105, 300],
  ],
);

const plain: FairValueParameters = { source: "mid", levels: 2, ageMs: 1_000 };

describe("the price of a book", () => {
  it.each<[FairValueParameters["source"], number]>([
    ["mid", 102],
    // (100·100 + 104·300) / 400
    ["microprice", 103],
    // Weights 2 and 1: bids 2·300 + 900 = 1,500, asks 2·100 + 300 = 500, so 100 + 4 · 1,500 / 2,000.
    ["weighted", 103],
  ])("by %s", (source, price) => {
    const fairValue = new FairValue({ ...plain, source });
    fairValue.bookSeen(book, 0);
    expect(fairValue.read(0)).toEqual({ ticks: price, note: undefined });
  });

  it("weighted over one level is the microprice, and deeper levels tell the two apart", () => {
    expect(weightedPriceOf(book, 1)).toBe(micropriceOf({ bid: book.bids[0], ask: book.asks[0] }));
    // Weights 3, 2, 1: bids 900 + 1,800, asks 300 + 600 + 4,000.
    const heavy = depth(
      [
        [100, 300],
        [99, 900],
      ],
      [
        [104, 100],
        [105, 300],
        [106, 4_000],
      ],
    );
    expect(weightedPriceOf(heavy, 3)).toBeCloseTo(100 + (4 * 2_700) / 7_600, 9);
  });

  it("has none without both sides", () => {
    expect(weightedPriceOf(depth([[100, 1]], []), 3)).toBeUndefined();
    const fairValue = new FairValue(plain);
    expect(fairValue.read(0)).toEqual({ ticks: undefined, note: "no-book" });
    fairValue.bookSeen(book, 0);
    fairValue.bookSeen(depth([[100, 1]], []), 1);
    expect(fairValue.read(1)).toEqual({ ticks: undefined, note: "no-book" });
  });

  it("is not used past its age", () => {
    const fairValue = new FairValue(plain);
    fairValue.bookSeen(book, 500);
    expect(fairValue.read(1_500).ticks).toBe(102);
    expect(fairValue.read(1_501)).toEqual({ ticks: undefined, note: "book-old" });
  });

  it("is of others' orders alone, as many levels of them as are asked for", () => {
    const shown = makeBook({
      bids: [
        [100, 300],
        [99, 500],
        [98, 700],
      ],
      asks: [[104, 100]],
    });
    const own = [{ side: "buy", price: toTicks(99), size: toLots(500) }] as const;
    expect(depthWithoutOwn(shown, own, 2)).toEqual(
      depth(
        [
          [100, 300],
          [98, 700],
        ],
        [[104, 100]],
      ),
    );
    expect(depthWithoutOwn(shown, own, 1).bids).toHaveLength(1);
  });
});

describe("a reference market", () => {
  const reference: ReferenceParameters = {
    market: "stSEI/USDC",
    weight: 0.5,
    ageMs: 1_000,
    premiumHalfLifeSeconds: 10,
    shiftBpsMax: 200,
  };

  /** A book at 102 and a reference at 51, each anew twice a second, for so many seconds: the premium is 2. */
  function observed(seconds: number, change: Partial<ReferenceParameters> = {}): FairValue {
    const fairValue = new FairValue({ ...plain, reference: { ...reference, ...change } });
    for (let ms = 0; ms <= seconds * 1_000; ms += 500) {
      fairValue.bookSeen(book, ms);
      fairValue.referenceSeen(51, ms);
    }
    return fairValue;
  }

  it("at its usual ratio changes nothing, whatever the ratio", () => {
    expect(observed(20).read(20_000)).toEqual({ ticks: expect.closeTo(102, 9), note: undefined });
  });

  it("moves the fair value by its weight of its own move", () => {
    const fairValue = observed(20);
    fairValue.referenceSeen(51 * 1.01, 20_000);
    expect(fairValue.read(20_000).ticks).toBeCloseTo(102 * 1.005, 6);
  });

  it("moves it no further than its bound, and says so", () => {
    const fairValue = observed(20);
    fairValue.referenceSeen(51 * 2, 20_000);
    expect(fairValue.read(20_000)).toEqual({ ticks: 102 * 1.02, note: "reference-bound" });
    fairValue.referenceSeen(51 / 2, 20_000);
    expect(fairValue.read(20_000).ticks).toBeCloseTo(102 * 0.98, 9);
  });

  it("a difference that lasts becomes the usual one: half of it in a half-life", () => {
    const fairValue = observed(300, { weight: 1, shiftBpsMax: 10_000 });
    for (let ms = 300_000; ms <= 310_000; ms += 500) {
      fairValue.bookSeen(book, ms);
      fairValue.referenceSeen(51 * 1.01, ms);
    }
    // ln 1.01 is half forgotten: 102 · e^(½ ln 1.01).
    expect(fairValue.read(310_000).ticks).toBeCloseTo(102 * Math.sqrt(1.01), 3);
  });

  it.each<[string, (fairValue: FairValue) => void, number, string]>([
    ["was never seen", () => {}, 0, "reference-absent"],
    ["is not known for a half-life", (fairValue) => fairValue.referenceSeen(60, 0), 0, "reference-warming-up"],
  ])("has no part where it %s", (_name, tell, nowMs, note) => {
    const fairValue = new FairValue({ ...plain, reference });
    fairValue.bookSeen(book, nowMs);
    tell(fairValue);
    expect(fairValue.read(nowMs)).toEqual({ ticks: 102, note });
  });

  it("has no part past its age", () => {
    const fairValue = observed(20);
    fairValue.bookSeen(book, 21_001);
    expect(fairValue.read(21_001)).toEqual({ ticks: 102, note: "reference-old" });
  });

  it("counts its age from the moment it is of, not from the one it was told", () => {
    const fairValue = observed(20);
    fairValue.referenceSeen(51 * 1.01, 20_000, 999);
    expect(fairValue.read(20_001).ticks).toBeCloseTo(102 * 1.005, 6);
    expect(fairValue.read(20_002).note).toBe("reference-old");
  });

  it("a weight of 0 is no reference", () => {
    const fairValue = observed(20, { weight: 0 });
    fairValue.referenceSeen(100, 20_000);
    expect(fairValue.read(20_000)).toEqual({ ticks: 102, note: undefined });
  });

  it("time in which either was old teaches nothing", () => {
    const fairValue = observed(5);
    // An hour without the reference, then both again: of the gap only the age limit counts.
    fairValue.bookSeen(book, 3_605_000);
    fairValue.referenceSeen(70, 3_605_000);
    expect(fairValue.state.observedSeconds).toBe(6);
    expect(fairValue.read(3_605_000).note).toBe("reference-warming-up");
  });

  it("of one reference says nothing of another: it warms up anew, and the book's own price stands", () => {
    const next = new FairValue(
      { ...plain, reference: { ...reference, weight: 1 } },
      withoutReference(observed(20).state),
    );
    next.referenceSeen(5_000, 20_000);
    expect(next.read(20_000)).toMatchObject({ note: "reference-warming-up", ticks: observed(20).state.book?.value });
  });

  it("what was learned outlives a change of the parameters", () => {
    const next = new FairValue({ ...plain, reference: { ...reference, weight: 1 } }, observed(20).state);
    next.referenceSeen(51 * 1.01, 20_000);
    expect(next.read(20_000).ticks).toBeCloseTo(102 * 1.01, 6);
  });
});
