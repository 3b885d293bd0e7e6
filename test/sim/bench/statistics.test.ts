import { describe, expect, test } from "vitest";
import {
  controlsOf,
  quantile,
  quartiles,
  quietRounds,
  ratios,
  type Sample,
  sampledQuantile,
  shuffled,
  voidReasons,
} from "../../../sim/bench/statistics.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

const ROUNDS = 25;
const TICKS = 300;

/** Rounds of a floor on a machine that is slower in some of them, every tick with a tail, and `plusMicros` more. */
function makeRounds(input: { readonly seed: number; readonly floorMicros: number; readonly plusMicros: number }) {
  const rng = makeSeededRng(input.seed, "rounds");
  const pace = makeSeededRng(1, "pace");
  return Array.from({ length: ROUNDS }, (): Sample => {
    const slowness = 1 + 0.4 * pace.next();
    return Array.from({ length: TICKS }, () => {
      const tail = rng.next() < 0.02 ? 40 * rng.next() : 0;
      return input.floorMicros * slowness * (0.95 + 0.1 * rng.next()) + tail + input.plusMicros;
    });
  });
}

function judged(floorMicros: number, planted: { readonly same: number; readonly plus: number }) {
  const floors = makeRounds({ seed: 2, floorMicros, plusMicros: 0 });
  const same = makeRounds({ seed: 3, floorMicros, plusMicros: planted.same });
  const plus = makeRounds({ seed: 4, floorMicros, plusMicros: planted.plus });
  return voidReasons(controlsOf(floors, { same, plus }));
}

describe("the controls", () => {
  test.each([
    ["both loops hot", 15.6],
    ["blocking", 95],
  ])("a planted 5 µs shows and the floor against itself does not, %s", (_, floorMicros) => {
    expect(judged(floorMicros, { same: 0, plus: 5 })).toEqual([]);
  });

  test.each([
    ["a floor that differs from itself", { same: 5, plus: 5 }, /against itself must be 0.95 to 1.05, was 1\.\d+/],
    ["5 µs that do not show", { same: 0, plus: 0.5 }, /5 µs more must show as 2.5 to 15 µs, showed as 0\.\d µs/],
    ["5 µs that show as far more", { same: 0, plus: 30 }, /showed as 30\.\d µs|showed as 2\d\.\d µs/],
  ])("%s makes the run void", (_, planted, reason) => {
    expect(judged(15.6, planted).join("; ")).toMatch(reason);
  });

  test("a run without rounds is void", () => {
    expect(voidReasons(controlsOf([], { same: [], plus: [] }))).toHaveLength(3);
  });

  test("a floor that others interrupt makes the run void, whatever its p50 is", () => {
    const interrupted = makeRounds({ seed: 2, floorMicros: 15.6, plusMicros: 0 }).map((sample) =>
      sample.map((micros, tick) => (tick % 50 === 0 ? 12_000 : micros)),
    );
    const plus = makeRounds({ seed: 4, floorMicros: 15.6, plusMicros: 5 });
    const reasons = voidReasons(controlsOf(interrupted, { same: interrupted, plus }));
    expect(reasons.join("; ")).toMatch(/^the floor's p99 must be at most 20 times its p50, was \d{3} times/);
  });
});

describe("quantiles", () => {
  test.each([
    [[5, 1, 3, 2, 4], 0.5, 3],
    [[5, 1, 3, 2, 4], 0, 1],
    [[5, 1, 3, 2, 4], 1, 5],
    [[7], 0.99, 7],
  ])("of %j at %d is %d", (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });

  test("of nothing there is none", () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(quartiles([])).toEqual({ q1: Number.NaN, median: Number.NaN, q3: Number.NaN });
  });

  test("the quartiles stand in order", () => {
    expect(quartiles([4, 1, 2, 3])).toEqual({ q1: 2, median: 3, q3: 4 });
  });
});

describe("ratios", () => {
  test("are taken round by round, so that a slow round of both changes nothing", () => {
    const baselines = [[10], [100], [20]];
    const samples = [[15], [150], [30]];
    expect(ratios(samples, baselines, 0.5)).toEqual([1.5, 1.5, 1.5]);
  });

  test("a round in which either has no sample is left out", () => {
    expect(ratios([[2], [], [4]], [[1], [1]], 0.5)).toEqual([2]);
  });
});

describe("quiet rounds", () => {
  test("one whose floor has a far longer tail than usual is left out", () => {
    const usual = Array.from({ length: 100 }, () => 10);
    const noisy = [...usual.slice(0, 97), 400, 400, 400];
    expect(quietRounds([usual, noisy, usual, usual])).toEqual([0, 2, 3]);
  });

  test("none is left out where all are alike", () => {
    expect(
      quietRounds([
        [1, 2],
        [2, 1],
        [1, 3],
      ]),
    ).toEqual([0, 1, 2]);
  });
});

test("a shuffled order has every item once, and is not always the same", () => {
  const rng = makeSeededRng(5, "order");
  const items = ["a", "b", "c", "d", "e"];
  const orders = Array.from({ length: 20 }, () => shuffled(items, () => rng.next()));
  for (const order of orders) expect(order.toSorted()).toEqual(items);
  expect(new Set(orders.map((order) => order.join(""))).size).toBeGreaterThan(5);
});

test("half of all samples have the true quantile within the quartiles of their own", () => {
  const rng = makeSeededRng(5, "samples");
  const samples = Array.from({ length: 1_000 }, () => Array.from({ length: 200 }, () => -Math.log(1 - rng.next())));
  const trueP90 = Math.log(10);
  const within = samples
    .map((sample) => sampledQuantile(sample, 0.9))
    .filter(({ q1, q3 }) => q1 <= trueP90 && trueP90 <= q3);
  expect(within.length / samples.length).toBeGreaterThan(0.42);
  expect(within.length / samples.length).toBeLessThan(0.58);
});
