import fc from "fast-check";
import { expect, test } from "vitest";
import type { BookSide, BookUpdate } from "../../../core/events.ts";
import { makeMarket } from "../../../core/market.ts";
import type { OwnSize } from "../../../core/market-data/book.ts";
import { toMarketEvent } from "../../../core/sei/market-events.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { toLineText } from "../../../fargate/recording/journal.ts";
import { withOwn } from "../../../sim/replay/outside-book.ts";
import { parseRecordedLine } from "../../../sim/replay/recorded-line.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "0.5" });
const markets = new Map([[market.symbol, market]]);
const at = { monotonicMs: 17.25, epochMs: 1_767_323_045_678 };

const levels = fc
  .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 8 })
  .chain((prices) =>
    fc.tuple(fc.constant(prices), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 8, maxLength: 8 })),
  );

function toSide([prices, sizes]: readonly [readonly number[], readonly number[]], sign: number): BookSide {
  const sorted = prices.toSorted((a, b) => (a - b) * sign);
  return { prices: sorted.map(toTicks), sizes: sorted.map((_, i) => toLots(sizes[i] ?? 1)) };
}

const book: fc.Arbitrary<BookUpdate> = fc.tuple(levels, levels).map(([bids, asks]) => ({
  type: "book-update",
  market: market.symbol,
  bids: toSide(bids, -1),
  asks: toSide(asks, 1),
  sequence: 7,
  venueTimeMs: at.epochMs,
  at,
}));

const own: fc.Arbitrary<readonly OwnSize[]> = fc.array(
  fc.record({
    side: fc.constantFrom("buy", "sell"),
    price: fc.integer({ min: 1, max: 30 }).map(toTicks),
    size: fc.integer({ min: 1, max: 60 }).map(toLots),
  }),
  { maxLength: 6 },
);

test("a recorded book shows no size of ours, and with ours put back it is the book that was read", () => {
  fc.assert(
    fc.property(book, own, (read, ours) => {
      const text = toLineText({ atMs: at.epochMs, steps: [{ type: "market-event", event: read, own: ours }] }, markets);
      const line = parseRecordedLine(text, "line 1");
      const [step] = line.steps;
      const [wire] = line.events;
      if (step?.type !== "market-event" || wire === undefined) throw new Error("the line must hold the event");
      const outside = toMarketEvent(wire.type, wire.attributes, markets, step.at);
      if (outside?.type !== "book-update") throw new Error("the event must be a book");
      expect(withOwn(outside, step.own)).toEqual(read);
      for (const [side, which] of [
        ["buy", outside.bids],
        ["sell", outside.asks],
      ] as const) {
        const before = side === "buy" ? read.bids : read.asks;
        for (const [i, price] of before.prices.entries()) {
          const mine = ours
            .filter((each) => each.side === side && each.price === price)
            .reduce((sum, each) => sum + each.size, 0);
          const left = which.sizes[which.prices.indexOf(price)] ?? 0;
          expect(left).toBe(Math.max(0, (before.sizes[i] ?? 0) - mine));
        }
      }
    }),
    { numRuns: 300 },
  );
});
