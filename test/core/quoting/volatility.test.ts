import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Volatility } from "../../../core/quoting/volatility.ts";
import { makeSeededRng, nextNormal } from "../../../sim/exchange/seeded-rng.ts";

const COLD = { halfLifeSeconds: 60, warmUpSeconds: 0, warmUpChanges: 0 };

/** Mids with the seconds since the one before. */
type Path = readonly (readonly [seconds: number, mid: number])[];

function walked(path: Path, parameters = COLD): Volatility {
  const volatility = new Volatility(parameters);
  let ms = 1_000;
  for (const [seconds, mid] of path) {
    ms += seconds * 1_000;
    volatility.record(mid, ms);
  }
  return volatility;
}

describe("volatility", () => {
  it("is what it is by hand", () => {
    // Half-life 1 s. 3 ticks in 1 s, then 1 tick in 2 s:
    // S = 9, T = (1 − ½) / ln 2 = 0.72135. Then S = 9·¼ + 1 = 3.25, T = 0.72135·¼ + (1 − ¼) / ln 2 = 0.18034 + 1.08202 = 1.26236.
    const parameters = { ...COLD, halfLifeSeconds: 1 };
    const first: Path = [
      [0, 100],
      [1, 103],
    ];
    expect(walked(first, parameters).ticksPerRootSecond).toBeCloseTo(Math.sqrt(9 / 0.72135), 4);
    expect(walked([...first, [2, 102]], parameters).ticksPerRootSecond).toBeCloseTo(Math.sqrt(3.25 / 1.26236), 4);
  });

  it("of the same changes in half the time is √2 as high", () => {
    const path = (seconds: number): Path => Array.from({ length: 400 }, (_, i) => [seconds, 100 + (i % 2)]);
    const slow = walked(path(1)).ticksPerRootSecond ?? 0;
    const fast = walked(path(0.5)).ticksPerRootSecond ?? 0;
    expect(slow).toBeCloseTo(1, 2);
    expect(fast / slow).toBeCloseTo(Math.SQRT2, 2);
  });

  it("finds that of a random walk", () => {
    const rng = makeSeededRng(7, "volatility");
    const volatility = new Volatility({ ...COLD, halfLifeSeconds: 600 });
    let mid = 10_000;
    for (let step = 0; step < 20_000; step += 1) {
      mid += 2 * Math.sqrt(0.4) * nextNormal(rng);
      volatility.record(mid, step * 400);
    }
    expect(volatility.ticksPerRootSecond).toBeGreaterThan(2 * 0.95);
    expect(volatility.ticksPerRootSecond).toBeLessThan(2 * 1.05);
  });

  it("is the same however a gap is split by books that change nothing", () => {
    const step = fc.tuple(fc.double({ min: 0.01, max: 9.9, noNaN: true }), fc.integer({ min: -5, max: 5 }));
    const cuts = fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(step, cuts), { minLength: 1, maxLength: 20 }), (steps) => {
        const whole: [number, number][] = [[0, 100]];
        const split: [number, number][] = [[0, 100]];
        let mid = 100;
        for (const [[seconds, change], at] of steps) {
          let spent = 0;
          for (const cut of [...at].sort((a, b) => a - b)) {
            split.push([cut * seconds - spent, mid]);
            spent = cut * seconds;
          }
          mid += change;
          whole.push([seconds, mid]);
          split.push([seconds - spent, mid]);
        }
        expect(walked(split).ticksPerRootSecond).toBeCloseTo(walked(whole).ticksPerRootSecond ?? Number.NaN, 9);
      }),
    );
  });

  it("a change over a long gap says as much as over ten seconds, at its own rate", () => {
    const long = walked([
      [0, 100],
      [1_000, 150],
    ]);
    // 50² / 1000 s = 2.5 ticks² a second, as 5² over 10 s.
    const short = walked([
      [0, 100],
      [10, 105],
    ]);
    expect(long.ticksPerRootSecond).toBeCloseTo(short.ticksPerRootSecond ?? Number.NaN, 9);
    expect(long.state.seconds).toBe(10);
  });

  it("no time and no change count while the data are not believed", () => {
    const volatility = walked([
      [0, 100],
      [1, 101],
    ]);
    const before = volatility.ticksPerRootSecond;
    volatility.pause();
    volatility.record(500, 60_000);
    expect(volatility.ticksPerRootSecond).toBe(before);
    volatility.record(501, 61_000);
    expect(volatility.state).toMatchObject({ seconds: 2, changes: 2 });
  });

  it.each<[string, Path, boolean]>([
    ["too short", Array.from({ length: 30 }, (_, i) => [0.1, i]), false],
    ["too few changes", Array.from({ length: 30 }, () => [1, 100]), false],
    ["both enough", Array.from({ length: 6 }, (_, i) => [1, i]), true],
  ])("is not known before it is warm: %s", (_name, path, isKnown) => {
    const warm = walked(path, { halfLifeSeconds: 60, warmUpSeconds: 5, warmUpChanges: 5 });
    expect(warm.ticksPerRootSecond !== undefined).toBe(isKnown);
  });

  it("outlives a change of its parameters", () => {
    const volatility = walked([
      [0, 100],
      [1, 103],
      [2, 102],
    ]);
    const next = new Volatility({ ...COLD, halfLifeSeconds: 5 }, volatility.state);
    expect(next.ticksPerRootSecond).toBe(volatility.ticksPerRootSecond);
    const same = new Volatility(COLD, volatility.state);
    for (const each of [volatility, same]) each.record(110, 9_000);
    expect(same.state).toEqual(volatility.state);
  });
});
