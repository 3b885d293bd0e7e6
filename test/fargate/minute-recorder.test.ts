import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type EngineMinute, lastMinuteAtOrBefore, readMarkouts } from "../../lambdas/engine-items.ts";
import { makeMarkout, ONE } from "./minute-cases.ts";
import { fillBid, type MinuteTask, type MinuteWorld, SYMBOL, startMinuteWorld } from "./minute-world.ts";

const MINUTE = 60_000;
const worlds: MinuteWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.stop();
});

async function start(): Promise<MinuteWorld> {
  const world = await startMinuteWorld();
  worlds.push(world);
  return world;
}

const names = (minutes: readonly EngineMinute[]) => minutes.map(({ minute }) => minute.slice(11));
const seconds = (minutes: readonly EngineMinute[]) => minutes.map(({ measuredSeconds }) => measuredSeconds);
const sum = (minutes: readonly EngineMinute[], of: (minute: EngineMinute) => number) =>
  minutes.reduce((total, minute) => total + of(minute), 0);
const placedBy = (...tasks: readonly MinuteTask[]) =>
  tasks.reduce((total, { market: { counts } }) => total + counts.buy.placed + counts.sell.placed, 0);

async function finish({ time }: MinuteWorld, { minutes }: MinuteTask, withinMs = 1_500): Promise<boolean> {
  return await time.settled(minutes.finish(withinMs), "the end of the minutes", withinMs);
}

describe("minutes as they pass", () => {
  it("are written once each, right after they end, and the first begins with the start", async () => {
    const { time, minutes, ...world } = await start();
    await time.pass(10_000);
    const task = world.makeTask(7);
    task.minutes.start();
    task.minutes.start();
    await time.pass(5_000);
    fillBid(task.engine, task.market, task.process);
    await time.pass(44_900);
    expect(await minutes()).toEqual([]);
    await time.pass(200);
    expect(names(await minutes())).toEqual(["00:00"]);
    await time.pass(2 * MINUTE);
    const all = await minutes();
    expect(names(all)).toEqual(["00:00", "00:01", "00:02"]);
    expect(seconds(all)).toEqual([50, 60, 60]);
    // 10 ticks without our orders, 5 basis points each side with them.
    expect(all[1]).toEqual({
      minute: "2026-01-02T00:01",
      epoch: 7,
      spreads: { othersBps: 20, selfBps: 20, improvementBps: 0 },
      measuredSeconds: 60,
      twoSidedSeconds: 60,
      ordersPlaced: 0,
      ordersCancelled: 0,
      ordersFilled: 0,
      position: 100n * ONE,
      realizedPnl: 0n,
      // Bought 100 five ticks below the mid.
      marked: { mid: ONE / 2n, unrealizedPnl: (5n * ONE) / 100n, equity: (5n * ONE) / 100n },
      drawdownPercent: 0,
    });
    // The four quotes went before the start and were seen to rest half a second later; the filled one was placed anew.
    expect(all[0]).toMatchObject({ ordersPlaced: 1, ordersFilled: 1, twoSidedSeconds: 49.5 });
    expect(task.lines).toEqual([]);
  });

  it("a table that refuses for ten minutes has them all afterwards, each once", async () => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(90_000);
    task.link.reachability = "refused";
    await world.time.pass(10 * MINUTE);
    expect(names(await world.minutes())).toEqual(["00:00"]);
    task.link.reachability = "up";
    await world.time.pass(MINUTE);
    const all = await world.minutes();
    expect(names(all)).toEqual(
      ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"].map((m) => `00:${m}`),
    );
    expect(new Set(seconds(all))).toEqual(new Set([60]));
    expect(task.countOf("failed")).toBeGreaterThan(10);
    expect(task.lines.filter((line) => line === "engine minutes could not be written").length).toBeLessThan(12);
    expect(task.lines.at(-1)).toBe("engine minutes are written again");
  });

  it("one that was written and whose answer was lost is written once", async () => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    task.link.lose("reply", "table", 2);
    await world.time.pass(3 * MINUTE);
    const all = await world.minutes();
    expect(names(all)).toEqual(["00:00", "00:01"]);
    expect(task.countOf("failed")).toBe(2);
    expect(seconds(all)).toEqual([60, 60]);
    expect(sum(all, ({ ordersPlaced }) => ordersPlaced)).toBe(placedBy(task) - 4);
  });
});

describe("tasks that share a minute", () => {
  it("a stop writes what there is of it, and the next task adds its own", async () => {
    const world = await start();
    const first = world.makeTask(3);
    first.minutes.start();
    await world.time.pass(MINUTE + 20_000);
    first.rest();
    expect(await finish(world, first)).toBe(true);
    expect(seconds(await world.minutes())).toEqual([60, 20]);
    await world.at(MINUTE + 30_000);

    const second = world.makeTask(4);
    second.minutes.start();
    const before = placedBy(second);
    fillBid(second.engine, second.market, second.process);
    await world.time.pass(MINUTE);
    second.rest();
    expect(await finish(world, second)).toBe(true);
    const all = await world.minutes();
    expect(names(all)).toEqual(["00:00", "00:01", "00:02"]);
    expect(all[1]).toMatchObject({ epoch: 4, measuredSeconds: 50, ordersFilled: 1, position: 100n * ONE });
    // The fill was in the second task's books alone.
    expect(all[0]).toMatchObject({ epoch: 3, position: 0n });
    expect(all[2]?.measuredSeconds).toBe(30);
    expect(sum(all, ({ ordersPlaced }) => ordersPlaced)).toBe(placedBy(first, second) - 4 - before);
  });

  it("an earlier one that comes late adds its counts, and closes nothing", async () => {
    const world = await start();
    const first = world.makeTask(3);
    first.minutes.start();
    await world.time.pass(20_000);
    fillBid(first.engine, first.market, first.process);
    await world.time.pass(10_000);
    // It stands still over the boundary, with another in its place.
    first.process.freeze();
    const second = world.makeTask(4);
    second.minutes.start();
    await world.time.pass(MINUTE);
    const [before] = await world.minutes();
    expect(before).toMatchObject({ epoch: 4, position: 0n, ordersFilled: 0, measuredSeconds: 30 });
    first.process.thaw();
    await world.time.pass(1_000);
    const [after] = await world.minutes();
    // Its last book was believed for two seconds.
    expect(after).toMatchObject({ epoch: 4, position: 0n, ordersFilled: 1, measuredSeconds: 60 });
    expect(first.process.state).toBe("running");
  });
});

describe("a wall clock that jumps", () => {
  it("forward: the minutes it jumped over are nobody's", async () => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(90_000);
    task.process.jumpWall(10 * MINUTE);
    await world.time.pass(2 * MINUTE);
    const all = await world.minutes();
    // Minute 00:01 lasted its 60 seconds, half of them by the new time.
    expect(names(all)).toEqual(["00:00", "00:01", "00:12"]);
    expect(seconds(all)).toEqual([60, 60, 60]);
    expect(task.lines).toEqual([]);
  });

  it("back: minutes that come again are counted beside what was written, and lose nothing", async () => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(30_000);
    fillBid(task.engine, task.market, task.process);
    await world.time.pass(3 * MINUTE);
    const before = await world.minutes();
    task.process.jumpWall(-2 * MINUTE);
    await world.time.pass(3 * MINUTE);
    const after = await world.minutes();
    expect(names(before)).toEqual(["00:00", "00:01", "00:02"]);
    expect(names(after)).toEqual(["00:00", "00:01", "00:02", "00:03"]);
    expect(seconds(after)).toEqual([60, 60, 60, 60]);
    expect(after[0]).toEqual(before[0]);
    for (const [index, { ordersPlaced }] of before.entries()) {
      expect(after[index]?.ordersPlaced).toBeGreaterThanOrEqual(ordersPlaced);
    }
    expect(sum(after, ({ ordersFilled }) => ordersFilled)).toBe(1);
    expect(task.lines).toEqual(["the wall clock was set back, minutes come again"]);
  });

  it.each([-900, -50, 30])("by %s ms, as when it is slewed, moves nothing but a boundary", async (byMs) => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(30_000);
    task.process.jumpWall(byMs);
    await world.time.pass(3 * MINUTE);
    const all = await world.minutes();
    expect(names(all)).toEqual(["00:00", "00:01", "00:02"]);
    for (const measured of seconds(all)) expect(measured).toBeGreaterThanOrEqual(59.97);
    expect(task.lines).toEqual([]);
  });

  it.each(["goes-on", "stands-still"] as const)(
    "a process that stood still for five minutes has none of them (its monotonic clock %s)",
    async (monotonic) => {
      const world = await start();
      const task = world.makeTask(1);
      task.minutes.start();
      await world.time.pass(30_000);
      task.process.freeze(monotonic);
      await world.time.pass(5 * MINUTE);
      task.process.thaw();
      await world.time.pass(2 * MINUTE);
      const all = await world.minutes();
      const firstLasts = monotonic === "goes-on" ? 32 : 60;
      expect(names(all)).toEqual(monotonic === "goes-on" ? ["00:00", "00:05", "00:06"] : ["00:00", "00:06"]);
      expect(seconds(all)).toEqual(monotonic === "goes-on" ? [firstLasts, 30, 60] : [firstLasts, 60]);
    },
  );

  it("whatever happens, no count is lost, no time counted twice and no minute invented", async () => {
    const step = fc.record({
      passMs: fc.integer({ min: 500, max: 100_000 }),
      what: fc.constantFrom("fill", "fill", "jump", "freeze", "suspend", "refuse", "heal", "lose", "restart"),
      byMs: fc.integer({ min: -180_000, max: 180_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), async (steps) => {
        const world = await startMinuteWorld();
        const seen = new Set<string>();
        const tasks = [world.makeTask(1)];
        const see = () => {
          const { process } = tasks.at(-1) ?? { process: undefined };
          if (process?.state !== "running") return;
          seen.add(new Date(process.clock.now().epochMs).toISOString().slice(0, 16));
        };
        const stopSeeing = world.time.onEvent(see);
        const placedBefore = new Map([[1, placedBy(...tasks)]]);
        tasks[0]?.minutes.start();
        for (const each of steps) {
          await disturb(world, tasks, each);
          const newest = tasks.length;
          if (!placedBefore.has(newest)) placedBefore.set(newest, placedBy(...tasks.slice(-1)));
          if (tasks.at(-1)?.process.state === "running") tasks.at(-1)?.minutes.start();
        }
        for (const { link } of tasks) link.reachability = "up";
        await world.time.pass(10 * MINUTE);
        for (const task of tasks) {
          task.rest();
          expect(await finish(world, task, 60_000)).toBe(true);
        }
        stopSeeing();
        const all = await world.minutes();
        const before = [...placedBefore.values()].reduce((total, placed) => total + placed, 0);
        expect(sum(all, ({ ordersPlaced }) => ordersPlaced)).toBe(placedBy(...tasks) - before);
        expect(sum(all, (minute) => minute.ordersFilled)).toBe(
          tasks.reduce((total, { market: { counts } }) => total + counts.buy.filled + counts.sell.filled, 0),
        );
        expect(sum(all, (minute) => minute.measuredSeconds)).toBeLessThanOrEqual(world.time.nowMs / 1_000);
        for (const { minute } of all) expect(seen).toContain(minute);
        world.stop();
      }),
      { numRuns: 5 },
    );
  });
});

async function disturb(
  world: MinuteWorld,
  tasks: MinuteTask[],
  { what, passMs, byMs }: { readonly what: string; readonly passMs: number; readonly byMs: number },
): Promise<void> {
  await world.time.pass(passMs);
  const task = tasks.at(-1);
  if (task === undefined) return;
  const { process, link } = task;
  if (what === "fill" && task.market.orders.open().some(({ side }) => side === "buy")) {
    fillBid(task.engine, task.market, process);
  } else if (what === "jump") process.jumpWall(byMs);
  else if (what === "freeze" || what === "suspend") {
    process.freeze(what === "freeze" ? "goes-on" : "stands-still");
    await world.time.pass(Math.abs(byMs));
    process.thaw();
  } else if (what === "refuse") link.reachability = "refused";
  else if (what === "heal") link.reachability = "up";
  else if (what === "lose") link.lose("reply", "table", 2);
  else if (what === "restart" && link.reachability === "up") {
    task.rest();
    // Long enough for every lost answer.
    expect(await finish(world, task, 60_000)).toBe(true);
    tasks.push(world.makeTask(tasks.length + 1));
  }
}

describe("the stop", () => {
  it("before the start writes nothing", async () => {
    const world = await start();
    const task = world.makeTask(1);
    expect(await task.minutes.finish(1_500)).toBe(true);
    await world.time.pass(3 * MINUTE);
    expect(await world.minutes()).toEqual([]);
  });

  it.each(["silent", "refused"] as const)("with a table that is %s ends in time", async (reachability) => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(30_000);
    task.link.reachability = reachability;
    const before = world.time.nowMs;
    expect(await finish(world, task)).toBe(false);
    expect(world.time.nowMs - before).toBe(1_500);
    expect(task.lines.at(-1)).toBe("engine minutes are left unwritten");
    task.minutes.stop();
    task.link.reachability = "up";
    await world.time.pass(3 * MINUTE);
    expect(await world.minutes()).toEqual([]);
  });

  it("between a boundary and its timer both minutes are written", async () => {
    const world = await start();
    const task = world.makeTask(1);
    task.minutes.start();
    await world.time.pass(MINUTE + 20);
    task.rest();
    expect(await finish(world, task)).toBe(true);
    expect(await task.minutes.finish(1_500)).toBe(true);
    const all = await world.minutes();
    expect(names(all)).toEqual(["00:00", "00:01"]);
    expect(seconds(all)).toEqual([60, 0.02]);
  });
});

describe("markouts", () => {
  it("that are finished in a minute stand there, five hundred an item, each once", async () => {
    const world = await start();
    const finished = Array.from({ length: 1_200 }, (_, index) => makeMarkout(`F-${String(index).padStart(4, "0")}`));
    const task = world.makeTask(1, { takeMarkouts: () => finished.splice(0) });
    task.minutes.start();
    task.link.lose("reply", "table", 3);
    await world.time.pass(2 * MINUTE + 10_000);
    finished.push(makeMarkout("F-9998"));
    await world.time.pass(MINUTE);
    finished.push(makeMarkout("F-9999"));
    task.rest();
    expect(await finish(world, task)).toBe(true);
    const of = (from: string, to = from) =>
      readMarkouts(world.table, SYMBOL, { from: `2026-01-02T${from}`, to: `2026-01-02T${to}` });
    expect(await of("00:01")).toEqual([]);
    expect(await of("00:02")).toEqual([makeMarkout("F-9998")]);
    expect(await of("00:03")).toEqual([makeMarkout("F-9999")]);
    const first = await of("00:00");
    expect(new Set(first.map(({ fillId }) => fillId)).size).toBe(1_200);
    expect(first).toHaveLength(1_200);
    expect(await of("00:00", "00:02")).toHaveLength(1_201);
    expect(await lastMinuteAtOrBefore(world.table, SYMBOL, "2026-01-02T00:02")).toMatchObject({
      minute: "2026-01-02T00:02",
    });
  });
});
