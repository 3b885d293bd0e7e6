import { describe, expect, it } from "vitest";
import type { ProvableFill } from "../../../core/accounting/hour-facts.ts";
import { type HourToProve, proveHour } from "../../../core/accounting/hour-proof.ts";
import { makeFill, money } from "./make-fills.ts";
import { storeHours } from "./make-hours.ts";

const makeMarked = (index: number, fields: Parameters<typeof makeFill>[1], mid?: string): ProvableFill => {
  const fill = makeFill(index, fields);
  const second = String(index).padStart(2, "0");
  return {
    ...fill,
    venueTime: index === 0 ? fill.venueTime : `2026-01-02T04:10:${second}.000Z`,
    midAtFill: mid === undefined ? undefined : money(mid),
  };
};

/** A fill of the hour before, then an hour that grows, shrinks and flips the position, and pays fees in three assets. */
const FILLS = [
  makeMarked(0, { side: "buy", price: "0.42", size: "100", fee: "0.01" }, "0.4201"),
  makeMarked(1, { side: "buy", price: "0.4208", size: "300", fee: "0.05" }, "0.421"),
  makeMarked(2, { side: "sell", price: "0.4216", size: "150", fee: "0.1", feeAsset: "SEI" }, "0.4214"),
  makeMarked(3, { side: "sell", price: "0.422", size: "400", fee: "-0.002" }),
  makeMarked(4, { side: "buy", price: "0.4215", size: "20", fee: "7", feeAsset: "ATOM" }, "0.4217"),
];
const MARKS = { openingMark: money("0.4203"), closingMark: money("0.4219") };

function toProve(fills: readonly ProvableFill[] = FILLS): HourToProve {
  const hour = storeHours(fills)[1];
  if (hour === undefined) throw new Error("the day has no second hour");
  return { ...hour, ...MARKS };
}

type Amount = "volume" | "buyVolume" | "sellVolume" | "fees" | "realizedPnl";

/** The same error in the hour's figures, in the closing books, or in both, so that they still agree with each other. */
function planted(what: Amount, error: bigint, where: { hour?: boolean; closing?: boolean }): HourToProve {
  const input = toProve();
  const inHour = { ...input.hour, [what]: input.hour[what] + error };
  const inClosing = { ...input.closing, [what]: input.closing[what] + error };
  return { ...input, ...(where.hour ? { hour: inHour } : {}), ...(where.closing ? { closing: inClosing } : {}) };
}

function closingWith(changes: Partial<HourToProve["closing"]>): HourToProve {
  const input = toProve();
  return { ...input, closing: { ...input.closing, ...changes } };
}

/** Facts other than those the books were folded from. */
const withFacts = (fills: readonly ProvableFill[]): HourToProve => ({ ...toProve(), fills });

/** Where the faults begin, in words: what each of them is about. */
const subjects = (input: HourToProve) => proveHour(input).faults.map((text) => text.split(/,| must| of the/)[0]);

describe("the proof of an hour", () => {
  it("has nothing to say against an honest one, and adds up by hand", () => {
    expect(proveHour(toProve())).toEqual({
      hour: "2026-01-02T04",
      fillCount: 4,
      ...MARKS,
      // Cash 63.24 + 168.8 − 126.24 − 8.43 − 0.09016, and the position from 100 × 0.4203 to −130 × 0.4219.
      pnl: money("0.40284"),
      // 300 × 0.0002 + 150 × 0.0002 + 400 × 0.0006 + 20 × 0.0002; the third fill takes the second's mid.
      spreadCapture: money("0.334"),
      // 100 × 0.0007 + 400 × 0.0004 + 250 × 0 − 150 × 0.0003 − 130 × 0.0002.
      revaluation: money("0.159"),
      // 0.05 + 0.1 × 0.4216 − 0.002.
      fees: money("0.09016"),
      // 150 × 0.001 + 250 × 0.0014 + 20 × 0.0005 − fees, at an average of 0.4206, then 0.422.
      realizedChange: money("0.41984"),
      // −130 × (0.4219 − 0.422) − 100 × (0.4203 − 0.42).
      unrealizedChange: money("-0.017"),
      differenceUnits: 0n,
      driftUnits: 0n,
      // (400 + 1 + 1 + 1 + 4) / 2
      driftBoundUnits: 203n,
      unmarkedFills: 1,
      faults: [],
    });
  });

  it("takes an hour without fills as a change of the mark alone", () => {
    const quiet = storeHours(FILLS)[2]!;
    const proof = proveHour({ ...quiet, ...MARKS });
    expect(proof).toMatchObject({ pnl: money("-0.208"), revaluation: money("-0.208"), spreadCapture: 0n, faults: [] });
  });

  it.each([
    ["the first mid, where no opening mark is known", { openingMark: undefined }, FILLS.slice(1), "0.421", "0.4219"],
    ["the first price, where no mid is known either", { openingMark: undefined }, FILLS.slice(3), "0.422", "0.4219"],
    ["the last mid, where no closing mark is known", { closingMark: undefined }, FILLS, "0.4203", "0.4217"],
    [
      "the other end's mark, where it is all there is",
      { openingMark: undefined },
      FILLS.slice(0, 1),
      "0.4219",
      "0.4219",
    ],
    ["none, where there is none", { openingMark: undefined, closingMark: undefined }, FILLS.slice(0, 1), "0", "0"],
  ])("uses %s", (_, marks, fills, openingMark, closingMark) => {
    const proof = proveHour({ ...toProve(fills), ...marks });
    expect([proof.openingMark, proof.closingMark, proof.faults]).toEqual([money(openingMark), money(closingMark), []]);
  });
});

describe("an hour is not proven when", () => {
  const both = { hour: true, closing: true };
  it.each<[string, HourToProve, bigint, readonly string[]]>([
    ["one unit of buy volume is too much", planted("buyVolume", 1n, both), -1n, ["buy volume", "PnL"]],
    ["one unit of sell volume is too much", planted("sellVolume", 1n, both), 1n, ["sell volume", "PnL"]],
    ["one unit of fees is missing", planted("fees", -1n, both), 1n, ["fees", "PnL"]],
    ["one unit of volume is missing", planted("volume", -1n, both), 0n, ["volume"]],
    ["one unit of realised PnL is too much", planted("realizedPnl", 1n, both), 0n, ["realised PnL"]],
    [
      "realised PnL is beyond what rounding can do",
      planted("realizedPnl", 204n, both),
      0n,
      ["realised PnL", "PnL at average cost"],
    ],
    ["the hour alone has one unit of fees more", planted("fees", 1n, { hour: true }), 0n, ["fees", "fees"]],
    ["the books alone have one unit of fees more", planted("fees", 1n, { closing: true }), -1n, ["fees", "PnL"]],
    [
      "the books alone have one unit of sales more",
      planted("sellVolume", 1n, { closing: true }),
      1n,
      ["sell volume", "PnL"],
    ],
    ["the position is one unit off", closingWith({ position: money("-130") + 1n }), 1n, ["position", "PnL"]],
    ["the average cost is one unit off", closingWith({ averageCost: money("0.422") + 1n }), 0n, ["average cost"]],
    [
      "a fee by asset is one unit off",
      closingWith({ feesByAsset: { ...toProve().closing.feesByAsset, ATOM: 1n } }),
      0n,
      ["fees by asset"],
    ],
    ["a fee by asset is not there", closingWith({ feesByAsset: {} }), 0n, ["fees by asset"]],
    ["the books end at another fill", closingWith({ lastFill: FILLS[3] }), 0n, ["last fill"]],
    ["the books have counted a fill more", closingWith({ fillCount: 6 }), 0n, ["fill count"]],
    ["its facts are not in venue order", withFacts([FILLS[2]!, FILLS[1]!, FILLS[3]!, FILLS[4]!]), 0n, ["fill F-1"]],
  ])("%s", (_, input, differenceUnits, expected) => {
    expect(proveHour(input).differenceUnits).toBe(differenceUnits);
    expect(subjects(input)).toEqual(expected);
  });

  it.each([1, 2, 3, 4])("its books lack fill %i", (index) => {
    const books = toProve(FILLS.filter((fill) => fill !== FILLS[index]));
    const input = { ...books, fills: FILLS.slice(1) };
    expect(proveHour(input).differenceUnits).not.toBe(0n);
    expect(subjects(input)).toEqual(expect.arrayContaining(["fill count", "volume", "position", "PnL"]));
  });

  it.each([1, 2, 3, 4])("its books hold fill %i twice", (index) => {
    const books = toProve([...FILLS, { ...FILLS[index]!, fillId: `${FILLS[index]?.fillId}-again` }]);
    const input = { ...books, fills: FILLS.slice(1) };
    expect(proveHour(input).differenceUnits).not.toBe(0n);
    expect(subjects(input)).toEqual(expect.arrayContaining(["fill count", "volume", "position", "PnL"]));
  });

  it("its facts or its opening books are of another hour", () => {
    expect(subjects(withFacts(FILLS))).toEqual(expect.arrayContaining(["fill F-0", "fill count", "PnL"]));
    const late = subjects({ ...toProve(), opening: toProve().closing });
    expect(late).toEqual(expect.arrayContaining(["opening books", "fill count", "PnL"]));
  });

  it("its facts hold a fill twice, with the books to match", () => {
    const twice = [FILLS[1]!, FILLS[1]!, ...FILLS.slice(2)];
    expect(subjects({ ...toProve([FILLS[0]!, ...twice]), fills: twice })).toEqual(["fill F-1"]);
  });

  it("says what was expected and what it was", () => {
    expect(proveHour(planted("fees", 1n, { hour: true, closing: true })).faults).toEqual([
      "fees of the hour, by its fills, must be 0.09016, was 0.090160000000000001",
      "PnL must be spread capture + revaluation − fees = 0.40284, was 0.402839999999999999 by the books: -1 units of 10^-18 off",
    ]);
    expect(proveHour(planted("realizedPnl", -204n, { hour: true, closing: true })).faults[1]).toBe(
      "PnL at average cost must be within 203 units of 10^-18 of the PnL by cash, was -204 units off",
    );
    expect(proveHour(closingWith({ lastFill: undefined })).faults).toEqual([
      "last fill of the closing books, by the fills since the opening books, must be F-4 of 2026-01-02T04:10:04.000Z, was none",
    ]);
  });
});
