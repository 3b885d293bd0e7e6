/** What is only measured of a book may be done at once or when there is time: the figures are the same to the bit. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MarketWatch } from "../../../core/market-data/market-watch.ts";
import { Quoter } from "../../../core/quoting/quoter.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { limits } from "../desk.ts";
import { instant, makeBook } from "../make-events.ts";
import { AVELLANEDA, PURE } from "../quoting/make-input.ts";

const tight = { ...limits, midJumpPercent: 2, midJumpPauseMs: 2_000, spreadPercent: 5 };

const step = fc.record({
  kind: fc.constantFrom("book", "book", "book", "own", "crossed", "empty", "lost", "connected", "stalled", "reasons"),
  afterMs: fc.constantFrom(0, 1, 100, 400, 1_000, 2_500),
  mid: fc.integer({ min: 995, max: 1_030 }),
  half: fc.constantFrom(2, 10, 40),
});

function takeStep(watch: MarketWatch, { kind, mid, half }: { kind: string; mid: number; half: number }, ms: number) {
  const own = [{ side: "buy", price: toTicks(mid - half), size: toLots(100) }] as const;
  const sides = { bids: [[mid - half, 100] as const], asks: [[mid + half, 100] as const], ms };
  if (kind === "book") watch.apply(makeBook(sides), []);
  else if (kind === "own") watch.apply(makeBook({ ...sides, bids: [...sides.bids, [mid - half - 3, 7]] }), own);
  else if (kind === "crossed") watch.apply(makeBook({ ...sides, bids: [[mid + half, 1]] }), []);
  else if (kind === "empty") watch.apply(makeBook({ ...sides, asks: [] }), []);
  else if (kind === "lost") watch.feedLost({ endpoint: "wss://one", reason: "a test", at: instant(ms) });
  else if (kind === "connected") watch.feedConnected();
  else if (kind === "stalled") watch.stalled(instant(ms));
  else watch.reasonsNotToQuote(instant(ms));
}

test("spreads, mids and the median of a market's books", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [atOnce, later] = [new MarketWatch(tight), new MarketWatch(tight)];
      let ms = 0;
      for (const each of steps) {
        ms += each.afterMs;
        for (const watch of [atOnce, later]) takeStep(watch, each, ms);
        atOnce.settle();
      }
      const figures = (watch: MarketWatch) => ({
        spreads: watch.spreads.totalsAt(ms + 500),
        mids: Array.from({ length: 20 }, (_, index) => watch.mids.at((ms * index) / 19)),
        median: watch.referencePrice,
        last: watch.lastMidTicks,
      });
      expect(figures(later)).toEqual(figures(atOnce));
    }),
    { numRuns: 200 },
  );
});

test.each([PURE, AVELLANEDA])("the arrivals that a $type quoter has counted", (parameters) => {
  const quoterStep = fc.record({
    kind: fc.constantFrom("book", "book", "trade", "trade", "busy", "idle", "pause", "configure"),
    afterMs: fc.constantFrom(0, 40, 150, 400, 1_200),
    ticks: fc.integer({ min: 0, max: 12 }),
  });
  const markouts = { buy: undefined, sell: undefined };
  fc.assert(
    fc.property(fc.array(quoterStep, { minLength: 20, maxLength: 120 }), (steps) => {
      const [atOnce, later] = [new Quoter(parameters), new Quoter(parameters)];
      let ms = 0;
      for (const { kind, afterMs, ticks } of steps) {
        ms += afterMs;
        const wanted = [atOnce, later].map((quoter) => {
          const at = instant(ms);
          const mid = 10_000 + (ticks % 3);
          const book = makeBook({
            ms,
            bids: [[mid - 4, 10] as const, [mid - 9, 9]],
            asks: [[mid + 4, 10] as const, [mid + 30, 9]],
          });
          const trade = {
            type: "trade",
            market: "SEI/USDC",
            tradeId: `T-${ms}`,
            size: toLots(1),
            venueTimeMs: 0,
          } as const;
          if (kind === "book") quoter.bookSeen(book, []);
          else if (kind === "trade")
            quoter.tradeSeen({ ...trade, price: toTicks(10_000 + ticks), aggressor: "buy", at });
          else if (kind === "pause") quoter.pause();
          else if (kind === "configure") quoter.configure(parameters);
          else return quoter.wanted({ inventory: 0, markouts, nowMs: ms, isBusy: kind === "busy" });
          return undefined;
        });
        expect(wanted[1]).toEqual(wanted[0]);
        atOnce.settle();
      }
      expect(later.view(ms)).toEqual(atOnce.view(ms));
    }),
    { numRuns: 100 },
  );
});
