import { expect, test } from "vitest";
import { SteppedClock } from "../../../sim/bench/engine/stepped-clock.ts";

test("a step runs what is due in it, in order and at its time", async () => {
  const stepped = new SteppedClock();
  const seen: number[] = [];
  const look = () => seen.push(stepped.clock.now().monotonicMs);
  stepped.clock.after(700, look);
  stepped.clock.after(200, look);
  stepped.clock.after(1_200, look);
  await stepped.step(1_000);
  expect(seen).toEqual([200, 700]);
});

test("time that is jumped over runs no timer before the next step, and never goes back", async () => {
  const stepped = new SteppedClock();
  const seen: { readonly monotonicMs: number; readonly epochMs: number }[] = [];
  stepped.clock.after(1_500, () => seen.push(stepped.clock.now()));
  await stepped.step(1_000);
  stepped.jump(1_000);
  const jumped = stepped.clock.now();
  expect(jumped.monotonicMs).toBeGreaterThanOrEqual(2_000);
  expect(seen).toEqual([]);
  await stepped.step(1_000);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.monotonicMs).toBeGreaterThanOrEqual(jumped.monotonicMs);
  expect(stepped.clock.now().monotonicMs).toBeGreaterThanOrEqual(3_000);
});

test("a timer that is set after a jump comes after its delay, not before", async () => {
  const stepped = new SteppedClock();
  await stepped.step(0);
  stepped.jump(1_000);
  const setMs = stepped.clock.now().monotonicMs;
  let cameMs = 0;
  stepped.clock.after(500, () => {
    cameMs = stepped.clock.now().monotonicMs;
  });
  await stepped.step(1_000);
  expect(cameMs - setMs).toBeGreaterThanOrEqual(500);
});

test("both clocks move together", async () => {
  const stepped = new SteppedClock();
  await stepped.step(1_000);
  const before = stepped.clock.now();
  stepped.jump(500);
  await stepped.step(500);
  const after = stepped.clock.now();
  expect(Math.abs(after.monotonicMs - before.monotonicMs - (after.epochMs - before.epochMs))).toBeLessThan(3);
});
