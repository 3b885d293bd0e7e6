import { expect, it } from "vitest";
import { parseScaled } from "../../../core/decimal.ts";
import { readBooks } from "../../../lambdas/ledger-table.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld, startTradedWorld } from "../../../sim/world/scenario-world.ts";

it("in a market made by hand a task starts, quotes both sides, is hit, and stops with nothing open", async () => {
  await using world = await startScenarioWorld({ seed: 1 });
  const { time, exchange } = world;
  const task = world.makeTask();
  expect(await time.settled(task.start(), "the start", 30_000)).toBe(true);
  const sides = () => new Set(exchange.openOrders().map(({ side }) => side));
  await time.until(() => sides().size === 2 && task.market()?.quoting === true, "both sides stand");

  expect(exchange.hand(SYMBOL).hit("sell", "100")).toBe("100");
  await time.until(() => task.market()?.fillCount === 1, "the fill is booked");
  expect(task.market()?.position).toBe("100");

  const { faults } = await time.settled(task.stop(), "the stop", 30_000);
  expect(faults).toEqual([]);
  expect(exchange.openOrders()).toEqual([]);
  await world.check();
  const books = await readBooks({ client: world.table.client, tableName: world.table.tableName }, SYMBOL);
  expect(books.position).toBe(parseScaled("100", 18, "position"));
});

it("a minute in a market that moves: every rule holds, and the ledger has each fill once", async () => {
  await using world = await startTradedWorld({ seed: 2 });
  const task = world.makeTask();
  await world.time.settled(task.start(), "the start", 30_000);
  await world.time.pass(60_000);
  await world.time.settled(task.stop(), "the stop", 30_000);
  expect(task.faults).toEqual([]);
  expect(world.fills().length).toBeGreaterThan(50);
  await world.check();
});

/** Everything that the venue saw and said in some seconds of trading. */
async function recordOf(seed: number) {
  await using world: ScenarioWorld = await startTradedWorld({ seed });
  const task = world.makeTask();
  await world.time.settled(task.start(), "the start", 30_000);
  await world.time.pass(8_000);
  await world.time.settled(task.stop(), "the stop", 30_000);
  return world.record.lines();
}

it("the same seed leads to the same record to the microsecond, another seed to another", async () => {
  const first = await recordOf(5);
  expect(first.length).toBeGreaterThan(100);
  expect(await recordOf(5)).toEqual(first);
  expect(await recordOf(6)).not.toEqual(first);
});
