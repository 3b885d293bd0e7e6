import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyFill,
  type BookedFill,
  type Books,
  compareFills,
  emptyBooks,
  isThirdAssetFee,
  unrealizedPnl,
} from "../../../core/accounting/pnl.ts";
import { compareUtf8 } from "../../../core/accounting/venue-order.ts";
import { ASSETS, anyFills, makeFill, money } from "./make-fills.ts";

function fold(fills: readonly BookedFill[]): Books {
  return fills.reduce((books, fill) => applyFill(books, fill, ASSETS), emptyBooks());
}

describe("the fold of fills", () => {
  it.each([
    ["a first buy", ["buy 1.5 10"], "10", "1.5", "0"],
    ["a buy that grows a long", ["buy 1 10", "buy 2 30"], "40", "1.75", "0"],
    ["a sell that shrinks a long", ["buy 1 10", "sell 1.2 4"], "6", "1", "0.8"],
    ["a sell that ends a long", ["buy 1 10", "sell 0.9 10"], "0", "0", "-1"],
    ["a sell that flips a long", ["buy 1 10", "sell 1.5 14"], "-4", "1.5", "5"],
    ["a first sell", ["sell 1.5 10"], "-10", "1.5", "0"],
    ["a sell that grows a short", ["sell 1 10", "sell 2 30"], "-40", "1.75", "0"],
    ["a buy that shrinks a short", ["sell 1 10", "buy 1.2 4"], "-6", "1", "-0.8"],
    ["a buy that flips a short", ["sell 1 10", "buy 0.5 14"], "4", "0.5", "5"],
    ["an average without an end", ["buy 1 1", "buy 2 2"], "3", "1.666666666666666667", "0"],
  ])("knows %s", (_, fills, position, averageCost, realizedPnl) => {
    const books = fold(
      fills.map((text, index) => {
        const [side, price = "", size = ""] = text.split(" ");
        return makeFill(index, { side: side === "buy" ? "buy" : "sell", price, size });
      }),
    );
    expect(books.position).toBe(money(position));
    expect(books.averageCost).toBe(money(averageCost));
    expect(books.realizedPnl).toBe(money(realizedPnl));
    expect(books.fillCount).toBe(fills.length);
  });

  it.each([
    ["USDC", "0.02", "-0.02", "0.02"],
    ["SEI", "0.02", "-0.01", "0.01"],
    ["USDC", "-0.02", "0.02", "-0.02"],
    ["ATOM", "0.02", "0", "0"],
    ["constructor", "0.02", "0", "0"],
  ])("takes a fee in %s of %s off as it must", (feeAsset, fee, realizedPnl, fees) => {
    const fill = makeFill(0, { side: "buy", price: "0.5", size: "10", fee, feeAsset });
    const books = applyFill(applyFill(emptyBooks(), fill, ASSETS), { ...fill, fillId: "F-1" }, ASSETS);
    expect(books.realizedPnl).toBe(2n * money(realizedPnl));
    expect(books.fees).toBe(2n * money(fees));
    expect(books.feesByAsset).toEqual({ [feeAsset]: 2n * money(fee) });
    expect(books.position).toBe(money("20"));
    expect(isThirdAssetFee(fill, ASSETS)).toBe(!["USDC", "SEI"].includes(feeAsset));
  });

  it("counts volume by the side we took", () => {
    const books = fold([
      makeFill(0, { side: "buy", price: "0.4213", size: "40" }),
      makeFill(1, { side: "sell", price: "0.5", size: "10" }),
    ]);
    expect([books.volume, books.buyVolume, books.sellVolume]).toEqual([money("21.852"), money("16.852"), money("5")]);
  });

  it("leaves the books it was given as they were", () => {
    const before = fold([makeFill(0, { side: "buy", price: "1", size: "10", fee: "1" })]);
    const copy = structuredClone(before);
    applyFill(before, makeFill(1, { side: "sell", price: "2", size: "20", fee: "1" }), ASSETS);
    expect(before).toEqual(copy);
  });

  it("agrees with cash and position at any mark, but for the last digits", () => {
    fc.assert(
      fc.property(anyFills, fc.bigInt({ min: 1n, max: 10n ** 21n }), (fills, mark) => {
        const books = fold(fills);
        // 10^-36: exact products, and fees in base valued at their fill's price.
        let cash = 0n;
        for (const fill of fills) {
          cash += (fill.side === "buy" ? -1n : 1n) * fill.price * fill.size;
          cash -= fill.feeAsset === "SEI" ? fill.fee * fill.price : fill.fee * 10n ** 18n;
        }
        const byCash = cash + books.position * mark;
        const byBooks = (books.realizedPnl + unrealizedPnl(books, mark)) * 10n ** 18n;
        const difference = byCash > byBooks ? byCash - byBooks : byBooks - byCash;
        // Each average cost is off by half of 10^-18 at most, times a position of at most 30 × 1,000 of base.
        expect(difference <= BigInt(fills.length + 1) * 30_001n * 10n ** 18n).toBe(true);
      }),
    );
  });

  it("takes a fill through zero like one that closes and one that opens", () => {
    const size = fc.bigInt({ min: 1n, max: 10n ** 6n }).map((lots) => lots * 10n ** 14n);
    const price = fc.bigInt({ min: 1n, max: 10n ** 6n }).map((ticks) => ticks * 10n ** 14n);
    fc.assert(
      fc.property(size, size, price, price, fc.boolean(), (held, rest, cost, through, long) => {
        const [into, out] = long ? (["buy", "sell"] as const) : (["sell", "buy"] as const);
        const make = (fillId: string, side: "buy" | "sell", at: bigint, amount: bigint) => ({
          ...makeFill(0, { side, price: "1", size: "1" }),
          fillId,
          price: at,
          size: amount,
        });
        const opened = fold([make("F-1", into, cost, held)]);
        const flipped = applyFill(opened, make("F-3", out, through, held + rest), ASSETS);
        const closed = applyFill(opened, make("F-2", out, through, held), ASSETS);
        const twoFills = applyFill(closed, make("F-3", out, through, rest), ASSETS);
        expect(closed.averageCost).toBe(0n);
        expect(flipped).toEqual({ ...twoFills, fillCount: twoFills.fillCount - 1 });
      }),
    );
  });
});

describe("venue order", () => {
  it("is the time, then the id", () => {
    const early = { venueTime: "2026-01-02T03:04:05.678Z", fillId: "b" };
    const late = { venueTime: "2026-01-02T03:04:05.679Z", fillId: "a" };
    expect(compareFills(early, late)).toBeLessThan(0);
    expect(compareFills(late, early)).toBeGreaterThan(0);
    expect(compareFills(early, { ...early, fillId: "a" })).toBeGreaterThan(0);
    expect(compareFills(early, early)).toBe(0);
  });

  it("takes ids by their UTF-8 bytes", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "Z", "é", "\u{e000}", "\u{ffff}", "\u{10000}", "\u{1f600}") });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
