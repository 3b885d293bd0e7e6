import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Lease } from "../../fargate/lease.ts";
import type { Clock } from "../../fargate/seams.ts";
import { makeLeases } from "./lease-world.ts";

const TERM_MS = 10_000;
/** A record must have stood still for the term and 5 %, and is looked at when that is over. */
const TAKE_OVER_MS = 10_500;

const { makeWorld, makeHeld, endWorlds, stop } = await makeLeases(TERM_MS);
afterEach(endWorlds);
afterAll(stop);

describe("acquiring the lease", () => {
  it("a free lease is taken at once, with epoch 1, and the item says by whom", async () => {
    const { a, read } = await makeHeld();
    expect(a.acquired).toEqual({ type: "acquired", epoch: 1, takenFromMs: null });
    expect(a.lease.owner).toMatch(/^task-a\/[0-9a-f]{8}$/);
    expect(await read()).toMatchObject({
      owner: { S: a.lease.owner },
      epoch: { N: "1" },
      version: { N: "1" },
      heartbeatAt: { S: expect.stringMatching(/^2026-01-02T00:00:0\d\.\d{3}Z$/) },
      feed: { S: "connected" },
      openOrders: { N: "4" },
      markets: { L: [{ S: "SEI/USDC" }] },
    });
    expect(a.lease.state()).toMatchObject({ heldBy: a.lease.owner, epoch: 1, status: "held" });
    expect(a.eventTypes).toEqual(["held"]);
  });

  it.each([
    { was: "only an epoch, as earlier versions left it", item: { epoch: { N: "41" } }, epoch: 42 },
    { was: "an empty owner", item: { owner: { S: "" }, epoch: { N: "5" }, version: { N: "9" } }, epoch: 6 },
    { was: "none of the attributes", item: { feed: { S: "connected" } }, epoch: 1 },
  ])("an item with $was is free, and its epoch goes on growing", async ({ item, epoch }) => {
    const { world, put } = makeWorld();
    await put(item);
    const a = world.start("task-a");
    await world.passUntil(() => a.isPlacing(), 1_000);
    expect(a.acquired).toEqual({ type: "acquired", epoch, takenFromMs: null });
  });

  it("an item that cannot be read is told and waited for, never overwritten", async () => {
    const { world, put } = makeWorld();
    await put({ epoch: { N: "1.5" } });
    const a = world.start("task-a");
    await world.pass(30_000);
    expect(a.isPlacing()).toBe(false);
    expect(a.waits.at(-1)).toMatch(
      /^the table cannot be read: epoch of LEASE shard-\d+ must be a non-negative integer/,
    );
    await put({ epoch: { N: "1" } });
    await world.passUntil(() => a.isPlacing(), 8_000);
  });

  it("of two started at once exactly one wins, also with the same engine id", async () => {
    const { world } = makeWorld();
    const hosts = [world.start("task-a"), world.start("task-a")];
    expect(hosts[0]?.lease.owner).not.toBe(hosts[1]?.lease.owner);
    await world.pass(60_000);
    expect(hosts.filter((host) => host.isPlacing())).toHaveLength(1);
    expect(hosts.filter(({ acquired }) => acquired !== undefined)).toHaveLength(1);
  });

  it("the lease of a holder that crashed is taken over after the term and not before", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(2_000);
    a.crash();
    const renewals = a.requests.length;
    const tookMs = await world.passUntil(() => b.isPlacing(), 20_000);
    expect(a.requests).toHaveLength(renewals);
    expect(b.acquired).toEqual({ type: "acquired", epoch: 2, takenFromMs: TERM_MS });
    // First seen at most 0.1 s after `b` began to look, two seconds before the crash.
    expect(tookMs).toBeGreaterThan(TAKE_OVER_MS - 2_100);
    expect(tookMs).toBeLessThanOrEqual(TAKE_OVER_MS + 100);
    expect(b.waits[0]).toBe(`held by ${a.lease.owner}, epoch 1, unchanged for 0.0 s of 10.5 s`);
    expect(b.waits).toContainEqual(expect.stringMatching(/epoch 1, unchanged for 9\.\d s of 10\.5 s$/));
  });

  it.each([
    { holderMs: 60_000, standbyMs: 3_000 },
    { holderMs: 3_000, standbyMs: 60_000 },
  ])(
    "a deploy changes the term ($holderMs ms held, $standbyMs ms asked): the longer is waited for",
    async ({ holderMs, standbyMs }) => {
      const { world, read } = makeWorld();
      const a = world.start("task-a", { termMs: holderMs });
      await world.passUntil(() => a.isPlacing(), 1_000);
      expect((await read())?.["termMs"]).toEqual({ N: String(holderMs) });
      const b = world.start("task-b", { termMs: standbyMs });
      for (let second = 0; second < 90; second += 1) {
        await world.pass(1_000);
        expect(a.reasonNotToPlace()).toBeUndefined();
        expect(b.isPlacing()).toBe(false);
      }
      a.crash();
      const tookMs = await world.passUntil(() => b.isPlacing(), 70_000);
      // The record had stood still for at most a third of the holder's term when it crashed.
      expect(tookMs).toBeGreaterThan(63_000 - holderMs / 3 - 100);
      expect(b.acquired).toEqual({ type: "acquired", epoch: 2, takenFromMs: holderMs });
    },
  );

  it("a lease whose record was deleted goes on above the epoch that the other items tell", async () => {
    const { world, read } = makeWorld();
    const a = world.start("task-a", { epochMin: 41 });
    await world.passUntil(() => a.isPlacing(), 1_000);
    expect(a.acquired).toEqual({ type: "acquired", epoch: 42, takenFromMs: null });
    expect((await read())?.["epoch"]).toEqual({ N: "42" });
  });

  it("a standby under whom the record is deleted goes on above every epoch it has seen", async () => {
    const { world, put, read } = makeWorld();
    const standing = { owner: { S: "task-z/0000000f" }, version: { N: "3" } };
    await put({ ...standing, epoch: { N: "57" } });
    const a = world.start("task-a", { epochMin: 41 });
    await world.pass(3_000);
    await put({});
    await world.passUntil(() => a.isPlacing(), 2_000);
    expect(a.acquired).toEqual({ type: "acquired", epoch: 58, takenFromMs: null });
    expect((await read())?.["epoch"]).toEqual({ N: "58" });
  });

  it("a standby never takes the lease of a holder that renews", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    for (let second = 0; second < 300; second += 1) {
      await world.pass(1_000);
      expect(a.reasonNotToPlace()).toBeUndefined();
    }
    expect(b.acquired).toBeUndefined();
    expect(b.reasonNotToPlace()).toBe("the lease is not ours yet");
    expect(b.lease.state()).toMatchObject({ status: "waiting", heldBy: a.lease.owner, epoch: null, validForMs: null });
    expect(a.eventTypes).toEqual(["held"]);
    const item = await read();
    expect(Number(item?.["version"]?.N)).toBeGreaterThanOrEqual(90);
    expect(item?.["epoch"]).toEqual({ N: "1" });
  });

  it.each(["answers-lost", "answers-hang"] as const)(
    "a grant whose answer is lost is found in the record (%s)",
    async (network) => {
      const { world, read } = makeWorld();
      const a = world.start("task-a");
      a.failNextWrite(network);
      await world.pass(150);
      expect((await read())?.["owner"]).toEqual({ S: a.lease.owner });
      expect(a.acquired).toBeUndefined();
      await world.passUntil(() => a.isPlacing(), 4_000);
      expect(a.acquired).toEqual({ type: "acquired", epoch: 1, takenFromMs: null });
      // The term began when the write was sent.
      expect(a.lease.state().validForMs).toBeLessThan(TERM_MS - 150);
    },
  );

  it("a standby that cannot read the table says so, and its waiting goes on", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    a.crash();
    b.network = "refused";
    await world.pass(60_000);
    expect(b.acquired).toBeUndefined();
    expect(b.waits.at(-1)).toBe("the table cannot be read: connect ECONNREFUSED");
    // Exponential and bounded: at most 5 s (and jitter) apart.
    expect(b.requests.length).toBeGreaterThan(10);
    expect(b.requests.length).toBeLessThan(25);
    b.network = "up";
    await world.passUntil(() => b.isPlacing(), 8_000);
    expect(b.acquired).toMatchObject({ epoch: 2, takenFromMs: TERM_MS });
  });

  it("a version that moved starts the waiting anew", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    b.network = "refused";
    await world.pass(9_000);
    a.crash();
    await world.pass(2_000);
    b.network = "up";
    const tookMs = await world.passUntil(() => b.isPlacing(), 30_000);
    expect(tookMs).toBeGreaterThanOrEqual(TAKE_OVER_MS);
  });

  it("a stop ends the waiting, and nothing was written", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(2_000);
    b.lease.stop();
    await world.pass(0);
    expect(b.acquired).toEqual({ type: "stopped" });
    expect(await world.driven.settled(b.lease.release(), "the release")).toBe(true);
    expect(b.requests).not.toContain("UpdateItemCommand");
    expect(a.isPlacing()).toBe(true);
  });
});

describe("holding the lease", () => {
  it("a renewal whose answer is lost is found in the record", async () => {
    const { world, a, read } = await makeHeld();
    a.failNextWrite("answers-lost");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    expect((await read())?.["version"]).toEqual({ N: "2" });
    for (let second = 0; second < 20; second += 1) {
      await world.pass(1_000);
      expect(a.reasonNotToPlace()).toBeUndefined();
    }
    expect(a.eventTypes).not.toContain("expiring");
  });

  it("a renewal that is done late, when it was given up, is adopted with the moment it was sent", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("late");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    await world.pass(20_000);
    expect(a.isPlacing()).toBe(true);
    expect(a.eventTypes).not.toContain("expiring");
  });

  it("a term begins when its write was sent, not when it was answered", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("slow-answers");
    const left = () => a.lease.state().validForMs ?? 0;
    let before = left();
    for (; left() <= before; await world.pass(50)) before = left();
    expect(left()).toBeLessThanOrEqual(TERM_MS - 450);
    expect(left()).toBeGreaterThan(TERM_MS - 700);
  });

  it("one renewal that hangs does not cost the quotes", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("requests-hang");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    await world.pass(30_000);
    expect(a.eventTypes).toEqual(["held"]);
  });

  it("a table out of reach for 2/3 of the term ends the placing, and a later renewal begins it again", async () => {
    const { world, a } = await makeHeld();
    const heldMs = TERM_MS - (a.lease.state().validForMs ?? 0);
    a.network = "refused";
    const tookMs = await world.passUntil(() => a.eventTypes.includes("expiring"), 8_000);
    expect(heldMs + tookMs).toBeGreaterThanOrEqual(6_600);
    expect(heldMs + tookMs).toBeLessThanOrEqual(6_750);
    expect(a.reasonNotToPlace()).toMatch(/^the lease was renewed 6\.[67] s ago, of 10 s$/);
    expect(a.events.at(-1)).toEqual({ type: "expiring", reason: "not renewed, the term ends in 3.3 s" });
    await world.pass(60_000);
    expect(a.lease.state()).toMatchObject({ status: "expiring", validForMs: 0 });
    // About one attempt a second: a write, and a read when it failed.
    expect(a.requests.length).toBeLessThan(180);
    a.network = "up";
    await world.passUntil(() => a.isPlacing(), 2_000);
    expect(a.eventTypes).toEqual(["held", "expiring", "held"]);
    expect(a.epoch).toBe(1);
  });

  it("a holder out of reach that was followed by another loses the lease for good", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(1_000);
    a.network = "refused";
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.network = "up";
    await world.passUntil(() => a.status === "lost", 2_000);
    expect(a.eventTypes).toEqual(["held", "expiring", "lost"]);
    expect(a.events.at(-1)).toEqual({ type: "lost", reason: `held by ${b.lease.owner}, epoch 2` });
    expect(a.reasonNotToPlace()).toBe("the lease is lost");
    expect(a.lease.state()).toMatchObject({ heldBy: b.lease.owner, epoch: 1, validForMs: null, status: "lost" });
    const requests = a.requests.length;
    await world.pass(60_000);
    expect(await a.lease.release()).toBe(false);
    expect(a.requests).toHaveLength(requests);
    expect((await read())?.["owner"]).toEqual({ S: b.lease.owner });
  });

  it("a lease that is seized under its holder is lost with the next renewal", async () => {
    const { world, a, seize } = await makeHeld();
    await seize();
    await world.passUntil(() => a.status === "lost", 4_000);
    expect(a.eventTypes).toEqual(["held", "doubt", "lost"]);
  });

  it("a paused holder that wakes after it was followed places nothing, and finds the lease lost", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(1_000);
    a.pause(false);
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.wake();
    expect(a.reasonNotToPlace()).toMatch(/^the lease was renewed 1\d\.\d s ago, of 10 s$/);
    await world.passUntil(() => a.status === "lost", 1_000);
    expect(b.isPlacing()).toBe(true);
  });

  it("a stop without a release ends the placing, and the next waits for the term", async () => {
    const { world, a } = await makeHeld();
    a.lease.stop();
    expect(a.reasonNotToPlace()).toBe("the lease is not renewed any more");
    const b = world.start("task-b");
    expect(await world.passUntil(() => b.isPlacing(), 20_000)).toBeGreaterThanOrEqual(TAKE_OVER_MS);
    expect(b.acquired).toMatchObject({ takenFromMs: TERM_MS });
  });
});

describe("what a holder says of the shard for good", () => {
  const isSure = ({ lease, clock }: { lease: Lease; clock: Clock }) => lease.isSurelyOurs(clock.now());

  it.each([
    ["that stood still", false],
    ["whose machine was frozen with its clock", true],
  ])(
    "is not said by a task %s past its term, however soon it is asked, while its successor says it",
    async (_what, isFrozen) => {
      const { world, a } = await makeHeld();
      const b = world.start("task-b");
      await world.pass(1_000);
      expect([isSure(a), isSure(b)]).toEqual([true, false]);
      a.pause(isFrozen);
      await world.passUntil(() => b.isPlacing(), 60_000);
      expect(isSure(b)).toBe(true);
      a.wake();
      expect(isSure(a)).toBe(false);
      await world.pass(20_000);
      expect([isSure(a), isSure(b)]).toEqual([false, true]);
    },
  );

  it("is said until the end of the term, also where it places no more, and not in doubt", async () => {
    const { world, a } = await makeHeld();
    a.network = "refused";
    await world.passUntil(() => a.status === "expiring", TERM_MS);
    expect(isSure(a)).toBe(true);
    await world.passUntil(() => !isSure(a), TERM_MS);
    expect(a.lease.state()).toMatchObject({ status: "expiring", validForMs: 0 });
    a.network = "up";
    await world.passUntil(() => isSure(a), TERM_MS);
    a.network = "answers-hang";
    void a.lease.recheck("a freeze");
    expect(isSure(a)).toBe(false);
  });
});
