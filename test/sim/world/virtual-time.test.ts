import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";

describe("virtual time", () => {
  it("what is due happens in the order of its time, then of its asking, whatever is stopped", async () => {
    const asked = fc.array(fc.record({ delayMs: fc.integer({ min: -5, max: 50 }), stopped: fc.boolean() }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(asked, async (timers) => {
        const time = new VirtualTime();
        const fired: number[] = [];
        const stops = timers.map(({ delayMs }, index) => time.after(delayMs, () => fired.push(index)));
        for (const [index, { stopped }] of timers.entries()) if (stopped) stops[index]?.();
        await time.pass(50);
        const expected = timers
          .map(({ delayMs, stopped }, index) => ({ dueMs: Math.max(0, delayMs), stopped, index }))
          .filter(({ stopped }) => !stopped)
          .sort((a, b) => a.dueMs - b.dueMs || a.index - b.index)
          .map(({ index }) => index);
        expect(fired).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it("every promise that follows from an event is done before the next event", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    time.after(10, () => {
      void (async () => {
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
        seen.push("the promises of the first");
      })();
    });
    time.after(10, () => seen.push("the second"));
    await time.pass(10);
    expect(seen).toEqual(["the promises of the first", "the second"]);
  });

  it("no timer overtakes work that is held", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    time.after(1, () => {
      void time.hold(async () => {
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        seen.push(`work at ${time.nowMs}`);
      });
    });
    time.after(2, () => seen.push(`timer at ${time.nowMs}`));
    await time.pass(5);
    expect(seen).toEqual(["work at 1", "timer at 2"]);
    expect(time.nowMs).toBe(5);
  });

  it("waiting in vain ends, with what was waited for", async () => {
    const time = new VirtualTime();
    await expect(time.until(() => false, "pigs fly")).rejects.toThrow(
      "nothing is left to happen, waiting until pigs fly",
    );
    const again = (): void => {
      time.after(100, again);
    };
    again();
    await expect(time.until(() => false, "pigs fly", 1_000)).rejects.toThrow("waited 1000 ms in vain until pigs fly");
    expect(time.nowMs).toBe(1_000);
  });

  it("a promise settles as it does, and its rejection is the caller's", async () => {
    const time = new VirtualTime();
    const late = new Promise<number>((resolve) => {
      time.after(300, () => resolve(7));
    });
    expect(await time.settled(late, "the late one")).toBe(7);
    expect(time.nowMs).toBe(300);
    const failing = new Promise<never>((_, reject) => {
      time.after(1, () => reject(new Error("no")));
    });
    await expect(time.settled(failing, "the failing one")).rejects.toThrow("no");
  });

  it("an observer is asked after every event, and what it throws ends the waiting", async () => {
    const time = new VirtualTime();
    const end = time.onEvent(() => {
      if (time.nowMs === 2) throw new Error("a broken rule");
    });
    time.after(1, () => undefined);
    time.after(2, () => undefined);
    await expect(time.pass(3)).rejects.toThrow("a broken rule");
    end();
    await time.pass(3);
  });

  it("Date.now tells its time while it is taken over, and the real one afterwards", async () => {
    const time = new VirtualTime();
    const restore = time.takeOverDate();
    await time.pass(60_000);
    expect(Date.now()).toBe(Date.UTC(2026, 0, 2, 0, 1));
    restore();
    expect(Date.now()).toBeGreaterThan(Date.UTC(2026, 0, 3));
  });

  it("a delay takes time, however short it is", async () => {
    const time = new VirtualTime();
    await time.pass(1.001);
    const seen: number[] = [];
    time.after(1e-12, () => seen.push(time.nowMs));
    time.after(0, () => seen.push(time.nowMs));
    await time.pass(1);
    expect(seen).toEqual([1.001, 1.002]);
  });

  it("a loop that waits for nothing is found", async () => {
    const time = new VirtualTime();
    const again = (): void => {
      time.after(0, again);
    };
    again();
    await expect(time.pass(1)).rejects.toThrow("time must pass");
  });
});
