/** Scenarios of the kill: whoever speaks it, and whatever stands in its way, nothing is placed after it and nothing stays live. */
import { expect, it } from "vitest";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { type HandMadeWorld, keepMoving, nextArrival, ROOMY, TIGHT } from "./moving-market.ts";
import {
  announced,
  endHalted,
  endWell,
  isTwoSided,
  JITTER,
  liveOrders,
  logged,
  OTHER,
  reasonsOf,
  startQuoting,
  stopped,
  twoMarkets,
  untilQuoting,
} from "./scenario.ts";

/** From the operator's event to nothing live, and of these to the task's own knowledge of it (CONTRACTS 6). */
const NOTHING_LIVE_MS = 3_000;
const OBEYED_MS = 2_000;

/** The items as the task sees them. */
function controlOf(task: WorldTask, symbol = SYMBOL) {
  return task.state().control.markets.find(({ market }) => market === symbol);
}

function eventsOf(world: ScenarioWorld, detailType: string, market = SYMBOL) {
  return announced(world, detailType).filter((detail) => detail["market"] === market);
}

/** Waits until the task has seen the halt, and forbids it every placing from then on. Answers how long that took. */
async function untilKilled(world: ScenarioWorld, task: WorldTask): Promise<number> {
  const askedMs = world.time.nowMs;
  await world.time.until(() => controlOf(task)?.state === "halted", "the kill is seen", 10_000);
  world.invariants.placementsForbiddenFrom(world.time.nowMs, "it was killed");
  return world.time.nowMs - askedMs;
}

/** Waits until nothing of ours is live or on its way to be; answers when that was. */
async function untilNothingLive(world: ScenarioWorld, withinMs = 10_000): Promise<number> {
  const { record, time } = world;
  const isInFlight = () => record.arrivals("place").length > record.entries.filter(isPlaceAnswer).length;
  await time.until(() => liveOrders(world).length === 0 && !isInFlight(), "nothing is live", withinMs);
  return time.nowMs;
}

function isPlaceAnswer(entry: ScenarioWorld["record"]["entries"][number]): boolean {
  return entry.type === "left" && entry.route === "place";
}

async function resume(world: HandMadeWorld, task: WorldTask): Promise<void> {
  world.invariants.placementsAllowedAgain();
  world.operator.resume("all is well again");
  await untilQuoting(world, task);
}

it("kill during a placement in flight: nothing is written after it was seen, the late order goes, nothing is live within 3 s", async () => {
  await using world = await startScenarioWorld({ seed: 201, configured: TIGHT });
  const { time, api, operator } = world;
  const task = await startQuoting(world);
  task.links.venue.latency = JITTER;
  api.faults.inject({ route: "place", when: "before", effect: { type: "delay", delayMs: 1_200 } }, Infinity);
  const { placing } = await nextArrival(world, "place");
  operator.halt("drill");
  const eventMs = time.nowMs;
  expect(await untilKilled(world, task)).toBeLessThan(OBEYED_MS);
  const lateId = placing?.clientOrderId ?? "";
  expect(world.exchange.orderByClientId(lateId)).toBeUndefined();
  expect(reasonsOf(task)).toContain("drill");

  expect((await untilNothingLive(world)) - eventMs).toBeLessThanOrEqual(NOTHING_LIVE_MS);
  expect(world.exchange.orderByClientId(lateId)?.status).toBe("cancelled");
  const rest = keepMoving(world);
  await time.pass(10_000);
  rest();
  expect(liveOrders(world)).toEqual([]);
  expect(eventsOf(world, "Quoting Halted")).toEqual([
    expect.objectContaining({ nothingLive: true, reason: expect.stringContaining("drill") }),
  ]);
  expect(task.task.health()).toEqual({ healthy: true, reasons: [] });

  api.faults.clear();
  await resume(world, task);
  await time.until(() => eventsOf(world, "Quoting Resumed").length === 1, "the resume is told", 5_000);
  await endWell(world, task);
});

it.each(["stops", "crashes"] as const)(
  "kill, restart, still killed: a task that %s and comes back places nothing until a resume",
  async (how) => {
    await using world = await startScenarioWorld({ seed: 202, configured: TIGHT });
    const { time, operator } = world;
    const first = await startQuoting(world);
    operator.halt("until further notice");
    await untilKilled(world, first);
    if (how === "crashes") first.process.crash();
    else expect(await stopped(world, first)).toEqual([]);

    const second = world.makeTask();
    const starting = time.settled(second.start(), "the start of the next", 60_000);
    expect(await starting).toBe(true);
    expect(second.state().startup.find(({ step }) => step === "read the control items")?.detail).toContain(
      "until further notice",
    );
    const rest = keepMoving(world);
    await time.pass(20_000);
    rest();
    expect(second.state().phase).toBe("running");
    expect(liveOrders(world)).toEqual([]);
    expect(controlOf(second)).toMatchObject({ state: "halted" });
    expect(reasonsOf(second)).toContain("until further notice");
    expect(second.task.health().healthy).toBe(true);

    await resume(world, second);
    first.process.crash();
    await endWell(world, second);
  },
);

// A machine that stands still long enough to miss the kill, and too short to lose the lease: its own clock says that no time passed,
// so that the control items look as young as before.
it("kill during a freeze that the monotonic clock does not show: the task that wakes places nothing", async () => {
  await using world = await startScenarioWorld({ seed: 209, configured: TIGHT });
  const { time, operator, exchange } = world;
  const task = await startQuoting(world);
  await time.pass(2_000);
  await time.until(() => (task.state().control.readAgeMs ?? Infinity) < 10, "the items were just read", 2_000);
  task.process.freeze("stands-still");
  await time.pass(1_000);
  operator.halt("while it slept");
  await time.pass(4_200);
  world.invariants.placementsForbiddenFrom(time.nowMs, "it was killed while it slept");
  exchange.hand(SYMBOL).jump(0.5);
  task.process.thaw();
  await untilKilled(world, task);
  await untilNothingLive(world);
  const rest = keepMoving(world);
  await time.pass(5_000);
  rest();
  expect(liveOrders(world)).toEqual([]);
  expect(reasonsOf(task)).toContain("while it slept");
  await resume(world, task);
  await endWell(world, task);
});

it("kill of one market of two: its orders go, the other market is quoted on, and a resume brings it back", async () => {
  await using world = await startScenarioWorld({ seed: 203, ...twoMarkets(TIGHT) });
  const { time, operator, exchange } = world;
  const task = await startQuoting(world);
  await untilQuoting(world, task, OTHER);
  operator.halt("this one alone", SYMBOL);
  const eventMs = time.nowMs;
  expect((await untilNothingLive(world)) - eventMs).toBeLessThanOrEqual(NOTHING_LIVE_MS);
  expect(controlOf(task)?.state).toBe("halted");
  expect(controlOf(task, OTHER)?.state).toBe("running");
  const placed = () => task.market(SYMBOL)?.ordersPlaced ?? Number.NaN;
  const placedAtHalt = placed();
  expect(isTwoSided(world, OTHER)).toBe(true);
  expect(exchange.hand(OTHER).hit("sell", "200")).toBe("200");
  await time.pass(10_000);
  expect(liveOrders(world)).toEqual([]);
  expect(placed()).toBe(placedAtHalt);
  expect(isTwoSided(world, OTHER)).toBe(true);
  expect(task.market(OTHER)).toMatchObject({ quoting: true, position: "200" });
  expect(eventsOf(world, "Quoting Halted")).toEqual([expect.objectContaining({ nothingLive: true })]);
  expect(eventsOf(world, "Quoting Halted", OTHER)).toEqual([]);

  operator.resume("all is well again", SYMBOL);
  await untilQuoting(world, task, OTHER);
  await endWell(world, task);
});

it.each([
  // Past the five seconds that old words count, within the two thirds of a term that the lease does.
  { reachability: "refused", outageMs: 6_000 },
  { reachability: "silent", outageMs: 6_000 },
  // Past the whole term: the lease has run out, and nobody else has taken it.
  { reachability: "silent", outageMs: 25_000 },
] as const)(
  "control table unreachable ($reachability for $outageMs ms): the quotes are pulled with that reason, and come back",
  async ({ reachability, outageMs }) => {
    await using world = await startScenarioWorld({ seed: 204, configured: TIGHT });
    const { time } = world;
    const task = await startQuoting(world);
    task.links.venue.latency = JITTER;
    await time.pass(3_000);
    const { table } = task.links;
    table.reachability = reachability;
    const beganMs = time.nowMs;
    await time.until(() => controlOf(task)?.state === "unreadable", "the items count as unreadable", 10_000);
    expect(time.nowMs - beganMs).toBeLessThanOrEqual(5_100);
    world.invariants.placementsForbiddenFrom(time.nowMs, "the control items cannot be read");
    const rest = keepMoving(world);
    expect(reasonsOf(task)).toContain("the control items were not read for 5 s");
    await untilNothingLive(world, NOTHING_LIVE_MS);
    expect(task.task.health().healthy).toBe(false);
    await time.pass(Math.max(0, beganMs + outageMs - time.nowMs));
    expect(liveOrders(world)).toEqual([]);
    if (outageMs > 10_000) expect(reasonsOf(task)).toContain("the lease: not renewed");
    rest();

    world.invariants.placementsAllowedAgain();
    table.reachability = "up";
    await untilQuoting(world, task);
    expect(logged(task, "control items are read again").length).toBe(1);
    await endWell(world, task);
  },
);

it("control table unreachable at the start: the start waits at that step, and goes on when it is back", async () => {
  await using world = await startScenarioWorld({ seed: 205, configured: TIGHT });
  const { time } = world;
  const task = world.makeTask();
  task.links.table.reachability = "silent";
  world.invariants.placementsForbiddenFrom(0, "the control items were never read");
  const starting = task.start();
  await time.pass(20_000);
  const step = task.state().startup.find(({ state }) => state === "running");
  expect(step).toMatchObject({ step: "read the control items" });
  expect(step?.detail).not.toBe("");
  expect(task.requests).toEqual([]);

  world.invariants.placementsAllowedAgain();
  task.links.table.reachability = "up";
  expect(await time.settled(starting, "the start", 30_000)).toBe(true);
  await endWell(world, task);
});

it("kill with the request budget used up: the share kept for cancels ends every order within 3 s", async () => {
  await using world = await startScenarioWorld({ seed: 206, configured: ROOMY });
  const { time, operator } = world;
  const task = await startQuoting(world);
  task.links.venue.latency = JITTER;
  const rest = keepMoving(world, 170);
  // Three of nine slots are kept for cancels: there are more orders than that, so that some have to wait for slots.
  const isUsedUp = () => task.state().venue.requestsLastSecond >= 7 && liveOrders(world).length >= 4;
  await time.until(isUsedUp, "the budget is used up, with orders live", 30_000);
  operator.halt("drill");
  const eventMs = time.nowMs;
  await untilKilled(world, task);
  expect((await untilNothingLive(world)) - eventMs).toBeLessThanOrEqual(NOTHING_LIVE_MS);
  rest();
  expect(world.api.stats().refusedForRate).toBe(0);
  await resume(world, task);
  await endWell(world, task);
});

it("kill with the venue unreachable for 20 s: nothing is placed meanwhile, and all is cancelled once it is back", async () => {
  await using world = await startScenarioWorld({ seed: 207, configured: TIGHT });
  const { time, operator } = world;
  const task = await startQuoting(world);
  await time.until(() => liveOrders(world).length === 4, "all four quotes rest", 5_000);
  task.links.venue.reachability = "silent";
  operator.halt("drill");
  await untilKilled(world, task);
  await time.pass(20_000);
  expect(liveOrders(world).length).toBe(4);
  expect(eventsOf(world, "Quoting Halted")).toEqual([expect.objectContaining({ nothingLive: false })]);
  expect(task.market()?.ordersUnknown).toBe(4);

  task.links.venue.reachability = "up";
  const healedMs = time.nowMs;
  expect((await untilNothingLive(world)) - healedMs).toBeLessThanOrEqual(5_000);
  await time.until(
    () => logged(task, "halt confirmed, the venue shows no order of ours").length === 1,
    "it is confirmed",
    10_000,
  );
  await resume(world, task);
  await endWell(world, task);
});

it("kill that nobody lifts: the stop is clean all the same", async () => {
  await using world = await startScenarioWorld({ seed: 208, configured: TIGHT });
  const task = await startQuoting(world);
  world.operator.halt("for good");
  await untilKilled(world, task);
  await endHalted(world, task);
});
