/**
 * One event of CONTRACTS 1, its attributes by name, to a market event in ticks and lots: strict or an error.
 * Owns the grammar of the attributes; a crossed book is good grammar, and the engine's to judge.
 */
import { assertNever } from "../assert.ts";
import { InputError } from "../errors.ts";
import type { BookSide, BookUpdate, MarketEvent, MarketStatusChange, TradePrint } from "../events.ts";
import { isSymbol, type Market, parsePrice, parseSize } from "../market.ts";
import type { Instant, Lots, Side, Ticks } from "../units.ts";
import { type Attributes, toShown } from "./event-shapes.ts";
import { parseIsoTime } from "./iso-time.ts";

/** Levels a side; far above any book that a node shows, far below what would hold the loop up. */
export const BOOK_LEVELS_MAX = 1_000;

const TRADE_ID_CHARACTERS_MAX = 128;
const SEQUENCE = /^[1-9]\d{0,15}$/;

export type Markets = ReadonlyMap<string, Market>;

/**
 * Reads one event. Throws `InputError` naming the first attribute that does not fit; `null` for a type or a market that is
 * not ours: a node's frame may carry every event of a transaction, whatever was subscribed to.
 */
export function toMarketEvent(type: string, attributes: Attributes, markets: Markets, at: Instant): MarketEvent | null {
  if (type !== "OrderBookUpdate" && type !== "Trade" && type !== "MarketStatus") return null;
  const market = findMarket(attributes["market_id"], markets);
  if (market === null) return null;
  switch (type) {
    case "OrderBookUpdate":
      return toBookUpdate(attributes, market, at);
    case "Trade":
      return toTradePrint(attributes, market, at);
    case "MarketStatus":
      return toMarketStatus(attributes, market, at);
    default:
      return assertNever(type);
  }
}

/** The configured market of a symbol, `null` for another market's. */
function findMarket(symbol: unknown, markets: Markets): Market | null {
  if (!isSymbol(symbol)) {
    throw new InputError({ what: "market_id", expected: "BASE/QUOTE in capitals and digits", was: toShown(symbol) });
  }
  return markets.get(symbol) ?? null;
}

function toBookUpdate(attributes: Attributes, market: Market, at: Instant): BookUpdate {
  return {
    type: "book-update",
    market: market.symbol,
    bids: readSide(market, attributes["bids"], "bids"),
    asks: readSide(market, attributes["asks"], "asks"),
    sequence: readSequence(attributes["sequence"]),
    venueTimeMs: parseIsoTime(attributes["timestamp"], "timestamp"),
    at,
  };
}

function toTradePrint(attributes: Attributes, market: Market, at: Instant): TradePrint {
  return {
    type: "trade",
    market: market.symbol,
    tradeId: readTradeId(attributes["trade_id"]),
    price: parsePrice(market, toShown(attributes["price"]), "price"),
    size: parseSize(market, toShown(attributes["quantity"]), "quantity"),
    aggressor: readTradeSide(attributes["side"]),
    venueTimeMs: parseIsoTime(attributes["timestamp"], "timestamp"),
    at,
  };
}

function toMarketStatus(attributes: Attributes, market: Market, at: Instant): MarketStatusChange {
  const status = attributes["status"];
  if (status !== "open" && status !== "halted") {
    throw new InputError({ what: "status", expected: "open or halted", was: toShown(status) });
  }
  const venueTimeMs = parseIsoTime(toShown(attributes["timestamp"]), "timestamp");
  return { type: "market-status", market: market.symbol, status, venueTimeMs, at };
}

/** `[[price, size], …]` as JSON text, best first, every price once. */
function readSide(market: Market, text: unknown, side: "bids" | "asks"): BookSide {
  const rows = readRows(text, side);
  const prices: Ticks[] = [];
  const sizes: Lots[] = [];
  const sign = side === "bids" ? -1 : 1;
  let last = sign < 0 ? Number.POSITIVE_INFINITY : 0;
  for (let i = 0; i < rows.length; i += 1) {
    const row: unknown = rows[i];
    if (!Array.isArray(row) || row.length !== 2) {
      throw new InputError({ what: `${side}[${i}]`, expected: "[price, size]", was: toShown(row) });
    }
    const price = parsePrice(market, toShown(row[0]), `${side}[${i}].price`);
    if ((price - last) * sign <= 0) {
      const expected = `${sign < 0 ? "below" : "above"} the level before it`;
      throw new InputError({ what: `${side}[${i}].price`, expected, was: toShown(row[0]) });
    }
    last = price;
    prices.push(price);
    sizes.push(parseSize(market, toShown(row[1]), `${side}[${i}].size`));
  }
  return { prices, sizes };
}

function readRows(text: unknown, side: string): readonly unknown[] {
  const expected = `JSON text of at most ${BOOK_LEVELS_MAX} levels`;
  if (typeof text !== "string") throw new InputError({ what: side, expected, was: toShown(text) });
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new InputError({ what: side, expected, was: text, cause });
  }
  if (!Array.isArray(rows) || rows.length > BOOK_LEVELS_MAX) {
    throw new InputError({ what: side, expected, was: toShown(rows) });
  }
  return rows;
}

function readSequence(text: unknown): number {
  const sequence = typeof text === "string" && SEQUENCE.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(sequence) || sequence < 1) {
    throw new InputError({ what: "sequence", expected: "a positive safe integer as text", was: toShown(text) });
  }
  return sequence;
}

function readTradeId(text: unknown): string {
  if (typeof text === "string" && text.length > 0 && text.length <= TRADE_ID_CHARACTERS_MAX) return text;
  const expected = `text of 1 to ${TRADE_ID_CHARACTERS_MAX} characters`;
  throw new InputError({ what: "trade_id", expected, was: toShown(text) });
}

function readTradeSide(side: unknown): Side {
  if (side === "buy" || side === "sell") return side;
  throw new InputError({ what: "side", expected: "buy or sell", was: toShown(side) });
}
