import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWorthIt, MissedWorth, urgencyOf } from "../../../core/execution/change-worth.ts";
import { type Change, slotOf } from "../../../core/execution/order-diff.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeOrder } from "../make-events.ts";

function move(gain: number, { side = "buy", id = "O" }: { side?: Side; id?: string } = {}): Change {
  const quote = { side, level: 0, price: toTicks(50), size: toLots(100) };
  return { quote, order: makeOrder({ clientOrderId: id, side }), gain, missed: 0, isOverdue: false };
}

function moveIn({ side, level }: { side: Side; level: number }, id: string | undefined): Change {
  const quote = { side, level, price: toTicks(50), size: toLots(100) };
  const order = id === undefined ? undefined : makeOrder({ clientOrderId: id, side, level });
  return { quote, order, gain: 0, missed: 0, isOverdue: false };
}

const missed = (changes: readonly Change[]) => changes.map((change) => change.missed);

describe("what was missed", () => {
  it("is the sum over time of what there was to gain, for each slot by itself", () => {
    const worth = new MissedWorth();
    const both = (buy: number, sell: number) => [move(buy), move(sell, { side: "sell", id: "P" })];
    expect(missed(worth.weigh(both(0.5, 0.1), 1_000))).toEqual([0, 0]);
    expect(missed(worth.weigh(both(0.2, 0.1), 1_400))).toEqual([0.2, expect.closeTo(0.04)]);
    expect(missed(worth.weigh(both(0.2, 0.1), 2_400))).toEqual([expect.closeTo(0.4), expect.closeTo(0.14)]);
  });

  it.each<[string, readonly Change[]]>([
    ["where the order is as wanted for a moment", []],
    ["where another order stands in the slot", [move(0.5, { id: "P" })]],
  ])("begins anew %s", (_name, between) => {
    const worth = new MissedWorth();
    worth.weigh([move(0.5)], 0);
    worth.weigh(between, 400);
    expect(missed(worth.weigh([move(0.5)], 500))).toEqual([0]);
  });

  it("is each slot's own, in whatever order the changes come and go", () => {
    const change = fc.record({
      side: fc.constantFrom<Side>("buy", "sell"),
      level: fc.integer({ min: 0, max: 3 }),
      id: fc.constantFrom("O", "P", undefined),
      gain: fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8),
    });
    const turn = fc.tuple(fc.uniqueArray(change, { selector: slotOf }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 12 }), (turns) => {
        const worth = new MissedWorth();
        let before = new Map<
          number,
          { readonly id: string | undefined; readonly gain: number; readonly missed: number }
        >();
        let ms = 0;
        for (const [made, eighths] of turns) {
          ms += 125 * eighths;
          const changes = made.map(({ id, gain, ...slot }) => ({ ...moveIn(slot, id), gain }));
          const plain = made.map((each) => {
            const last = before.get(slotOf(each));
            return last?.id === each.id && last !== undefined ? last.missed + (last.gain * eighths) / 8 : 0;
          });
          expect(missed(worth.weigh(changes, ms))).toEqual(plain);
          before = new Map(made.map(({ id, gain, ...slot }, i) => [slotOf(slot), { id, gain, missed: plain[i] ?? 0 }]));
        }
      }),
    );
  });

  it("of a time that nobody looked at is at most a second's, and none of a clock that goes back", () => {
    const worth = new MissedWorth();
    worth.weigh([move(0.5)], 10_000);
    expect(missed(worth.weigh([move(0.5)], 60_000))).toEqual([0.5]);
    expect(missed(worth.weigh([move(0.5)], 59_000))).toEqual([0.5]);
  });
});

describe("a change is worth its requests", () => {
  const weighed = (change: Partial<Change>): Change => ({ ...move(0.5), missed: 0, ...change });

  it.each<[string, Partial<Change>, number, boolean]>([
    ["a move once a tenth of a second's worth was missed", { missed: 0.1 }, 0, true],
    ["and not before", { missed: 0.09 }, 0, false],
    ["the later, the more requests are under way", { missed: 0.5 }, 0.5, false],
    ["a second's worth at last", { missed: 1 }, 1, true],
    ["an empty slot always", { order: undefined }, 1, true],
    ["an order past its age always", { isOverdue: true }, 1, true],
  ])("%s", (_name, change, share, isWorth) => {
    expect(isWorthIt(weighed(change), share)).toBe(isWorth);
  });

  it("the most urgent is the one that makes good the most for each of its requests", () => {
    expect(urgencyOf(weighed({ gain: 0.6, missed: 9 }))).toBe(0.3);
    expect(urgencyOf(weighed({ gain: 0.4, order: undefined }))).toBe(0.4);
  });
});
