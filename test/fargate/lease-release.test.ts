import { afterAll, afterEach, describe, expect, it } from "vitest";
import { makeLeases } from "./lease-world.ts";

const TERM_MS = 10_000;

const { makeWorld, makeHeld, endWorlds, stop } = await makeLeases(TERM_MS);
afterEach(endWorlds);
afterAll(stop);

describe("releasing the lease", () => {
  it("the next one is in at once, with nothing to wait for", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(3_000);
    const released = a.lease.release();
    expect(a.reasonNotToPlace()).toBe("the lease is released");
    expect(await world.driven.settled(released, "the release")).toBe(true);
    expect(await world.passUntil(() => b.isPlacing(), 2_000)).toBeLessThanOrEqual(1_300);
    expect(b.acquired).toEqual({ type: "acquired", epoch: 2, takenFromMs: null });
    expect(a.lease.state()).toMatchObject({ status: "released", heldBy: null, validForMs: null });
    await world.pass(30_000);
    expect((await read())?.["owner"]).toEqual({ S: b.lease.owner });
    expect(a.eventTypes).toEqual(["held"]);
  });

  it("the item keeps its epoch, and its version grows", async () => {
    const { world, a, read } = await makeHeld();
    await world.driven.settled(a.lease.release(), "the release");
    const item = await read();
    expect(item).toMatchObject({ epoch: { N: "1" }, version: { N: "2" } });
    expect(item).not.toHaveProperty("owner");
  });

  it("a release whose answer is lost is asked for again, and is known to be done", async () => {
    const { world, a, read } = await makeHeld();
    a.network = "answers-lost";
    const released = a.lease.release();
    await world.pass(100);
    a.network = "up";
    expect(await world.driven.settled(released, "the release")).toBe(true);
    expect(await read()).not.toHaveProperty("owner");
  });

  it("a table out of reach is asked three times, then the release is not known", async () => {
    const { world, a } = await makeHeld();
    a.network = "requests-hang";
    const before = a.requests.length;
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(false);
    expect(a.requests.slice(before)).toEqual(Array(3).fill("UpdateItemCommand"));
    expect(a.lease.state().detail).toBe("not known to be released: the table did not answer");
    expect(a.isPlacing()).toBe(false);
  });

  it("a table out of reach costs no more than the time there is, however long the term", async () => {
    const { world } = makeWorld();
    const a = world.start("task-a", { termMs: 60_000 });
    await world.passUntil(() => a.isPlacing(), 1_000);
    a.network = "requests-hang";
    const before = a.requests.length;
    const beganMs = a.clock.now().monotonicMs;
    expect(await world.driven.settled(a.lease.release(500), "the release")).toBe(false);
    expect(a.clock.now().monotonicMs - beganMs).toBeLessThanOrEqual(500);
    expect(a.requests.slice(before)).toEqual(["UpdateItemCommand"]);
    expect(a.lease.state().detail).toBe("not known to be released: the table did not answer");
  });

  it("a lease that another has taken is lost, not released", async () => {
    const { world, a, seize, read } = await makeHeld();
    await seize();
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(false);
    expect(a.status).toBe("lost");
    expect((await read())?.["owner"]).toEqual({ S: "task-z/0000000f" });
  });

  it("a renewal still under way does not bring a released lease back", async () => {
    const { world, a, read } = await makeHeld();
    a.failNextWrite("late");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(true);
    await world.pass(5_000);
    expect(await read()).not.toHaveProperty("owner");
  });

  it("a grant still under way when the task was stopped is released too", async () => {
    const { world, read } = makeWorld();
    const a = world.start("task-a");
    a.failNextWrite("answers-hang");
    await world.pass(100);
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(true);
    expect(a.acquired).toEqual({ type: "stopped" });
    expect(await read()).not.toHaveProperty("owner");
  });
});
