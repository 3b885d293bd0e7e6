import { describe, expect, it } from "vitest";
import {
  DIFFERENCE_LASTS_MS,
  type EngineView,
  PositionCheck,
  type VenueReading,
} from "../../../core/execution/reconcile.ts";
import { money } from "../accounting/make-fills.ts";

const MINUTE = DIFFERENCE_LASTS_MS;

/** An engine that bought 10 with each of its fills. */
function engine(fillCount: number, oldest = 0): EngineView {
  return {
    fillCount,
    positionAfter: (count) => (count < oldest || count > fillCount ? undefined : money(`${10 * count}`)),
  };
}

function ledger(fillCount: number, position = 10 * fillCount, isSettled = false) {
  return { fillCount, position: money(`${position}`), isSettled };
}

/** The venue holds `total` and the books account for `explained`, asked and answered at `ms`. */
function venue(total: string, explained: string, ms: number, isSettled: boolean): VenueReading {
  return { total: money(total), explained: money(explained), askedMs: ms, nowMs: ms, isSettled };
}

describe("engine and ledger", () => {
  it("agree when they have the same fills and the same position", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(3), engine(3), 5);
    expect([check.reasons, check.differences]).toEqual([[], []]);
  });

  it("a ledger that is behind by a moment is no difference", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(2), engine(3), 5);
    expect(check.differences).toEqual([]);
  });

  it("a ledger that follows a busy market is not behind, however long it never catches up", () => {
    const check = new PositionCheck("SEI", undefined);
    for (let n = 1; n <= 30; n += 1) check.ledgerRead(ledger(n - 1), engine(n), n * 10_000);
    expect(check.differences).toEqual([]);
  });

  it("a ledger without the fills of a minute ago is behind: that halts at once", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(2), engine(3), 0);
    check.ledgerRead(ledger(2), engine(4), MINUTE - 1);
    expect(check.differences).toEqual([]);
    check.ledgerRead(ledger(2), engine(4), MINUTE);
    expect(check.reasons).toEqual([
      "the ledger is behind by more than a minute: 2 fills of the ledger, 4 of the engine",
    ]);
    check.ledgerRead(ledger(4), engine(4), MINUTE + 1);
    expect(check.reasons).toEqual([]);
  });

  it.each([
    [
      "another position after as many fills",
      ledger(2, 21),
      "the ledger's position is 21 SEI, the engine's 20 after as many fills",
    ],
    ["fills the engine does not know", ledger(4), "the ledger knows fills that the engine does not"],
  ])("%s is a difference, and halts once it has lasted a minute", (_name, read, text) => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(read, engine(3), 1_000);
    expect(check.differences[0]).toContain(text.replace("20 after", "20 SEI after"));
    check.ledgerRead(read, engine(3), 1_000 + MINUTE - 1);
    expect(check.reasons).toEqual([]);
    check.ledgerRead(read, engine(3), 1_000 + MINUTE);
    expect(check.reasons).toEqual(check.differences);
    check.ledgerRead(ledger(3), engine(3), 1_001 + MINUTE);
    expect(check.reasons).toEqual([]);
  });

  it("a difference that came and went does not count towards the next", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(4), engine(3), 0);
    check.ledgerRead(ledger(4), engine(4), 30_000);
    check.ledgerRead(ledger(5), engine(4), MINUTE);
    expect([check.reasons, check.differences.length]).toEqual([[], 1]);
  });

  it("a fill missing in the middle is on its way: it halts after a minute, is no latch, and comes right by itself", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(2, 21), engine(3), 0);
    check.ledgerRead(ledger(2, 21), engine(3), MINUTE);
    expect([check.reasons.length, check.latch]).toEqual([1, undefined]);
    check.ledgerRead(ledger(3), engine(3), MINUTE + 1);
    expect(check.reasons).toEqual([]);
  });

  it("another position after all fills, or fills that the engine lacks, is for an operator; settled, it counts at once", () => {
    for (const read of [ledger(3, 31), ledger(4)]) {
      const check = new PositionCheck("SEI", undefined);
      check.ledgerRead(read, engine(3), 0);
      expect(check.latch).toBeUndefined();
      check.ledgerRead({ ...read, isSettled: true }, engine(3), 1);
      expect(check.latch).toBe(check.differences[0]);
    }
  });

  it("settled or not, a ledger that is only behind is given its minute", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(2, 21, true), engine(3), 0);
    expect(check.reasons).toEqual([]);
  });

  it("what the engine does not remember is not held against anybody", () => {
    const check = new PositionCheck("SEI", undefined);
    check.ledgerRead(ledger(2, 999), engine(5, 3), 0);
    expect(check.differences).toEqual([]);
  });
});

describe("books and venue", () => {
  it("the first reading is what the rest is measured from", () => {
    const check = new PositionCheck("SEI", undefined);
    check.venueRead(venue("107", "10", 0, true));
    expect([check.baseline, check.differences]).toEqual([money("97"), []]);
    check.venueRead(venue("127", "30", 1, true));
    expect(check.differences).toEqual([]);
  });

  it("a baseline of an earlier start shows what happened between the two", () => {
    const check = new PositionCheck("SEI", money("97"));
    check.venueRead(venue("100", "10", 0, true));
    expect(check.reasons).toEqual(["the venue holds 100 SEI, the books expect 107 SEI"]);
    expect(check.baseline).toBe(money("97"));
  });

  it("a difference while fills may be on their way halts after a minute, a settled one at once", () => {
    const check = new PositionCheck("SEI", money("0"));
    check.venueRead(venue("10", "0", 0, false));
    check.venueRead(venue("10", "0", MINUTE - 1, false));
    expect([check.reasons, check.differences.length]).toEqual([[], 1]);
    check.venueRead(venue("10", "0", MINUTE, false));
    expect(check.reasons).toHaveLength(1);
    const settled = new PositionCheck("SEI", money("0"));
    settled.venueRead(venue("10", "0", 0, true));
    expect(settled.reasons).toHaveLength(1);
  });

  it("a difference that halted stays until the two agree, even when the next reading is not settled", () => {
    const check = new PositionCheck("SEI", money("0"));
    check.venueRead(venue("10", "0", 0, true));
    check.venueRead(venue("11", "0", 1, false));
    expect(check.reasons).toEqual(["the venue holds 11 SEI, the books expect 0 SEI"]);
    check.venueRead(venue("11", "11", 2, false));
    expect(check.reasons).toEqual([]);
  });

  it("a balance that trails the fills by some seconds is no difference, however busy the market", () => {
    const check = new PositionCheck("SEI", money("0"));
    check.explainedIs(money("0"), 0);
    for (let n = 1; n <= 30; n += 1) {
      check.explainedIs(money(`${10 * n}`), n * 9_000);
      check.venueRead(venue(`${10 * (n - 1)}`, `${10 * n}`, n * 9_000 + 1_000, false));
      expect(check.differences).toEqual([]);
    }
    check.explainedIs(money("310"), 280_000);
    check.venueRead(venue("300", "310", 290_001, false));
    expect(check.differences).toHaveLength(1);
  });

  it("a balance that knows a fill before the books do is none either, once the fill has come", () => {
    const check = new PositionCheck("SEI", money("0"));
    check.venueRead(venue("10", "0", 0, false));
    expect(check.differences).toHaveLength(1);
    check.explainedIs(money("10"), 500);
    expect(check.differences).toEqual([]);
    check.venueRead(venue("25", "10", 1_000, false));
    check.explainedIs(money("20"), 1_500);
    expect(check.differences).toHaveLength(1);
  });

  it("ledger and venue are judged apart", () => {
    const check = new PositionCheck("SEI", money("0"));
    check.venueRead(venue("10", "0", 0, true));
    check.ledgerRead(ledger(3), engine(3), 1);
    expect(check.differences).toEqual(["the venue holds 10 SEI, the books expect 0 SEI"]);
  });
});

it("an operator's resume takes the venue's next word as it is, and lets every difference begin anew", () => {
  const check = new PositionCheck("SEI", money("0"));
  check.venueRead(venue("10", "0", 0, true));
  check.ledgerRead(ledger(4), engine(3), 0);
  check.ledgerRead(ledger(4), engine(3), MINUTE);
  expect(check.reasons).toHaveLength(2);
  check.resume();
  expect([check.reasons, check.differences, check.baseline]).toEqual([[], [], undefined]);
  check.venueRead(venue("10", "0", MINUTE + 1, true));
  check.ledgerRead(ledger(4), engine(3), MINUTE + 1);
  expect([check.reasons, check.baseline]).toEqual([[], money("10")]);
});

it("a resume where nothing had halted keeps the baseline: no difference is passed over by it", () => {
  const check = new PositionCheck("SEI", money("0"));
  check.venueRead(venue("10", "0", 0, false));
  check.resume();
  expect([check.baseline, check.differences.length]).toEqual([money("0"), 1]);
});
