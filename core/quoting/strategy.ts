/** Strategies: from what is believed of the market to the quotes wanted. Pure; they know no orders and no limits. */
import type { TopOfBook } from "../market-data/book.ts";
import type { Lots, Side, Ticks } from "../units.ts";
import { toTicks } from "../units.ts";
import type { PureMarketMakingParameters } from "./parameters.ts";

export type Quote = { readonly side: Side; readonly level: number; readonly price: Ticks; readonly size: Lots };

export type StrategyInput = {
  /** Fair value in ticks, above 0; a model value, not rounded. */
  readonly fairValue: number;
  /** The book without our own orders, not crossed. */
  readonly others: TopOfBook;
  /** Position as a share of its limit, −1 (short) to 1 (long). */
  readonly inventory: number;
};

/**
 * Pure market making: `levels` quotes a side around the reservation price, which leans against the position in proportion
 * to it. Bids round down and asks up, so rounding never narrows the spread, and none would take the others' best.
 */
export function pureMarketMaking(parameters: PureMarketMakingParameters, input: StrategyInput): readonly Quote[] {
  const ticksOf = (bps: number): number => (input.fairValue * bps) / 10_000;
  const inventory = Math.max(-1, Math.min(1, input.inventory));
  const reservation = input.fairValue - inventory * ticksOf(parameters.inventorySkewBps);
  const half = ticksOf(parameters.halfSpreadBps);
  const spacing = Math.max(1, ticksOf(parameters.levelSpacingBps));
  const highestBid = input.others.ask === undefined ? Number.MAX_SAFE_INTEGER : input.others.ask.price - 1;
  const lowestAsk = input.others.bid === undefined ? 1 : input.others.bid.price + 1;
  const firstBid = Math.min(Math.floor(reservation - half), highestBid);
  const firstAsk = Math.max(Math.ceil(reservation + half), lowestAsk);
  const quotes: Quote[] = [];
  for (let level = 0; level < parameters.levels; level += 1) {
    const bid = Math.floor(firstBid - level * spacing);
    const ask = Math.ceil(firstAsk + level * spacing);
    if (bid > 0) quotes.push({ side: "buy", level, price: toTicks(bid), size: parameters.orderSize });
    quotes.push({ side: "sell", level, price: toTicks(ask), size: parameters.orderSize });
  }
  return quotes;
}
