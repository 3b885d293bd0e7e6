/** Scenarios of more than one task of a shard: at most one of them may place, whatever became of the other. */
import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { PLACING_LIFETIME_MS } from "../../../core/orders.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { ArrivalEntry } from "../../../sim/world/venue-record.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { keepMoving, TIGHT } from "./moving-market.ts";
import {
  endWell,
  isTwoSided,
  JITTER,
  liveOrders,
  logged,
  reasonsOf,
  startQuoting,
  stopped,
  untilQuoting,
} from "./scenario.ts";

/** Both tasks have one account, and each counts its own requests alone: what one does in a burst must be past. */
const APART_MS = 2_000;

function stepOf(task: WorldTask, step: string) {
  return task.state().startup.find((each) => each.step === step);
}

function placingsOf({ record }: ScenarioWorld, task: WorldTask): readonly ArrivalEntry[] {
  return record.arrivals("place").filter(({ process }) => process === task.name);
}

/** Orders named by the cancels that a task sent, in the venue's own words. */
function cancelledBy({ record, exchange }: ScenarioWorld, task: WorldTask, fromMs: number): readonly string[] {
  return record
    .arrivals("cancel")
    .filter(({ process, sentMs }) => process === task.name && sentMs >= fromMs)
    .map(({ path }) => exchange.order(path.split("/").at(-1) ?? "")?.clientOrderId ?? path);
}

/** All of the one's placings came before all of the other's. */
function expectInTurn(world: ScenarioWorld, first: WorldTask, second: WorldTask): void {
  const last = placingsOf(world, first).at(-1);
  const next = placingsOf(world, second).at(0);
  if (last === undefined || next === undefined) throw new Error("both tasks must have placed");
  expect(last.atMs).toBeLessThan(next.sentMs);
}

it("two tasks started at once: one places, the other waits, says so in its steps, and is healthy", async () => {
  await using world = await startScenarioWorld({ seed: 101, configured: TIGHT });
  const { time, exchange } = world;
  const tasks = [world.makeTask(), world.makeTask()];
  for (const { links } of tasks) links.venue.latency = JITTER;
  const starts = new Map(tasks.map((task) => [task, task.start()]));
  await time.until(() => tasks.some((task) => task.state().phase === "running"), "one of them quotes", 30_000);
  await time.until(() => isTwoSided(world), "both sides stand", 5_000);
  expect(exchange.hand(SYMBOL).hit("sell", "300")).toBe("300");
  await time.pass(20_000);

  const winner = tasks.find((task) => task.state().phase === "running");
  const waiter = tasks.find((task) => task !== winner);
  if (winner === undefined || waiter === undefined) throw new Error("one must have won");
  expect(stepOf(waiter, "win the lease")).toMatchObject({
    state: "running",
    detail: expect.stringContaining(`held by ${winner.state().lease.owner}`),
  });
  expect(waiter.task.health()).toEqual({ healthy: true, reasons: [] });
  expect(waiter.requests).toEqual([]);
  expect(placingsOf(world, winner).length).toBeGreaterThanOrEqual(4);
  expect(winner.market()?.position).toBe("300");

  expect(await stopped(world, winner)).toEqual([]);
  const releasedMs = time.nowMs;
  world.invariants.placementsForbiddenFrom(releasedMs, "it was stopped", winner.name);
  expect(await time.settled(starts.get(waiter) ?? Promise.resolve(false), "the waiter's start", 30_000)).toBe(true);
  await untilQuoting(world, waiter);
  expect(waiter.state().epoch).toBe(2);
  expectInTurn(world, winner, waiter);
  await endAlone(world, waiter);
});

it.each(["goes-on", "stands-still"] as const)(
  "a frozen task that wakes (its monotonic clock %s): it places no more, wants to be ended, and cancels nothing of its successor",
  async (monotonic) => {
    await using world = await startScenarioWorld({ seed: 102, configured: TIGHT });
    const { time } = world;
    const first = await startQuoting(world);
    first.links.venue.latency = JITTER;
    const second = world.makeTask();
    const starting = second.start();
    await time.pass(2_000);
    first.process.freeze(monotonic);
    const frozenMs = time.nowMs;
    world.invariants.placementsForbiddenFrom(frozenMs, "it was frozen, and another has the lease", first.name);
    expect(liveOrders(world).length).toBe(4);
    await time.settled(starting, "the take-over", 60_000);
    await untilQuoting(world, second);
    expect(time.nowMs - frozenMs).toBeGreaterThan(10_000);
    expect(stepOf(second, "win the lease")?.detail).toContain("taken over");
    expect(stepOf(second, "end our open orders")?.detail).toBe(`ended: ${SYMBOL} 4`);

    await time.pass(APART_MS);
    first.process.thaw();
    const thawedMs = time.nowMs;
    await time.until(() => first.useless.length > 0, "the first wants to be ended", 5_000);
    expect(first.useless.join()).toMatch(/the lease is lost: held by task-2/);
    expect(first.market()?.reasons.join("; ")).toContain("the lease: held by task-2");
    expect(await stopped(world, first)).toEqual([]);
    expect(cancelledBy(world, first, thawedMs).filter((id) => !id.startsWith("fm-1-"))).toEqual([]);
    expect(world.record.arrivals("cancel-all")).toEqual([]);
    expect(second.state().lease).toMatchObject({ heldBy: second.state().lease.owner, status: "held" });
    expectInTurn(world, first, second);
    await endAlone(world, second);
  },
);

// The venue counts the requests of both together: a task that wakes reads the lease before it sends anything, cancels included, and
// leaves its orders to the task that has it now.
it("a frozen task that wakes while its successor places: together they stay within ten requests a second", async () => {
  await using world = await startScenarioWorld({ seed: 106, configured: TIGHT });
  const first = await startQuoting(world);
  first.links.venue.latency = JITTER;
  const second = world.makeTask();
  const starting = second.start();
  await world.time.pass(2_000);
  first.process.freeze();
  await world.time.settled(starting, "the take-over", 60_000);
  await untilQuoting(world, second);
  const sentBefore = first.requests.length;
  first.process.thaw();
  await world.time.pass(2_000);
  expect(first.requests.slice(sentBefore)).toEqual([]);
  expect(first.useless.join()).toMatch(/the lease is lost/);
});

it("a frozen task that wakes and is frozen again while it reads the lease: still nothing is sent before a reading was answered", async () => {
  await using world = await startScenarioWorld({ seed: 107, configured: TIGHT });
  const { time } = world;
  const first = await startQuoting(world);
  const second = world.makeTask();
  const starting = second.start();
  await time.pass(2_000);
  first.process.freeze();
  await time.settled(starting, "the take-over", 60_000);
  await untilQuoting(world, second);
  const sentBefore = first.requests.length;
  first.links.table.latency = { low: 600, high: 600 };
  first.process.thaw();
  await time.pass(100);
  first.process.freeze();
  await time.pass(3_000);
  first.process.thaw();
  expect(first.useless).toEqual([]);
  await time.until(() => first.useless.length > 0, "the lease was read", 5_000);
  expect(logged(first, "the lease could not be read, it is tried again").length).toBeGreaterThan(0);
  expect(first.requests.slice(sentBefore)).toEqual([]);
  await endAlone(world, second);
});

// The holder goes by its own term: one that waited for its own shorter one would place beside it.
it.each([
  { before: 60_000, after: 3_000 },
  { before: 3_000, after: 60_000 },
])(
  "a deploy that changes the lease's term from $before to $after ms, and the old task is cut off from the table: one places, then the other",
  async ({ before, after }) => {
    await using world = await startScenarioWorld({ seed: 108, configured: TIGHT });
    const { time } = world;
    const first = await startQuoting(world, { configured: (config) => ({ ...config, leaseTermMs: before }) });
    first.links.venue.latency = JITTER;
    const second = world.makeTask({ configured: (config) => ({ ...config, leaseTermMs: after }) });
    const starting = second.start();
    const rest = keepMoving(world, 2_000);
    await time.pass(20_000);
    expect(placingsOf(world, second)).toEqual([]);
    first.links.table.reachability = "silent";
    const cutMs = time.nowMs;
    await time.until(() => second.state().epoch === 2, "the take-over", 70_000);
    rest();
    expect(time.nowMs - cutMs).toBeGreaterThan((60_000 * 2) / 3);
    expect(reasonsOf(first)).toContain("the lease: not renewed");
    world.invariants.placementsForbiddenFrom(time.nowMs, "another has the lease", first.name);
    expect(await time.settled(starting, "the start", 30_000)).toBe(true);
    await untilQuoting(world, second);
    expectInTurn(world, first, second);
    await endAlone(world, second);
  },
);

it("a lost LEASE item: the next task goes on above the last epoch, ends the orders that were left, and repeats no id", async () => {
  await using world = await startScenarioWorld({ seed: 109, configured: TIGHT });
  const { time, table, record } = world;
  const first = await startQuoting(world);
  first.process.crash();
  await time.pass(20_000);
  const second = await startQuoting(world);
  await time.until(() => liveOrders(world).length === 4, "every level stands", 5_000);
  second.process.crash();
  const Key = { pk: { S: "LEASE" }, sk: { S: "main" } };
  await table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key }));
  await time.pass(PLACING_LIFETIME_MS);

  const third = await startQuoting(world);
  expect(third.state().epoch).toBe(3);
  expect(stepOf(third, "end our open orders")?.detail).toBe(`ended: ${SYMBOL} 4`);
  const ids = record.arrivals("place").map(({ placing }) => placing?.clientOrderId);
  expect(new Set(ids).size).toBe(ids.length);
  await endAlone(world, third);
});

// A lease that no venue checks has one hole: what was decided before a freeze and is written after it (reliability, I7). Here
// the last check is made where the bytes are written, so that what is left of it is the time between that check and the
// operating system's own write.
it.each(["goes-on", "stands-still"] as const)(
  "a task frozen right before it writes a placing (its monotonic clock %s): the placing is held back at the thaw",
  async (monotonic) => {
    await using world = await startScenarioWorld({ seed: 103, configured: TIGHT });
    const { time, exchange } = world;
    const first = await startQuoting(world);
    const second = world.makeTask();
    const starting = second.start();
    await time.pass(2_000);
    first.process.freezeAt({ moment: "before-write", call: "place", nth: 1 }, monotonic);
    exchange.hand(SYMBOL).jump(0.5);
    await time.until(() => first.process.state === "frozen", "it is frozen in a placing", 5_000);
    world.invariants.placementsForbiddenFrom(time.nowMs, "it was frozen, and another has the lease", first.name);
    await time.settled(starting, "the take-over", 60_000);
    await untilQuoting(world, second);
    const placedBefore = placingsOf(world, first).length;

    await time.pass(APART_MS);
    first.process.thaw();
    await time.until(() => first.useless.length > 0, "the first wants to be ended", 5_000);
    expect(await stopped(world, first)).toEqual([]);
    expect(placingsOf(world, first).length).toBe(placedBefore);
    expect(first.state().errors[`order placement ${SYMBOL}`]).toBeGreaterThan(0);
    await endAlone(world, second);
  },
);

it("a deploy that overlaps by 120 s: the new task waits all the while, and quotes seconds after the old one's stop", async () => {
  await using world = await startScenarioWorld({ seed: 104, configured: TIGHT });
  const { time, exchange } = world;
  const before = await startQuoting(world);
  before.links.venue.latency = JITTER;
  const after = world.makeTask();
  after.links.venue.latency = JITTER;
  const starting = after.start();
  const rest = keepMoving(world, 3_000);
  for (const side of ["buy", "sell", "sell", "buy"] as const) {
    exchange.hand(SYMBOL).hit(side, "100");
    await time.pass(30_000);
  }
  rest();
  expect(after.requests).toEqual([]);
  expect(after.task.health().healthy).toBe(true);
  expect(placingsOf(world, before).length).toBeGreaterThan(10);

  const told = before.stop();
  world.invariants.placementsForbiddenFrom(time.nowMs, "it was told to stop", before.name);
  const { faults } = await time.settled(told, "the old one's stop", 30_000);
  expect(faults).toEqual([]);
  const releasedMs = time.nowMs;
  expect(await time.settled(starting, "the new one's start", 10_000)).toBe(true);
  expect(time.nowMs - releasedMs).toBeLessThan(8_000);
  expect(stepOf(after, "keep quiet")?.detail).toContain("not needed");
  await untilQuoting(world, after);
  expectInTurn(world, before, after);
  await endAlone(world, after);
});

it("a clean stop releases the lease: the next task quotes within seconds, without a quiet wait", async () => {
  await using world = await startScenarioWorld({ seed: 105, configured: TIGHT });
  const { time } = world;
  const first = await startQuoting(world);
  await time.pass(3_000);
  expect(await stopped(world, first)).toEqual([]);
  expect(first.state().lease).toMatchObject({ status: "released", heldBy: null });
  const startedMs = time.nowMs;
  const second = await startQuoting(world);
  expect(time.nowMs - startedMs).toBeLessThan(6_000);
  expect(stepOf(second, "keep quiet")?.detail).toContain("not needed");
  expect(logged(second, "start-up step done").length).toBe(second.state().startup.length);
  await endAlone(world, second);
});

/** The end of a scenario in which only `task` is still in charge: the others' engines ended before the last fills. */
async function endAlone(world: ScenarioWorld, task: WorldTask): Promise<void> {
  for (const each of world.tasks) if (each !== task) each.process.crash();
  await world.time.pass(APART_MS);
  await endWell(world, task);
}
