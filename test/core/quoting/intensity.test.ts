import { describe, expect, it } from "vitest";
import { Intensity, type IntensityReading } from "../../../core/quoting/intensity.ts";
import type { IntensityParameters } from "../../../core/quoting/parameters.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

const parameters: IntensityParameters = { halfLifeSeconds: 1e9, tradesMin: 40 };
const MID = 10_000;

type Flow = {
  readonly arrivalsPerSecond: number;
  readonly decayPerTick: number;
  readonly seconds: number;
  /** How far from the mid the displayed book ends, by the number of the book. */
  readonly end?: (book: number) => number;
  /** Where others' best quotes stand: a taker who would not pay so much does not trade. */
  readonly halfSpread?: number;
  readonly seed?: number;
  readonly startMs?: number;
};

/**
 * Takers of either side arrive at random, `arrivalsPerSecond` a side, and reach an exponentially distributed depth: beyond δ go
 * A·e^(−kδ) a second, by construction. A book comes each 400 ms; past its end a trade is not seen.
 */
function told(intensity: Intensity, flow: Flow): IntensityReading {
  const { arrivalsPerSecond, decayPerTick, seconds, end = () => 1_000, halfSpread = 0, seed = 1, startMs = 0 } = flow;
  const rng = makeSeededRng(seed, "takers");
  const wait = () => (-Math.log(1 - rng.next()) * 1_000) / (2 * arrivalsPerSecond);
  let next = wait();
  for (let book = 0; book * 400 < seconds * 1_000; book += 1) {
    const atMs = book * 400;
    for (; next < atMs; next += wait()) {
      const isBuy = rng.next() < 0.5;
      const reach = -Math.log(1 - rng.next()) / decayPerTick;
      if (reach < halfSpread) continue;
      const depth = Math.min(reach, end(book - 1));
      intensity.tradeSeen(isBuy ? MID + depth : MID - depth, isBuy ? "buy" : "sell", startMs + next);
    }
    intensity.bookSeen({ mid: MID, lastBid: MID - end(book), lastAsk: MID + end(book) }, startMs + atMs);
  }
  return intensity.read(startMs + seconds * 1_000);
}

function fitted(reading: IntensityReading) {
  if (!reading.isFitted) throw new Error(`no fit: ${reading.note}`);
  return reading;
}

describe("the intensity of simulated takers", () => {
  // Tolerance 12 % of k and 15 % of A: three standard errors of some thousand trades are about a tenth.
  it.each<[string, Omit<Flow, "seconds">]>([
    ["few and shallow", { arrivalsPerSecond: 0.5, decayPerTick: 0.5 }],
    ["many", { arrivalsPerSecond: 3, decayPerTick: 0.3 }],
    ["so many that several come in a step", { arrivalsPerSecond: 12, decayPerTick: 0.2 }],
    ["deep: past the first bins", { arrivalsPerSecond: 2, decayPerTick: 0.02 }],
    ["very deep", { arrivalsPerSecond: 2, decayPerTick: 0.002, end: () => 100_000 }],
    ["in books that end at 6 ticks", { arrivalsPerSecond: 2, decayPerTick: 0.3, end: () => 6 }],
    ["in books of changing ends", { arrivalsPerSecond: 2, decayPerTick: 0.3, end: (book) => 3 + (book % 10) }],
    ["behind a spread of 4 ticks", { arrivalsPerSecond: 2, decayPerTick: 0.3, halfSpread: 2 }],
  ])("%s: A and k are found again", (_name, flow) => {
    // As the engine does, a reading a second, so that the bins can follow.
    const intensity = new Intensity(parameters);
    for (let i = 0; i < 20; i += 1) told(intensity, { ...flow, seconds: 60, seed: i + 50, startMs: i * 60_000 });
    const reading = fitted(told(intensity, { ...flow, seconds: 1_500, startMs: 1_200_000 }));
    expect(reading.decayPerTick / flow.decayPerTick).toBeGreaterThan(0.88);
    expect(reading.decayPerTick / flow.decayPerTick).toBeLessThan(1.12);
    expect(reading.arrivalsPerSecond / flow.arrivalsPerSecond).toBeGreaterThan(0.85);
    expect(reading.arrivalsPerSecond / flow.arrivalsPerSecond).toBeLessThan(1.15);
    expect(reading.note).toBeUndefined();
  });

  it("time without trades counts: half the trades in the same time are half the arrivals", () => {
    const busy = fitted(told(new Intensity(parameters), { arrivalsPerSecond: 2, decayPerTick: 0.3, seconds: 2_000 }));
    const quiet = fitted(told(new Intensity(parameters), { arrivalsPerSecond: 1, decayPerTick: 0.3, seconds: 2_000 }));
    expect(busy.arrivalsPerSecond / quiet.arrivalsPerSecond).toBeGreaterThan(1.7);
    expect(busy.arrivalsPerSecond / quiet.arrivalsPerSecond).toBeLessThan(2.3);
  });

  it("follows a change within a few half-lives", () => {
    const intensity = new Intensity({ ...parameters, halfLifeSeconds: 60 });
    told(intensity, { arrivalsPerSecond: 4, decayPerTick: 0.5, seconds: 600 });
    for (let i = 0; i < 60; i += 1) {
      const startMs = 600_000 + i * 10_000;
      told(intensity, { arrivalsPerSecond: 4, decayPerTick: 0.1, seconds: 10, seed: i, startMs });
    }
    const { decayPerTick } = fitted(intensity.read(1_200_000));
    expect(decayPerTick).toBeGreaterThan(0.075);
    expect(decayPerTick).toBeLessThan(0.135);
  });
});

describe("an intensity that can not be fitted", () => {
  const book = { mid: 100, lastBid: 50, lastAsk: 150 };

  it("of too few trades says so", () => {
    expect(new Intensity(parameters).read(0)).toEqual({ isFitted: false, note: "few-trades" });
    const flow = { arrivalsPerSecond: 0.1, decayPerTick: 0.3, seconds: 60 };
    expect(told(new Intensity(parameters), flow)).toEqual({ isFitted: false, note: "few-trades" });
  });

  it("of trades that all go as deep says so", () => {
    const intensity = new Intensity(parameters);
    for (let ms = 0; ms < 100_000; ms += 400) {
      intensity.bookSeen(book, ms);
      intensity.tradeSeen(101, "buy", ms + 200);
    }
    expect(intensity.read(100_000)).toEqual({ isFitted: false, note: "one-depth" });
  });

  it("is not made of trades on the wrong side of the mid, nor of those before any book", () => {
    const intensity = new Intensity(parameters);
    for (let ms = 0; ms < 100_000; ms += 400) intensity.tradeSeen(105, "buy", ms);
    for (let ms = 100_000; ms < 200_000; ms += 400) {
      intensity.bookSeen(book, ms);
      intensity.tradeSeen(99 - (ms % 7), "buy", ms + 200);
    }
    expect(intensity.read(200_000)).toEqual({ isFitted: false, note: "few-trades" });
  });

  it("leaves the fit before it, for a half-life, and says why", () => {
    const intensity = new Intensity({ ...parameters, halfLifeSeconds: 300 });
    const reading = fitted(told(intensity, { arrivalsPerSecond: 1, decayPerTick: 0.3, seconds: 300 }));
    // The market goes on, nobody trades: 40 trades are too few before long.
    const later = [600, 900, 1_200, 1_300, 1_400, 1_600, 1_900, 2_100].map((seconds) =>
      intensity.read(seconds * 1_000),
    );
    const kept = later.filter((each) => each.isFitted && each.note === "few-trades");
    expect(kept.length).toBeGreaterThan(0);
    for (const each of kept) {
      expect(fitted(each).decayPerTick / reading.decayPerTick).toBeCloseTo(1, 0);
    }
    expect(later.at(-1)).toEqual({ isFitted: false, note: "few-trades" });
  });
});

describe("what counts in a fit", () => {
  it("a trade is as deep as from the mid before the book that it left", () => {
    // The buy at 106 lifted the mid from 100 to 105 within one step: it went 6 ticks, not 1.
    const lifted = new Intensity(parameters);
    const still = new Intensity(parameters);
    for (let ms = 0; ms < 400_000; ms += 400) {
      const depth = 1 + ((ms / 400) % 6);
      const book = { mid: 100, lastBid: 50, lastAsk: 150 };
      still.bookSeen(book, ms);
      still.tradeSeen(100 + depth, "buy", ms + 310);
      lifted.bookSeen(book, ms);
      lifted.bookSeen({ ...book, mid: 99 + depth }, ms + 305);
      lifted.tradeSeen(100 + depth, "buy", ms + 310);
    }
    const [moved, stood] = [fitted(lifted.read(400_000)), fitted(still.read(400_000))];
    expect(moved.decayPerTick).toBeCloseTo(stood.decayPerTick, 9);
    expect(moved.arrivalsPerSecond).toBeCloseTo(stood.arrivalsPerSecond, 9);
  });

  it("time in which the data are not believed does not", () => {
    const flow = { arrivalsPerSecond: 2, decayPerTick: 0.3, seconds: 1_000 };
    const whole = new Intensity(parameters);
    const broken = new Intensity(parameters);
    told(whole, flow);
    told(broken, flow);
    broken.pause();
    broken.tradeSeen(MID + 400, "buy", 2_000_000);
    const [before, after] = [fitted(whole.read(1_000_000)), fitted(broken.read(3_000_000))];
    expect(after.arrivalsPerSecond).toBeCloseTo(before.arrivalsPerSecond, 2);
  });

  it("the fit is made anew at most once a second", () => {
    const intensity = new Intensity(parameters);
    told(intensity, { arrivalsPerSecond: 2, decayPerTick: 0.3, seconds: 600 });
    const first = intensity.read(600_000);
    for (let i = 0; i < 9; i += 1) intensity.tradeSeen(MID + 30, "buy", 600_050 + i * 100);
    expect(intensity.read(600_999)).toEqual(first);
    expect(intensity.read(601_000)).not.toEqual(first);
  });

  it("what was counted outlives a change of the parameters", () => {
    const intensity = new Intensity(parameters);
    const reading = told(intensity, { arrivalsPerSecond: 2, decayPerTick: 0.3, seconds: 600 });
    expect(new Intensity(parameters, intensity.state).read(600_000)).toEqual(reading);
    expect(new Intensity({ ...parameters, tradesMin: 1e9 }, intensity.state).read(600_000)).toEqual({
      ...reading,
      note: "few-trades",
    });
  });
});
