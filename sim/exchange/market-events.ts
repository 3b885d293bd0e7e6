/** Writes the market data events of CONTRACTS 1, and carries them to those who listen. Owns the listeners of one exchange. */
import { assert } from "../../core/assert.ts";
import { formatPrice, formatSize, type Market } from "../../core/market.ts";
import type { Lots, Side, Ticks } from "../../core/units.ts";
import type { BookLevels, MarketStatus, PriceLevel } from "./market-place.ts";
import type { WireEvent } from "./wire-event.ts";

const LISTENERS_MAX = 1_000;

export class MarketEventHub {
  readonly #listeners = new Set<(event: WireEvent) => void>();

  publish(event: WireEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: WireEvent) => void): () => void {
    assert(this.#listeners.size < LISTENERS_MAX, `an exchange must have at most ${LISTENERS_MAX} listeners`);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export function toBookEvent(market: Market, book: BookLevels, epochMs: number): WireEvent {
  return {
    type: "OrderBookUpdate",
    attributes: {
      market_id: market.symbol,
      timestamp: toIso(epochMs),
      bids: JSON.stringify(toPairs(market, book.bids)),
      asks: JSON.stringify(toPairs(market, book.asks)),
    },
  };
}

export function toTradeEvent(
  market: Market,
  trade: {
    readonly tradeId: string;
    readonly price: Ticks;
    readonly size: Lots;
    readonly aggressor: Side;
    readonly epochMs: number;
  },
): WireEvent {
  return {
    type: "Trade",
    attributes: {
      market_id: market.symbol,
      timestamp: toIso(trade.epochMs),
      trade_id: trade.tradeId,
      price: formatPrice(market, trade.price),
      quantity: formatSize(market, trade.size),
      side: trade.aggressor,
    },
  };
}

export function toStatusEvent(market: Market, status: MarketStatus, epochMs: number): WireEvent {
  return {
    type: "MarketStatus",
    attributes: { market_id: market.symbol, timestamp: toIso(epochMs), status },
  };
}

function toPairs(market: Market, levels: readonly PriceLevel[]): readonly (readonly [string, string])[] {
  return levels.map((level) => [formatPrice(market, level.price), formatSize(market, level.size)]);
}

function toIso(epochMs: number): string {
  return new Date(Math.floor(epochMs)).toISOString();
}
