import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reasonability } from "../../../core/market-data/reasonability.ts";

const limits = { midJumpPercent: 2, midJumpPauseMs: 5_000, spreadPercent: 5 };
const JUMPED = "the mid jumped by more than 2 %: a pause of 5 s";

/** Mids at moments, with a spread of nothing much. */
function following(...mids: readonly (readonly [ms: number, mid: number])[]): Reasonability {
  const reasonability = new Reasonability(limits);
  for (const [ms, mid] of mids) reasonability.record(mid, 1, ms);
  return reasonability;
}

describe("jumps", () => {
  it.each<[string, readonly (readonly [number, number])[], number]>([
    [
      "a move of the limit is none",
      [
        [0, 1_000],
        [400, 1_020],
      ],
      0,
    ],
    [
      "a move of more is one",
      [
        [0, 1_000],
        [400, 1_020.5],
      ],
      1,
    ],
    [
      "down counts as up",
      [
        [0, 1_000],
        [400, 979.5],
      ],
      1,
    ],
    [
      "a move within a second, in steps",
      [
        [0, 1_000],
        [300, 1_008],
        [600, 1_016],
        [900, 1_024],
        [990, 1_026],
      ],
      1,
    ],
    [
      "the same move over many seconds is none",
      [
        [0, 1_000],
        [1_000, 1_010],
        [2_000, 1_020],
        [3_000, 1_030],
      ],
      0,
    ],
    [
      "a mid that comes back at once has jumped twice",
      [
        [0, 1_000],
        [100, 1_100],
        [200, 1_000],
      ],
      2,
    ],
    [
      "after a jump the new price is where the next is measured from",
      [
        [0, 1_000],
        [100, 1_100],
        [200, 1_110],
      ],
      1,
    ],
  ])("%s", (_name, mids, jumps) => {
    expect(following(...mids).jumps).toBe(jumps);
  });

  it("the first mid is no jump", () => {
    const reasonability = following([0, 1_000]);
    expect([reasonability.jumps, reasonability.reasons(0)]).toEqual([0, []]);
  });

  it("a jump pauses quoting, from the newest jump on", () => {
    const reasonability = following([0, 1_000], [100, 1_100]);
    expect(reasonability.reasons(100)).toEqual([JUMPED]);
    expect(reasonability.reasons(5_099)).toEqual([JUMPED]);
    expect(reasonability.reasons(5_100)).toEqual([]);
    reasonability.record(1_200, 1, 200);
    expect(reasonability.reasons(5_199)).toEqual([JUMPED]);
    expect(reasonability.reasons(5_200)).toEqual([]);
  });

  it("a shock after a quiet second is a jump: the mid before stood until then", () => {
    expect(following([0, 1_000], [1_100, 1_200]).jumps).toBe(1);
  });
});

describe("the spread", () => {
  it.each([
    [50, []],
    [51, ["the spread is 5.10 %, the limit 5 %"]],
  ])("of %i ticks at a mid of 1,000", (spread, reasons) => {
    const reasonability = new Reasonability(limits);
    reasonability.record(1_000, spread, 0);
    expect(reasonability.reasons(0)).toEqual(reasons);
  });

  it("that is too wide says nothing of the price, and is forgotten with the next book", () => {
    const reasonability = following([0, 1_000]);
    reasonability.record(1_500, 1_000, 100);
    expect([reasonability.jumps, reasonability.referencePrice]).toEqual([0, 1_000]);
    reasonability.record(1_001, 1, 200);
    expect([reasonability.jumps, reasonability.reasons(200)]).toEqual([0, []]);
  });
});

describe("the reference price", () => {
  it("is not known before the first mid", () => {
    expect(new Reasonability(limits).referencePrice).toBeUndefined();
  });

  it.each<[string, readonly (readonly [number, number])[], number]>([
    ["one mid", [[0, 1_000]], 1_000],
    [
      "two: half way",
      [
        [0, 1_000],
        [1_000, 1_003],
      ],
      1_001.5,
    ],
    [
      "three: the middle one",
      [
        [0, 1_000],
        [1_000, 1_010],
        [2_000, 1_001],
      ],
      1_001,
    ],
    [
      "within a second the first counts",
      [
        [0, 1_000],
        [999, 1_010],
      ],
      1_000,
    ],
    [
      "a minute ago counts no more",
      [
        [0, 900],
        [60_000, 1_000],
      ],
      1_000,
    ],
    [
      "just within the minute does",
      [
        [1, 900],
        [60_000, 1_000],
      ],
      950,
    ],
  ])("of %s", (_name, mids, median) => {
    expect(following(...mids).referencePrice).toBe(median);
  });

  it("is not moved far by a few odd prices", () => {
    const reasonability = new Reasonability(limits);
    for (let second = 0; second < 60; second += 1)
      reasonability.record(second % 10 === 9 ? 5_000 : 1_000, 1, second * 1_000);
    expect(reasonability.referencePrice).toBe(1_000);
  });

  it("lies within the last minute's prices, whatever they are", () => {
    const mids = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 10_000 })), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(mids, (steps) => {
        const reasonability = new Reasonability(limits);
        let nowMs = 0;
        const seen: number[] = [];
        for (const [ms, mid] of steps) {
          nowMs += ms;
          if ((100 * 1) / mid <= limits.spreadPercent) seen.push(mid);
          reasonability.record(mid, 1, nowMs);
        }
        const median = reasonability.referencePrice;
        if (median === undefined) expect(seen).toEqual([]);
        else {
          expect(median).toBeGreaterThanOrEqual(Math.min(...seen));
          expect(median).toBeLessThanOrEqual(Math.max(...seen));
        }
      }),
    );
  });
});
