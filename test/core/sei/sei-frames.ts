/** Frames as nodes send them, for tests: one event, written in every shape that CONTRACTS 1 names. */
import fc from "fast-check";
import { formatPrice, formatSize, makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";

const SEI_USDC = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const ETH_USDT = makeMarket({ symbol: "ETH/USDT", tickSize: "0.01", lotSize: "0.0001" });
export const MARKETS = new Map([SEI_USDC, ETH_USDT].map((market) => [market.symbol, market]));
export const AT = { monotonicMs: 12.5, epochMs: 1_767_323_045_700 };
const TIMESTAMP = "2026-01-02T03:04:05.678Z";
export const TIMESTAMP_MS = 1_767_323_045_678;

export type Attributes = Readonly<Record<string, unknown>>;
export type WireEvent = { readonly type: string; readonly attributes: Attributes };

export const SHAPES = ["design", "list", "list-base64", "map", "data-map", "data-list", "tx-result"] as const;
export type Shape = (typeof SHAPES)[number];

export function bookEvent(attributes: Attributes = {}): WireEvent {
  return {
    type: "OrderBookUpdate",
    attributes: {
      market_id: "SEI/USDC",
      timestamp: TIMESTAMP,
      sequence: "1042",
      bids: '[["0.4213","1500"],["0.4212","900"]]',
      asks: '[["0.4216","1200"]]',
      ...attributes,
    },
  };
}

export function tradeEvent(attributes: Attributes = {}): WireEvent {
  const own = { trade_id: "T-9", price: "0.4216", quantity: "40", side: "buy" };
  return { type: "Trade", attributes: { market_id: "SEI/USDC", timestamp: TIMESTAMP, ...own, ...attributes } };
}

export function statusEvent(attributes: Attributes = {}): WireEvent {
  const own = { market_id: "SEI/USDC", timestamp: TIMESTAMP, status: "open" };
  return { type: "MarketStatus", attributes: { ...own, ...attributes } };
}

/** The frame's text. In the map forms the events of one type must have the same attributes. */
export function toFrame(events: readonly WireEvent[], shape: Shape = "design", id: number | string = 1): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: { query: "tm.event='OrderBookUpdate'", ...body(events, shape) },
  });
}

function body(events: readonly WireEvent[], shape: Shape): Readonly<Record<string, unknown>> {
  switch (shape) {
    case "design":
      return { events };
    case "list":
      return { events: toPairs(events, (text) => text), data: { type: "tendermint/event/Tx", value: {} } };
    case "list-base64":
      return { events: toPairs(events, (text) => Buffer.from(text).toString("base64")) };
    case "map":
      return { events: toMap(events), data: { type: "tendermint/event/NewBlock", value: { height: "7" } } };
    case "data-map":
      return { data: { type: "tendermint/event/NewBlock", value: toMap(events) } };
    case "data-list":
      return { events: {}, data: { type: "tendermint/event/NewBlock", value: { events } } };
    case "tx-result":
      return {
        events: { "tm.event": ["Tx"] },
        data: { value: { TxResult: { result: { events: toPairs(events, (text) => btoa(text)) } } } },
      };
  }
}

function toPairs(events: readonly WireEvent[], encode: (text: string) => string): readonly unknown[] {
  return events.map(({ type, attributes }) => ({
    type,
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key: encode(key),
      value: typeof value === "string" ? encode(value) : value,
      index: true,
    })),
  }));
}

function toMap(events: readonly WireEvent[]): Readonly<Record<string, unknown>> {
  const map: Record<string, unknown[]> = {};
  for (const { type, attributes } of events) {
    for (const [key, value] of Object.entries(attributes)) {
      const path = `${type}.${key}`;
      map[path] = [...(map[path] ?? []), value];
    }
  }
  return { "tm.event": ["NewBlock"], ...map };
}

const level = fc.record({ price: fc.integer({ min: 1, max: 99_999_999 }), size: fc.integer({ min: 1, max: 1e9 }) });

const side = (sign: 1 | -1) =>
  fc
    .uniqueArray(level, { selector: ({ price }) => price, maxLength: 30 })
    .map((levels) => levels.sort((a, b) => sign * (a.price - b.price)));

/** Books of `SEI/USDC` in ticks and lots. */
export const BOOKS = fc.record({
  bids: side(-1),
  asks: side(1),
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

function toRows(levels: readonly { readonly price: number; readonly size: number }[]): string {
  return JSON.stringify(
    levels.map(({ price, size }) => [formatPrice(SEI_USDC, toTicks(price)), formatSize(SEI_USDC, toLots(size))]),
  );
}

export function toBookEvent(value: typeof BOOKS extends fc.Arbitrary<infer Value> ? Value : never): WireEvent {
  const { bids, asks, sequence } = value;
  return bookEvent({ bids: toRows(bids), asks: toRows(asks), sequence: `${sequence}` });
}
