import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ClosingFigures,
  type MarketTotals,
  type MinutePart,
  makeMinute,
  mergeParts,
} from "../../../core/accounting/minute.ts";

const closing: ClosingFigures = {
  mid: 4_215n,
  position: -7n,
  realizedPnl: 12n,
  unrealizedPnl: -3n,
  drawdownMicroPercent: 250_000,
};

const zero: MarketTotals = {
  measuredMs: 0,
  othersBpsMs: 0,
  selfBpsMs: 0,
  twoSidedMs: 0,
  ordersPlaced: 0,
  ordersCancelled: 0,
  ordersFilled: 0,
};

describe("a minute between two sums", () => {
  it("is their difference, spreads averaged over the time they were measured", () => {
    const begun = {
      measuredMs: 1_000,
      othersBpsMs: 9_000,
      selfBpsMs: 900,
      twoSidedMs: 500,
      ordersPlaced: 3,
      ordersCancelled: 2,
      ordersFilled: 1,
    };
    const ended = {
      measuredMs: 31_000,
      othersBpsMs: 9_000 + 30_000 * 12.5,
      selfBpsMs: 900 + 30_000 * 4.0000004,
      twoSidedMs: 60_500,
      ordersPlaced: 10,
      ordersCancelled: 7,
      ordersFilled: 1,
    };
    expect(makeMinute({ begun, ended, closing })).toEqual({
      measuredMs: 30_000,
      spreads: { othersMicroBps: 12_500_000, selfMicroBps: 4_000_000 },
      twoSidedMs: 60_000,
      ordersPlaced: 7,
      ordersCancelled: 5,
      ordersFilled: 0,
      closing,
    });
  });

  it.each([
    ["none", 0, 0, undefined],
    ["less than half a millisecond", 0.4, 0, undefined],
    ["half a millisecond", 0.5, 1, { othersMicroBps: 20_000_000, selfMicroBps: 8_000_000 }],
    ["more than a minute", 90_000, 60_000, { othersMicroBps: 20_000_000, selfMicroBps: 8_000_000 }],
  ])("of which %s was measured", (_name, ms, measuredMs, spreads) => {
    const ended = { ...zero, measuredMs: ms, othersBpsMs: 20 * ms, selfBpsMs: 8 * ms };
    expect(makeMinute({ begun: zero, ended, closing })).toMatchObject({ measuredMs, spreads });
  });
});

const whole = (max: number) => fc.integer({ min: 0, max });
const amount = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });

const figures = fc
  .record({
    measuredMs: whole(60_000),
    others: whole(20_000_000_000),
    self: whole(20_000_000_000),
    twoSidedMs: whole(60_000),
    ordersPlaced: whole(1_000),
    ordersCancelled: whole(1_000),
    ordersFilled: whole(1_000),
    closing: fc.record({
      mid: fc.option(amount, { nil: undefined }),
      position: amount,
      realizedPnl: amount,
      unrealizedPnl: amount,
      drawdownMicroPercent: whole(100_000_000),
    }),
  })
  .map(({ others, self, ...rest }) => ({
    ...rest,
    spreads: rest.measuredMs === 0 ? undefined : { othersMicroBps: others, selfMicroBps: self },
  }));

/** Parts of different tasks and runs, at least one. */
const parts = fc
  .uniqueArray(fc.record({ epoch: whole(9), run: whole(3), figures }), {
    minLength: 1,
    maxLength: 6,
    selector: ({ epoch, run }) => `${epoch}.${run}`,
  })
  .map(([first, ...rest]): readonly [MinutePart, ...MinutePart[]] => {
    if (first === undefined) throw new Error("there is at least one");
    return [first, ...rest];
  });

describe("the parts of a minute", () => {
  it("add up, spreads by the time each was measured, and the latest says how the market stands", () => {
    const first: MinutePart = {
      epoch: 3,
      run: 0,
      figures: {
        measuredMs: 40_000,
        spreads: { othersMicroBps: 30_000_000, selfMicroBps: 10_000_000 },
        twoSidedMs: 35_000,
        ordersPlaced: 8,
        ordersCancelled: 4,
        ordersFilled: 2,
        closing,
      },
    };
    const laterClosing = { ...closing, position: 1n, realizedPnl: 13n };
    const later: MinutePart = {
      epoch: 4,
      run: 0,
      figures: {
        measuredMs: 10_000,
        spreads: { othersMicroBps: 20_000_000, selfMicroBps: 20_000_000 },
        twoSidedMs: 30_000,
        ordersPlaced: 1,
        ordersCancelled: 0,
        ordersFilled: 1,
        closing: laterClosing,
      },
    };
    expect(mergeParts([later, first])).toEqual({
      epoch: 4,
      run: 0,
      figures: {
        measuredMs: 50_000,
        spreads: { othersMicroBps: 28_000_000, selfMicroBps: 12_000_000 },
        twoSidedMs: 60_000,
        ordersPlaced: 9,
        ordersCancelled: 4,
        ordersFilled: 3,
        closing: laterClosing,
      },
    });
  });

  it("one that measured no spread takes nothing off the others' spreads", () => {
    const measured = { othersMicroBps: 5, selfMicroBps: 4 };
    const of = (epoch: number, measuredMs: number): MinutePart => ({
      epoch,
      run: 0,
      figures: {
        ...makeMinute({ begun: zero, ended: zero, closing }),
        measuredMs,
        spreads: measuredMs === 0 ? undefined : measured,
      },
    });
    expect(mergeParts([of(1, 0), of(2, 300), of(3, 0)]).figures).toMatchObject({ measuredMs: 300, spreads: measured });
    expect(mergeParts([of(1, 0), of(3, 0)]).figures.spreads).toBeUndefined();
  });

  it("one alone is the minute", () => {
    fc.assert(
      fc.property(parts, ([part]) => {
        expect(mergeParts([part])).toEqual(part);
      }),
    );
  });

  it("come to the same in any order", () => {
    const shuffled = parts.chain((all) =>
      fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length }).map((other) => ({ all, other })),
    );
    fc.assert(
      fc.property(shuffled, ({ all, other: [first, ...rest] }) => {
        if (first !== undefined) expect(mergeParts([first, ...rest])).toEqual(mergeParts(all));
      }),
    );
  });
});
