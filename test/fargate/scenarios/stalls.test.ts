/** A process that stands still for a moment, too short for its lease and its control items to speak against it. */
import { expect, it } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { keepMoving, TIGHT } from "./moving-market.ts";
import { endWell, startQuoting } from "./scenario.ts";

/** `placeBookAgeMs` is 1,200: a book that was new at the decision is too old, and the control items (5 s) are not. */
const STOOD_STILL_MS = 3_000;

it("a placing that stood still right before its write is held back when its book has grown old meanwhile", async () => {
  await using world = await startScenarioWorld({ seed: 105, configured: TIGHT });
  const { time, record, exchange } = world;
  const task = await startQuoting(world);
  task.process.freezeAt({ moment: "before-write", call: "place", nth: 1 });
  exchange.hand(SYMBOL).jump(0.5);
  await time.until(() => task.process.state === "frozen", "it is frozen in a placing", 5_000);
  const placed = record.arrivals("place").length;
  await time.pass(STOOD_STILL_MS);
  task.process.thaw();
  await time.pass(200);
  expect(record.arrivals("place").length).toBe(placed);
  const rest = keepMoving(world, 3_000);
  await time.pass(6_000);
  rest();
  expect(record.arrivals("place").length).toBeGreaterThan(placed);
  await endWell(world, task);
});
