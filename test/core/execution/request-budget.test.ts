import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestBudget, type RequestKind } from "../../../core/execution/request-budget.ts";
import type { Instant } from "../../../core/units.ts";

const at = (monotonicMs: number): Instant => ({ monotonicMs, epochMs: 1_700_000_000_000 + monotonicMs });

const kind = fc.constantFrom<RequestKind>("place", "cancel", "query", "poll");

/** A wish to send, and what the network would do with it: how long until it arrives, and from there to the answer. */
const wish = fc.record({
  kind,
  pauseMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 150, noNaN: true })),
  outwardMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3_000, noNaN: true })),
  backMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3_000, noNaN: true })),
});

type Sent = {
  readonly requestId: number;
  readonly sentMs: number;
  readonly arrivedMs: number;
  readonly settleMs: number;
  readonly kind: RequestKind;
};

/** Sends whatever the budget allows; answers come when the network says, or the time-out at two seconds. */
function run(budget: RequestBudget, wishes: readonly (typeof wish extends fc.Arbitrary<infer W> ? W : never)[]) {
  const sent: Sent[] = [];
  const waiting: Sent[] = [];
  let unansweredMost = 0;
  let nowMs = 0;
  for (const each of wishes) {
    nowMs += each.pauseMs;
    waiting.sort((a, b) => a.settleMs - b.settleMs);
    while (waiting[0] !== undefined && waiting[0].settleMs <= nowMs) {
      const done = waiting.shift()!;
      budget.settle(done.requestId, at(done.settleMs));
    }
    const requestId = budget.take(each.kind, at(nowMs));
    if (requestId === undefined) continue;
    const settleMs = nowMs + Math.min(each.outwardMs + each.backMs, 2_000);
    const request = {
      requestId,
      sentMs: nowMs,
      kind: each.kind,
      arrivedMs: nowMs + Math.min(each.outwardMs, 2_000),
      settleMs,
    };
    sent.push(request);
    waiting.push(request);
    unansweredMost = Math.max(unansweredMost, waiting.filter((one) => one.kind === "place").length);
  }
  return { sent, unansweredMost };
}

describe("laws", () => {
  test("at most ten requests arrive in any one second, whatever the network does", () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 20, maxLength: 300 }), (wishes) => {
        const arrivals = run(new RequestBudget(), wishes)
          .sent.map((each) => each.arrivedMs)
          .sort((a, b) => a - b);
        for (let i = 10; i < arrivals.length; i += 1) {
          expect(arrivals[i]! - arrivals[i - 10]!).toBeGreaterThan(1_000);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("at most five placements are unanswered", () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 20, maxLength: 200 }), (wishes) => {
        expect(run(new RequestBudget(), wishes).unansweredMost).toBeLessThanOrEqual(5);
      }),
    );
  });

  test("after nextFreeMs a request can be taken, and a moment before it cannot", () => {
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 60 }), kind, (wishes, asked) => {
        const budget = new RequestBudget();
        const { sent } = run(budget, wishes);
        const nowMs = wishes.reduce((sum, each) => sum + each.pauseMs, 0);
        for (const each of sent) if (each.settleMs <= nowMs) budget.settle(each.requestId, at(each.settleMs));
        const freeMs = budget.nextFreeMs(asked, at(nowMs));
        expect(freeMs).toBeGreaterThanOrEqual(0);
        for (const each of sent) {
          const dueMs = each.sentMs + 30_000;
          if (each.settleMs > nowMs && dueMs < nowMs + freeMs) budget.requestsInWindow(at(dueMs));
        }
        if (freeMs > 1) expect(budget.take(asked, at(nowMs + freeMs - 1))).toBeUndefined();
        expect(budget.take(asked, at(nowMs + freeMs + 0.001))).toBeTypeOf("number");
      }),
    );
  });

  test("whatever else was sent, three cancels can follow a placement, a query or a poll", () => {
    fc.assert(
      fc.property(fc.array(wish.filter((each) => each.kind !== "cancel")), (wishes) => {
        const budget = new RequestBudget();
        run(budget, wishes);
        const now = at(wishes.reduce((sum, each) => sum + each.pauseMs, 0));
        for (let i = 0; i < 3; i += 1) expect(budget.take("cancel", now)).toBeTypeOf("number");
      }),
    );
  });
});

describe("shares", () => {
  const takeAll = (budget: RequestBudget, wanted: RequestKind, nowMs = 0): number[] => {
    const ids: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const id = budget.take(wanted, at(nowMs));
      if (id !== undefined) ids.push(id);
    }
    return ids;
  };

  test.each([
    ["cancel", 10],
    ["place", 5],
    ["query", 4],
    ["poll", 2],
  ] as const)("alone, %s may take %i slots at once", (wanted, count) => {
    expect(takeAll(new RequestBudget(), wanted)).toHaveLength(count);
  });

  test("answered placements leave three slots to cancels and two to lookups", () => {
    const budget = new RequestBudget();
    for (const id of takeAll(budget, "place")) budget.settle(id, at(1));
    expect(takeAll(budget, "place", 1)).toHaveLength(0);
    expect(takeAll(budget, "query", 1)).toHaveLength(2);
    expect(takeAll(budget, "poll", 1)).toHaveLength(0);
    expect(takeAll(budget, "cancel", 1)).toHaveLength(3);
    expect(budget.requestsInWindow(at(1))).toBe(10);
  });

  test.each([
    [0, 5],
    [1, 5],
    [2, 5],
    [3, 4],
    [4, 3],
  ])(
    "%i cancels of this second need no slot kept for them once more, but one stays: %i placements",
    (cancels, places) => {
      const budget = new RequestBudget();
      for (let i = 0; i < cancels; i += 1) budget.settle(budget.take("cancel", at(0))!, at(0));
      let taken = 0;
      for (let id = budget.take("place", at(1)); id !== undefined; id = budget.take("place", at(1))) {
        budget.settle(id, at(1));
        taken += 1;
      }
      expect(taken).toBe(places);
      expect(budget.take("cancel", at(1))).toBeTypeOf("number");
    },
  );

  test("after any cancels, lookups and moves a cancel can still go, and so can both lookups", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 2 }), (cancels, lookups) => {
        const budget = new RequestBudget();
        const take = (kind: "cancel" | "poll" | "place") => {
          const id = budget.take(kind, at(0));
          if (id !== undefined) budget.settle(id, at(0));
          return id;
        };
        for (let i = 0; i < cancels; i += 1) take("cancel");
        for (let i = 0; i < lookups; i += 1) take("poll");
        while (budget.allowsMove(at(1))) {
          expect(take("place")).toBeDefined();
          expect(take("cancel")).toBeDefined();
        }
        for (let i = lookups; i < 2; i += 1) expect(take("poll")).toBeDefined();
        expect(take("cancel")).toBeDefined();
      }),
    );
  });

  test("a slot comes back one second and the margin after the answer, not after the send", () => {
    const budget = new RequestBudget({ requestsPerSecond: 1, reservedForCancels: 0, reservedForLookups: 0 });
    const id = budget.take("place", at(0))!;
    budget.settle(id, at(1_500));
    expect(budget.take("place", at(2_524))).toBeUndefined();
    expect(budget.nextFreeMs("place", at(2_500))).toBe(25);
    expect(budget.take("place", at(2_525))).toBe(id + 1);
  });

  test("a slot nobody settled counts as settled after thirty seconds, and is given back a second later", () => {
    const budget = new RequestBudget({ placementsInFlight: 1 });
    budget.take("place", at(0));
    expect(budget.take("place", at(29_999))).toBeUndefined();
    expect(budget.placementsInFlight).toBe(1);
    expect(budget.take("place", at(30_000))).toBeTypeOf("number");
    expect(budget.placementsInFlight).toBe(1);
    expect(budget.requestsInWindow(at(31_024))).toBe(2);
    expect(budget.requestsInWindow(at(31_025))).toBe(1);
  });

  test("what was paid for before a long standstill counts until it is settled: it may only then be on its way", () => {
    const budget = new RequestBudget();
    const before = Array.from({ length: 4 }, () => budget.take("cancel", at(0)) ?? 0);
    const taken = Array.from({ length: 12 }, () => budget.take("cancel", at(60_000)) ?? 0).filter((id) => id > 0);
    expect(taken).toHaveLength(6);
    for (const id of taken) budget.settle(id, at(60_100));
    for (const id of before) budget.settle(id, at(60_600));
    expect(budget.requestsInWindow(at(61_124))).toBe(10);
    expect(budget.requestsInWindow(at(61_125))).toBe(4);
    expect(budget.requestsInWindow(at(61_625))).toBe(0);
  });

  test("what nobody settles after a standstill either is given up half a minute later", () => {
    const budget = new RequestBudget();
    budget.take("cancel", at(0));
    for (let ms = 60_000; ms < 91_025; ms += 25) expect(budget.requestsInWindow(at(ms))).toBe(1);
    expect(budget.requestsInWindow(at(91_025))).toBe(0);
  });

  test("settling twice, or what is unknown, changes nothing", () => {
    const budget = new RequestBudget();
    const id = budget.take("cancel", at(0))!;
    budget.settle(id, at(10));
    budget.settle(id, at(900));
    budget.settle(id + 1, at(10));
    expect(budget.requestsInWindow(at(1_034))).toBe(1);
    expect(budget.requestsInWindow(at(1_035))).toBe(0);
  });

  test("while it is suspended nothing goes, cancels neither, and a pause the venue asked for is not ended with it", () => {
    const budget = new RequestBudget();
    budget.holdBack(500, at(0));
    budget.suspend(2_000);
    expect(budget.take("cancel", at(1_999))).toBeUndefined();
    expect(budget.nextFreeMs("place", at(1_500))).toBe(500);
    budget.resume();
    expect(budget.take("cancel", at(499))).toBeUndefined();
    expect(budget.take("cancel", at(500))).toBeTypeOf("number");
    budget.suspend(2_000);
    expect(budget.take("cancel", at(2_000))).toBeTypeOf("number");
  });

  test("a later, shorter suspension never shortens one that stands", () => {
    const budget = new RequestBudget();
    budget.suspend(Number.POSITIVE_INFINITY);
    budget.suspend(2_000);
    expect(budget.take("cancel", at(1_000_000))).toBeUndefined();
    expect(budget.nextFreeMs("cancel", at(0))).toBe(Number.POSITIVE_INFINITY);
  });

  test("a pause the venue asks for holds every kind back, for at most a minute", () => {
    const budget = new RequestBudget();
    budget.holdBack(120_000, at(0));
    expect(budget.take("cancel", at(59_999))).toBeUndefined();
    expect(budget.nextFreeMs("cancel", at(4_000))).toBe(56_000);
    expect(budget.take("cancel", at(60_000))).toBeTypeOf("number");
  });
});
