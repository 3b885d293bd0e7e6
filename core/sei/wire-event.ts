/**
 * The market data events of CONTRACTS 1 as they are written: named attributes, every amount a decimal string. Owns the writing;
 * the strict way back is `market-events.ts`'s.
 */
import { assertNever } from "../assert.ts";
import type { BookSide, MarketEvent } from "../events.ts";
import { formatPrice, formatSize, type Market } from "../market.ts";
import { formatIsoTime } from "./iso-time.ts";

export type WireEvent = {
  readonly type: "OrderBookUpdate" | "Trade" | "MarketStatus";
  /** Everything a decimal or ISO string; an exchange leaves `sequence` to the node, which counts by market and connection. */
  readonly attributes: Readonly<Record<string, string>>;
};

/** The event as a node would send it. `market` is the event's. */
export function toWireEvent(event: MarketEvent, market: Market): WireEvent {
  const common = { market_id: event.market, timestamp: formatIsoTime(event.venueTimeMs) };
  switch (event.type) {
    case "book-update": {
      const { bids, asks, sequence } = event;
      const attributes = {
        ...common,
        sequence: String(sequence),
        bids: formatSide(bids, market),
        asks: formatSide(asks, market),
      };
      return { type: "OrderBookUpdate", attributes };
    }
    case "trade": {
      const { tradeId, aggressor } = event;
      const price = formatPrice(market, event.price);
      const quantity = formatSize(market, event.size);
      return { type: "Trade", attributes: { ...common, trade_id: tradeId, price, quantity, side: aggressor } };
    }
    case "market-status":
      return { type: "MarketStatus", attributes: { ...common, status: event.status } };
    default:
      return assertNever(event);
  }
}

/** `[[price, size], …]` as JSON text, best first. */
function formatSide({ prices, sizes }: BookSide, market: Market): string {
  const rows: (readonly [string, string])[] = [];
  for (const [i, price] of prices.entries()) {
    const size = sizes[i];
    if (size !== undefined) rows.push([formatPrice(market, price), formatSize(market, size)]);
  }
  return JSON.stringify(rows);
}
