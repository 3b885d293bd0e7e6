import { expect, test } from "vitest";
import { toLots, toTicks } from "../../../../core/units.ts";
import {
  isWithinTolerance,
  jumpPrices,
  priceForVolume,
  quantized,
  shownMid,
  withinRoom,
} from "../../../../sim/compare/peers/hummingbot-prices.ts";
import type { ClientOrder } from "../../../../sim/compare/peers/order-client.ts";
import { makeBook } from "../../../core/make-events.ts";

const book = makeBook({
  bids: [
    [4_200, 300],
    [4_199, 400],
    [4_190, 900],
  ],
  asks: [
    [4_210, 100],
    [4_212, 600],
  ],
});

function own(side: "buy" | "sell", size: number): ClientOrder {
  return {
    clientOrderId: "x",
    side,
    price: toTicks(4_200),
    size: toLots(size),
    filled: 0,
    state: "open",
    createdMs: 0,
  };
}

test("prices are rounded down to a tick on both sides", () => {
  expect([4_172.85, 4_257.15, 4_200].map(quantized)).toEqual([4_172, 4_257, 4_200]);
});

test("the mid is of the book as it is shown", () => {
  expect(shownMid(book)).toBe(4_205);
  expect(shownMid(makeBook({ bids: [], asks: [[4_210, 1]] }))).toBeUndefined();
});

test.each([
  [0, 4_200],
  [300, 4_200],
  [301, 4_199],
  [701, 4_190],
  [99_999, 4_190],
])("a side adds up to %d at %d", (volume, price) => {
  expect(priceForVolume(book.bids, volume)).toBe(price);
});

test("a jump goes one tick before the best others, own size skipped", () => {
  expect(jumpPrices(book, [])).toEqual({ aboveBid: 4_201, belowAsk: 4_209 });
  // 500 own on each side: bids add up to that at 4,199, asks at 4,212.
  expect(jumpPrices(book, [own("buy", 500), own("sell", 500)])).toEqual({ aboveBid: 4_200, belowAsk: 4_211 });
});

test.each([
  ["equal", [100, 110], [110, 100], 0, true],
  ["within", [100], [101], 0.01, true],
  ["beyond", [100], [101.1], 0.01, false],
  ["another count", [100], [100, 101], 1, false],
  ["none on either", [], [], 0, true],
] as const)("tolerance compares sorted prices: %s", (_, standing, proposed, tolerance, expected) => {
  expect(isWithinTolerance(standing, proposed, tolerance)).toBe(expected);
});

test("orders are cut to what is left, the best first, and dropped where nothing is", () => {
  const order = (price: number) => ({ price, size: 500 });
  expect(withinRoom([order(3), order(2), order(1)], 700)).toEqual([
    { price: 3, size: 500 },
    { price: 2, size: 200 },
  ]);
  expect(withinRoom([order(3)], 0)).toEqual([]);
});
