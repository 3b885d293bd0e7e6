import { expect, test } from "vitest";
import { keepWarm } from "../../fargate/warm-up.ts";
import { ManualClock } from "../sim/local/manual-clock.ts";

test("many rehearsals at the start, in small portions, then one every 25 ms until stopped", () => {
  const clock = new ManualClock(0);
  let rehearsals = 0;
  const stop = keepWarm(clock, () => {
    rehearsals += 1;
  });
  expect(rehearsals).toBe(25);
  clock.advance(10);
  expect(rehearsals).toBe(50);
  clock.advance(580);
  expect(rehearsals).toBe(60 * 25);
  const atStart = rehearsals;
  clock.advance(1_010);
  expect(rehearsals - atStart).toBe(41);
  stop();
  clock.advance(1_000);
  expect(rehearsals - atStart).toBe(41);
  expect(clock.pending).toBe(0);
});
