/** Every reason why a wanted quote is missing, or stands elsewhere or is of another size than its model says. */
import type { Side } from "../units.ts";

export const QUOTE_REASONS = [
  "no-fair-value",
  "flow-guard",
  "fill-delay",
  "price-floor",
  "price-ceiling",
  "no-size",
  "no-price",
  "warm-up",
  "half-spread-bound",
  "skew-bound",
  "losing",
  "doubtful",
  "minimum-spread",
  "others-best",
  "improved",
  "no-edge",
  "held-back",
  "size-limit",
] as const;

export type QuoteReason = (typeof QUOTE_REASONS)[number];

/** What each reason does to the quotes it is noted for, and what it means, for people. */
export const QUOTE_REASON_MEANINGS: Readonly<
  Record<QuoteReason, { readonly effect: "missing" | "moved" | "resized"; readonly meaning: string }>
> = {
  "no-fair-value": { effect: "missing", meaning: "No price of the book, or none that is young enough." },
  "flow-guard": { effect: "missing", meaning: "This side filled too much without a counterpart that pays." },
  "fill-delay": { effect: "missing", meaning: "This side filled a moment ago." },
  "price-floor": { effect: "missing", meaning: "The fair value is at or below `priceFloor`: nothing is sold." },
  "price-ceiling": { effect: "missing", meaning: "The fair value is at or above `priceCeiling`: nothing is bought." },
  "no-size": { effect: "missing", meaning: "The size, as shaped by the position or by doubt, is less than a lot." },
  "no-price": { effect: "missing", meaning: "There is no price above 0 so far from the fair value." },
  "warm-up": { effect: "moved", meaning: "Volatility or intensity is not known yet: the spread is the fallback's." },
  "half-spread-bound": { effect: "moved", meaning: "The model's half-spread is outside its bounds." },
  "skew-bound": { effect: "moved", meaning: "The model's skew is above `skewBpsMax`." },
  losing: { effect: "moved", meaning: "The fills of this side are proven to lose against later mids: further away." },
  doubtful: { effect: "resized", meaning: "The fills of this side seem to lose against later mids: smaller." },
  "minimum-spread": { effect: "moved", meaning: "Nearer to the fair value than half of `minimumSpreadBps`." },
  "others-best": { effect: "moved", meaning: "It would have taken the best opposite quote of others." },
  improved: { effect: "moved", meaning: "Nearer than the model says, to stand at or before the others' best." },
  "no-edge": { effect: "moved", meaning: "Left behind the others' best: in front of it nothing would be earned." },
  "held-back": {
    effect: "moved",
    meaning: "Already `improve.ticksMax` better than the others' best: no need for more.",
  },
  "size-limit": { effect: "resized", meaning: "Larger than `limits.orderSize` once it was shaped." },
};

/** One reason at one level of a side, or at every level of it where `level` is undefined. */
export type QuoteNote = { readonly side: Side; readonly level: number | undefined; readonly reason: QuoteReason };
