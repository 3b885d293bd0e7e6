import fc from "fast-check";
import { expect, it } from "vitest";
import type { BookUpdate } from "../../../core/events.ts";
import { Places } from "../../../core/execution/place-worth.ts";
import type { Order } from "../../../core/order.ts";
import { remainingOf } from "../../../core/order.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeBook, makeOrder } from "../make-events.ts";

const side = fc.constantFrom<Side>("buy", "sell");
const price = fc.integer({ min: 90, max: 110 }).map(toTicks);
const size = fc.integer({ min: 1, max: 900 }).map(toLots);
const level = fc.integer({ min: 0, max: 4 });
const quote = fc.record({ side, level, price, size });
const order = fc
  .record({ side, level, price, size, filled: fc.integer({ min: 0, max: 900 }) })
  .map(({ filled, ...each }) =>
    makeOrder({ ...each, clientOrderId: "O", filledBooked: toLots(Math.min(filled, each.size)) }),
  );
const rows = (from: number, to: number) =>
  fc.uniqueArray(fc.tuple(fc.integer({ min: from, max: to }), size), { selector: ([at]) => at, maxLength: 15 });
const book = fc.option(
  fc
    .tuple(rows(88, 99), rows(100, 112))
    .map(([bids, asks]) =>
      makeBook({ bids: bids.toSorted((a, b) => b[0] - a[0]), asks: asks.toSorted((a, b) => a[0] - b[0]) }),
    ),
  { nil: undefined },
);

type Standing = {
  readonly wanted: readonly Quote[];
  readonly open: readonly Order[];
  readonly shown: BookUpdate | undefined;
};

/** Of the sizes themselves: the levels that are better, less ours there, and so at the price itself. */
function plainBefore(
  { wanted, open, shown }: Standing,
  { side: of, level: from }: Quote,
  at: number,
  share: number,
): number {
  const inner = wanted
    .filter((each) => each.side === of && each.level < from)
    .reduce((sum, each) => sum + each.size, 0);
  if (shown === undefined) return inner;
  const { prices, sizes } = of === "buy" ? shown.bids : shown.asks;
  const isBetter = (other: number) => (of === "buy" ? other > at : other < at);
  const mine = open.filter((each) => each.side === of);
  const standing = (holds: (other: number) => boolean) =>
    prices.reduce((sum, other, i) => sum + (holds(other) ? (sizes[i] ?? 0) : 0), 0) -
    mine.reduce((sum, each) => sum + (holds(each.price) ? remainingOf(each) : 0), 0);
  return (
    Math.max(0, standing(isBetter)) +
    share *
      Math.max(
        0,
        standing((other) => other === at),
      ) +
    inner
  );
}

it("places are worth what stands before them, however many were asked for before", () => {
  fc.assert(
    fc.property(
      fc.array(quote, { maxLength: 6 }).map((quotes) => quotes.toSorted((a, b) => a.level - b.level)),
      fc.array(order, { maxLength: 8 }),
      book,
      fc.array(fc.tuple(quote, order), { minLength: 1, maxLength: 6 }),
      (wanted, open, shown, asked) => {
        const places = new Places(wanted, open, shown);
        for (const [of, there] of asked) {
          const whole = 0.05 + 0.95 * Math.exp(-plainBefore({ wanted, open, shown }, of, of.price, 1) / of.size);
          expect(places.worthOfQuote(of)).toBeCloseTo(whole, 12);
          const reaching =
            0.05 + 0.95 * Math.exp(-plainBefore({ wanted, open, shown }, of, there.price, 0.5) / of.size);
          const part = (1 - Math.exp(-remainingOf(there) / of.size)) / (1 - Math.exp(-1));
          const fading = Math.exp(-Math.abs((1_000 * (of.price - there.price)) / of.price));
          expect(places.gainOf(of, there)).toBeCloseTo(whole - fading * reaching * part, 12);
        }
      },
    ),
  );
});
