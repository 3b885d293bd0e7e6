/** What the feed asks a node for, as CONTRACTS 1 writes it. Owns the requests' text; ids are the connection's. */
import type { Markets } from "../../core/sei/market-events.ts";

export type Subscription = {
  readonly event: "OrderBookUpdate" | "Trade" | "MarketStatus";
  readonly market: string;
  readonly query: string;
};

/** Every subscription of the markets: the books first, so that they come even where a node allows few. */
export function toSubscriptions(markets: Markets): readonly Subscription[] {
  const events = ["OrderBookUpdate", "MarketStatus", "Trade"] as const;
  return events.flatMap((event) =>
    [...markets.keys()].map((market) => ({
      event,
      market,
      query: `tm.event='${event}' AND market_id='${market}'`,
    })),
  );
}

export function toRequest(method: "subscribe" | "unsubscribe", id: number, query: string): string {
  return JSON.stringify({ jsonrpc: "2.0", method, id, params: { query } });
}
