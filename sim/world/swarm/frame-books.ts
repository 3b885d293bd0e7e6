/**
 * The books that processes read, frame by frame, as the network carries them (CONTRACTS 1): read once, for every rule that asks. Owns the
 * reading; what a book is good for is its listeners'. A task's own belief has no part in it.
 */
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { FrameConnection, Network } from "../network.ts";
import type { WorldProcess } from "../world-process.ts";
import { BookCounts } from "./book-counts.ts";

export type Level = { readonly price: number; readonly size: number };

/** One book of a frame: its rows readable, its prices the market's, its count the connection's next. */
export type FrameBook = {
  readonly market: string;
  readonly epochMs: number;
  /** Best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
};

export type BookListener = (process: WorldProcess, connection: FrameConnection, book: FrameBook) => void;

/** Most books are those of the one before, told at another time. */
type Side = { text: string; levels: readonly Level[] | null };
type Market = { readonly tick: number; readonly bids: Side; readonly asks: Side };

const BOOK = '"type":"OrderBookUpdate"';
const PLAIN_DECIMAL = /^\d{1,12}(\.\d{1,18})?$/;
/** Prices are compared as floating-point numbers; a book's are on the tick or none of the market's. */
const OFF_TICK_MAX = 1e-6;

export class FrameBooks {
  readonly #markets: ReadonlyMap<string, Market>;
  readonly #counts = new BookCounts();
  readonly #listeners: BookListener[] = [];

  constructor(network: Pick<Network, "onFrame">, markets: readonly MarketSetting[]) {
    const side = (): Side => ({ text: "[]", levels: [] });
    this.#markets = new Map(
      markets.map(({ symbol, tickSize }) => [symbol, { tick: Number(tickSize), bids: side(), asks: side() }]),
    );
    network.onFrame = (process, frame, connection) => {
      if (!frame.includes(BOOK)) return;
      for (const attributes of bookEventsOf(frame)) {
        const book = this.#read(attributes, connection);
        if (book !== undefined) for (const listen of this.#listeners) listen(process, connection, book);
      }
    };
  }

  /** Tells each book from now on, in the order in which listeners came. */
  listen(listener: BookListener): void {
    this.#listeners.push(listener);
  }

  #read(attributes: object, connection: FrameConnection): FrameBook | undefined {
    const name = textIn(attributes, "market_id");
    const market = this.#markets.get(name);
    const epochMs = Date.parse(textIn(attributes, "timestamp"));
    if (market === undefined || Number.isNaN(epochMs)) return undefined;
    const bids = levelsIn(market.bids, textIn(attributes, "bids"), market.tick, -1);
    const asks = levelsIn(market.asks, textIn(attributes, "asks"), market.tick, 1);
    if (bids === null || asks === null) return undefined;
    const sequence = Number(textIn(attributes, "sequence") || Number.NaN);
    return this.#counts.isNext(connection, name, sequence) ? { market: name, epochMs, bids, asks } : undefined;
  }
}

/** Attributes of a frame's book updates; none for what is no frame. */
function bookEventsOf(frame: string): readonly object[] {
  let events: unknown;
  try {
    events = Reflect.get(Object(Reflect.get(Object(JSON.parse(frame)), "result")), "events");
  } catch {
    // A frame that is cut short or prose shows no book.
    return [];
  }
  if (!Array.isArray(events)) return [];
  return events
    .filter((event) => Reflect.get(Object(event), "type") === "OrderBookUpdate")
    .map((event) => Object(Reflect.get(event, "attributes")));
}

function textIn(attributes: object, name: string): string {
  const value: unknown = Reflect.get(attributes, name);
  return typeof value === "string" ? value : "";
}

/** `levelsOf`, read once where the text is the last one's. */
function levelsIn(last: Side, text: string, tick: number, way: 1 | -1): readonly Level[] | null {
  if (text === last.text) return last.levels;
  last.text = text;
  last.levels = levelsOf(text, tick, way);
  return last.levels;
}

/** The levels of a side, best first; `null` where its rows are none of the market's. `way` is where they go: up in asks, down in bids. */
function levelsOf(text: string, tick: number, way: 1 | -1): readonly Level[] | null {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(rows)) return null;
  const levels: Level[] = [];
  for (const row of rows) {
    const [price, size] = Array.isArray(row) ? row : [];
    if (typeof price !== "string" || typeof size !== "string") return null;
    if (!PLAIN_DECIMAL.test(price) || !PLAIN_DECIMAL.test(size)) return null;
    const level = { price: Number(price), size: Number(size) };
    const before = levels.at(-1)?.price;
    if (!isOnTick(level.price, tick) || (before !== undefined && (level.price - before) * way <= 0)) return null;
    levels.push(level);
  }
  return levels;
}

function isOnTick(price: number, tick: number): boolean {
  const ticks = price / tick;
  return ticks > 0.5 && Math.abs(ticks - Math.round(ticks)) < OFF_TICK_MAX * Math.max(1, ticks);
}
