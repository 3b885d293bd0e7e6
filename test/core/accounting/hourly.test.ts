import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyLedger, foldFill, type HourFigures, hourOf } from "../../../core/accounting/hourly.ts";
import { compareFills } from "../../../core/accounting/pnl.ts";
import { ASSETS, anyFills, makeFill, money } from "./make-fills.ts";

describe("hourly figures", () => {
  it("are those of the fills' own hour in UTC", () => {
    expect(hourOf("2026-01-02T03:59:59.999Z")).toBe("2026-01-02T03");
    const first = makeFill(0, { side: "buy", price: "1", size: "10", fee: "0.1" });
    const second = { ...makeFill(1, { side: "sell", price: "2", size: "4" }), venueTime: "2026-01-02T04:00:00.000Z" };
    const closed = foldFill(emptyLedger(), first, ASSETS);
    const next = foldFill(closed, second, ASSETS);
    expect(closed.hour).toMatchObject({ hour: "2026-01-02T03", fillCount: 1, realizedPnl: money("-0.1") });
    expect(next.hour).toEqual({
      hour: "2026-01-02T04",
      volume: money("8"),
      buyVolume: 0n,
      sellVolume: money("8"),
      fees: 0n,
      realizedPnl: money("4"),
      fillCount: 1,
    });
  });

  it("add up to the books", () => {
    fc.assert(
      fc.property(anyFills, (fills) => {
        const hours = new Map<string, HourFigures>();
        let state = emptyLedger();
        for (const fill of fills.sort(compareFills)) {
          state = foldFill(state, fill, ASSETS);
          if (state.hour !== undefined) hours.set(state.hour.hour, state.hour);
        }
        const total = (pick: (hour: HourFigures) => bigint) =>
          [...hours.values()].reduce((sum, hour) => sum + pick(hour), 0n);
        expect(total((hour) => hour.volume)).toBe(state.books.volume);
        expect(total((hour) => hour.buyVolume)).toBe(state.books.buyVolume);
        expect(total((hour) => hour.sellVolume)).toBe(state.books.sellVolume);
        expect(total((hour) => hour.fees)).toBe(state.books.fees);
        expect(total((hour) => hour.realizedPnl)).toBe(state.books.realizedPnl);
        expect(total((hour) => BigInt(hour.fillCount))).toBe(BigInt(state.books.fillCount));
      }),
    );
  });
});
