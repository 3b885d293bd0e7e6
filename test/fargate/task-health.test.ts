import { expect, test } from "vitest";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../sim/world/world-task.ts";
import { TIGHT } from "./scenarios/moving-market.ts";
import {
  liveOrders,
  OTHER,
  startQuoting,
  stopped,
  twoMarkets,
  untilQuoting,
  withMarket,
} from "./scenarios/scenario.ts";

const WELL = { healthy: true, reasons: [] };

async function untilUnhealthy({ time }: ScenarioWorld, { task }: WorldTask): Promise<readonly string[]> {
  await time.until(() => !task.health().healthy, "it is not healthy", 20_000);
  return task.health().reasons;
}

test("a task that quotes is healthy, one that starts or stops is not", async () => {
  await using world = await startScenarioWorld({ seed: 31 });
  const task = world.makeTask();
  expect(task.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
  const started = task.start();
  await world.time.until(() => task.state().markets.length > 0, "it is put together");
  expect(task.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
  expect(await world.time.settled(started, "the start")).toBe(true);
  await untilQuoting(world, task);
  expect(task.task.health()).toEqual(WELL);
  expect(await stopped(world, task)).toEqual([]);
  expect(task.task.health()).toEqual({ healthy: false, reasons: ["the task is stopping"] });
});

test("a market that can not be quoted is no reason to restart the other one's task; where none is quoted there is one", async () => {
  await using world = await startScenarioWorld({ seed: 37, ...twoMarkets(TIGHT) });
  const { time, exchange } = world;
  const { task } = await startQuoting(world);
  await time.until(() => task.liveness().healthy && task.health().healthy, "both are quoted", 20_000);
  exchange.hand(SYMBOL).empty("both");
  const passes = async (liveness: unknown) => {
    for (let passedMs = 0; passedMs < 30_000; passedMs += 500) {
      await time.pass(500);
      expect(task.liveness()).toEqual(liveness);
    }
  };
  await time.until(() => !task.health().healthy, "one is not quoted", 20_000);
  await passes(WELL);
  exchange.hand(OTHER).empty("both");
  const reasons = [SYMBOL, OTHER].map((symbol) => `${symbol}: book has an empty side`);
  await time.until(() => !task.liveness().healthy, "none is quoted", 20_000);
  await passes({ healthy: false, reasons });
  // With the one halted on purpose it is still the other that should be quoted.
  world.operator.halt("maintenance", OTHER);
  await time.pass(3_000);
  expect(task.liveness()).toEqual({ healthy: false, reasons: reasons.slice(0, 1) });
  world.operator.halt("maintenance", SYMBOL);
  await time.pass(3_000);
  expect(task.liveness()).toEqual(WELL);
});

test("a task that starts is left to it, since a start that comes to nothing ends by itself", async () => {
  await using world = await startScenarioWorld({ seed: 38 });
  const task = world.makeTask();
  expect(task.task.liveness()).toEqual(WELL);
  void task.start();
  await world.time.until(() => task.state().epoch !== null, "the lease is won");
  task.links.table.lose("request", "any", 1_000);
  await world.time.pass(2_000);
  expect(task.task.health().healthy).toBe(false);
  expect(task.task.liveness()).toEqual(WELL);
});

test("a market that an operator has halted is healthy for as long as it lasts, whatever else would hold it back", async () => {
  await using world = await startScenarioWorld({ seed: 32 });
  const task = await startQuoting(world);
  world.operator.halt("maintenance");
  await world.time.until(() => task.market()?.quoting === false, "the halt is obeyed", 3_000);
  await world.time.until(() => liveOrders(world).length === 0, "nothing is live", 3_000);
  world.exchange.hand(SYMBOL).empty("both");
  for (let passedMs = 0; passedMs < 30_000; passedMs += 500) {
    await world.time.pass(500);
    expect(task.task.health()).toEqual(WELL);
  }
  expect(task.market()?.reasons.join()).toContain("maintenance");
  world.operator.resume("done");
  const reasons = await untilUnhealthy(world, task);
  expect(reasons).toEqual([`${SYMBOL}: book has an empty side`]);
  world.exchange.hand(SYMBOL).refill();
  await untilQuoting(world, task);
  expect(task.task.health()).toEqual(WELL);
});

test("a market that the engine itself has killed is halted on purpose, too", async () => {
  await using world = await startScenarioWorld({
    seed: 33,
    configured: withMarket({ limits: { executionsInARow: 1 } }),
  });
  const task = await startQuoting(world);
  await world.time.until(() => liveOrders(world).length === 4, "every order stands", 10_000);
  world.exchange.hand(SYMBOL).hit("buy", "2000");
  const isKilled = () => task.state().control.markets[0]?.state === "halted";
  await world.time.until(isKilled, "the kill is latched", 5_000);
  await world.time.pass(10_000);
  expect(task.market()).toMatchObject({ quoting: false, tradingState: "halted" });
  expect(task.task.health()).toEqual(WELL);
});

test("a standby that waits for the lease of another is healthy, and no longer once it has won it and is starting", async () => {
  await using world = await startScenarioWorld({ seed: 34 });
  const first = await startQuoting(world);
  const standby = world.makeTask();
  const started = standby.start();
  await world.time.until(() => standby.state().lease.heldBy !== null, "it has seen who holds the lease");
  for (let passedMs = 0; passedMs < 30_000; passedMs += 500) {
    await world.time.pass(500);
    expect(standby.task.health()).toEqual(WELL);
  }
  expect(standby.state()).toMatchObject({ phase: "starting", epoch: null, lease: { status: "waiting" } });
  first.process.crash();
  await world.time.until(() => standby.state().markets.length > 0, "it has won the lease", 20_000);
  expect(standby.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
  expect(await world.time.settled(started, "the start")).toBe(true);
  expect(standby.task.health()).toEqual(WELL);
});

test("a task that holds the lease itself and cannot load its books is no standby: it is not healthy", async () => {
  await using world = await startScenarioWorld({ seed: 36 });
  const task = world.makeTask();
  void task.start();
  await world.time.until(() => task.state().epoch !== null, "the lease is won");
  task.links.table.lose("request", "any", 1_000);
  await world.time.pass(2_000);
  expect(task.state()).toMatchObject({ phase: "starting", epoch: 1, markets: [] });
  expect(task.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
});

test.each<{ what: string; halt: (world: ScenarioWorld, task: WorldTask) => Promise<void> | void; reason: RegExp }>([
  {
    what: "the control items cannot be read",
    halt: (_, task) => {
      task.links.table.reachability = "refused";
    },
    reason: /control items were not read for 5 s|the lease: not renewed/,
  },
  {
    what: "the venue refuses the key",
    halt: ({ api }) => {
      const effect = { type: "status", status: 401 } as const;
      api.faults.inject({ route: "any", when: "before", effect }, Infinity);
    },
    reason: /the order API refuses our key or our clock/,
  },
  {
    what: "the venue's market is halted",
    halt: ({ exchange }) => exchange.setMarketStatus(SYMBOL, "halted"),
    reason: /the venue has halted the market/,
  },
  {
    what: "the process stood still",
    halt: async ({ time }, task) => {
      task.process.freeze();
      await time.pass(3_000);
      task.process.thaw();
    },
    reason: /the process stood still/,
  },
])("a halt because $what is not healthy, and says why by market", async ({ halt, reason }) => {
  await using world = await startScenarioWorld({ seed: 35 });
  const task = await startQuoting(world);
  await halt(world, task);
  const reasons = await untilUnhealthy(world, task);
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons.every((each) => each.startsWith(`${SYMBOL}: `))).toBe(true);
  expect(reasons.join("\n")).toMatch(reason);
});
