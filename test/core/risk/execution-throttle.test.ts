import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecutionThrottle } from "../../../core/risk/execution-throttle.ts";
import type { Side } from "../../../core/units.ts";

/** Orders that begin to fill one second after the other, by side: `b` or `s`. */
function play(sides: string, limits: { executionsPerMinute?: number; executionsInARow?: number }, stepMs = 1_000) {
  const throttle = new ExecutionThrottle({ executionsPerMinute: 1_000, executionsInARow: 1_000, ...limits });
  [...sides].forEach((letter, index) => {
    const side: Side = letter === "b" ? "buy" : "sell";
    throttle.record(`${index}`, side, index * stepMs);
  });
  return throttle;
}

describe("repeated execution", () => {
  it.each([
    ["in a row up to the limit", "bbb", { executionsInARow: 3 }, undefined],
    ["one more in a row", "bbbb", { executionsInARow: 3 }, "4 buy orders filled in a row, the limit is 3"],
    ["a row that the other side breaks", "bbbsbbb", { executionsInARow: 3 }, undefined],
    ["a row of sells", "bsss", { executionsInARow: 2 }, "3 sell orders filled in a row, the limit is 2"],
    ["a minute's orders up to the limit", "bsbsbs", { executionsPerMinute: 3 }, undefined],
    [
      "one more within a minute, whatever stands between",
      "bsbsbsb",
      { executionsPerMinute: 3 },
      "4 buy orders filled within a minute, the limit is 3",
    ],
  ])("%s", (_name, sides, limits, reason) => {
    expect(play(sides, limits).reason).toBe(reason);
  });

  it("a minute is sixty seconds, and what began before it counts no more", () => {
    expect(play("bbbb", { executionsPerMinute: 3 }, 20_000).reason).toBeUndefined();
    expect(play("bbbb", { executionsPerMinute: 3 }, 19_999).reason).toMatch(/^4 buy orders/);
  });

  it("an order that fills in many parts counts once", () => {
    const throttle = play("bbb", { executionsInARow: 3, executionsPerMinute: 3 });
    for (let part = 0; part < 10; part += 1) throttle.record("1", "buy", 3_000 + part);
    expect(throttle.reason).toBeUndefined();
  });

  it("stays over the limit, with its first reason, until resumed; then it counts anew", () => {
    const throttle = play("bbbb", { executionsInARow: 3 });
    throttle.record("other", "sell", 500_000);
    expect(throttle.reason).toBe("4 buy orders filled in a row, the limit is 3");
    throttle.resume();
    expect(throttle.reason).toBeUndefined();
    for (const id of ["5", "6", "7"]) throttle.record(id, "sell", 500_001);
    expect(throttle.reason).toBeUndefined();
    throttle.record("8", "sell", 500_002);
    expect(throttle.reason).toBe("4 sell orders filled in a row, the limit is 3");
  });
});

describe("its counting", () => {
  const executions = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      side: fc.constantFrom<Side>("buy", "sell"),
      stepMs: fc.constantFrom(0, 1, 5_000, 30_000, 59_999),
    }),
    { maxLength: 60 },
  );

  it("comes to what a look at all executions of the last minute does", () => {
    fc.assert(
      fc.property(executions, fc.integer({ min: 0, max: 8 }), (all, executionsPerMinute) => {
        const throttle = new ExecutionThrottle({ executionsPerMinute, executionsInARow: 1_000 });
        const begun: { readonly id: number; readonly side: Side; readonly ms: number }[] = [];
        let nowMs = 0;
        let expected: string | undefined;
        for (const { id, side, stepMs } of all) {
          nowMs += stepMs;
          throttle.record(`${id}`, side, nowMs);
          if (begun.every((order) => order.id !== id)) {
            begun.push({ id, side, ms: nowMs });
            const count = begun.filter((order) => order.side === side && nowMs - order.ms < 60_000).length;
            if (count > executionsPerMinute) {
              expected ??= `${count} ${side} orders filled within a minute, the limit is ${executionsPerMinute}`;
            }
          }
          expect(throttle.reason).toBe(expected);
        }
      }),
    );
  });

  it("remembers 1,200 orders, and of one forgotten a further part counts anew", () => {
    const throttle = new ExecutionThrottle({ executionsPerMinute: 1_200, executionsInARow: 10_000 });
    const record = (n: number, ms: number) => throttle.record(`${n}`, "buy", ms);
    for (let n = 0; n < 1_200; n += 1) record(n, n);
    for (let n = 0; n < 1_200; n += 1) record(n, 1_200);
    // Never more than are remembered: the first makes room for one more, and then for itself.
    record(1_200, 1_201);
    record(0, 1_202);
    expect(throttle.reason).toBeUndefined();
  });
});
