import { describe, expect, it } from "vitest";
import { takeTurn } from "../../../lambdas/health-sweep/dead-man-items.ts";
import { MINUTE_MS, makeTraded, STRANGER } from "./silent-task.ts";
import { makeSweepWorld } from "./sweep-world.ts";

describe("faults on the way", () => {
  it.each([
    ["cancels that are lost", { route: "cancel", when: "before", effect: { type: "drop" } }],
    ["cancels whose answer is lost", { route: "cancel", when: "after", effect: { type: "drop" } }],
    ["cancels that hang", { route: "cancel", when: "before", effect: { type: "silence" } }],
    ["cancels answered and not carried out", { route: "cancel", when: "before", effect: { type: "cancel-ignored" } }],
    ["cancels answered 404", { route: "cancel", when: "before", effect: { type: "cancel-not-found" } }],
    ["a list that fails", { route: "orders", when: "before", effect: { type: "status", status: 503 } }],
    ["a list that cannot be read", { route: "orders", when: "before", effect: { type: "garbage" } }],
    [
      "a venue that asks for a pause",
      { route: "any", when: "before", effect: { type: "status", status: 429, retryAfterSeconds: 2 } },
    ],
  ] as const)("such as %s only cost time", async (_what, fault) => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    world.api.faults.inject(fault, 2);
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([STRANGER]);
    expect(world.alarms()).toHaveLength(1);
  });

  it("such as a venue that takes 2.5 s for each answer are waited out", async () => {
    const world = makeSweepWorld({ latencyMs: 2_500 });
    for (const place of ["b0-1", "s0-2"]) world.place(`fm-1-SEIUSDC-${place}`, "SEI/USDC");
    world.startTask();
    await world.time.pass(10_000);
    world.killTask();
    await world.time.pass(45_000);
    expect(await world.time.settled(world.sweep(), "the sweep")).toMatchObject({ kind: "unhealthy" });
    expect(world.open()).toEqual([]);
    expect(world.alarms()).toHaveLength(1);
  });

  it("such as a long pause that the venue asks for end no later than the next sweep", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    const status = { type: "status", status: 429, retryAfterSeconds: 3_600 } as const;
    world.api.faults.inject({ route: "any", when: "before", effect: status }, 1);
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([STRANGER]);
  });

  it("such as a table that does not answer at first are looked at again in the same minute", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    world.faults.table = 4;
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([STRANGER]);
  });

  it("such as one market that cannot be read hide no other's orders", async () => {
    const markets = ["SEI/USDC", "ETH/USDC"];
    const world = makeSweepWorld({ markets });
    world.place("fm-1-ETHUSDC-b0-1", "ETH/USDC");
    world.startTask();
    await world.time.pass(10_000);
    world.killTask();
    await world.time.pass(45_000);
    const { parts } = world.makeProcess();
    const { guardOrders } = await import("../../../lambdas/health-sweep/dead-man.ts");
    const halfBlind = {
      cancel: parts.orders.cancel.bind(parts.orders),
      list: async (asked: readonly string[], untilMs: number) => ({
        ...(await parts.orders.list(asked, untilMs)),
        unread: [{ market: "SEI/USDC", reason: "503" }],
      }),
    };
    const sweep = guardOrders({ ...parts, orders: halfBlind }, world.time.nowMs + 57_000);
    expect(await world.time.settled(sweep, "the sweep")).toMatchObject({
      kind: "unhealthy",
      detail: expect.stringContaining("1 open orders: 0 may still be open (time-is-up)"),
    });
    expect(world.open()).toEqual([]);
    expect(world.alarms()).toHaveLength(1);
  });

  it("such as a list that is one answer behind hide no order: one that shows nothing is no proof", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    const { parts } = world.makeProcess();
    const { guardOrders } = await import("../../../lambdas/health-sweep/dead-man.ts");
    let answers = 0;
    const behind = {
      cancel: parts.orders.cancel.bind(parts.orders),
      list: async (asked: readonly string[], untilMs: number) => {
        const listing = await parts.orders.list(asked, untilMs);
        answers += 1;
        return answers === 1 ? { orders: [], unread: [] } : listing;
      },
    };
    const sweep = guardOrders({ ...parts, orders: behind }, world.time.nowMs + 57_000);
    expect(await world.time.settled(sweep, "the sweep")).toMatchObject({
      kind: "unhealthy",
      detail: expect.stringContaining("with 4 open orders: all are ended"),
    });
    expect(world.open()).toEqual([STRANGER]);
    expect(world.alarms()).toHaveLength(1);
  });

  it("such as a venue that is gone are told as not known, and the next sweep ends the orders", async () => {
    const world = await makeTraded();
    world.killTask();
    world.api.faults.inject(
      { route: "any", when: "before", effect: { type: "status", status: 503 } },
      Number.POSITIVE_INFINITY,
    );
    await world.time.pass(45_000);
    expect(await world.time.settled(world.sweep(), "the sweep")).toMatchObject({
      kind: "failed",
      detail: expect.stringContaining("the venue does not say what is open"),
    });
    world.api.faults.clear();
    await world.time.settled(world.sweep(), "the next sweep");
    expect(world.open()).toEqual([STRANGER]);
  });

  it("such as orders that cannot be ended are told with how many are left, at every sweep", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    world.api.faults.inject(
      { route: "cancel", when: "before", effect: { type: "cancel-ignored" } },
      Number.POSITIVE_INFINITY,
    );
    for (const told of [1, 2]) {
      await world.time.settled(world.sweep(), "the sweep");
      expect(world.alarms()).toHaveLength(told);
      expect(world.alarms().at(-1)?.detail).toMatchObject({
        left: 4,
        reason: expect.stringContaining("4 may still be open"),
      });
    }
  });

  it("such as a table that fails while orders are ended stop nothing for good, and never end an order unproven", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    const sweep = world.sweep();
    await world.time.until(() => (world.api.stats().byRoute["orders"] ?? 0) > 0, "the list is asked for");
    world.faults.table = 2;
    await world.time.settled(sweep, "the sweep");
    expect(world.open()).toEqual([STRANGER]);
    expect(world.alarms()).toHaveLength(1);
  });

  it("such as a bus that fails leave the alarm to a later sweep", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    world.faults.bus = 1;
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.alarms()).toEqual([]);
    await world.time.pass(MINUTE_MS);
    await world.time.settled(world.sweep(), "the next sweep");
    expect(world.alarms()).toHaveLength(1);
  });
});

describe("sweeps that end in the middle, or run beside one another", () => {
  it("one that dies at any of its calls, arrived or not, is made up for by the next: all ended, told at least once", async () => {
    const alive = await makeTraded();
    alive.killTask();
    await alive.time.pass(45_000);
    const { parts, calls } = alive.makeProcess();
    const { guardOrders } = await import("../../../lambdas/health-sweep/dead-man.ts");
    await alive.time.settled(guardOrders(parts, alive.time.nowMs + 57_000), "the sweep");
    expect(calls()).toBeGreaterThan(20);
    // Of the looks at the heartbeat while it is watched, all alike, every ninth; of all other calls each, in both ways.
    const cases = Array.from({ length: calls() }, (_, index) => index + 1).filter(
      (n) => n < 5 || n > 22 || n % 9 === 0,
    );
    for (const atCall of cases) {
      for (const arrives of [true, false]) {
        const world = await makeTraded();
        world.killTask();
        await world.time.pass(45_000);
        await world.time.settled(world.sweep({ death: { atCall, arrives } }), "the sweep that dies");
        await world.time.pass(MINUTE_MS);
        await world.time.settled(world.sweep(), "the next sweep");
        await world.time.pass(MINUTE_MS);
        await world.time.settled(world.sweep(), "the one after");
        const where = `at call ${atCall}, ${arrives ? "arrived" : "lost"}`;
        expect(world.open(), where).toEqual([STRANGER]);
        expect(world.alarms().length, where).toBeGreaterThanOrEqual(1);
        expect(world.alarms().length, where).toBeLessThanOrEqual(2);
      }
    }
  });

  it("one that dies while it is its turn is made up for by another that runs already", async () => {
    const world = await makeTraded();
    for (let index = 0; index < 80; index++) world.place(`fm-1-SEIUSDC-b1-${100 + index}`);
    world.killTask();
    await world.time.pass(45_000);
    // A second and a half of cancels, then nothing more is heard of it.
    const first = world.sweep({ death: { atCall: 60, arrives: false } });
    await world.time.pass(10_500);
    const second = world.sweep();
    await world.time.settled(first, "the sweep that dies");
    const left = world.open().length;
    expect(left).toBeGreaterThan(40);
    expect(left).toBeLessThan(85);
    expect(await world.time.settled(second, "the other sweep")).toMatchObject({
      kind: "unhealthy",
      detail: expect.stringContaining("all are ended"),
    });
    expect(world.open()).toEqual([STRANGER]);
  });

  it("one that waits for its turn in vain ends nothing, and says who does", async () => {
    const world = await makeTraded();
    for (let index = 0; index < 246; index++) world.place(`fm-1-SEIUSDC-b1-${100 + index}`);
    world.killTask();
    await world.time.pass(45_000);
    const first = world.sweep();
    await world.time.pass(11_000);
    expect(await world.time.settled(world.sweep({ forMs: 25_000 }), "the other sweep")).toMatchObject({
      kind: "unhealthy",
      detail: expect.stringMatching(/^the task was silent for \d+\.\d s, another sweep ends its orders$/),
    });
    await world.time.settled(first, "the sweep");
    expect(world.open()).toEqual([STRANGER]);
    expect(world.api.stats().refusedForRate).toBe(0);
    expect(world.measured.filter(({ name }) => name === "flashmm_dead_man_cancelled_total")).toMatchObject([
      { value: 250 },
    ]);
  });

  it("a turn that was taken by a clock an hour ahead keeps nobody", async () => {
    const world = await makeTraded();
    world.killTask();
    await world.time.pass(45_000);
    const hourAhead = world.time.epochMs + 3_600_000;
    expect(
      await takeTurn(world.makeProcess().parts, { by: "dead", atMs: hourAhead, untilMs: hourAhead + 12_000 }),
    ).toBe(true);
    await world.time.settled(world.sweep(), "the sweep");
    expect(world.open()).toEqual([STRANGER]);
  });

  it("a task that comes back while one waits for its turn is left alone by both", async () => {
    const world = await makeTraded();
    for (let index = 0; index < 200; index++) world.place(`fm-1-SEIUSDC-b1-${100 + index}`);
    world.killTask();
    await world.time.pass(45_000);
    const both = [world.sweep(), world.sweep()];
    await world.time.until(() => world.open().length < 190, "some are ended");
    world.startTask(2);
    world.place("fm-2-SEIUSDC-b0-1");
    await world.time.settled(Promise.all(both), "both sweeps");
    expect(world.open()).toContain("fm-2-SEIUSDC-b0-1");
    expect(world.open().length).toBeGreaterThan(150);
  });

  it("two at once end everything and tell of it once", async () => {
    for (const apartMs of [0, 3, 500, 2_000]) {
      const world = await makeTraded();
      world.killTask();
      await world.time.pass(45_000);
      const first = world.sweep();
      await world.time.pass(apartMs);
      const second = world.sweep();
      await world.time.settled(Promise.all([first, second]), "both sweeps");
      expect(world.open()).toEqual([STRANGER]);
      expect(world.alarms()).toHaveLength(1);
    }
  });
});
