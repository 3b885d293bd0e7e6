import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RollingMedian } from "../../../core/market-data/rolling-median.ts";

type Taken = { readonly value: number; readonly ms: number };

const WINDOW_MS = 60;
const COUNT_MAX = 12;

/** What it says it is: of the newest values those that are young enough, sorted, and the middle of them. */
function plainMedian(taken: readonly Taken[]): number | undefined {
  const nowMs = taken.at(-1)?.ms ?? 0;
  const values = taken
    .slice(-COUNT_MAX)
    .filter(({ ms }) => nowMs - ms < WINDOW_MS)
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  const [low, high] = [values[(values.length - 1) >> 1], values[values.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Few different values, so that equal ones come and go, at moments that fill the window and that empty it. */
const series = fc.array(
  fc.record({ value: fc.integer({ min: 1, max: 20 }).map((halves) => halves / 2), afterMs: fc.nat({ max: 25 }) }),
  { maxLength: 120, size: "max" },
);

describe("the rolling median", () => {
  it("is that of the sorted values of its window, whatever comes and goes", () => {
    fc.assert(
      fc.property(series, (steps) => {
        const rolling = new RollingMedian({ windowMs: WINDOW_MS, countMax: COUNT_MAX });
        const taken: Taken[] = [];
        expect(rolling.median).toBeUndefined();
        for (const { value, afterMs } of steps) {
          const ms = (taken.at(-1)?.ms ?? 0) + afterMs;
          taken.push({ value, ms });
          rolling.add(value, ms);
          expect(rolling.median).toBe(plainMedian(taken));
        }
      }),
    );
  });

  it("of a window that has passed is the newest value", () => {
    const rolling = new RollingMedian({ windowMs: WINDOW_MS, countMax: COUNT_MAX });
    for (const ms of [0, 10, 20]) rolling.add(1, ms);
    rolling.add(5, 80);
    expect(rolling.median).toBe(5);
  });
});
