/** What a strategy is asked, with as little said as each test needs, and its answer in short. */
import type { TopOfBook } from "../../../core/market-data/book.ts";
import type { AvellanedaStoikovParameters, PureMarketMakingParameters } from "../../../core/quoting/parameters.ts";
import type { SideInput, StrategyInput, StrategyOutput } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";

export const QUIET: SideInput = { lastFillMs: undefined, isPaused: false, markout: undefined };

export function top(bid: number, ask: number): TopOfBook {
  return { bid: { price: toTicks(bid), size: toLots(1_000) }, ask: { price: toTicks(ask), size: toLots(1_000) } };
}

/** A fair value of 10,000 ticks, where a basis point is a tick, in a book that is 200 ticks wide. */
export function makeInput(input: Partial<StrategyInput> = {}): StrategyInput {
  const others = input.others ?? top(9_900, 10_100);
  return {
    fairValue: 10_000,
    others,
    rivals: others,
    inventory: 0,
    volatility: undefined,
    intensity: { isFitted: false, note: "few-trades" },
    buy: QUIET,
    sell: QUIET,
    nowMs: 60_000,
    ...input,
  };
}

export const PURE: PureMarketMakingParameters = {
  type: "pure-market-making",
  halfSpreadBps: 10,
  levels: 2,
  levelSpacingBps: 5,
  orderSize: toLots(500),
  inventorySkewBps: 20,
};

export const AVELLANEDA: AvellanedaStoikovParameters = {
  type: "avellaneda-stoikov",
  riskAversion: 0.1,
  positionOrders: 10,
  halfSpreadBpsMin: 1,
  halfSpreadBpsMax: 50,
  skewBpsMax: 100,
  warmUpHalfSpreadBps: 12,
  warmUpSkewBps: 8,
  levels: 2,
  levelSpacingBps: 5,
  orderSize: toLots(500),
};

export function pricesOf({ quotes }: StrategyOutput) {
  const of = (side: Side) => quotes.filter((quote) => quote.side === side).map((quote) => quote.price);
  return { bids: of("buy"), asks: of("sell") };
}

export function sizesOf({ quotes }: StrategyOutput) {
  const of = (side: Side) => quotes.filter((quote) => quote.side === side).map((quote) => quote.size);
  return { bids: of("buy"), asks: of("sell") };
}

/** `buy: flow-guard`, `sell 0: improved`. */
export function notesOf({ notes }: StrategyOutput): readonly string[] {
  return notes.map(({ side, level, reason }) => `${side}${level === undefined ? "" : ` ${level}`}: ${reason}`);
}
