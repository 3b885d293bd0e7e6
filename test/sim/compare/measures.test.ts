import { expect, test } from "vitest";
import { toTicks } from "../../../core/units.ts";
import { Markouts } from "../../../sim/compare/markouts.ts";
import { addMoments, Drawdown, halfLifeOf, shareOf, sharpeOf } from "../../../sim/compare/measures.ts";
import { estimate, studentT95, wilson95 } from "../../../sim/compare/statistics.ts";

test("a Sharpe ratio is the mean over the deviation, times the root of the intervals in a year", () => {
  // Profits 1, 3, 2: mean 2, deviation 1; 525,600 minutes a year.
  const moments = { count: 3, sum: 6, sumOfSquares: 14 };
  expect(sharpeOf(moments, 60)).toBeCloseTo(2 * Math.sqrt(525_600), 9);
  expect(sharpeOf({ count: 3, sum: 0, sumOfSquares: 0 }, 60)).toBe(0);
  expect(sharpeOf({ count: 1, sum: 5, sumOfSquares: 25 }, 60)).toBe(0);
});

test("moments of two runs are those of all their minutes", () => {
  expect(
    addMoments([
      { count: 3, sum: 6, sumOfSquares: 14 },
      { count: 1, sum: -2, sumOfSquares: 4 },
    ]),
  ).toEqual({
    count: 4,
    sum: 4,
    sumOfSquares: 18,
  });
});

test("a half-life is the time in which an AR(1) forgets half", () => {
  // I = 16, 8, 4, 2: φ = (16·8 + 8·4 + 4·2) / (16² + 8² + 4²) = 168 / 336 = 1/2.
  expect(halfLifeOf({ withItself: 336, withNext: 168 }, 1)).toBeCloseTo(1, 12);
  // φ = 0.9: ln 0.5 / ln 0.9.
  expect(halfLifeOf({ withItself: 100, withNext: 90 }, 10)).toBeCloseTo(65.7881347896, 6);
  expect(halfLifeOf({ withItself: 100, withNext: 100 }, 1)).toBeUndefined();
  expect(halfLifeOf({ withItself: 0, withNext: 0 }, 1)).toBeUndefined();
  expect(halfLifeOf({ withItself: 100, withNext: -5 }, 1)).toBe(0);
});

test("a drawdown is the deepest fall from the highest so far, the start included", () => {
  const drawdown = new Drawdown(0);
  for (const value of [-2, 5, 1, 4, 7, 3]) drawdown.record(value);
  expect(drawdown.deepest).toBe(4);
});

test("a share of nothing is undefined", () => {
  expect(shareOf(3, 4)).toBe(0.75);
  expect(shareOf(3, 0)).toBeUndefined();
});

test("markouts weigh each fill by its size, at the mid that stood at its moment", () => {
  const markouts = new Markouts();
  markouts.add({ side: "buy", price: toTicks(1_000), size: 3 }, 0);
  markouts.add({ side: "sell", price: toTicks(1_010), size: 1 }, 500);
  // The mid is 1,004 until 1,200 ms, then 1,002 until 5,400 ms, then 1,020.
  markouts.settle(1_004, 1_200);
  markouts.settle(1_002, 5_400);
  markouts.settle(1_020, 60_000);
  const [one, five, sixty] = markouts.means().map(({ mean }) => mean);
  // At 1 s: (4·3 at 1,004) + (8·1 at 1,002) = 20 over 4,010 ticks × lots.
  expect(one).toBeCloseTo((1e4 * 20) / 4_010, 9);
  // At 5 s: the buy at 1,002 (5,000 ms), the sale at 1,020 (5,500 ms): 6 − 10 = −4.
  expect(five).toBeCloseTo((1e4 * -4) / 4_010, 9);
  // At 60 s only the buy's moment has come: 20·3 over 3,000.
  expect(sixty).toBeCloseTo((1e4 * 60) / 3_000, 9);
});

test("a horizon that no fill has reached has no markout", () => {
  const markouts = new Markouts();
  markouts.add({ side: "buy", price: toTicks(10), size: 1 }, 0);
  markouts.settle(11, 999);
  expect(markouts.means().map(({ mean }) => mean)).toEqual([undefined, undefined, undefined]);
});

test("an estimate is a mean and half of Student's interval", () => {
  // 1, 2, 3: deviation 1, t(2) = 4.303.
  const found = estimate([1, 2, 3]);
  expect(found?.mean).toBe(2);
  expect(found?.half).toBeCloseTo(4.303 / Math.sqrt(3), 9);
  expect(estimate([7])).toEqual({ mean: 7, half: undefined, count: 1 });
  expect(estimate([])).toBeUndefined();
  // Tables: t(40) = 2.021, t(120) = 1.980.
  expect(studentT95(40)).toBeCloseTo(2.021, 2);
  expect(studentT95(120)).toBeCloseTo(1.98, 3);
});

test("a share's interval is Wilson's", () => {
  // 8 of 10, by hand: middle 0.7168, half 0.2265.
  const { low, high } = wilson95(8, 10);
  expect(low).toBeCloseTo(0.4902, 3);
  expect(high).toBeCloseTo(0.9433, 3);
  expect(wilson95(0, 5).low).toBeCloseTo(0, 12);
  expect(wilson95(5, 5).high).toBeCloseTo(1, 12);
});
