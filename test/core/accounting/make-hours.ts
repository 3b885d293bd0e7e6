/** Hours as the ledger stores them, and fills for them that spare no case. */
import fc from "fast-check";
import type { ProvableFill } from "../../../core/accounting/hour-facts.ts";
import type { HourToProve } from "../../../core/accounting/hour-proof.ts";
import { emptyLedger, foldFill, type HourFigures, hourOf } from "../../../core/accounting/hourly.ts";
import { compareFills } from "../../../core/accounting/pnl.ts";
import { ASSETS } from "./make-fills.ts";

/** What the ledger holds of an hour once all its fills are folded; the marks are the caller's. */
export type StoredHour = Pick<HourToProve, "hour" | "opening" | "closing" | "fills" | "assets">;

/** The day's hours that fills can fall into here. */
export const HOURS = ["2026-01-02T03", "2026-01-02T04", "2026-01-02T05", "2026-01-02T06"] as const;

/** Folds the fills and cuts them into `HOURS`; an hour without fills closes as it opened. */
export function storeHours(fills: readonly ProvableFill[]): readonly StoredHour[] {
  let state = emptyLedger();
  const inOrder = [...fills].sort(compareFills);
  return HOURS.map((hour) => {
    const opening = state.books;
    const ours = inOrder.filter((fill) => hourOf(fill.venueTime) === hour);
    for (const fill of ours) state = foldFill(state, fill, ASSETS);
    const figures = ours.length > 0 && state.hour !== undefined ? state.hour : quietHour(hour);
    return { hour: figures, opening, closing: state.books, fills: ours, assets: ASSETS };
  });
}

function quietHour(hour: string): HourFigures {
  return { hour, volume: 0n, buyVolume: 0n, sellVolume: 0n, fees: 0n, realizedPnl: 0n, fillCount: 0 };
}

/** A price or size above 0 with anything from no decimals to 18, and so round ones too, which flatten positions. */
const amount = fc
  .tuple(
    fc.bigInt({ min: 1n, max: 10n ** 6n }),
    fc.integer({ min: 0, max: 18 }),
    fc.bigInt({ min: 1n, max: 10n ** 21n }),
  )
  .map(([round, decimals, odd]) => (decimals === 18 ? odd : round * 10n ** BigInt(18 - decimals)));

export const anyMark: fc.Arbitrary<bigint> = amount;

/** Fills of four hours, with few moments, so that ids decide, fees in three assets, rebates, and mids of which some are missing. */
export const anyDay: fc.Arbitrary<ProvableFill[]> = fc
  .array(
    fc.record({
      side: fc.constantFrom("buy" as const, "sell" as const),
      price: amount,
      size: fc.oneof(amount, fc.constantFrom(10n ** 18n, 2n * 10n ** 18n, 7n)),
      fee: fc.oneof(fc.constant(0n), fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })),
      feeAsset: fc.constantFrom("USDC", "SEI", "ATOM"),
      venueTime: fc
        .tuple(fc.constantFrom(...HOURS), fc.integer({ min: 10, max: 14 }))
        .map(([hour, minute]) => `${hour}:${minute}:00.000Z`),
      midAtFill: fc.option(amount, { nil: undefined }),
    }),
    { maxLength: 40 },
  )
  .map((drafts) => drafts.map((draft, index) => ({ ...draft, fillId: `F-${index}` })));
