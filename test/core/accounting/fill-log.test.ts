import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FillLog } from "../../../core/accounting/fill-log.ts";
import { applyFill, type BookedFill, compareFills, emptyBooks } from "../../../core/accounting/pnl.ts";
import { ASSETS, anyFills, makeFill } from "./make-fills.ts";

function fold(fills: readonly BookedFill[]) {
  return [...fills].sort(compareFills).reduce((books, fill) => applyFill(books, fill, ASSETS), emptyBooks());
}

const buy = (index: number) => makeFill(index, { side: "buy", price: "0.5", size: "10", fee: "0.01" });

describe("the engine's fill log", () => {
  it("comes to the books of the fold, in whatever order and however often the fills come", () => {
    fc.assert(
      fc.property(anyFills, fc.infiniteStream(fc.nat()), (fills, picks) => {
        const log = new FillLog(emptyBooks(), ASSETS);
        const rest = [...fills];
        const came: BookedFill[] = [];
        for (const pick of picks) {
          if (rest.length === 0) break;
          const repeat = pick % 4 === 0 ? came[pick % Math.max(1, came.length)] : undefined;
          if (repeat !== undefined) expect(log.add(repeat)).toBe("duplicate");
          const [fill] = rest.splice(pick % rest.length, 1);
          if (fill === undefined) break;
          expect(log.add(fill)).toBe("booked");
          came.push(fill);
        }
        expect(log.books).toEqual(fold(fills));
      }),
    );
  });

  it("counts the fills that came late", () => {
    const log = new FillLog(emptyBooks(), ASSETS);
    for (const index of [1, 3, 2, 4, 0]) log.add(buy(index));
    expect(log.lateFills).toBe(2);
  });

  it("keeps the position right for a fill that is older than its whole tail", () => {
    const log = new FillLog(emptyBooks(), ASSETS, { tailMax: 3 });
    for (let index = 1; index <= 10; index++) log.add(buy(index));
    expect(log.add(buy(0))).toBe("booked");
    expect(log.books).toEqual(fold(Array.from({ length: 11 }, (_, index) => buy(index))));
  });

  it("books a late fill within a tail that has moved forward many times", () => {
    const log = new FillLog(emptyBooks(), ASSETS, { tailMax: 4 });
    const fills = Array.from({ length: 50 }, (_, index) =>
      makeFill(index, { side: index % 3 ? "buy" : "sell", price: `0.${index + 10}`, size: `${index + 1}` }),
    );
    for (const fill of fills) if (fill.fillId !== "F-47") log.add(fill);
    expect(log.add(fills[47] ?? buy(47))).toBe("booked");
    expect(log.books).toEqual(fold(fills));
  });

  it("starts from a checkpoint, which answers for every fill up to its last", () => {
    const checkpoint = fold([buy(1), buy(3)]);
    const log = new FillLog(checkpoint, ASSETS);
    expect([log.add(buy(2)), log.add(buy(3)), log.add(buy(4))]).toEqual(["duplicate", "duplicate", "booked"]);
    expect(log.books).toEqual(fold([buy(1), buy(3), buy(4)]));
  });

  it("still knows a repeat whose id it had to forget", () => {
    const log = new FillLog(emptyBooks(), ASSETS, { rememberedMax: 5 });
    for (let index = 0; index < 20; index++) log.add(buy(index));
    for (let index = 0; index < 20; index++) expect(log.add(buy(index))).toBe("duplicate");
    expect(log.books.fillCount).toBe(20);
  });
});

describe("the position after the first fills", () => {
  it("is that of the fold of as many, however late they came, as far back as they are remembered", () => {
    fc.assert(
      fc.property(anyFills, fc.integer({ min: 1, max: 40 }), (fills, tailMax) => {
        const log = new FillLog(emptyBooks(), ASSETS, { tailMax });
        const sorted = [...fills].sort(compareFills);
        for (const fill of tailMax >= fills.length ? fills : sorted) log.add(fill);
        for (let count = 0; count <= fills.length + 1; count++) {
          const isRemembered = count <= fills.length && count >= fills.length - tailMax;
          const expected = isRemembered ? fold(sorted.slice(0, count)).position : undefined;
          expect(log.positionAfter(count)).toBe(expected);
        }
      }),
    );
  });

  it("begins with the checkpoint's own", () => {
    const log = new FillLog(fold([buy(1), buy(2)]), ASSETS);
    log.add(buy(3));
    expect([0, 1, 2, 3, 4].map((count) => log.positionAfter(count))).toEqual([
      undefined,
      undefined,
      fold([buy(1), buy(2)]).position,
      fold([buy(1), buy(2), buy(3)]).position,
      undefined,
    ]);
  });
});
