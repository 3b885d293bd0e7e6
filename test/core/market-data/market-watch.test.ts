import { describe, expect, it } from "vitest";
import type { TradePrint } from "../../../core/events.ts";
import type { OwnSize } from "../../../core/market-data/book.ts";
import { MarketWatch } from "../../../core/market-data/market-watch.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { limits } from "../desk.ts";
import { instant, makeBook } from "../make-events.ts";

const tight = { ...limits, midJumpPercent: 2, midJumpPauseMs: 5_000, spreadPercent: 5 };

function book(mid: number, ms: number, half = 10) {
  return makeBook({ bids: [[mid - half, 100]], asks: [[mid + half, 100]], ms });
}

function trade(ms: number): TradePrint {
  const at = instant(ms);
  const what = { tradeId: "T-1", price: toTicks(1_000), size: toLots(1), aggressor: "buy" as const };
  return { type: "trade", market: "SEI/USDC", ...what, venueTimeMs: at.epochMs, at };
}

/** A watch whose feed is connected and that has seen a good book around 1,000 at 0 ms. */
function watching(): MarketWatch {
  const watch = new MarketWatch(tight);
  watch.feedConnected();
  watch.apply(book(1_000, 0), []);
  return watch;
}

const bid: OwnSize = { side: "buy", price: toTicks(990), size: toLots(100) };
const ask: OwnSize = { side: "sell", price: toTicks(1_010), size: toLots(100) };

describe("a process that stood still", () => {
  it("quotes on nothing that was read before, nor within half a second after", () => {
    const watch = watching();
    watch.stalled(instant(100));
    const reason = "no book since the process stood still";
    expect(watch.reasonsNotToQuote(instant(100))).toEqual([reason]);
    watch.apply(book(1_000, 599), []);
    expect(watch.reasonsNotToQuote(instant(599))).toEqual([reason]);
    watch.apply(book(1_000, 600), []);
    expect(watch.reasonsNotToQuote(instant(600))).toEqual([]);
  });

  it("values nothing at a price that waited in the sockets", () => {
    const watch = watching();
    watch.stalled(instant(100));
    watch.apply(book(1_010, 200), []);
    expect([watch.lastMidTicks, watch.referencePrice]).toEqual([1_000, 1_000]);
  });
});

describe("a market that the venue has halted", () => {
  const reason = "the venue has halted the market";
  const { bookAgeMs } = tight;

  function halted(): MarketWatch {
    const watch = watching();
    const at = instant(100);
    watch.apply({ type: "market-status", market: "SEI/USDC", status: "halted", venueTimeMs: at.epochMs, at }, []);
    return watch;
  }

  it.each([
    { what: "a book in time", act: (watch: MarketWatch) => watch.apply(book(1_000, bookAgeMs), []), reasons: [reason] },
    {
      what: "the first book after a silence, in which the reopening may have been told to nobody",
      act: (watch: MarketWatch) => watch.apply(book(1_000, bookAgeMs + 101), []),
      reasons: [],
    },
    {
      what: "the book after a silence at whose end it was told",
      act: (watch: MarketWatch) => watch.apply(book(1_000, bookAgeMs + 1), []),
      reasons: [reason],
    },
    { what: "a trade from before", act: (watch: MarketWatch) => watch.apply(trade(100), []), reasons: [reason] },
    { what: "a trade of later", act: (watch: MarketWatch) => watch.apply(trade(101), []), reasons: [] },
    { what: "a connection that is new", act: (watch: MarketWatch) => watch.feedConnected(), reasons: [] },
  ])("with $what says $reasons", ({ act, reasons }) => {
    const watch = halted();
    expect(watch.reasonsNotToQuote(instant(100))).toEqual([reason]);
    act(watch);
    expect(watch.reasonsNotToQuote(instant(101))).toEqual(reasons);
  });
});

describe("prices that are new", () => {
  it("are those after a minute without a book that made sense, not the first of all", () => {
    const watch = watching();
    expect(watch.newPricesMs).toBe(Number.NEGATIVE_INFINITY);
    watch.apply(book(1_000, 60_000), []);
    expect(watch.newPricesMs).toBe(Number.NEGATIVE_INFINITY);
    // An absurd one does not keep the memory alive.
    watch.apply(book(1_000, 90_000, 400), []);
    watch.apply(book(1_000, 120_001), []);
    expect(watch.newPricesMs).toBe(120_001);
  });
});

describe("the mids of the tape", () => {
  it("are those of believed books without our orders, the ones that have just jumped among them", () => {
    const watch = watching();
    watch.apply(book(1_000, 100), [bid]);
    watch.apply(book(1_030, 200), []);
    expect(watch.reasonsNotToQuote(instant(200))).toEqual(["the mid jumped by more than 2 %: a pause of 5 s"]);
    watch.apply(book(1_030, 300, 400), []);
    watch.apply(book(1_030, 400), []);
    watch.apply(book(1_030, 500, -1), []);
    watch.apply({ ...book(1_030, 600), venueTimeMs: 0 }, []);
    expect([50, 150, 250, 350, 450, 550, 650].map((ms) => watch.mids.at(ms))).toEqual([
      2_000,
      undefined,
      2_060,
      undefined,
      2_060,
      undefined,
      undefined,
    ]);
  });

  it("are none while the feed is lost, though a book that was on its way still comes", () => {
    const watch = watching();
    watch.feedLost({ endpoint: "wss://one", reason: "reset", at: instant(100) });
    watch.apply(book(1_000, 200), []);
    watch.feedConnected();
    expect([99, 100, 200, 299].map((ms) => watch.mids.at(ms))).toEqual([2_000, undefined, undefined, undefined]);
    watch.apply(book(1_000, 300), []);
    expect(watch.mids.at(300)).toBe(2_000);
  });
});

describe("sides", () => {
  it.each([
    ["both hold others", [], []],
    ["one holds our orders alone", [bid], ["a side of the book holds only our own orders"]],
    ["both hold our orders alone", [bid, ask], ["a side of the book holds only our own orders"]],
  ])("%s", (_name, own, reasons) => {
    const watch = watching();
    watch.apply(book(1_000, 10), own);
    expect(watch.reasonsNotToQuote(instant(10))).toEqual(reasons);
  });

  it("an empty side is empty, whatever stands on the other", () => {
    const watch = watching();
    watch.apply(makeBook({ bids: [], asks: [[1_010, 100]], ms: 10 }), [ask]);
    expect(watch.reasonsNotToQuote(instant(10))).toEqual(["book has an empty side"]);
  });
});

describe("the mark", () => {
  it("is not known before a book that is believed", () => {
    const watch = new MarketWatch(tight);
    watch.apply(makeBook({ bids: [[1_010, 1]], asks: [[990, 1]], ms: 0 }), []);
    expect([watch.lastMidTicks, watch.referencePrice]).toEqual([undefined, undefined]);
  });

  it.each([
    ["crossed", makeBook({ bids: [[1_210, 1]], asks: [[1_190, 1]], ms: 100 }), []],
    ["without a side", makeBook({ bids: [], asks: [[1_210, 1]], ms: 100 }), []],
    ["of a spread that is no market's", book(1_200, 100, 100), []],
    ["that jumped", book(1_200, 100), []],
    ["of our own orders alone", book(1_200, 100), [{ ...bid, price: toTicks(1_190) }]],
  ])("is not moved by a book %s, which pulls the quotes", (_name, odd, own) => {
    const watch = watching();
    watch.apply(odd, own);
    expect(watch.lastMidTicks).toBe(1_000);
    expect(watch.reasonsNotToQuote(instant(100))).toHaveLength(1);
  });

  it("follows the new price once it has stood for the pause", () => {
    const watch = watching();
    watch.apply(book(1_200, 100), []);
    expect(watch.jumps).toBe(1);
    watch.apply(book(1_200, 5_099), []);
    expect(watch.lastMidTicks).toBe(1_000);
    watch.apply(book(1_200, 5_100), []);
    expect([watch.lastMidTicks, watch.reasonsNotToQuote(instant(5_100))]).toEqual([1_200, []]);
  });

  it("is the others' mid: our own quotes do not move it", () => {
    const watch = watching();
    const own: OwnSize = { side: "buy", price: toTicks(998), size: toLots(50) };
    watch.apply(
      makeBook({
        bids: [
          [998, 50],
          [990, 100],
        ],
        asks: [[1_010, 100]],
        ms: 100,
      }),
      [own],
    );
    expect(watch.lastMidTicks).toBe(1_000);
  });
});

it("an old book pulls the quotes one millisecond after its age, and every reason is told", () => {
  const watch = watching();
  expect(watch.reasonsNotToQuote(instant(1_000))).toEqual([]);
  expect(watch.reasonsNotToQuote(instant(1_001))).toEqual(["book is older than 1000 ms"]);
  watch.apply(book(1_200, 1_000, 100), []);
  expect(watch.reasonsNotToQuote(instant(2_001))).toEqual([
    "the spread is 16.67 %, the limit 5 %",
    "book is older than 1000 ms",
  ]);
});
