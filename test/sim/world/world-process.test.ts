import { describe, expect, it } from "vitest";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../sim/world/world-process.ts";

function makeProcess() {
  const time = new VirtualTime();
  const process = new WorldProcess("task", time);
  const seen: string[] = [];
  const timer = (name: string, delayMs: number) =>
    process.clock.after(delayMs, () => seen.push(`${name} at ${process.clock.now().monotonicMs}`));
  return { time, process, seen, timer };
}

describe("a process of the world", () => {
  it("after a crash nothing of it runs and nothing comes to it", async () => {
    const { time, process, seen, timer } = makeProcess();
    timer("timer", 10);
    time.after(5, () => process.crash());
    await time.pass(20);
    process.deliver(() => seen.push("delivery"));
    process.emit(() => seen.push("write"));
    timer("later", 1);
    await time.pass(20);
    expect(seen).toEqual([]);
    expect(process.state).toBe("dead");
  });

  it("at a thaw it writes what it was about to, then timers fire that fell due, then what came is delivered", async () => {
    const { time, process, seen, timer } = makeProcess();
    process.freeze();
    process.deliver(() => seen.push("delivery"));
    process.emit(() => seen.push("write"));
    process.thaw();
    await time.pass(0);
    seen.length = 0;

    timer("second", 20);
    timer("first", 10);
    timer("not due", 5_000);
    process.freeze();
    process.emit(() => seen.push("write"));
    process.deliver(() => seen.push("delivery"));
    await time.pass(1_000);
    expect(seen).toEqual([]);
    process.thaw();
    await time.pass(0);
    expect(seen).toEqual(["write", "first at 1000", "second at 1000", "delivery"]);
    await time.pass(4_000);
    expect(seen.at(-1)).toBe("not due at 5000");
  });

  it("a machine that stands still takes its monotonic clock with it, and not the wall clock", async () => {
    const { time, process, seen, timer } = makeProcess();
    timer("timer", 100);
    await time.pass(50);
    const before = process.clock.now();
    process.freeze("stands-still");
    await time.pass(10_000);
    expect(process.clock.now().monotonicMs).toBe(50);
    process.thaw();
    const after = process.clock.now();
    expect(after.monotonicMs - before.monotonicMs).toBe(0);
    expect(after.epochMs - before.epochMs).toBe(10_000);
    await time.pass(50);
    expect(seen).toEqual(["timer at 100"]);
  });

  it("the wall clock jumps alone", () => {
    const { process } = makeProcess();
    const before = process.clock.now();
    process.jumpWall(-90_000);
    const after = process.clock.now();
    expect(after.epochMs - before.epochMs).toBe(-90_000);
    expect(after.monotonicMs).toBe(before.monotonicMs);
  });

  it("a stopped timer does not fire, though it fell due in a freeze", async () => {
    const { time, process, seen, timer } = makeProcess();
    const stop = timer("timer", 10);
    process.freeze();
    await time.pass(20);
    stop();
    process.thaw();
    await time.pass(20);
    expect(seen).toEqual([]);
  });

  it("what a suspended process wrote in its last moment leaves it at the thaw, what it wrote before is on its way", async () => {
    const { time, process, seen } = makeProcess();
    await time.pass(10);
    const writtenMs = time.nowMs;
    await time.pass(1);
    process.suspend();
    process.leave(writtenMs, () => seen.push("awaited"));
    process.leave(time.nowMs, () => seen.push("not awaited"));
    await time.pass(1_000);
    expect(seen).toEqual(["awaited"]);
    process.thaw();
    await time.pass(0);
    expect(seen).toEqual(["awaited", "not awaited"]);
  });

  it("a freeze that is no suspension holds back nothing that was written", () => {
    const { time, process, seen } = makeProcess();
    process.freeze();
    process.leave(time.nowMs, () => seen.push("written"));
    expect(seen).toEqual(["written"]);
  });

  it.each(["goes-on", "stands-still"] as const)(
    "it has stood still for all of its freezes (%s) that are over",
    async (how) => {
      const { time, process } = makeProcess();
      for (const freezeMs of [300, 700]) {
        await time.pass(100);
        process.freeze(how);
        await time.pass(freezeMs);
        process.thaw();
      }
      process.freeze(how);
      await time.pass(5_000);
      expect(process.stoodMs).toBeCloseTo(1_000, 6);
    },
  );

  it("a plan waits for the nth such call at such a moment", () => {
    const { process } = makeProcess();
    process.crashAt({ moment: "after-write", call: "place", nth: 2 });
    expect(process.reached("after-write", "place")).toBe(true);
    expect(process.reached("before-write", "place")).toBe(true);
    expect(process.reached("after-write", "cancel")).toBe(true);
    expect(process.reached("after-write", "place")).toBe(false);
    expect(process.state).toBe("dead");
  });

  it("a plan for some requests lets the others pass uncounted", () => {
    const { process } = makeProcess();
    process.crashAt({ moment: "before-write", call: "table", nth: 1, matching: /UpdateItem.*"LEASE"/ });
    expect(process.reached("before-write", "table", () => 'GetItem {"S":"LEASE"}')).toBe(true);
    expect(process.reached("before-write", "table", () => 'UpdateItem {"S":"RISK"}')).toBe(true);
    expect(process.reached("before-write", "table", () => 'UpdateItem {"S":"LEASE"}')).toBe(false);
  });
});
