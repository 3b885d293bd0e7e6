import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LossSnapshot, LossWatch } from "../../../core/risk/loss-watch.ts";
import { ONE, shardLimits } from "../desk.ts";

const DAY_MS = 86_400_000;
const NOON_MS = 20_000 * DAY_MS + DAY_MS / 2;

function at(epochMs: number) {
  return { monotonicMs: 0, epochMs };
}

/** A watch of 10,000 of capital that was told these profits, in whole units of the quote currency, at noon. */
function watchOf(profits: readonly number[], snapshot?: LossSnapshot, limits = shardLimits): LossWatch {
  const watch = new LossWatch(limits, snapshot);
  for (const profit of profits) watch.record(BigInt(profit) * ONE, at(NOON_MS));
  return watch;
}

describe("loss", () => {
  it("is counted from the best moment, whatever lies between", () => {
    const watch = watchOf([-100, 400, 100, 250]);
    expect(watch.drawdownPercent).toBe(1.5);
    expect(watch.dailyLossPercent).toBe(0);
    expect(watch.snapshot).toEqual({ peak: 400n * ONE, day: 20_000, dayStart: -100n * ONE, latch: undefined });
  });

  it("a profit is no loss", () => {
    const watch = watchOf([0, 500]);
    expect([watch.drawdownPercent, watch.dailyLossPercent, watch.isAlerting, watch.state]).toEqual([
      0,
      0,
      false,
      "active",
    ]);
  });

  it.each([
    [-299, false, "active"],
    [-300, true, "active"],
    [-399, true, "active"],
    [-400, true, "reducing"],
    [-499, true, "reducing"],
  ])("of %i makes alerting %s and the state %s", (profit, isAlerting, state) => {
    const watch = watchOf([0, profit]);
    expect([watch.isAlerting, watch.state]).toEqual([isAlerting, state]);
  });

  it("once reducing stays so until it is below the alert", () => {
    expect(watchOf([0, -400, -350]).state).toBe("reducing");
    expect(watchOf([0, -400, -300]).state).toBe("reducing");
    expect(watchOf([0, -400, -299]).state).toBe("active");
    expect(watchOf([0, -399, -350]).state).toBe("active");
    expect(watchOf([0, -400, -299, -350]).state).toBe("active");
  });

  it("is judged after a restart as if it had been reducing, which nothing kept says", () => {
    const { snapshot } = watchOf([0, -400, -390]);
    expect(watchOf([-390], snapshot).state).toBe("reducing");
    expect(watchOf([-390, -301], snapshot).state).toBe("reducing");
    expect(watchOf([-299], snapshot).state).toBe("active");
    expect(watchOf([-299, -390], snapshot).state).toBe("active");
  });

  it("is not judged where the profit is not known; nothing more is risked until it is", () => {
    const watch = watchOf([0, 750]);
    const { snapshot } = watch;
    watch.unpriced("ETH/USDC");
    expect([watch.state, watch.unknown]).toEqual(["reducing", "what is held in ETH/USDC has no price yet"]);
    expect([watch.snapshot, watch.drawdownPercent]).toEqual([snapshot, 0]);
    watch.record(700n * ONE, at(NOON_MS));
    expect([watch.state, watch.unknown, watch.drawdownPercent]).toEqual(["active", undefined, 0.5]);
  });

  it("is judged by the limit alone where an operator resumed after the restart, before it was known", () => {
    const { snapshot } = watchOf([0, -400, -390]);
    const watch = new LossWatch(shardLimits, snapshot);
    watch.unpriced("ETH/USDC");
    watch.resume();
    watch.record(-350n * ONE, at(NOON_MS));
    expect([watch.state, watch.drawdownPercent]).toEqual(["active", 3.5]);
  });

  it("that is not known is not counted anew by a resume of something else", () => {
    const watch = watchOf([0, 750]);
    watch.unpriced("ETH/USDC");
    watch.resume();
    watch.record(700n * ONE, at(NOON_MS));
    expect(watch.drawdownPercent).toBe(0.5);
  });

  it.each([
    ["the drawdown", [1_000, 401], [1_000, 400], "the drawdown is 6.00 %, the limit 6 %"],
    ["the day's loss", [0, -499], [0, -500], "the day's loss is 5.00 %, the limit 5 %"],
  ])("halts at the limit of %s and not before, and says why", (name, inside, outside, reason) => {
    const limits = { ...shardLimits, [name === "the drawdown" ? "dailyLossPercent" : "drawdownHaltPercent"]: 99 };
    expect(watchOf(inside, undefined, limits).latch).toBeUndefined();
    const watch = watchOf(outside, undefined, limits);
    expect(watch.state).toBe("halted");
    expect(watch.latch).toEqual({ reason, atMs: NOON_MS });
  });

  it("both reasons are told when both hold", () => {
    const { latch } = watchOf([0, -600]);
    expect(latch?.reason).toBe("the drawdown is 6.00 %, the limit 6 %; the day's loss is 6.00 %, the limit 5 %");
  });

  it("a halt stays, with its first reason, whatever the profit does after", () => {
    const watch = watchOf([0, -500, 10_000]);
    watch.record(-9_000n * ONE, at(NOON_MS + 2 * DAY_MS));
    expect(watch.state).toBe("halted");
    expect(watch.latch?.reason).toBe("the day's loss is 5.00 %, the limit 5 %");
  });

  it("capital must be above 0", () => {
    expect(() => watchOf([], undefined, { ...shardLimits, capital: 0n })).toThrow("capital must be above 0");
  });
});

describe("days", () => {
  it("a new day begins with the profit of then, and keeps the peak", () => {
    const watch = watchOf([0, -300]);
    watch.record(-350n * ONE, at(NOON_MS + DAY_MS / 2));
    expect(watch.dailyLossPercent).toBe(0);
    expect(watch.drawdownPercent).toBe(3.5);
  });

  it("the last moment of a day still belongs to it", () => {
    const watch = watchOf([0]);
    watch.record(-300n * ONE, at(NOON_MS + DAY_MS / 2 - 1));
    expect(watch.dailyLossPercent).toBe(3);
  });

  it("a wall clock that goes back begins no day, and the day it comes back to is no new one", () => {
    const watch = watchOf([0, -300]);
    watch.record(-310n * ONE, at(NOON_MS - DAY_MS));
    expect(watch.dailyLossPercent).toBeCloseTo(3.1);
    watch.record(-320n * ONE, at(NOON_MS));
    expect(watch.dailyLossPercent).toBeCloseTo(3.2);
  });
});

describe("a restart", () => {
  it("keeps peak, day and halt by the snapshot", () => {
    const before = watchOf([400, -100, -101]);
    const after = watchOf([-102], before.snapshot);
    expect(after.drawdownPercent).toBeCloseTo(5.02);
    expect(after.state).toBe("halted");
    expect(after.latch).toEqual(before.latch);
  });

  it("still reduces where it did", () => {
    expect(watchOf([-450], watchOf([0, -450]).snapshot).state).toBe("reducing");
  });

  it("shows no loss before the first profit is known", () => {
    const watch = new LossWatch(shardLimits, { peak: 900n * ONE, day: 20_000, dayStart: 900n * ONE, latch: undefined });
    expect([watch.drawdownPercent, watch.dailyLossPercent, watch.isAlerting]).toEqual([0, 0, false]);
  });

  it("comes to the same as no restart, whatever the profits", () => {
    const profits = fc.array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(profits, profits, (first, second) => {
        const whole = watchOf([...first, ...second]);
        const resumed = watchOf(second, watchOf(first).snapshot);
        expect(resumed.snapshot).toEqual(whole.snapshot);
        expect(resumed.drawdownPercent).toBe(whole.drawdownPercent);
      }),
    );
  });
});

describe("resuming", () => {
  it("lifts the halt and counts anew from here", () => {
    const watch = watchOf([0, -700]);
    watch.resume();
    expect([watch.state, watch.drawdownPercent, watch.dailyLossPercent]).toEqual(["active", 0, 0]);
    watch.record(-999n * ONE, at(NOON_MS));
    expect(watch.state).toBe("active");
    watch.record(-1_100n * ONE, at(NOON_MS));
    expect(watch.state).toBe("reducing");
  });

  it("before anything was told changes nothing", () => {
    const watch = new LossWatch(shardLimits, undefined);
    watch.resume();
    expect(watch.snapshot).toBeUndefined();
  });

  it("before the first profit after a restart counts from that profit, not from nothing", () => {
    const { snapshot } = watchOf([0, -700]);
    const watch = new LossWatch(shardLimits, snapshot);
    watch.resume();
    watch.record(-700n * ONE, at(NOON_MS));
    expect([watch.state, watch.drawdownPercent, watch.dailyLossPercent]).toEqual(["active", 0, 0]);
  });
});

it("the snapshot is a new object exactly when something in it changed", () => {
  const watch = watchOf([0]);
  const first = watch.snapshot;
  watch.record(-100n * ONE, at(NOON_MS));
  expect(watch.snapshot).toBe(first);
  watch.record(1n, at(NOON_MS));
  expect(watch.snapshot).not.toBe(first);
});
