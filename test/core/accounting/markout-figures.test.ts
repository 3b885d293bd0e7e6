import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MarkoutLevel, MarkoutRow } from "../../../core/accounting/markout-figures.ts";
import type { WeightedMean } from "../../../core/accounting/weighted-mean.ts";
import type { Side } from "../../../core/units.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { instant } from "../make-events.ts";
import { fillAt, makeMarkoutDesk as makeDesk, rowOf, steady } from "./markout-desk.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

function meansOf({ capture, markouts, adverse }: MarkoutRow): readonly WeightedMean[] {
  return [capture, ...markouts, ...adverse];
}

function expectSame(
  [rows, expected]: readonly [readonly MarkoutRow[], readonly MarkoutRow[]],
  figures: readonly ("mean" | "plusMinus")[],
): void {
  const [found, others] = [rows.flatMap(meansOf), expected.flatMap(meansOf)];
  expect(found.map(({ count }) => count)).toEqual(others.map(({ count }) => count));
  for (const figure of figures) {
    for (const [index, mean] of found.entries()) {
      // An interval of next to nothing is the root of a rest of the sums.
      expect(mean[figure] ?? -1e9).toBeCloseTo(others[index]?.[figure] ?? -1e9, 3);
    }
  }
}

describe("the figures", () => {
  it("are the size-weighted means over the fills of a side, by level and over all", () => {
    const { tape, markouts } = makeDesk();
    tape.record(10_000, 0);
    // At a mid of 0.5 a tick is 2 bps: captures of 10 and 20.
    markouts.add(fillAt(0, { fillId: "F-1", price: toTicks(4_995), size: toLots(30) }), 0, instant(0));
    markouts.add(fillAt(0, { fillId: "F-2", price: toTicks(4_990), size: toLots(10) }), 1, instant(0));
    markouts.add(fillAt(0, { fillId: "F-3", side: "sell", price: toTicks(5_003) }), 0, instant(0));
    steady(tape, 4_998, 5_000, 1_000);
    markouts.pass(5_000.1);
    const shown = (side: Side, level: MarkoutLevel) =>
      meansOf(rowOf(markouts.rolling, side, level)).map(({ mean }) => mean);
    // Two ticks down: 4 bps against a buy, for a sell.
    expect(shown("buy", "all")).toEqual([12.5, 8.5, 8.5, undefined, 4, 4, undefined]);
    expect(shown("buy", 0)).toEqual([10, 6, 6, undefined, 4, 4, undefined]);
    expect(shown("buy", 1)).toEqual([20, 16, 16, undefined, 4, 4, undefined]);
    expect(shown("sell", "all")).toEqual([6, 10, 10, undefined, -4, -4, undefined]);
    expect(rowOf(markouts.rolling, "sell", 1).capture).toEqual({ count: 0, mean: undefined, plusMinus: undefined });
    expect(markouts.hour("2026-01-02T03")?.rows()).toEqual(markouts.rolling.rows());
  });

  it("leave a mid that is not known out of its own horizon alone", () => {
    const { tape, markouts } = makeDesk();
    tape.record(10_000, 0);
    markouts.add(fillAt(0, { price: toTicks(4_995) }), 0, instant(0));
    tape.record(undefined, 500);
    steady(tape, 4_998, 5_000, 3_000);
    markouts.pass(5_000.1);
    const row = rowOf(markouts.rolling, "buy");
    expect(meansOf(row).map(({ count }) => count)).toEqual([1, 0, 1, 0, 0, 1, 0]);
    expect(row.markouts[1]?.mean).toBe(6);
  });

  it("take the fills of one horizon's length as one for the interval", () => {
    const tell = (untilMs: number) => {
      const { tape, markouts } = makeDesk();
      for (let ms = 0; ms < untilMs; ms += 500) {
        tape.record(8_430 + ((ms / 500) % 3), ms);
        if (ms < 10 * MINUTE_MS) markouts.add(fillAt(ms), 0, instant(ms));
        markouts.pass(ms);
      }
      return meansOf(rowOf(markouts.rolling, "buy")).map(({ plusMinus }) => plusMinus !== undefined);
    };
    const [capture, one, five, sixty] = [true, true, true, true];
    // Ten seconds, ten times five seconds, ten minutes; each horizon has to be over, too.
    expect(tell(10_000)).toEqual([capture, false, false, false, false, false, false]);
    expect(tell(54_000)).toEqual([capture, one, false, false, one, false, false]);
    expect(tell(10 * MINUTE_MS)).toEqual([capture, one, five, false, one, five, false]);
    expect(tell(11 * MINUTE_MS + 1_000)).toEqual([capture, one, five, sixty, one, five, sixty]);
  });

  it("read again without a fill are the same object, and another after one", () => {
    const { tape, markouts } = makeDesk();
    tape.record(8_430, 0);
    const before = markouts.rolling.of("buy", 0);
    expect(markouts.rolling.of("buy", 0)).toBe(before);
    markouts.add(fillAt(0), 0, instant(0));
    const after = markouts.rolling.of("buy", 0);
    expect(after).not.toBe(before);
    expect(markouts.rolling.of("buy", 0)).toBe(after);
  });
});

describe("the order of fills", () => {
  const anyFill = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    price: fc.integer({ min: 4_150, max: 4_250 }).map(toTicks),
    size: fc.integer({ min: 1, max: 500 }).map(toLots),
    level: fc.constantFrom(0, 1, undefined),
    second: fc.nat({ max: 25 }),
  });
  type Draft = typeof anyFill extends fc.Arbitrary<infer Value> ? Value : never;
  const twoOrders = fc
    .array(anyFill, { minLength: 20, maxLength: 60 })
    .chain((fills) =>
      fc.tuple(fc.constant(fills), fc.shuffledSubarray(fills, { minLength: fills.length, maxLength: fills.length })),
    );

  function rowsOf(drafts: readonly Draft[]): readonly MarkoutRow[] {
    const { tape, markouts } = makeDesk();
    for (let ms = 0; ms < 100_000; ms += 1_000) tape.record(8_400 + ((ms / 1_000) % 17), ms);
    for (const [index, { side, price, size, level, second }] of drafts.entries()) {
      const ms = 1_000 * second;
      markouts.add(fillAt(ms, { fillId: `F-${index}`, side, price, size }), level, instant(ms));
    }
    markouts.pass(90_000);
    return markouts.rolling.rows();
  }

  it("within a moment changes no figure, and from one moment to another no mean", () => {
    fc.assert(
      fc.property(twoOrders, ([fills, mixed]) => {
        const inTime = (drafts: readonly Draft[]) => drafts.toSorted((a, b) => a.second - b.second);
        const expected = rowsOf(inTime(fills));
        expectSame([rowsOf(inTime(mixed)), expected], ["mean", "plusMinus"]);
        expectSame([rowsOf(mixed), expected], ["mean"]);
      }),
      { numRuns: 40 },
    );
  });

  it("capture less adverse selection is the markout of the same fills", () => {
    fc.assert(
      fc.property(twoOrders, ([fills]) => {
        for (const { capture, markouts, adverse } of rowsOf(fills)) {
          for (const [horizon, { mean, count }] of markouts.entries()) {
            expect(count).toBe(capture.count);
            if (mean !== undefined) expect(capture.mean! - adverse[horizon]!.mean!).toBeCloseTo(mean, 6);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("the last hour", () => {
  it("forgets a fill an hour after its minute began", () => {
    const { tape, markouts } = makeDesk();
    const countAt = (ms: number) => {
      markouts.pass(ms);
      return rowOf(markouts.rolling, "buy").capture.count;
    };
    for (const ms of [59_000, 60_000, 200_000]) {
      tape.record(8_430, ms);
      markouts.add(fillAt(ms), 0, instant(ms));
    }
    expect([HOUR_MS - 1, HOUR_MS, HOUR_MS + MINUTE_MS, HOUR_MS + 4 * MINUTE_MS].map(countAt)).toEqual([3, 2, 1, 0]);
    expect(rowOf(markouts.rolling, "buy").markouts.map(({ count }) => count)).toEqual([0, 0, 0]);
  });

  it("is what its fills come to however many came and went before", () => {
    const [long, short] = [makeDesk(), makeDesk()];
    for (let ms = 0; ms < 3 * HOUR_MS; ms += 20_000) {
      for (const { tape, markouts } of ms < 2 * HOUR_MS ? [long] : [long, short]) {
        tape.record(8_430 + ((ms / 20_000) % 23), ms);
        markouts.add(fillAt(ms, { price: toTicks(4_200 + ((ms / 20_000) % 7)) }), 0, instant(ms));
        markouts.pass(ms);
        // Reading in between keeps the sum that is added to.
        markouts.rolling.rows();
      }
    }
    expect(rowOf(long.markouts.rolling, "buy").capture.count).toBe(180);
    expectSame([long.markouts.rolling.rows(), short.markouts.rolling.rows()], ["mean", "plusMinus"]);
  });

  it("holds the newest minutes alone when there are more fills than it is for, the running one in any case", () => {
    const { tape, markouts } = makeDesk({ rollingMax: 10 });
    const countAfter = (fills: number, fromMs: number) => {
      for (let index = 0; index < fills; index += 1) {
        tape.record(8_430, fromMs + index);
        markouts.add(fillAt(fromMs + index), 0, instant(fromMs + index));
      }
      return rowOf(markouts.rolling, "buy").capture.count;
    };
    expect(countAfter(6, 0)).toBe(6);
    expect(countAfter(4, MINUTE_MS)).toBe(10);
    expect(countAfter(1, 2 * MINUTE_MS)).toBe(5);
    expect(countAfter(14, 3 * MINUTE_MS)).toBe(14);
    // Their later marks are of minutes that are gone.
    markouts.pass(10 * MINUTE_MS);
    expect(rowOf(markouts.rolling, "buy").markouts[0]?.count).toBe(14);
    expect(markouts.takeFinished()).toHaveLength(25);
  });
});

describe("an hour", () => {
  it("is that of the fills' venue times, whenever their marks come, and three are kept", () => {
    const { tape, markouts } = makeDesk();
    // The epoch is 03:04:05.
    const endMs = 55 * MINUTE_MS + 55_000;
    for (const ms of [endMs - 100, endMs + 100, endMs + HOUR_MS, endMs + 2 * HOUR_MS]) {
      tape.record(8_430, ms);
      markouts.add(fillAt(ms), 0, instant(ms));
      markouts.pass(ms + 61_000);
      if (ms === endMs + 100) {
        expect(rowOf(markouts.hour("2026-01-02T03"), "buy").markouts.map(({ count }) => count)).toEqual([1, 0, 0]);
        expect(rowOf(markouts.hour("2026-01-02T04"), "buy").markouts.map(({ count }) => count)).toEqual([1, 0, 0]);
      }
    }
    const kept = ["03", "04", "05", "06", "07"].filter((hour) => markouts.hour(`2026-01-02T${hour}`) !== undefined);
    expect(kept).toEqual(["04", "05", "06"]);
  });
});
