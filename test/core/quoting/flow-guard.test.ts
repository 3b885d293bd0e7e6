import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowGuard, type GuardedFill } from "../../../core/quoting/flow-guard.ts";
import { toLots, toTicks } from "../../../core/units.ts";

const parameters = { windowSeconds: 60, volumeMax: toLots(1_000) };

/** `b500@100` buys 500 at 100. */
function fills(text: string, ms = 0): readonly GuardedFill[] {
  return text.split(" ").map((each) => {
    const [size = "", price = ""] = each.slice(1).split("@");
    return {
      side: each.startsWith("b") ? "buy" : "sell",
      size: toLots(Number(size)),
      price: toTicks(Number(price)),
      ms,
    };
  });
}

function guardAfter(all: readonly GuardedFill[]): FlowGuard {
  const guard = new FlowGuard(parameters);
  for (const fill of all) guard.record(fill);
  return guard;
}

function paused(guard: FlowGuard, nowMs = 0) {
  return [...(guard.isPaused("buy", nowMs) ? ["buy"] : []), ...(guard.isPaused("sell", nowMs) ? ["sell"] : [])];
}

describe("the flow guard", () => {
  it.each([
    ["as much as the limit is no pause", "b1000@100", []],
    ["more of one side pauses it", "b1001@100", ["buy"]],
    ["and the other side alone", "s1001@100", ["sell"]],
    ["a counterpart that pays takes it away", "b1500@100 s500@100", []],
    ["whichever came first", "s500@100 b1500@100", []],
    ["one that does not pay takes nothing away", "b1500@100 s500@99", ["buy"]],
    ["both sides may pause", "b1500@100 s1500@99", ["buy", "sell"]],
    ["the cheapest buys are paid for first", "b800@100 b800@105 s800@103", []],
    ["a dear buy is paid for by a dear sell", "b800@104 b800@100 s800@103 s800@105", []],
    ["several sells share one buy", "b1900@100 s500@101 s400@102 s200@99", []],
  ])("%s: %s", (_name, text, sides) => {
    expect(paused(guardAfter(fills(text)))).toEqual(sides);
  });

  it("a side goes on once enough of its fills have left the window", () => {
    const guard = guardAfter([...fills("b900@100", 0), ...fills("b900@100", 30_000)]);
    expect(paused(guard, 60_000)).toEqual(["buy"]);
    expect(paused(guard, 60_001)).toEqual([]);
  });

  it("without parameters it never pauses, and it keeps its fills when they change", () => {
    const off = new FlowGuard(undefined, fills("b9000@100"));
    for (const fill of fills("b9000@100")) off.record(fill);
    expect(paused(off)).toEqual([]);
    const strict = new FlowGuard({ windowSeconds: 60, volumeMax: toLots(100) }, guardAfter(fills("b200@100")).state);
    expect(paused(strict)).toEqual(["buy"]);
  });

  it("pairs as much as any pairing could", () => {
    const one = fc.record({
      side: fc.constantFrom("buy" as const, "sell" as const),
      price: fc.integer({ min: 1, max: 6 }).map(toTicks),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 7 }), fc.integer({ min: 0, max: 6 }), (all, limit) => {
        const units = all.map((fill) => ({ ...fill, size: toLots(1), ms: 0 }));
        const guard = new FlowGuard({ windowSeconds: 60, volumeMax: toLots(limit) }, units);
        const buys = units.filter(({ side }) => side === "buy").map(({ price }) => price);
        const sells = units.filter(({ side }) => side === "sell").map(({ price }) => price);
        expect(guard.isPaused("buy", 0)).toBe(buys.length - mostPairs(buys, sells) > limit);
        expect(guard.isPaused("sell", 0)).toBe(sells.length - mostPairs(buys, sells) > limit);
      }),
    );
  });
});

/** Tries every pairing of single lots. */
function mostPairs(buys: readonly number[], sells: readonly number[]): number {
  const [sell, ...others] = sells;
  if (sell === undefined) return 0;
  const without = mostPairs(buys, others);
  return buys.reduce(
    (most, buy, i) => (buy <= sell ? Math.max(most, 1 + mostPairs(buys.toSpliced(i, 1), others)) : most),
    without,
  );
}
