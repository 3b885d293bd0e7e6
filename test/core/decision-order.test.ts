import fc from "fast-check";
import { expect, it } from "vitest";
import { bringInOrder, mostDangerous, mostUrgent } from "../../core/decision-order.ts";
import { urgencyOf } from "../../core/execution/change-worth.ts";
import type { PossibleChange } from "../../core/market-plan.ts";
import { type Side, toLots, toTicks } from "../../core/units.ts";
import { makeOrder } from "./make-events.ts";

/** Few values, so that many are equal. */
const change = fc
  .record({
    side: fc.constantFrom<Side>("buy", "sell"),
    level: fc.integer({ min: 0, max: 2 }),
    gain: fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4),
    isMove: fc.boolean(),
  })
  .map(({ side, level, gain, isMove }): PossibleChange => {
    const quote = { side, level, price: toTicks(50), size: toLots(100) };
    const order = isMove ? { ...makeOrder({ clientOrderId: "O", side, level }), orderId: "1" } : undefined;
    return { quote, order, gain, missed: 0, isOverdue: false };
  });

it("the changes of all markets go by urgency, then by level, of equals each market's in its turn", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      fc.nat(7),
      (markets, begin) => {
        const rotated = markets.map((_, i) => markets[(begin + i) % markets.length] ?? []);
        const sorted = rotated.flat().toSorted((a, b) => urgencyOf(b) - urgencyOf(a) || a.quote.level - b.quote.level);
        const turns = markets.map((changes) => ({ wishes: { queries: [], changes: [...changes] }, place: 0 }));
        for (const { wishes } of turns) bringInOrder(wishes.changes);
        const taken: (PossibleChange | undefined)[] = [];
        for (let turn = mostUrgent(turns, begin); turn !== undefined; turn = mostUrgent(turns, begin)) {
          taken.push(turn.wishes.changes[turn.place]);
          turn.place += 1;
        }
        expect(taken.length).toBe(sorted.length);
        for (const [i, each] of sorted.entries()) expect(taken[i]).toBe(each);
      },
    ),
  );
});

it("the removals of all markets go by danger, of equals the first market's first", () => {
  const order = { ...makeOrder({ clientOrderId: "O", side: "buy" }), orderId: "1" };
  const danger = fc.constantFrom(0.5, 1, 2, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(fc.array(fc.array(danger, { maxLength: 5 }), { maxLength: 4 }), (markets) => {
      const turns = markets.map((dangers) => ({
        removals: dangers.toSorted((a, b) => b - a).map((dangerBps) => ({ order, dangerBps })),
        place: 0,
      }));
      const sorted = turns.flatMap(({ removals }) => removals).toSorted((a, b) => b.dangerBps - a.dangerBps);
      const taken: unknown[] = [];
      for (let turn = mostDangerous(turns); turn !== undefined; turn = mostDangerous(turns)) {
        taken.push(turn.removals[turn.place]);
        turn.place += 1;
      }
      expect(taken.length).toBe(sorted.length);
      for (const [i, each] of sorted.entries()) expect(taken[i]).toBe(each);
    }),
  );
});
