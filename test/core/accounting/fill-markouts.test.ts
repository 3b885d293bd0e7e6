import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EPOCH_MS, instant } from "../make-events.ts";
import { money } from "./make-fills.ts";
import { fillAt, makeMarkoutDesk as makeDesk, rowOf, steady } from "./markout-desk.ts";

describe("a fill", () => {
  it("gets the mid at it, and those in force 1, 5 and 60 s after it, once each moment is over", () => {
    const { tape, markouts } = makeDesk();
    tape.record(8_429, 0);
    markouts.add(fillAt(100), 1, instant(100));
    steady(tape, 4_216, 60_100, 1_100);
    markouts.pass(60_100);
    expect([markouts.pending, markouts.takeFinished()]).toEqual([1, []]);
    markouts.pass(60_100.1);
    const [mid, later] = [money("0.42145"), money("0.4216")];
    expect(markouts.takeFinished()).toEqual([
      {
        fillId: "F-100",
        venueTime: "2026-01-02T03:04:05.100Z",
        side: "buy",
        level: 1,
        price: money("0.421"),
        size: money("40"),
        midAtFill: mid,
        // The book of the very moment counts.
        mids: [later, later, later],
      },
    ]);
    expect([markouts.pending, markouts.takeFinished()]).toEqual([0, []]);
  });

  it.each([
    ["1 s: the feed is lost before it", 600, 3_000, [undefined, "0.4215", "0.4215"]],
    ["5 s: a crossed book stands then", 4_900, 5_500, ["0.4215", undefined, "0.4215"]],
    ["60 s: the feed stays lost", 30_000, 99_000, ["0.4215", "0.4215", undefined]],
  ] as const)("has no mid at %s", (_name, lostMs, backMs, expected) => {
    const { tape, markouts } = makeDesk();
    markouts.add(fillAt(0), 0, instant(0));
    steady(tape, 4_215, lostMs);
    markouts.add(fillAt(0), 0, instant(0));
    tape.record(undefined, lostMs);
    steady(tape, 4_215, 61_000, backMs);
    markouts.pass(61_000);
    expect(markouts.takeFinished().map(({ mids }) => mids)).toEqual([
      expected.map((mid) => (mid === undefined ? undefined : money(mid))),
    ]);
    expect(markouts.unmarked.withoutMid).toBe(1);
  });

  it("has no mid where the last book was too old", () => {
    const { tape, markouts } = makeDesk();
    tape.record(8_430, 0);
    markouts.add(fillAt(0), 0, instant(0));
    markouts.pass(61_000);
    expect(markouts.takeFinished()[0]?.mids).toEqual([money("0.4215"), undefined, undefined]);
  });

  it.each([
    ["told at once", 0, 0],
    ["told five seconds later", 5_000, 0],
    ["told later than that", 5_001, 1],
    ["dated five seconds ahead of our clock", -5_000, 0],
    ["dated further ahead", -5_001, 1],
  ])("%s is marked from when it was told, or not at all", (_name, lateMs, late) => {
    const { tape, markouts } = makeDesk();
    tape.record(8_430, 10_000);
    markouts.add(fillAt(10_000 - lateMs), 0, instant(10_000));
    expect([markouts.pending, markouts.unmarked]).toEqual([1 - late, { late, withoutMid: 0, dropped: 0 }]);
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, undefined],
    [-1, undefined],
    [undefined, undefined],
  ])("of an order at level %s counts over all levels, and at its own when that is quoted", (level, counted) => {
    const { tape, markouts } = makeDesk();
    tape.record(8_430, 0);
    markouts.add(fillAt(0), level, instant(0));
    const counts = (["all", 0, 1] as const).map((each) => rowOf(markouts.rolling, "buy", each).capture.count);
    expect(counts).toEqual([1, counted === 0 ? 1 : 0, counted === 1 ? 1 : 0]);
    expect(markouts.rolling.of("buy", 2)).toBeUndefined();
    markouts.pass(61_000);
    expect(markouts.takeFinished()[0]?.level).toBe(counted);
  });

  it("gets the same marks whenever somebody looks", () => {
    const moments = fc.array(fc.nat({ max: 70_000 }), { maxLength: 30 });
    const steps = fc.array(fc.tuple(fc.nat({ max: 1_500 }), fc.integer({ min: 8_400, max: 8_440 })), { minLength: 60 });
    fc.assert(
      fc.property(
        steps,
        moments,
        fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 5 }),
        (books, looks, ms) => {
          const marksOf = (passes: readonly number[]) => {
            const { tape, markouts } = makeDesk();
            let at = 0;
            const facts = [
              ...books.map(([gapMs, mid]) => {
                at += gapMs;
                return { at, order: 0, tell: (nowMs: number) => tape.record(mid, nowMs) };
              }),
              ...ms.map((at) => ({ at, order: 1, tell: () => markouts.add(fillAt(at), 0, instant(at)) })),
              ...passes.map((at) => ({ at, order: 2, tell: () => markouts.pass(at) })),
            ];
            for (const fact of facts.toSorted((a, b) => a.at - b.at || a.order - b.order)) fact.tell(fact.at);
            markouts.pass(100_000);
            return markouts.takeFinished();
          };
          expect(marksOf(looks)).toEqual(marksOf([]));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("what is kept", () => {
  it("is dropped, and counted, when too many fills wait", () => {
    const { tape, markouts } = makeDesk({ pendingMax: 3 });
    tape.record(8_430, 0);
    for (let index = 0; index < 5; index += 1) markouts.add(fillAt(index), 0, instant(index));
    expect([markouts.pending, markouts.unmarked.dropped]).toEqual([3, 2]);
    markouts.pass(2_000);
    expect(markouts.pending).toBe(3);
    markouts.pass(70_000);
    markouts.add(fillAt(70_000), 0, instant(70_000));
    expect([markouts.pending, markouts.takeFinished().length, markouts.unmarked.withoutMid]).toEqual([0, 3, 1]);
  });

  it("are the newest finished fills, where nobody takes them", () => {
    const { tape, markouts } = makeDesk({ finishedMax: 3 });
    tape.record(8_430, 0);
    for (let index = 0; index < 5; index += 1) markouts.add(fillAt(index), 0, instant(index));
    markouts.pass(70_000);
    expect(markouts.finishedLost).toBe(2);
    expect(markouts.takeFinished().map(({ fillId }) => fillId)).toEqual(["F-2", "F-3", "F-4"]);
    expect(markouts.takeFinished()).toEqual([]);
  });

  it("stays within its bounds over a day of fills that nobody takes", () => {
    const { tape, markouts } = makeDesk({ pendingMax: 100, finishedMax: 50, rollingMax: 200 });
    const day = 24 * 3_600_000;
    let [pendingMax, rollingMax] = [0, 0];
    for (let ms = 0; ms < day; ms += 60_000) {
      for (let index = 0; index < 5; index += 1) {
        tape.record(8_400 + ((ms / 60_000 + index) % 7), ms + index);
        markouts.add(fillAt(ms + index), index % 3, instant(ms + index));
      }
      markouts.pass(ms + 30_000);
      pendingMax = Math.max(pendingMax, markouts.pending);
      rollingMax = Math.max(rollingMax, rowOf(markouts.rolling, "buy").capture.count);
    }
    expect(pendingMax).toBeLessThanOrEqual(10);
    expect(rollingMax).toBe(200);
    expect(tape.size).toBe(4_096);
    expect(markouts.takeFinished()).toHaveLength(50);
    const hours = Array.from({ length: 30 }, (_, hour) => new Date(EPOCH_MS + hour * 3_600_000).toISOString());
    expect(hours.filter((hour) => markouts.hour(hour.slice(0, 13)) !== undefined)).toHaveLength(3);
  });
});
