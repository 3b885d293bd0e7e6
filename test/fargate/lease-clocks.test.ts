import { afterAll, afterEach, describe, expect, it } from "vitest";
import { makeLeases } from "./lease-world.ts";

const TERM_MS = 10_000;

const { makeHeld, endWorlds, stop } = await makeLeases(TERM_MS);
afterEach(endWorlds);
afterAll(stop);

describe("a doubt from outside", () => {
  it("places nothing until the record was read, which is done at once", async () => {
    const { world, a } = await makeHeld();
    const requests = a.requests.length;
    const looked = a.lease.recheck("the process stood still");
    expect(a.reasonNotToPlace()).toBe("the lease is in doubt: the process stood still");
    await world.passUntil(() => a.isPlacing(), 500);
    await looked;
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand"]);
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });
});

describe("clocks that part", () => {
  it("a machine that was frozen with its monotonic clock places nothing until it has renewed", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(3_000);
    const requests = a.requests.length;
    a.wake();
    expect(a.reasonNotToPlace()).toBe("the lease is in doubt: the wall clock moved 3.0 s against the monotonic clock");
    // What may be lost is taken off the term.
    expect(a.lease.state().validForMs).toBeLessThanOrEqual(TERM_MS - 3_000);
    await world.passUntil(() => a.isPlacing(), 500);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand", "UpdateItemCommand"]);
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });

  it("a machine frozen for longer than the term whose wall clock was set back meanwhile renews before it places", async () => {
    const { world, a, read } = await makeHeld();
    a.pause(true);
    await world.pass(3 * TERM_MS);
    a.jumpWall(-3_600_000);
    const requests = a.requests.length;
    a.wake();
    expect(a.reasonNotToPlace()).toMatch(/^the lease is in doubt: the wall clock moved -3570.0 s/);
    await world.passUntil(() => a.isPlacing(), 500);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand", "UpdateItemCommand"]);
    expect((await read())?.["version"]).toEqual({ N: "2" });
  });

  it("a renewal that was sent before the clocks parted does not tell how much of the term is over", async () => {
    const { world, a } = await makeHeld();
    await world.passUntil(() => a.requests.at(-1) === "UpdateItemCommand" && a.requests.length > 2, TERM_MS);
    const requests = a.requests.length;
    a.jumpWall(-5_000);
    await world.passUntil(() => a.isPlacing(), 3_000);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand", "UpdateItemCommand"]);
  });

  it("a machine frozen for longer than the term places nothing, though its monotonic clock says that it may", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    a.pause(true);
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.wake();
    expect(a.reasonNotToPlace()).toMatch(/^the lease is in doubt/);
    await world.passUntil(() => a.status === "lost", 500);
    expect(a.eventTypes).toEqual(["held", "doubt", "lost"]);
  });

  it("a doubt of time that no renewal ends pulls the quotes at two thirds of what may be left of the term", async () => {
    const { world, a } = await makeHeld();
    a.jumpWall(5_000);
    for (let passedMs = 0; passedMs < 1_500; passedMs += 100) {
      a.failNextWrite("refused");
      await world.pass(100);
    }
    expect(a.eventTypes).toEqual(["held", "doubt"]);
    for (let passedMs = 0; passedMs < 1_000; passedMs += 100) {
      a.failNextWrite("refused");
      await world.pass(100);
    }
    expect(a.eventTypes).toEqual(["held", "doubt", "expiring"]);
  });

  it("a freeze that may have used up the term needs a renewal, not only a read", async () => {
    const { world, a, read } = await makeHeld();
    a.pause(true);
    await world.pass(9_000);
    const requests = a.requests.length;
    a.wake();
    await world.passUntil(() => a.isPlacing(), 500);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand", "UpdateItemCommand"]);
    expect((await read())?.["version"]).toEqual({ N: "2" });
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });

  it("a freeze is found by the lease's own timer too", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(2_000);
    a.wake();
    await world.pass(600);
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });

  it("a long freeze with the table out of reach pulls the quotes", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(8_000);
    a.wake();
    a.network = "refused";
    await world.pass(600);
    expect(a.eventTypes).toEqual(["held", "doubt", "expiring"]);
    a.network = "up";
    await world.passUntil(() => a.isPlacing(), 2_000);
  });

  it.each([
    { jump: "+1 h", byMs: 3_600_000, requests: ["GetItemCommand", "UpdateItemCommand"] },
    { jump: "-1 h", byMs: -3_600_000, requests: ["GetItemCommand", "UpdateItemCommand"] },
    { jump: "+2 s", byMs: 2_000, requests: ["GetItemCommand", "UpdateItemCommand"] },
    { jump: "+0.9 s", byMs: 900, requests: [] },
  ])("a wall clock that jumps by $jump costs one renewal and no quote", async ({ byMs, requests }) => {
    const { world, a } = await makeHeld();
    const before = a.requests.length;
    a.jumpWall(byMs);
    expect(a.isPlacing()).toBe(requests.length === 0);
    await world.pass(600);
    expect(a.requests.slice(before)).toEqual(requests);
    expect(a.isPlacing()).toBe(true);
    await world.pass(60_000);
    expect(a.eventTypes).toEqual(requests.length === 0 ? ["held"] : ["held", "doubt", "held"]);
    expect(a.requests.filter((name) => name === "GetItemCommand")).toHaveLength(requests.length === 0 ? 1 : 2);
  });

  it("a wall clock that jumps all the time is checked about once a second", async () => {
    const { world, a } = await makeHeld();
    for (let moment = 0; moment < 400; moment += 1) {
      a.jumpWall(moment % 2 === 0 ? 5_000 : -5_000);
      a.reasonNotToPlace();
      await world.pass(50);
    }
    expect(a.requests.length).toBeLessThan(60);
  });
});
