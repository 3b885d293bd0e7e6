/**
 * What one hour's fills come to when they are added up by themselves, with no average cost and nothing of the books but the position
 * the hour began with: the right side of the PnL identity, the plain sums, and how far rounding can lead average cost away from it.
 * Owns no judgement: `hour-proof.ts` holds the stored books to these.
 */
import { MONEY_DECIMALS } from "../decimal.ts";
import { type Assets, type BookedFill, feeInQuote, multiply } from "./pnl.ts";

/** What the proof needs of a fill: the fact as the ledger holds it. `midAtFill` is in 10^-18 quote a unit of base. */
export type ProvableFill = BookedFill & { readonly midAtFill: bigint | undefined };

/** Marks of the hour's two ends, as they were used: 10^-18 quote a unit of base. */
type HourMarks = { readonly opening: bigint; readonly closing: bigint };

/** The sums of an hour's fills. Amounts are integers of 10^-18, but for those that are called exact: of 10^-36. */
export type HourFacts = {
  readonly marks: HourMarks;
  readonly fillCount: number;
  /** In base, after the last fill. */
  readonly position: bigint;
  readonly buyVolume: bigint;
  readonly sellVolume: bigint;
  readonly fees: bigint;
  /** Σ s·(x·m − v): s is +1 for a buy and −1 for a sell, x the size, m the mark at the fill, v its value as volume counts it. */
  readonly spreadCaptureExact: bigint;
  /** Σ I·(next mark − mark): I is the position between two events, which are the opening mark, the fills and the closing mark. */
  readonly revaluationExact: bigint;
  /** Fills without a mid of their own. */
  readonly unmarkedFills: number;
  /** What average cost and the products of these fills can have been rounded by, in all. See `roundingTwice`. */
  readonly roundingTwiceExact: bigint;
};

const ONE = 10n ** BigInt(MONEY_DECIMALS);

/**
 * Adds up the fills of an hour that began with `position` (10^-18 base). A fill without a mid takes the mark that stands; where
 * none stands yet, its own price. An opening mark that is not known is the first one that is: nothing is revalued up to there.
 */
export function addUpHour(input: {
  readonly fills: readonly ProvableFill[];
  readonly position: bigint;
  readonly openingMark: bigint | undefined;
  readonly closingMark: bigint | undefined;
  readonly assets: Assets;
}): HourFacts {
  const { fills, assets } = input;
  const [first] = fills;
  const opening = input.openingMark ?? first?.midAtFill ?? first?.price ?? input.closingMark ?? 0n;
  let mark = opening;
  let { position } = input;
  let [buyVolume, sellVolume, fees, unmarkedFills] = [0n, 0n, 0n, 0];
  let [spreadCaptureExact, revaluationExact, roundingTwiceExact] = [0n, 0n, 0n];
  for (const fill of fills) {
    const value = multiply(fill.price, fill.size);
    const next = fill.midAtFill ?? mark;
    if (fill.midAtFill === undefined) unmarkedFills++;
    revaluationExact += position * (next - mark);
    roundingTwiceExact += roundingTwice(position, fill);
    mark = next;
    const edge = fill.size * mark - value * ONE;
    if (fill.side === "buy") {
      spreadCaptureExact += edge;
      buyVolume += value;
      position += fill.size;
    } else {
      spreadCaptureExact -= edge;
      sellVolume += value;
      position -= fill.size;
    }
    fees += feeInQuote(fill, assets);
  }
  const closing = input.closingMark ?? mark;
  revaluationExact += position * (closing - mark);
  return {
    marks: { opening, closing },
    fillCount: fills.length,
    position,
    buyVolume,
    sellVolume,
    fees,
    spreadCaptureExact,
    revaluationExact,
    unmarkedFills,
    roundingTwiceExact,
  };
}

/**
 * Twice the most, in 10^-36 quote, by which one fill can move D = realised PnL − average cost × position − cash, where cash is
 * sell volume − buy volume − fees. D is 0 for empty books, and would stay 0 if nothing were rounded: it is what parts PnL at average
 * cost from PnL by cash, at any mark. `position` is the one before the fill. With u = 10^-18 and every rounding off by u/2 at most:
 *
 * - The fill's value v = price × size stands in cash, rounded: u/2, or nothing where the product needs no rounding.
 * - A fill that grows the position I to I′ sets the average a′ = (|I|·a + x·p) / |I′|, rounded by e ≤ u/2. D moves by the rounding
 *   of v and by e·|I′|. From flat a′ is the price itself, and e is 0.
 * - A fill that shrinks the position, or flips it, realises (p − a)·closed, rounded: u/2. What is left keeps its average, what is
 *   opened takes the price, and neither is rounded.
 * - A fee stands in realised PnL and in cash as the same integer: nothing.
 */
function roundingTwice(position: bigint, fill: ProvableFill): bigint {
  const ofValue = (fill.price * fill.size) % ONE === 0n ? 0n : ONE;
  if (position === 0n) return ofValue;
  const grows = position > 0n === (fill.side === "buy");
  if (!grows) return ofValue + ONE;
  return ofValue + (position > 0n ? position : -position) + fill.size;
}
