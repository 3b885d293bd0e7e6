import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { studentT95, type WeightedMean, WeightedSums } from "../../../core/accounting/weighted-mean.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

type Row = readonly [value: number, weight: number];

/** Each value in a period of its own, from `first` on. */
function sumsOf(rows: readonly Row[], first = 0): WeightedSums {
  const sums = new WeightedSums();
  for (const [index, [value, weight]] of rows.entries()) sums.add(value, weight, first + index);
  return sums;
}

function repeated(times: number, rows: readonly Row[]): readonly Row[] {
  return Array.from({ length: times }, () => rows).flat();
}

const rows = (min: number, max = 60) =>
  fc.array(
    fc.tuple(
      fc.integer({ min: -5_000, max: 5_000 }).map((tenths) => tenths / 10),
      fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
    ),
    { minLength: min, maxLength: max },
  );

/** Equal but for the noise of floating-point sums, of which the root of a difference that should be 0 shows the most. */
function expectSame(one: WeightedMean, other: WeightedMean): void {
  expect(one.count).toBe(other.count);
  for (const figure of ["mean", "plusMinus"] as const) {
    const [found, expected] = [one[figure], other[figure]];
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 3);
  }
}

describe("a weighted mean", () => {
  it("is not known without a value", () => {
    expect(new WeightedSums().mean()).toEqual({ count: 0, mean: undefined, plusMinus: undefined });
  });

  it.each([
    ["one value", [[-3, 7]], -3],
    [
      "equal weights",
      [
        [1, 2],
        [3, 2],
      ],
      2,
    ],
    [
      "three times the weight",
      [
        [0, 1],
        [4, 3],
      ],
      3,
    ],
  ] as const)("of %s is their weighted average, without an interval", (_name, values, mean) => {
    expect(sumsOf(values).mean()).toEqual({ count: values.length, mean, plusMinus: undefined });
  });

  it.each([
    // s² = 10/9, so s/√10 = 1/3, and t of 9 is 2.2622.
    {
      name: "ten equal weights",
      values: repeated(5, [
        [1, 7],
        [3, 7],
      ]),
      mean: 2,
      plusMinus: 2.26216 / 3,
    },
    // Σw² (x − 3)² = 10 · 9 + 10 · 9 · 1 = 180; 20/19 · 180 / 40² = 0.118421; effectively 16 values, t of 15 is 2.1314.
    {
      name: "weights of 1 and 3",
      values: repeated(10, [
        [0, 1],
        [4, 3],
      ]),
      mean: 3,
      plusMinus: 2.13145 * Math.sqrt(0.1184211),
    },
    { name: "equal values", values: repeated(20, [[7.3, 0.1]]), mean: 7.3, plusMinus: 0 },
  ])("of $name has the interval of the formula", ({ values, mean, plusMinus }) => {
    const found = sumsOf(values).mean();
    expect(found.mean).toBeCloseTo(mean, 12);
    expect(found.plusMinus).toBeCloseTo(plusMinus, 4);
  });

  it("has an interval from ten periods on, and of unequal weights from as many as count for ten", () => {
    expect(sumsOf(repeated(9, [[1, 0.1]])).mean().plusMinus).toBeUndefined();
    expect(sumsOf(repeated(10, [[1, 0.1]])).mean().plusMinus).toBeDefined();
    expect(sumsOf([...repeated(40, [[1, 1]]), [-9, 1_000]]).mean().plusMinus).toBeUndefined();
  });

  it("counts the values of one period as one", () => {
    const sums = new WeightedSums();
    for (let period = 0; period < 10; period += 1) {
      for (let times = 0; times < 5; times += 1) sums.add(period % 2 === 0 ? 0 : 2, times + 1, period);
    }
    const once = sumsOf(
      repeated(5, [
        [0, 15],
        [2, 15],
      ]),
    ).mean();
    expect(sums.mean()).toEqual({ count: 50, mean: once.mean, plusMinus: once.plusMinus });
  });

  it("puts together to the same as one after the other, wherever they are parted", () => {
    fc.assert(
      fc.property(rows(1), fc.nat(), (values, cut) => {
        const at = cut % (values.length + 1);
        const whole = sumsOf(values).mean();
        const parts = sumsOf(values.slice(0, at));
        parts.merge(sumsOf(values.slice(at), at));
        parts.merge(new WeightedSums());
        expectSame(parts.mean(), whole);
        const behindNone = new WeightedSums();
        behindNone.merge(sumsOf(values));
        expectSame(behindNone.mean(), whole);
      }),
    );
  });

  it("does not depend on the unit of the weights, and moves with its values", () => {
    fc.assert(
      fc.property(rows(20), fc.integer({ min: -100, max: 100 }), (values, shift) => {
        const one = sumsOf(values).mean();
        const other = sumsOf(values.map(([value, weight]) => [value + shift, 1_000 * weight])).mean();
        expectSame(other, { ...one, mean: (one.mean ?? 0) + shift });
      }),
    );
  });
});

it.each([
  [9, 2.2622],
  [15, 2.1314],
  [29, 2.0452],
  [60, 2.0003],
  [1_000, 1.9623],
])("Student's t of %d degrees of freedom is as tabled", (freedom, expected) => {
  expect(Math.abs(studentT95(freedom) - expected)).toBeLessThan(0.0001);
});

describe("the interval", () => {
  /** Sum of twelve evenly spread numbers: near enough to a normal one. */
  const makeNormal = (seed: number) => {
    const rng = makeSeededRng(seed, "normal");
    return () => Array.from({ length: 12 }, () => rng.next()).reduce((sum, each) => sum + each, -6);
  };

  it("holds the true mean in 95 of 100 cases when the values are apart", () => {
    const [normal, rng] = [makeNormal(1), makeSeededRng(1, "weights")];
    let held = 0;
    for (let turn = 0; turn < 1_000; turn += 1) {
      const { mean, plusMinus } = sumsOf(Array.from({ length: 40 }, () => [normal(), 1 + 4 * rng.next()])).mean();
      if (mean !== undefined && plusMinus !== undefined && Math.abs(mean) <= plusMinus) held += 1;
    }
    expect(held).toBeGreaterThan(925);
    expect(held).toBeLessThan(975);
  });

  it("is not fooled by forty fills that share what follows them: near 90 of 100, where each alone holds in fewer than 35", () => {
    const [periods, perPeriod] = [30, 40];
    const held = { shared: 0, alone: 0 };
    const normal = makeNormal(2);
    for (let turn = 0; turn < 200; turn += 1) {
      // A price that wanders, looked at over one whole period from every step of it on.
      const steps = Array.from({ length: (periods + 1) * perPeriod }, normal);
      let move = steps.slice(0, perPeriod).reduce((sum, step) => sum + step, 0);
      const [shared, alone] = [new WeightedSums(), new WeightedSums()];
      for (let at = 0; at < periods * perPeriod; at += 1) {
        shared.add(move, 1, Math.floor(at / perPeriod));
        alone.add(move, 1, at);
        move += steps[at + perPeriod]! - steps[at]!;
      }
      for (const [kind, sums] of [
        ["shared", shared],
        ["alone", alone],
      ] as const) {
        const { mean, plusMinus } = sums.mean();
        if (Math.abs(mean ?? Number.NaN) <= (plusMinus ?? 0)) held[kind] += 1;
      }
    }
    expect(held.shared).toBeGreaterThan(165);
    expect(held.shared).toBeLessThan(196);
    expect(held.alone).toBeLessThan(70);
  });
});
