import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adverseSelection, type FillAtMid, markoutAt, spreadCapture, toBps } from "../../../core/accounting/markout.ts";
import { money } from "./make-fills.ts";

const amount = fc.bigInt({ min: 1n, max: 10n ** 24n });
const anyFill: fc.Arbitrary<FillAtMid> = fc.record({
  side: fc.constantFrom("buy" as const, "sell" as const),
  price: amount,
  midAtFill: amount,
});

describe("one fill", () => {
  it.each([
    ["a buy below the mid that then rises", "buy", "0.4210", "0.4215", "0.4220", ["0.0005", "0.001", "-0.0005"]],
    [
      "a buy below the mid that then falls to its price",
      "buy",
      "0.4210",
      "0.4215",
      "0.4210",
      ["0.0005", "0", "0.0005"],
    ],
    ["a buy that was run over", "buy", "0.4210", "0.4215", "0.4200", ["0.0005", "-0.001", "0.0015"]],
    ["a sell above the mid that then falls", "sell", "0.4220", "0.4215", "0.4210", ["0.0005", "0.001", "-0.0005"]],
    ["a sell that was run over", "sell", "0.4220", "0.4215", "0.4230", ["0.0005", "-0.001", "0.0015"]],
    ["a buy above the mid", "buy", "0.4216", "0.4215", "0.4215", ["-0.0001", "-0.0001", "0"]],
  ] as const)("%s: capture, markout and adverse selection", (_name, side, price, midAtFill, later, expected) => {
    const fill = { side, price: money(price), midAtFill: money(midAtFill) };
    const mid = money(later);
    expect([spreadCapture(fill), markoutAt(fill, mid), adverseSelection(fill, mid)]).toEqual(expected.map(money));
  });

  it("is told in bps of the mid at the fill", () => {
    const fill = { side: "buy", price: money("0.4"), midAtFill: money("0.5") } as const;
    expect(toBps(money("0.1"), fill)).toBe(2_000);
    expect(toBps(money("-0.00005"), fill)).toBe(-1);
  });

  it("has a markout of its capture less the adverse selection, to the unit", () => {
    fc.assert(
      fc.property(anyFill, amount, (fill, mid) => {
        expect(spreadCapture(fill) - adverseSelection(fill, mid)).toBe(markoutAt(fill, mid));
      }),
    );
  });

  it("is the same as one of the other side in the mirrored market, and the opposite of one of the other side in its own", () => {
    const figures = (fill: FillAtMid, mid: bigint) => [
      spreadCapture(fill),
      markoutAt(fill, mid),
      adverseSelection(fill, mid),
    ];
    fc.assert(
      fc.property(anyFill, amount, (fill, mid) => {
        const side = fill.side === "buy" ? "sell" : "buy";
        const [top, expected] = [10n ** 25n, figures(fill, mid)];
        const mirrored = { side, price: top - fill.price, midAtFill: top - fill.midAtFill } as const;
        expect(figures(mirrored, top - mid)).toEqual(expected);
        expect(figures({ ...fill, side }, mid)).toEqual(expected.map((each) => -each));
      }),
    );
  });
});
