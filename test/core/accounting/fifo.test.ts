import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FifoLots } from "../../../core/accounting/fifo.ts";
import { applyFill, type BookedFill, compareFills, emptyBooks } from "../../../core/accounting/pnl.ts";
import { ASSETS, anyFills, makeFill, money } from "./make-fills.ts";

function fold(fills: readonly BookedFill[]): FifoLots {
  const lots = new FifoLots(ASSETS);
  for (const fill of fills) lots.add(fill);
  return lots;
}

/** `buy 1.5 10`, `sell 2 4 0.01`, `buy 1 1 0.5 SEI`: side, price, size, fee and its asset. */
function parse(texts: readonly string[]): BookedFill[] {
  return texts.map((text, index) => {
    const [side, price = "", size = "", fee = "0", feeAsset = "USDC"] = text.split(" ");
    return makeFill(index, { side: side === "buy" ? "buy" : "sell", price, size, fee, feeAsset });
  });
}

describe("FIFO realised PnL", () => {
  it.each([
    ["a first buy", ["buy 1.5 10"], "0", ["1.5 × 10"], "10"],
    ["two buys that stay two lots", ["buy 1 10", "buy 2 30"], "0", ["1 × 10", "2 × 30"], "40"],
    ["two buys of one price as one lot", ["buy 1 10", "buy 1 30"], "0", ["1 × 40"], "40"],
    ["a sell within the oldest lot", ["buy 1 10", "buy 2 30", "sell 3 4"], "8", ["1 × 6", "2 × 30"], "36"],
    ["a sell across two lots", ["buy 1 10", "buy 2 30", "sell 3 25"], "35", ["2 × 15"], "15"],
    ["a sell that ends a long at a loss", ["buy 1 10", "sell 0.9 10"], "-1", [], "0"],
    ["a sell that flips a long", ["buy 1 10", "buy 2 2", "sell 1.5 14"], "4", ["1.5 × 2"], "-2"],
    ["a buy within the oldest short lot", ["sell 1 10", "sell 2 30", "buy 1.5 4"], "-2", ["1 × 6", "2 × 30"], "-36"],
    ["a buy that flips a short", ["sell 1 10", "buy 0.5 14"], "5", ["0.5 × 4"], "4"],
    ["a new lot of the price of a closed one", ["buy 1 10", "sell 1 10", "buy 1 5"], "0", ["1 × 5"], "5"],
    ["a fee in quote", ["buy 1 10 0.25", "sell 2 10 0.25"], "9.5", [], "0"],
    ["a fee in base, at the fill's price", ["buy 0.5 10 2 SEI"], "-1", ["0.5 × 10"], "10"],
    ["a rebate", ["buy 0.5 10 -0.1"], "0.1", ["0.5 × 10"], "10"],
    ["a fee in a third asset", ["buy 0.5 10 2 ATOM"], "0", ["0.5 × 10"], "10"],
  ])("knows %s", (_, fills, realizedPnl, lots, position) => {
    const fifo = fold(parse(fills));
    expect(fifo.realizedPnl).toBe(money(realizedPnl));
    expect(fifo.lots).toEqual(
      lots.map((text) => {
        const [price = "", size = ""] = text.split(" × ");
        return { price: money(price), size: money(size) };
      }),
    );
    expect(fifo.position).toBe(money(position));
  });

  it("differs from average cost while a position is open: the same fills, told two ways", () => {
    const fills = parse(["buy 1 10", "buy 2 10", "sell 2 10"]);
    expect(fold(fills).realizedPnl).toBe(money("10"));
    expect(fills.reduce((books, fill) => applyFill(books, fill, ASSETS), emptyBooks()).realizedPnl).toBe(money("5"));
  });

  it("rounds once, half to even, however many products it is the sum of", () => {
    const unit = "0.000000000000000001";
    // Each close gains 10^-18 × 0.5: four of them are two units exactly, three are 1.5 and round to two.
    const fills = ["buy 1 4", ...Array.from({ length: 4 }, () => `sell 1.${unit.slice(2)} 0.5`)];
    expect(fold(parse(fills)).realizedPnl).toBe(2n);
    expect(fold(parse(fills.slice(0, 4))).realizedPnl).toBe(2n);
    expect(fold(parse(fills.slice(0, 2))).realizedPnl).toBe(0n);
  });

  it("with the open lots at any mark is the cash, to the last digit", () => {
    fc.assert(
      fc.property(anyFills, fc.bigInt({ min: 1n, max: 10n ** 21n }), (fills, mark) => {
        const fifo = fold(fills);
        let cash = 0n;
        let position = 0n;
        for (const fill of fills) {
          const sign = fill.side === "buy" ? 1n : -1n;
          cash -= sign * fill.price * fill.size;
          cash -= fill.feeAsset === "SEI" ? fill.fee * fill.price : fill.fee * 10n ** 18n;
          position += sign * fill.size;
        }
        expect(fifo.position).toBe(position);
        expect(fifo.exactRealizedPnl + fifo.exactUnrealizedPnl(mark)).toBe(cash + position * mark);
      }),
    );
  });

  it("is that of average cost when flat, but for the rounding of the averages", () => {
    fc.assert(
      fc.property(anyFills, fc.bigInt({ min: 1n, max: 10n ** 21n }), (fills, price) => {
        const sorted = [...fills].sort(compareFills);
        const open = fold(sorted).position;
        const side = open > 0n ? ("sell" as const) : ("buy" as const);
        const last = {
          ...makeFill(0, { side, price: "1", size: "1" }),
          fillId: "Z",
          venueTime: "2026-01-02T05:00:00.000Z",
        };
        const flat = open === 0n ? sorted : [...sorted, { ...last, price, size: open > 0n ? open : -open }];
        const books = flat.reduce((sum, fill) => applyFill(sum, fill, ASSETS), emptyBooks());
        expect(books.position).toBe(0n);
        // An average is off by half of 10^-18 a unit of base at most (30 × 1,000 units here), a gain and a fee by half each.
        const difference = fold(flat).realizedPnl - books.realizedPnl;
        const bound = BigInt(flat.length) * (30_000n / 2n + 1n) + 1n;
        expect(difference <= bound && difference >= -bound).toBe(true);
      }),
    );
  });

  it("does not depend on how a fill was cut into parts of one price", () => {
    fc.assert(
      fc.property(anyFills, fc.nat(), fc.integer({ min: 1, max: 999 }), (fills, pick, permille) => {
        const at = fills.length === 0 ? -1 : pick % fills.length;
        const parts = fills.flatMap((fill, index) => {
          const first = (fill.size * BigInt(permille)) / 1_000n;
          if (index !== at || first === 0n) return [fill];
          const fee = (fill.fee * BigInt(permille)) / 1_000n;
          return [
            { ...fill, size: first, fee },
            { ...fill, fillId: `${fill.fillId}-2`, size: fill.size - first, fee: fill.fee - fee },
          ];
        });
        const [whole, cut] = [fold(fills), fold(parts)];
        expect(cut.exactRealizedPnl).toBe(whole.exactRealizedPnl);
        expect(cut.lots).toEqual(whole.lots);
      }),
    );
  });

  it("keeps the open lots alone, however many were closed before them", () => {
    const fifo = new FifoLots(ASSETS);
    // Five lots stay open while 20,000 are opened and closed behind one another.
    for (let index = 0; index < 20_000; index++) {
      const price = `1.${String(index % 7).padStart(4, "0")}`;
      fifo.add(makeFill(index, { side: "buy", price, size: "1" }));
      if (index >= 5) fifo.add(makeFill(index, { side: "sell", price: "1", size: "1" }));
    }
    expect(fifo.lots).toHaveLength(5);
    expect(fifo.position).toBe(money("5"));
  });
});
