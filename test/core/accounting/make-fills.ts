/** Fills for the tables and laws of accounting. */
import fc from "fast-check";
import type { BookedFill } from "../../../core/accounting/pnl.ts";
import { parseScaled } from "../../../core/decimal.ts";

export const ASSETS = { base: "SEI", quote: "USDC" };

/** 10^-18 of decimal text. */
export function money(text: string): bigint {
  return parseScaled(text, 18, "amount");
}

/** The n-th fill of a table, one second after the one before. */
export function makeFill(
  index: number,
  fields: { side: "buy" | "sell"; price: string; size: string; fee?: string; feeAsset?: string },
): BookedFill {
  return {
    fillId: `F-${index}`,
    venueTime: `2026-01-02T03:${String(Math.floor(index / 60)).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}.000Z`,
    side: fields.side,
    price: money(fields.price),
    size: money(fields.size),
    fee: money(fields.fee ?? "0"),
    feeAsset: fields.feeAsset ?? "USDC",
  };
}

/** Fills of any side, price, size and fee, with few times and two hours, each with its own id. */
export const anyFills: fc.Arbitrary<BookedFill[]> = fc
  .array(
    fc.record({
      side: fc.constantFrom("buy" as const, "sell" as const),
      price: fc.bigInt({ min: 1n, max: 10n ** 21n }),
      size: fc.bigInt({ min: 1n, max: 10n ** 21n }),
      fee: fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
      feeAsset: fc.constantFrom("USDC", "SEI"),
      venueTime: fc
        .tuple(fc.constantFrom("03", "04"), fc.integer({ min: 10, max: 30 }))
        .map(([hour, minute]) => `2026-01-02T${hour}:${minute}:00.000Z`),
    }),
    { maxLength: 30 },
  )
  .map((drafts) => drafts.map((draft, index) => ({ ...draft, fillId: `F-${index}` })));
