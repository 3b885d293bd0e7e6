import { expect, test } from "vitest";
import { PricePath } from "../../../sim/exchange/price-path.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

const STEP_MS = 40;
const STEPS_PER_SECOND = 1_000 / STEP_MS;

/** Moves of a path per second, in basis points, with the regime they began in. */
function moves(seconds: number): { readonly bps: number; readonly regime: string }[] {
  const path = new PricePath(4_215, makeSeededRng(11, "path"));
  return Array.from({ length: seconds }, () => {
    const { price, regime } = path;
    for (let i = 0; i < STEPS_PER_SECOND; i += 1) path.advance(STEP_MS);
    return { bps: (path.price / price - 1) * 1e4, regime };
  });
}

test("the same seed walks the same path, and streams of one seed differ", () => {
  const numbers = (seed: number, stream: string) => {
    const rng = makeSeededRng(seed, stream);
    return Array.from({ length: 8 }, () => rng.next());
  };
  expect(numbers(1, "a")).toEqual(numbers(1, "a"));
  expect(numbers(1, "a")).not.toEqual(numbers(1, "b"));
  expect(numbers(1, "a")).not.toEqual(numbers(2, "a"));
});

test("the generator is uniform in [0, 1)", () => {
  const rng = makeSeededRng(5, "uniform");
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i += 1) {
    const value = rng.next();
    expect(value >= 0 && value < 1).toBe(true);
    const bucket = Math.floor(value * 10);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  // Each bucket holds 2,000 ± 42 (one standard deviation); five of them are never reached by a sound generator.
  for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(210);
});

test("busy spells move more than calm ones, jumps are rare, and both regimes come", () => {
  const all = moves(1_800);
  const typical = (regime: string) => {
    const sizes = all.filter((move) => move.regime === regime).map((move) => Math.abs(move.bps));
    return sizes.sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
  };
  expect(typical("busy")).toBeGreaterThan(typical("calm") * 1.5);
  const jumps = all.filter((move) => Math.abs(move.bps) > 8).length;
  expect(jumps).toBeGreaterThan(10);
  expect(jumps).toBeLessThan(1_800 / 10);
});

test("a long walk stays within a few percent of its start", () => {
  let offset = 0;
  let widest = 0;
  for (const { bps } of moves(3_600)) {
    offset += bps;
    widest = Math.max(widest, Math.abs(offset));
  }
  expect(widest).toBeLessThan(300);
  expect(widest).toBeGreaterThan(20);
});
