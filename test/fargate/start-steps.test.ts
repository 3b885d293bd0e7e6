import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import type { Config } from "../../fargate/config.ts";
import { RiskStore } from "../../fargate/risk-store.ts";
import type { HandMadeExchange } from "../../sim/exchange/hand-made-exchange.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../sim/world/world-task.ts";
import { TIGHT } from "./scenarios/moving-market.ts";
import {
  endWell,
  liveOrders,
  logged,
  OTHER,
  startQuoting,
  stopped,
  twoMarkets,
  untilQuoting,
} from "./scenarios/scenario.ts";

type World = ScenarioWorld<HandMadeExchange>;

const STEPS = [
  "check configuration, limits and secrets",
  "read the control items",
  "win the lease",
  "load the books and the risk",
  "keep quiet",
  "end our open orders",
  "catch up with the venue's fills",
  "agree on balances and positions",
  "have fresh market data",
  "quote",
] as const;
type Step = (typeof STEPS)[number];

function stepOf(task: WorldTask, step: Step) {
  return task.state().startup.find((each) => each.step === step);
}

const isAt = (task: WorldTask, step: Step) => stepOf(task, step)?.state === "running";

/** Waits until a step of the start is under way; answers when that was. */
async function untilAt({ time }: World, task: WorldTask, step: Step): Promise<number> {
  await time.until(() => isAt(task, step), `the step to ${step}`, 60_000);
  return time.nowMs;
}

function withTerm(leaseTermMs: number): (config: Config) => Config {
  return (config) => ({ ...config, leaseTermMs });
}

/** A task whose start begins while the lease of one that has crashed while quoting still stands. */
async function startAfterCrash(
  world: World,
): Promise<{ readonly task: WorldTask; readonly started: Promise<boolean> }> {
  const first = await startQuoting(world);
  first.process.crash();
  const task = world.makeTask();
  return { task, started: task.start() };
}

describe("the quiet wait", () => {
  test.each([
    { leaseTermMs: 3_000, quiet: "9.0 s", quietMs: 9_000 },
    { leaseTermMs: 10_000, quiet: "6.7 s", quietMs: 6_667 },
    { leaseTermMs: 30_000, quiet: "0.0 s", quietMs: 0 },
  ])(
    "after a take-over at a term of $leaseTermMs ms lasts $quiet, is shown, and nothing is asked or placed meanwhile",
    async ({ leaseTermMs, quiet, quietMs }) => {
      await using world = await startScenarioWorld({ seed: 11, configured: withTerm(leaseTermMs) });
      const { task, started } = await startAfterCrash(world);
      const quietSinceMs = await untilAt(world, task, "keep quiet");
      const sent = task.requests.length;
      expect(stepOf(task, "win the lease")?.detail).toBe("epoch 2, taken over from a task that had not released it");
      if (quietMs > 0)
        expect(stepOf(task, "keep quiet")?.detail).toContain(`for ${quiet}, until nothing that the earlier`);
      const overMs = await untilAt(world, task, "end our open orders");
      expect(overMs - quietSinceMs).toBeGreaterThanOrEqual(quietMs - 1);
      expect(overMs - quietSinceMs).toBeLessThan(quietMs + 10);
      const asked = task.requests.slice(0, -1).slice(sent);
      expect(asked.filter(({ method }) => method !== "GET")).toEqual([]);
      expect(await world.time.settled(started, "the start")).toBe(true);
      expect(stepOf(task, "keep quiet")).toMatchObject({ state: "done", detail: quiet });
      expect(stepOf(task, "end our open orders")?.detail).toMatch(/^ended: SEI\/USDC [1-9]/);
    },
  );

  test("is not needed by the first task of all, nor after one that has released the lease", async () => {
    await using world = await startScenarioWorld({ seed: 12 });
    for (const epoch of [1, 2]) {
      const task = await startQuoting(world);
      expect(stepOf(task, "win the lease")?.detail).toBe(`epoch ${epoch}`);
      expect(stepOf(task, "keep quiet")?.detail).toBe("not needed: nobody placed orders, or all were proven ended");
      expect(await stopped(world, task)).toEqual([]);
    }
  });
});

describe("fresh data", () => {
  const FRESH_MS = 2_000;
  const configured = (config: Config): Config => ({ ...config, sei: { ...config.sei, freshDataMs: FRESH_MS } });

  test("must have been good for the time configured, from one endpoint that is named", async () => {
    await using world = await startScenarioWorld({ seed: 13, configured });
    const task = world.makeTask();
    const started = task.start();
    const sinceMs = await untilAt(world, task, "have fresh market data");
    await world.time.pass(1_000);
    expect(stepOf(task, "have fresh market data")?.detail).toBe("good so far, for 2 s");
    expect(await world.time.settled(started, "the start")).toBe(true);
    expect(world.time.nowMs - sinceMs).toBeGreaterThanOrEqual(FRESH_MS);
    expect(world.time.nowMs - sinceMs).toBeLessThan(FRESH_MS + 1_500);
    expect(stepOf(task, "have fresh market data")?.detail).toBe(`from ${world.node.endpoints[0]?.wsUrl}`);
  });

  test("must be unbroken: a book with an empty side in between begins the time anew, and is shown as the reason", async () => {
    await using world = await startScenarioWorld({ seed: 14, configured });
    const task = world.makeTask();
    const started = task.start();
    await untilAt(world, task, "have fresh market data");
    const hand = world.exchange.hand(SYMBOL);
    await world.time.pass(FRESH_MS - 200);
    hand.empty("bids");
    await world.time.pass(300);
    expect(stepOf(task, "have fresh market data")?.detail).toBe("SEI/USDC: book has an empty side");
    hand.refill();
    const refilledMs = world.time.nowMs;
    expect(await world.time.settled(started, "the start")).toBe(true);
    expect(world.time.nowMs - refilledMs).toBeGreaterThanOrEqual(FRESH_MS);
  });

  test("that does not come is waited for as long as it takes, and a try of the step that fails says why", async () => {
    await using world = await startScenarioWorld({ seed: 15, configured });
    world.exchange.hand(SYMBOL).empty("asks");
    const task = world.makeTask();
    const started = task.start();
    await untilAt(world, task, "have fresh market data");
    await world.time.pass(25_000);
    expect(isAt(task, "have fresh market data")).toBe(true);
    expect(logged(task, "start-up step does not hold yet").map(({ fields }) => fields["error"])).toEqual([
      new Error("SEI/USDC: book has an empty side"),
      new Error("SEI/USDC: book has an empty side"),
    ]);
    expect(world.record.arrivals("place")).toEqual([]);
    world.exchange.hand(SYMBOL).refill();
    expect(await world.time.settled(started, "the start", 20_000)).toBe(true);
  });
});

test("a market without data holds the others up for ten seconds, is named, and is quoted when its data comes", async () => {
  await using world = await startScenarioWorld({ seed: 17, ...twoMarkets(TIGHT) });
  world.exchange.hand(OTHER).empty("asks");
  const task = world.makeTask();
  const started = task.start();
  const sinceMs = await untilAt(world, task, "have fresh market data");
  expect(await world.time.settled(started, "the start")).toBe(true);
  expect(world.time.nowMs - sinceMs).toBeGreaterThan(10_000);
  expect(world.time.nowMs - sinceMs).toBeLessThan(12_000);
  expect(stepOf(task, "have fresh market data")?.detail).toBe(
    `from ${world.node.endpoints[0]?.wsUrl}; not waited for any longer: ${OTHER}: book has an empty side`,
  );
  await untilQuoting(world, task);
  await world.time.pass(20_000);
  expect(liveOrders(world, OTHER)).toEqual([]);
  world.exchange.hand(OTHER).refill();
  await untilQuoting(world, task, OTHER);
  await endWell(world, task);
});

test("what the risk must remember is written before the first order is placed", async () => {
  await using world = await startScenarioWorld({ seed: 16 });
  const task = world.makeTask();
  const started = task.start();
  await world.time.until(() => world.record.arrivals("place").length > 0, "the first placing");
  const { client, tableName } = world.table;
  const store = new RiskStore({ client, tableName, shard: "main", clock: world.time.clock });
  expect([...(await store.load()).baselines.keys()]).toEqual([SYMBOL]);
  expect(await world.time.settled(started, "the start")).toBe(true);
});

test("each step is shown with what it found, in the order in which they ran", async () => {
  await using world = await startScenarioWorld({ seed: 17 });
  world.operator.halt("maintenance");
  await world.time.pass(1_000);
  const task = world.makeTask();
  expect(await world.time.settled(task.start(), "the start")).toBe(true);
  const done = logged(task, "start-up step done").map(({ fields }) => fields["step"]);
  expect(done).toEqual(STEPS);
  expect(stepOf(task, "read the control items")?.detail).toBe("SEI/USDC halted (ALL: maintenance)");
  expect(stepOf(task, "agree on balances and positions")?.detail).toBe("SEI/USDC agrees");
  expect(stepOf(task, "quote")?.detail).toBe(SYMBOL);
  await world.time.pass(5_000);
  expect(liveOrders(world)).toEqual([]);
});

/** What keeps a start at a step, and what a stop there may leave unproven. */
type Obstacle = {
  readonly step: Step;
  readonly put: (world: World, task: WorldTask) => Promise<void> | void;
  /** The step at which it is put there; before the start unless told. */
  readonly putAt?: Step;
  /** How long the step lasts when the stop comes: until its first try has failed. */
  readonly lastsMs?: number;
  readonly faults?: RegExp;
};

const failing = (route: "orders" | "fills" | "account") => (world: World) => {
  world.api.faults.inject({ route, when: "before", effect: { type: "status", status: 503 } }, Infinity);
};

const OBSTACLES: readonly Obstacle[] = [
  {
    step: "read the control items",
    put: (_, task) => {
      task.links.table.reachability = "refused";
    },
  },
  {
    step: "win the lease",
    put: async (world) => {
      await startQuoting(world, { name: "holder" });
    },
  },
  {
    step: "load the books and the risk",
    putAt: "win the lease",
    put: async ({ table: { client, tableName } }) => {
      const Item = { pk: { S: "ENGINE#main" }, sk: { S: "RISK" }, epoch: { N: "0" }, memory: { S: "lost" } };
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    },
  },
  {
    step: "keep quiet",
    put: async (world) => {
      (await startQuoting(world)).process.crash();
    },
  },
  { step: "end our open orders", put: failing("orders"), lastsMs: 7_000, faults: /orders may be open/ },
  {
    step: "catch up with the venue's fills",
    put: failing("fills"),
    lastsMs: 40_000,
    faults: /fill history of SEI\/USDC was not read/,
  },
  { step: "agree on balances and positions", put: failing("account") },
  { step: "have fresh market data", put: ({ exchange }) => exchange.hand(SYMBOL).empty("both") },
];

test.each(OBSTACLES)(
  "a stop while the start waits to $step ends it, within the time of a stop and without an order",
  async ({ step, put, putAt, lastsMs = 1_500, faults }) => {
    await using world = await startScenarioWorld({ seed: 18 });
    const task = world.makeTask({ name: "stopped" });
    if (putAt === undefined) await put(world, task);
    const started = task.start();
    if (putAt !== undefined) {
      await untilAt(world, task, putAt);
      await put(world, task);
    }
    await untilAt(world, task, step);
    await world.time.pass(lastsMs);
    expect(isAt(task, step)).toBe(true);
    expect(stepOf(task, step)?.detail).not.toBe("");

    const report = await stopped(world, task);
    expect(await started).toBe(false);
    if (faults === undefined) expect(report).toEqual([]);
    else expect(report.join("\n")).toMatch(faults);
    expect(task.state().phase).toBe("stopping");
    expect(STEPS.slice(STEPS.indexOf(step) + 1).map((later) => stepOf(task, later)?.state)).toEqual(
      STEPS.slice(STEPS.indexOf(step) + 1).map(() => "waiting"),
    );
    expect(task.requests.filter(({ method }) => method === "POST")).toEqual([]);
    // Given back only when nothing of ours can be live.
    const { epoch, lease } = task.state();
    if (epoch !== null) expect(lease.status).toBe(faults === undefined ? "released" : "held");
    expect(task.faults).toEqual([]);
  },
);
