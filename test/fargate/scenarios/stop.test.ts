/** Scenarios of SIGTERM at a bad moment: nothing is placed after it, and what could not be ended is named. */
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import type { Config } from "../../../fargate/config.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { type HandMadeWorld, nextArrival, TIGHT } from "./moving-market.ts";
import { endWell, JITTER, liveOrders, startQuoting, stopped } from "./scenario.ts";

/** CONTRACTS 8 gives 30 s; a second before them the process exits without its last line. */
const STOP_WITHIN_MS = 29_000;

async function leaseOwner({ table }: ScenarioWorld): Promise<string | undefined> {
  const Key = { pk: { S: "LEASE" }, sk: { S: "main" } };
  const { Item } = await table.client.send(new GetItemCommand({ TableName: table.tableName, Key }));
  return Item?.["owner"]?.S;
}

/** From now on no placing of the task may be written; it is told to stop. Answers its report, and that it came in time. */
async function stopNow(world: ScenarioWorld, task: WorldTask): Promise<readonly string[]> {
  world.invariants.placementsForbiddenFrom(world.time.nowMs, "it was told to stop", task.name);
  const askedMs = world.time.nowMs;
  const faults = await stopped(world, task);
  expect(world.time.nowMs - askedMs).toBeLessThan(STOP_WITHIN_MS);
  return faults;
}

/** A task quotes once more and ends in order: nothing that went before is in its way. */
async function endWithNext(world: HandMadeWorld): Promise<void> {
  for (const { process } of world.tasks) process.crash();
  await world.time.pass(2_000);
  await endWell(world, await startQuoting(world));
}

it.each([
  "read the control items",
  "win the lease",
  "load the books and the risk",
  "keep quiet",
  "end our open orders",
  "catch up with the venue's fills",
  "agree on balances and positions",
  "have fresh market data",
  "quote",
])(
  'SIGTERM during the start-up step "%s": the start ends, nothing is placed, nothing of ours stays but what it may not touch',
  async (step) => {
    await using world = await startScenarioWorld({ seed: 401, configured: TIGHT });
    const { time, exchange } = world;
    // A task that crashed with orders live: the next has every step to go.
    const crashed = await startQuoting(world);
    expect(exchange.hand(SYMBOL).hit("sell", "100")).toBe("100");
    await time.pass(1_000);
    crashed.process.crash();
    expect(liveOrders(world).length).toBeGreaterThanOrEqual(3);

    const task = world.makeTask();
    task.links.venue.latency = JITTER;
    const starting = task.start();
    const running = () => task.state().startup.find(({ state }) => state === "running")?.step;
    await time.until(() => running() === step, `the step ${step}`, 60_000);
    expect(await stopNow(world, task)).toEqual([]);
    expect(await time.settled(starting, "the start's end", 1_000)).toBe(false);
    expect(task.state().phase).toBe("stopping");
    // The orders of the task before it are its to end once it has the lease, and not before.
    const hadLease = task.state().epoch !== null;
    expect(liveOrders(world).length > 0).toBe(!hadLease);
    if (hadLease) expect(await leaseOwner(world)).not.toBe(task.state().lease.owner);
    await endWithNext(world);
  },
);

it("SIGTERM during a placement in flight: the late order is found and ended, and nothing is placed any more", async () => {
  await using world = await startScenarioWorld({ seed: 402, configured: TIGHT });
  const { api, exchange } = world;
  const task = await startQuoting(world);
  task.links.venue.latency = JITTER;
  api.faults.inject({ route: "place", when: "before", effect: { type: "delay", delayMs: 1_500 } });
  const { placing } = await nextArrival(world, "place");
  const lateId = placing?.clientOrderId ?? "";
  expect(exchange.orderByClientId(lateId)).toBeUndefined();
  expect(await stopNow(world, task)).toEqual([]);
  expect(exchange.orderByClientId(lateId)?.status).toBe("cancelled");
  expect(liveOrders(world)).toEqual([]);
  await endWithNext(world);
});

it("SIGTERM during a placement whose answer is lost: the stop finds it by itself and ends it", async () => {
  await using world = await startScenarioWorld({ seed: 403, configured: TIGHT });
  const { exchange } = world;
  const task = await startQuoting(world);
  task.links.venue.lose("reply", "place");
  const { placing } = await nextArrival(world, "place");
  expect(await stopNow(world, task)).toEqual([]);
  expect(exchange.orderByClientId(placing?.clientOrderId ?? "")?.status).toBe("cancelled");
  expect(liveOrders(world)).toEqual([]);
  await endWithNext(world);
});

it.each(["silent", "refused"] as const)(
  "SIGTERM with the venue unreachable (%s): the orders left over are named, the lease is kept from others until its term is over",
  async (reachability) => {
    await using world = await startScenarioWorld({ seed: 404, configured: TIGHT });
    const { time } = world;
    const task = await startQuoting(world);
    await time.until(() => liveOrders(world).length === 4, "every level stands", 5_000);
    task.links.venue.reachability = reachability;
    const left = liveOrders(world).map(({ clientOrderId }) => clientOrderId);
    const faults = await stopNow(world, task);
    expect(faults.join("; ")).toContain("orders may be open");
    for (const clientOrderId of left) expect(faults.join("; ")).toContain(clientOrderId);
    expect(await leaseOwner(world)).toBe(task.state().lease.owner);
    expect(liveOrders(world).length).toBe(4);

    task.process.crash();
    const stoppedMs = time.nowMs;
    const next = await startQuoting(world);
    expect(time.nowMs - stoppedMs).toBeGreaterThan(10_000);
    const steps = next.state().startup;
    expect(steps.find(({ step }) => step === "win the lease")?.detail).toContain("taken over");
    expect(steps.find(({ step }) => step === "end our open orders")?.detail).toBe(`ended: ${SYMBOL} 4`);
    await endWell(world, next);
  },
);

it("SIGTERM in a pause of 14 s that the venue has asked for: the orders are ended once it is over", async () => {
  await using world = await startScenarioWorld({ seed: 407, configured: TIGHT });
  const { time, api } = world;
  const task = await startQuoting(world);
  await time.until(() => liveOrders(world).length === 4, "every level stands", 5_000);
  const effect = { type: "status", status: 429, retryAfterSeconds: 14 } as const;
  api.faults.inject({ route: "orders", when: "before", effect });
  const { atMs } = await nextArrival(world, "orders");
  await time.pass(500);
  const stopping = stopNow(world, task);
  await time.until(() => liveOrders(world).length === 0, "the orders are ended", 20_000);
  expect(time.nowMs - atMs).toBeGreaterThan(14_000);
  expect(await stopping).toEqual([]);
});

it.each(["keep quiet", "catch up with the venue's fills", "agree on balances and positions", "none, it quotes"])(
  "SIGTERM with the table unreachable and a term of 60 s (start-up step: %s): nothing is left over, and it ends in time all the same",
  async (step) => {
    const configured = (config: Config) => ({ ...TIGHT(config), leaseTermMs: 60_000 });
    await using world = await startScenarioWorld({ seed: 406, configured });
    const { time } = world;
    let task = await startQuoting(world);
    if (step !== "none, it quotes") {
      task.process.crash();
      task = world.makeTask();
      void task.start();
      const running = () => task.state().startup.find(({ state }) => state === "running")?.step;
      await time.until(() => running() === step, `the step ${step}`, 90_000);
    }
    task.links.table.reachability = "silent";
    expect(await stopNow(world, task)).toEqual([]);
    expect(liveOrders(world)).toEqual([]);
    expect(await leaseOwner(world)).toBe(task.state().lease.owner);
    expect(task.state().lease.detail).toBe("not known to be released: the table did not answer");
    for (const { process } of world.tasks) process.crash();
    const next = world.makeTask();
    expect(await time.settled(next.start(), "the next start", 90_000)).toBe(true);
    await endWell(world, next);
  },
);

it("SIGTERM with the venue, the table, the queue and the bus unreachable: it ends in time all the same, and names what is left", async () => {
  await using world = await startScenarioWorld({ seed: 405, configured: TIGHT });
  const { time } = world;
  const task = await startQuoting(world);
  await time.until(() => liveOrders(world).length === 4, "every level stands", 5_000);
  const { venue, table, queue, bus } = task.links;
  for (const link of [venue, table, queue, bus]) link.reachability = "silent";
  const left = liveOrders(world).map(({ clientOrderId }) => clientOrderId);
  const faults = await stopNow(world, task);
  for (const clientOrderId of left) expect(faults.join("; ")).toContain(clientOrderId);
  await endWithNext(world);
});
