import { expect, test } from "vitest";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";

test("a moment has both times, and neither goes back", async () => {
  const clock = makeSystemClock();
  const before = clock.now();
  await new Promise<void>((resolve) => clock.after(2, resolve));
  const after = clock.now();
  expect(after.monotonicMs - before.monotonicMs).toBeGreaterThanOrEqual(1);
  expect(Math.abs(after.epochMs - Date.now())).toBeLessThan(1_000);
});

test("a stopped timer does not call back", async () => {
  const clock = makeSystemClock();
  const called: string[] = [];
  const stop = clock.after(0, () => called.push("stopped"));
  stop();
  await new Promise<void>((resolve) => clock.after(1, resolve));
  expect(called).toEqual([]);
});

test("chance is in [0, 1) and varies", () => {
  const rng = makeSystemRng();
  const draws = Array.from({ length: 100 }, () => rng.next());
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  expect(new Set(draws).size).toBeGreaterThan(90);
});
