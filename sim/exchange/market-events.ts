/** Writes the market data events of CONTRACTS 1, and carries them to those who listen. Owns the listeners of one exchange. */
import { assert } from "../../core/assert.ts";
import type { BookSide } from "../../core/events.ts";
import type { Market } from "../../core/market.ts";
import { formatIsoTime } from "../../core/sei/iso-time.ts";
import { toWireEvent, type WireEvent } from "../../core/sei/wire-event.ts";
import type { Lots, Side, Ticks } from "../../core/units.ts";
import type { BookLevels, MarketStatus, PriceLevel } from "./market-place.ts";

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

/** The node counts the books of each connection anew; an exchange has no sequence of its own. */
const NO_SEQUENCE = 0;

export function toBookEvent(market: Market, book: BookLevels, epochMs: number): WireEvent {
  const { type, attributes } = toWireEvent(
    {
      type: "book-update",
      bids: toSide(book.bids),
      asks: toSide(book.asks),
      sequence: NO_SEQUENCE,
      ...common(market, epochMs),
    },
    market,
  );
  const { sequence: _, ...unnumbered } = attributes;
  return { type, attributes: unnumbered };
}

/** The book of an earlier event as it stands at another moment. */
export function toSameBookEvent({ type, attributes }: WireEvent, epochMs: number): WireEvent {
  return { type, attributes: { ...attributes, timestamp: formatIsoTime(Math.floor(epochMs)) } };
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
  return toWireEvent({ type: "trade", ...trade, ...common(market, trade.epochMs) }, market);
}

export function toStatusEvent(market: Market, status: MarketStatus, epochMs: number): WireEvent {
  return toWireEvent({ type: "market-status", status, ...common(market, epochMs) }, market);
}

function common({ symbol }: Market, epochMs: number) {
  return { market: symbol, venueTimeMs: Math.floor(epochMs), at: { monotonicMs: 0, epochMs } };
}

function toSide(levels: readonly PriceLevel[]): BookSide {
  return { prices: levels.map(({ price }) => price), sizes: levels.map(({ size }) => size) };
}
