/** Market data that a test feeds by hand, and a node that serves it on a clock the test drives. */

import type { WireEvent } from "../../../core/sei/wire-event.ts";
import type { MarketDataSource } from "../../../sim/exchange/market-data-source.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { type SeiNodeInput, startSeiNode } from "../../../sim/sei-node/node.ts";
import { type DrivenClock, makeDrivenClock } from "../exchange/driven-clock.ts";

const TIMESTAMP = "2026-01-02T03:04:05.678Z";
export const BOOK_QUERY = "tm.event='OrderBookUpdate' AND market_id='SEI/USDC'";
export const TRADE_QUERY = "tm.event='Trade' AND market_id='SEI/USDC'";
export const STATUS_QUERY = "tm.event='MarketStatus' AND market_id='SEI/USDC'";

export type HandFedSource = MarketDataSource & { emit(event: WireEvent): void; readonly listeners: () => number };

export function makeSource(markets: readonly string[] = ["SEI/USDC", "ETH/USDC"]): HandFedSource {
  const listeners = new Set<(event: WireEvent) => void>();
  return {
    markets,
    snapshot: (market) => [bookOf(market), statusOf(market)],
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listeners: () => listeners.size,
  };
}

export function bookOf(market = "SEI/USDC", bids = '[["0.4213","1500"],["0.4212","900"]]'): WireEvent {
  const attributes = { market_id: market, timestamp: TIMESTAMP, bids, asks: '[["0.4216","1200"],["0.4217","5"]]' };
  return { type: "OrderBookUpdate", attributes };
}

export function tradeOf(tradeId: string, market = "SEI/USDC"): WireEvent {
  const attributes = { market_id: market, timestamp: TIMESTAMP, trade_id: tradeId };
  return { type: "Trade", attributes: { ...attributes, price: "0.4216", quantity: "40", side: "buy" } };
}

export function statusOf(market = "SEI/USDC", status = "open"): WireEvent {
  return { type: "MarketStatus", attributes: { market_id: market, timestamp: TIMESTAMP, status } };
}

export async function startHandFedNode(input: Partial<SeiNodeInput> = {}) {
  const source = makeSource();
  const clock: DrivenClock = makeDrivenClock();
  const node = await startSeiNode({ source, clock, rng: makeSeededRng(7, "node"), endpoints: 1, ...input });
  const [endpoint] = node.endpoints;
  if (endpoint === undefined) throw new Error("a node has an endpoint");
  return { source, clock, node, endpoint };
}
