/** Scenarios of a lease that is given back while another task waits for it. */
import { expect, it } from "vitest";
import { startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { TIGHT } from "./moving-market.ts";
import { endWell, startQuoting, stopped } from "./scenario.ts";

/** The venue counts the requests of both tasks in any one second. */
const APART_MS = 1_000;

it("a task that waits for the lease and wins it asks nothing of the venue for the second in which the earlier one's requests count", async () => {
  await using world = await startScenarioWorld({ seed: 108, configured: TIGHT });
  const { time, record } = world;
  const first = await startQuoting(world);
  const second = world.makeTask();
  const starting = second.start();
  await time.pass(5_000);
  expect(await stopped(world, first)).toEqual([]);
  expect(await time.settled(starting, "the second's start", 60_000)).toBe(true);
  const arrivals = record.arrivals();
  const lastMs = arrivals.findLast(({ process }) => process === first.name)?.atMs ?? Number.NaN;
  const nextMs = arrivals.find(({ process }) => process === second.name)?.atMs ?? Number.NaN;
  expect(nextMs - lastMs).toBeGreaterThan(APART_MS);
  await endWell(world, second);
});
