import { expect, test } from "vitest";
import { figuresOf, tapeFiguresText } from "../../../sim/compare/tape-figures.ts";

/** Mids each second whose logarithm moves by so many bps. */
function midsOf(moves: readonly number[]) {
  let log = 0;
  return [0, ...moves].map((move, second) => {
    log += move / 1e4;
    return { ms: second * 1_000, mid: 100 * Math.exp(log) };
  });
}

test("volatility is the root of the squared moves, and the continuous part leaves single jumps out", () => {
  const moves = Array.from({ length: 200 }, (_, i) => (i === 100 ? 31 : (-1) ** i));
  const figures = figuresOf({ mids: midsOf(moves), spreads: [2, 4], orders: [] });
  expect(figures.seconds).toBe(200);
  expect(figures.meanSpreadBps).toBe(3);
  expect(figures.volatilities[0]?.bps).toBeCloseTo(Math.sqrt((199 + 961) / 200), 6);
  // π/2 × (197 products of 1 and 2 of 31) / 200.
  expect(figures.continuousBps).toBeCloseTo(Math.sqrt(((Math.PI / 2) * (197 + 62)) / 200), 6);
  expect(figures.jumps.count).toBe(1);
  expect(figures.jumps.meanBps).toBeCloseTo(31, 6);
});

test("the response is the mid's move in the order's direction, by count and by value", () => {
  const mids = midsOf([0, 2, 0, -1, 0, 0]);
  const orders = [
    { ms: 1_500, sign: 1 as const, value: 300 },
    { ms: 3_500, sign: 1 as const, value: 100 },
  ];
  const second = figuresOf({ mids, spreads: [1], orders }).responses.find(({ seconds }) => seconds === 1);
  expect(second?.byCount).toBeCloseTo(0.5, 3);
  expect(second?.byValue).toBeCloseTo((2 * 300 - 100) / 400, 3);
});

test("sizes are told by mean, median and logarithmic deviation", () => {
  const orders = [1, Math.E, Math.E ** 2].map((value, i) => ({ ms: i * 1_000, sign: 1 as const, value }));
  const figures = figuresOf({ mids: midsOf([1, 1, 1]), spreads: [1], orders });
  expect(figures.medianValue).toBeCloseTo(Math.E, 12);
  expect(figures.logDeviation).toBeCloseTo(Math.sqrt(2 / 3), 12);
  expect(figures.ordersPerSecond).toBe(1);
  expect(tapeFiguresText(figures)).toContain("taker orders: 1.00 a second");
});
