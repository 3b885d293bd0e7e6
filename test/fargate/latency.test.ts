import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencyWindow } from "../../fargate/latency.ts";

test("before the first duration there is no percentile", () => {
  expect(new LatencyWindow().percentileMicros(50)).toBeNull();
});

test.each([
  { percentile: 0, micros: 1_000 },
  { percentile: 50, micros: 50_000 },
  { percentile: 99, micros: 99_000 },
  { percentile: 99.5, micros: 100_000 },
  { percentile: 100, micros: 100_000 },
])("of 1 to 100 ms the percentile $percentile is $micros µs", ({ percentile, micros }) => {
  const window = new LatencyWindow();
  for (let ms = 100; ms >= 1; ms -= 1) window.record(ms);
  expect(window.percentileMicros(percentile)).toBe(micros);
});

test("only the last 1,000 durations count", () => {
  const window = new LatencyWindow();
  for (let i = 0; i < 1_500; i += 1) window.record(1_000);
  for (let i = 0; i < 999; i += 1) window.record(2);
  expect(window.percentileMicros(100)).toBe(1_000_000);
  window.record(2);
  expect(window.percentileMicros(100)).toBe(2_000);
});

test("a percentile is one of the durations, with at least its share of them at or below it", () => {
  const durations = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 1_200 });
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 100 }), (micros, percentile) => {
      const window = new LatencyWindow();
      for (const each of micros) window.record(each / 1_000);
      const last = micros.slice(-1_000);
      const found = window.percentileMicros(percentile) ?? -1;
      expect(last).toContain(found);
      expect(last.filter((each) => each <= found).length * 100).toBeGreaterThanOrEqual(percentile * last.length);
      expect(last.filter((each) => each < found).length * 100).toBeLessThan(percentile * last.length);
    }),
  );
});
