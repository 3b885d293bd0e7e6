/** What a strategy is: from what is believed of the market to the quotes wanted, and why. Pure; it knows no orders and no limits. */
import type { TopOfBook } from "../market-data/book.ts";
import type { Lots, Side, Ticks } from "../units.ts";
import type { IntensityReading } from "./intensity.ts";
import type { PerSide } from "./parameters.ts";
import type { QuoteNote } from "./quote-reasons.ts";

export type Quote = { readonly side: Side; readonly level: number; readonly price: Ticks; readonly size: Lots };

/** How the fills of a side did against later mids, in basis points: above 0 is to our good. */
export type MarkoutStatistics = {
  readonly meanBps: number;
  /** Upper end of the mean's 95 % confidence interval: below 0 the loss is proven. */
  readonly highBps: number;
  /** How far the mid moves against a fill afterwards, on average; undefined while that is not measured. */
  readonly adverseBps?: number;
};

/** What is known of one side of our quotes. */
export type SideInput = {
  /** Monotonic moment of its last fill. */
  readonly lastFillMs: number | undefined;
  /** See `FlowGuard`. */
  readonly isPaused: boolean;
  readonly markout: MarkoutStatistics | undefined;
};

export type StrategyInput = PerSide<SideInput> & {
  /** Fair value in ticks, above 0; a model value, not rounded. */
  readonly fairValue: number;
  /** The book without our own orders, not crossed. */
  readonly others: TopOfBook;
  /** The best quotes of others that are large enough to be improved on. */
  readonly rivals: TopOfBook;
  /** Position as a share of its limit, −1 (short) to 1 (long). */
  readonly inventory: number;
  /** In ticks per square root of a second; undefined until it is known. */
  readonly volatility: number | undefined;
  readonly intensity: IntensityReading;
  readonly nowMs: number;
  /** The last answer: what is wanted again as it was may be the same object. */
  readonly before?: StrategyOutput;
};

export type StrategyOutput = {
  /** The first levels first. */
  readonly quotes: readonly Quote[];
  /** Why quotes are missing, moved or resized; see `QUOTE_REASON_MEANINGS`. */
  readonly notes: readonly QuoteNote[];
};

export type Strategy<Parameters> = (parameters: Parameters, input: StrategyInput) => StrategyOutput;

/** How far the position is from where it should be, as a share of its limit, −1 to 1. */
export function leanOf(inventory: number, target: number | undefined): number {
  return Math.max(-1, Math.min(1, Math.max(-1, Math.min(1, inventory)) - (target ?? 0)));
}
