import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MINUTE_MS, makeTraded, OURS, STRANGER, sweepUntilEnded } from "./silent-task.ts";
import { makeSweepWorld } from "./sweep-world.ts";

describe("while the heartbeat is fresh", () => {
  it.each([
    ["clocks that agree", {}],
    ["a task whose clock is an hour behind", { taskAheadMs: -3_600_000 }],
    ["a task whose clock is 31 s behind", { taskAheadMs: -31_000 }],
    ["a task whose clock is an hour ahead", { taskAheadMs: 3_600_000 }],
    ["a function whose clock is a minute ahead", { functionAheadMs: 60_000 }],
  ])("nothing is asked of the venue and nothing ended, with %s", async (_what, options) => {
    const world = await makeTraded(options);
    for (let sweep = 0; sweep < 4; sweep++) {
      expect(await world.time.settled(world.sweep(), "the sweep")).toMatchObject({ kind: "healthy" });
      await world.time.pass(17_000);
    }
    expect(world.open()).toEqual([...OURS, STRANGER]);
    expect(world.api.stats().byRoute).toEqual({});
    expect(world.events).toEqual([]);
  });

  it("a lease that a person wrote a moment ago is believed at once, though nobody renews it", async () => {
    const world = makeSweepWorld();
    world.place(OURS[0] ?? "");
    await world.writeLease();
    await world.time.pass(2_000);
    const beforeMs = world.time.nowMs;
    expect(await world.time.settled(world.sweep(), "the sweep")).toMatchObject({ kind: "healthy" });
    expect(world.time.nowMs - beforeMs).toBeLessThan(100);
    expect(world.open()).toHaveLength(1);
  });
});

describe("the orders of a task that was killed", () => {
  it.each([
    ["clocks that agree", {}],
    ["a task 5 s ahead", { taskAheadMs: 5_000 }],
    ["a task 5 s behind", { taskAheadMs: -5_000 }],
    ["a task that is an hour ahead", { taskAheadMs: 3_600_000 }],
    ["a task that is an hour behind", { taskAheadMs: -3_600_000 }],
  ])(
    "are ended within 95 s of the last heartbeat whenever the sweeps come, with %s; strangers' stay",
    async (_what, options) => {
      for (const firstMs of [0, 4_900, 11_000, 31_000, 59_900]) {
        const world = await makeTraded(options);
        // Sweeps have come each minute before, too.
        await world.time.settled(world.sweep(), "the sweep before");
        await world.time.pass(MINUTE_MS - firstMs);
        world.killTask();
        const tookMs = await sweepUntilEnded(world, firstMs);
        expect(tookMs).toBeGreaterThan(30_000);
        expect(tookMs).toBeLessThan(95_000);
        expect(world.open()).toEqual([STRANGER]);
        expect(world.alarms()).toHaveLength(1);
      }
    },
  );

  it("are ended within 95 s at any phase, also forty of them in ten markets on a slow way", async () => {
    const markets = Array.from({ length: 10 }, (_, index) => `M${index}/USDC`);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 59_999 }),
        fc.integer({ min: -2_000, max: 2_000 }),
        async (firstMs, skewMs) => {
          const world = makeSweepWorld({ markets, latencyMs: 120, taskAheadMs: skewMs });
          for (const market of markets) {
            for (const place of ["b0-1", "b1-2", "s0-3", "s1-4"])
              world.place(`fm-1-${market.replace("/", "")}-${place}`, market);
          }
          world.startTask();
          await world.time.pass(15_000);
          await world.time.settled(world.sweep(), "the sweep before");
          await world.time.pass(MINUTE_MS - firstMs);
          world.killTask();
          expect(await sweepUntilEnded(world, firstMs)).toBeLessThan(95_000);
          expect(world.api.stats().refusedForRate).toBe(0);
        },
      ),
      { numRuns: 3 },
    );
  });

  it("are told of in one event of a breach, with what was ended, and counted", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    const outcome = await world.time.settled(world.sweep(), "the sweep");
    expect(outcome).toMatchObject({
      kind: "unhealthy",
      detail: expect.stringMatching(
        /^the task was silent for 5\d\.\d s with 4 open orders: all are ended, the venue shows none$/,
      ),
    });
    expect(world.alarms()).toEqual([
      {
        type: "Risk Limit Breached",
        source: "flashmm.engine",
        detail: {
          limit: "silent task",
          by: "health-sweep",
          reason: expect.stringContaining("with 4 open orders"),
          ended: 4,
          left: 0,
          orders: OURS,
        },
      },
    ]);
    expect(world.measured).toContainEqual({ name: "flashmm_dead_man_cancelled_total", value: 4 });
    // The next sweep finds nothing, and says nothing.
    expect(await world.time.settled(world.sweep(), "the next sweep")).toMatchObject({
      kind: "healthy",
      detail: expect.stringContaining("no order of ours is open"),
    });
    expect(world.alarms()).toHaveLength(1);
  });

  it("are ended also where there is no lease any more", async () => {
    const world = makeSweepWorld();
    world.place(OURS[0] ?? "");
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([]);
    expect(world.time.nowMs).toBeGreaterThan(30_000);
  });

  it("are never placed anew: the sweep knows lists and cancels alone", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    await world.time.settled(world.sweep(), "the sweep");
    expect(Object.keys(world.api.stats().byRoute).sort()).toEqual(["cancel", "orders"]);
  });
});

describe("orders of an epoch above the lease's", () => {
  it("are ended too: a task writes its lease first, so nobody who lives has placed them", async () => {
    const world = await makeTraded();
    world.place("fm-9-SEIUSDC-b0-1");
    world.killTask();
    await world.time.pass(45_000);
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([STRANGER]);
    expect(world.alarms()).toMatchObject([{ detail: { ended: 5, left: 0 } }]);
  });

  it("are left alone where their task's lease came between the verdict and the list", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(60_000);
    const sweep = world.sweep();
    // Watched for a term; the venue is asked right after.
    await world.time.pass(10_300);
    expect(world.api.stats().byRoute).toEqual({});
    world.startTask(2);
    world.place("fm-2-SEIUSDC-b0-1");
    await world.time.settled(sweep, "the sweep");
    expect(world.open()).toEqual([...OURS, STRANGER, "fm-2-SEIUSDC-b0-1"]);
  });
});

describe("a task that comes back", () => {
  it("keeps what it places under a new epoch, and tends the rest itself", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(60_000);
    const sweep = world.sweep();
    await world.time.until(() => world.open().length < OURS.length + 1, "the first order is ended");
    world.startTask(2);
    world.place("fm-2-SEIUSDC-b0-1");
    await world.time.settled(sweep, "the sweep");
    expect(world.open()).toContain("fm-2-SEIUSDC-b0-1");
  });

  it("in the very moment of the list keeps all its orders", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(60_000);
    const sweep = world.sweep();
    await world.time.until(() => (world.api.stats().byRoute["orders"] ?? 0) > 0, "the list is asked for");
    world.startTask();
    world.place("fm-1-SEIUSDC-b0-99");
    expect(await world.time.settled(sweep, "the sweep")).toMatchObject({ kind: "healthy" });
    expect(world.open()).toEqual([...OURS, STRANGER, "fm-1-SEIUSDC-b0-99"]);
  });
});
