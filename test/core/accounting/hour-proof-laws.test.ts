import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FillLog } from "../../../core/accounting/fill-log.ts";
import { addUpHour, type ProvableFill } from "../../../core/accounting/hour-facts.ts";
import { type HourProof, proveHour } from "../../../core/accounting/hour-proof.ts";
import { applyFill, type Books, compareFills, emptyBooks, unrealizedPnl } from "../../../core/accounting/pnl.ts";
import { divideHalfEven } from "../../../core/decimal.ts";
import { ASSETS, makeFill, money } from "./make-fills.ts";
import { anyDay, anyMark, HOURS, storeHours } from "./make-hours.ts";

const ONE = 10n ** 18n;
const marks = fc.array(anyMark, { minLength: HOURS.length + 1, maxLength: HOURS.length + 1 });
const magnitude = (value: bigint) => (value < 0n ? -value : value);

const HALF_A_UNIT: ProvableFill[] = [
  { fillId: "F-0", price: ONE, size: ONE, fee: -8_758_673_385_691_095n },
  { fillId: "F-1", price: ONE / 100n, size: 7n, fee: 0n },
].map((fill) => ({
  ...fill,
  side: "buy",
  feeAsset: "USDC",
  venueTime: `${HOURS[0]}:10:00.000Z`,
  midAtFill: undefined,
}));

/** Proofs of the day's hours, each closing at the mark the next one opens with. */
function proveDay(fills: readonly ProvableFill[], at: readonly (bigint | undefined)[]): readonly HourProof[] {
  return storeHours(fills).map((hour, index) =>
    proveHour({ ...hour, openingMark: at[index], closingMark: at[index + 1] }),
  );
}

/** Equity in 10^-18, rounded as a whole: half to even looks at the last digit of the sum, not of one product in it. */
function equity(books: Books, mark: bigint): bigint {
  return divideHalfEven((books.sellVolume - books.buyVolume - books.fees) * ONE + books.position * mark, ONE);
}

describe("the PnL identity", () => {
  it("holds to the unit for any fills, any marks and any that are missing", () => {
    fc.assert(
      fc.property(
        anyDay,
        fc.array(fc.option(anyMark, { nil: undefined }), { minLength: 5, maxLength: 5 }),
        (fills, at) => {
          for (const proof of proveDay(fills, at)) {
            expect(proof.faults).toEqual([]);
            expect(proof.differenceUnits).toBe(0n);
            expect(proof.pnl).toBe(proof.spreadCapture + proof.revaluation - proof.fees);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reports a revaluation within two units of the exact one", () => {
    fc.assert(
      fc.property(anyDay, marks, (fills, at) => {
        for (const [index, hour] of storeHours(fills).entries()) {
          const both = { openingMark: at[index], closingMark: at[index + 1] };
          const exact = addUpHour({ ...hour, ...both, position: hour.opening.position }).revaluationExact;
          expect(magnitude(proveHour({ ...hour, ...both }).revaluation * ONE - exact) < 2n * ONE).toBe(true);
        }
      }),
    );
  });

  it("makes hours that meet at one mark add up to all of them together", () => {
    fc.assert(
      fc.property(anyDay, marks, (fills, at) => {
        const whole = [...fills]
          .sort(compareFills)
          .reduce((books, fill) => applyFill(books, fill, ASSETS), emptyBooks());
        const sum = proveDay(fills, at).reduce((total, { pnl }) => total + pnl, 0n);
        expect(sum).toBe(equity(whole, at.at(-1) ?? 0n));
      }),
      // A position that is worth half a unit too much, beside an odd sum of cash.
      { examples: [[HALF_A_UNIT, [ONE, ONE, ONE, ONE, 85_870_500_000_000_000_000_000n]]] },
    );
  });

  it("lets a missing mid move profit between capture and revaluation, and nothing else", () => {
    fc.assert(
      fc.property(anyDay, marks, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (fills, at, lacks) => {
        const some = fills.map((fill, index) => (lacks[index] ? { ...fill, midAtFill: undefined } : fill));
        for (const [index, proof] of proveDay(some, at).entries()) {
          const full = proveDay(fills, at)[index];
          expect(proof.pnl).toBe(full?.pnl);
          expect(proof.spreadCapture + proof.revaluation).toBe(full && full.spreadCapture + full.revaluation);
          expect(proof.unmarkedFills).toBeGreaterThanOrEqual(full?.unmarkedFills ?? 0);
          expect(proof.faults).toEqual([]);
        }
      }),
    );
  });
});

describe("PnL at average cost", () => {
  it("is off from PnL by cash by no more than the bound", () => {
    fc.assert(
      fc.property(anyDay, marks, (fills, at) => {
        for (const { driftUnits, driftBoundUnits, realizedChange, unrealizedChange, pnl } of proveDay(fills, at)) {
          expect(driftUnits).toBe(realizedChange + unrealizedChange - pnl);
          expect(magnitude(driftUnits) <= driftBoundUnits).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("can come within a thousandth of the bound, so that no smaller bound would do", () => {
    // 10^6 held at 1, then 1 more whose cost makes the average a half of 10^-18 short of the next unit.
    const fills = [
      makeFill(1, { side: "buy", price: "1", size: "1000000" }),
      makeFill(2, { side: "buy", price: "1.0000000000005", size: "1" }),
    ].map((fill) => ({ ...fill, midAtFill: undefined }));
    const [proof] = proveDay(fills, [money("1"), money("1")]);
    expect(proof?.driftBoundUnits).toBe(500_002n);
    expect(magnitude(proof?.driftUnits ?? 0n)).toBeGreaterThan(499_500n);
    expect(proof?.faults).toEqual([]);
  });

  it.each([
    // Values of 0.3 and 0.7 of a unit become 0 and 1, and the gain of 0.4 becomes 0: a unit for each pair of fills.
    ["values", ["buy 0.3", "sell 0.7"], [], 30n, 47n],
    // Values are whole, but a gain of a third of a unit becomes 0 each time.
    ["gains", ["sell 2", "sell 2"], ["buy 1 1", "buy 2 2"], 21n, 33n],
  ] as const)("needs the part of the bound that stands for the rounding of %s", (_, pair, start, drift, bound) => {
    const unit = "0.000000000000000001";
    const tiny = Array.from({ length: 30 }, () => pair.map((text) => `${text} ${unit}`)).flat();
    const fills = [...start, ...tiny].map((text, index) => {
      const [side, price = "", size = ""] = text.split(" ");
      return { ...makeFill(index, { side: side === "buy" ? "buy" : "sell", price, size }), midAtFill: undefined };
    });
    const [proof] = proveDay(fills, [money("2"), money("2")]);
    expect([magnitude(proof?.driftUnits ?? 0n), proof?.driftBoundUnits, proof?.faults]).toEqual([drift, bound, []]);
  });

  it("shows an error as large as one tick on one lot", () => {
    const tick = 10n ** 14n;
    const lots = fc.integer({ min: 1, max: 5_000 }).map((size) => BigInt(size) * ONE);
    const fill = fc.record({
      side: fc.constantFrom("buy" as const, "buy" as const, "sell" as const),
      price: fc.integer({ min: 1, max: 9_999 }).map((ticks) => BigInt(ticks) * tick),
      size: lots,
    });
    const error = fc.integer({ min: 1, max: 1_000 }).chain((ticks) => fc.constantFrom(BigInt(ticks), -BigInt(ticks)));
    fc.assert(
      fc.property(fc.array(fill, { minLength: 1, maxLength: 200 }), error, anyMark, (drafts, ticks, mark) => {
        const fills = drafts.map((draft, index) => ({
          ...makeFill(index, { side: draft.side, price: "1", size: "1" }),
          ...draft,
          midAtFill: undefined,
        }));
        const hour = storeHours(fills)[0]!;
        const wrong = ticks * tick;
        const proof = proveHour({
          ...hour,
          hour: { ...hour.hour, realizedPnl: hour.hour.realizedPnl + wrong },
          closing: { ...hour.closing, realizedPnl: hour.closing.realizedPnl + wrong },
          openingMark: mark,
          closingMark: mark,
        });
        expect(proof.driftBoundUnits < tick / 2n).toBe(true);
        expect(proof.faults.some((text) => text.startsWith("PnL at average cost"))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("differs with the order of the fold, and position, sums and profit at a mark do not", () => {
    fc.assert(
      fc.property(anyDay, anyMark, fc.integer({ min: 1, max: 5 }), (fills, mark, tailMax) => {
        const whole = [...fills]
          .sort(compareFills)
          .reduce((books, fill) => applyFill(books, fill, ASSETS), emptyBooks());
        // As they come, most of them older than all that the log can still open.
        const log = new FillLog(emptyBooks(), ASSETS, { tailMax });
        for (const fill of fills) log.add(fill);
        const { averageCost: _, realizedPnl: __, ...same } = log.books;
        expect(whole).toMatchObject(same);
        const held = fills.reduce((sum, { size }) => sum + size, 0n);
        const bound = BigInt(fills.length + 1) * (held / ONE + 3n);
        const profit = (books: Books) => books.realizedPnl + unrealizedPnl(books, mark);
        expect(magnitude(profit(log.books) - profit(whole)) <= bound).toBe(true);
      }),
    );
  });
});
