import { expect, test } from "vitest";
import type { RunSample } from "../../../sim/compare/run-meter.ts";
import { RunHistory } from "../../../sim/replay/run-history.ts";

function sampleAt(atMs: number): RunSample {
  return {
    atMs,
    mid: 100,
    own: { bid: undefined, ask: undefined },
    position: 0,
    pnl: 0,
    spreads: { measuredMs: atMs, othersBpsMs: 0, selfBpsMs: 0 },
    traded: { buy: { size: 0, value: 0 }, sell: { size: 0, value: 0 } },
  };
}

test.each([1, 1_200, 1_201, 2_399, 5_000, 90_000])(
  "%i seconds are kept in 1,200 samples at most, equally spaced",
  (seconds) => {
    const history = new RunHistory();
    for (let second = 1; second <= seconds; second += 1) history.take(sampleAt(second * 1_000));
    const times = history.samples.map(({ atMs }) => atMs);
    expect(times.length).toBeLessThanOrEqual(1_200);
    expect(times.length).toBeGreaterThan(seconds > 1_200 ? 599 : seconds - 1);
    expect(times[0]).toBe(1_000);
    const steps = new Set(times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)));
    expect(steps.size).toBeLessThanOrEqual(1);
    const [step = 1_000] = steps;
    expect(seconds * 1_000 - (times.at(-1) ?? 0)).toBeLessThan(step);
  },
);
