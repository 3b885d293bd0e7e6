/**
 * The books that each process has read of each market in the last minute, by the connection they came on, as the network saw them: what a
 * node sent counts here, true or not. Owns the reading of frames (CONTRACTS 1) and this minute; what may be placed on it is
 * `order-checks.ts`'s. A task's own belief has no part in it.
 */
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { Network } from "../network.ts";
import type { WorldProcess } from "../world-process.ts";

/** The best prices that a frame showed; a side that is empty has none. */
export type ReadBook = {
  /** World time, and the process' own monotonic time. */
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly bid: number | undefined;
  readonly ask: number | undefined;
};

/** A book that goes back further than this against one read before is none to go by. */
const BACK_MS_MAX = 1_000;
const KEPT_MS = 70_000;
const KEPT_MAX = 600;
const BOOK = '"type":"OrderBookUpdate"';
const PLAIN_DECIMAL = /^\d{1,12}(\.\d{1,18})?$/;
/** Prices are compared as floating-point numbers; a book's are on the tick or none of the market's. */
const OFF_TICK_MAX = 1e-6;

type Readings = { newestEpochMs: number; readonly byUrl: Map<string, ReadBook[]> };

export class BookReadings {
  readonly #readings = new Map<string, Readings>();
  readonly #ticks: ReadonlyMap<string, number>;
  readonly #nowMs: () => number;

  constructor(network: Pick<Network, "onFrame">, markets: readonly MarketSetting[], nowMs: () => number) {
    this.#ticks = new Map(markets.map(({ symbol, tickSize }) => [symbol, Number(tickSize)]));
    this.#nowMs = nowMs;
    const told = network.onFrame;
    network.onFrame = (process, data, url) => {
      told?.(process, data, url);
      const frame = data.toString("latin1");
      if (frame.includes(BOOK)) this.#take(process, url, frame);
    };
  }

  /** A market's books that a process has read up to a moment (world time), oldest first, each connection's apart. */
  read(process: string, market: string, untilMs: number): readonly (readonly ReadBook[])[] {
    const { byUrl } = this.#readings.get(`${process} ${market}`) ?? { byUrl: new Map<string, ReadBook[]>() };
    return [...byUrl.values()]
      .map((books) => books.filter(({ atMs }) => atMs <= untilMs))
      .filter((books) => books.length > 0);
  }

  #take(process: WorldProcess, url: string, frame: string): void {
    for (const attributes of bookEventsOf(frame)) {
      const market = attributes["market_id"] ?? "";
      const tick = this.#ticks.get(market);
      const epochMs = Date.parse(attributes["timestamp"] ?? "");
      const bid = bestOf(attributes["bids"], tick ?? 1, -1);
      const ask = bestOf(attributes["asks"], tick ?? 1, 1);
      if (tick === undefined || Number.isNaN(epochMs) || bid === null || ask === null) continue;
      const key = `${process.name} ${market}`;
      const readings = this.#readings.get(key) ?? { newestEpochMs: Number.NEGATIVE_INFINITY, byUrl: new Map() };
      this.#readings.set(key, readings);
      if (epochMs < readings.newestEpochMs - BACK_MS_MAX) continue;
      readings.newestEpochMs = Math.max(readings.newestEpochMs, epochMs);
      const books = readings.byUrl.get(url) ?? [];
      readings.byUrl.set(url, books);
      const { monotonicMs } = process.clock.now();
      books.push({ atMs: this.#nowMs(), monotonicMs, bid, ask });
      const [oldest] = books;
      if (books.length > KEPT_MAX || monotonicMs - (oldest?.monotonicMs ?? monotonicMs) > KEPT_MS) books.shift();
    }
  }
}

/** The mid of a book that has both sides and whose bid is below its ask. */
export function midOf({ bid, ask }: ReadBook): number | undefined {
  return bid === undefined || ask === undefined || bid >= ask ? undefined : (bid + ask) / 2;
}

/** Attributes of a frame's book updates; none for what is no frame. */
function bookEventsOf(frame: string): readonly Readonly<Record<string, string>>[] {
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
    .map((event) => Object.fromEntries(Object.entries(Object(Reflect.get(event, "attributes"))).filter(isText)));
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}

/**
 * The best price of a side, undefined for an empty one; `null` where its rows are none of the market's. `way` is where prices go: up in
 * asks, down in bids.
 */
function bestOf(text: string | undefined, tick: number, way: 1 | -1): number | undefined | null {
  let rows: unknown;
  try {
    rows = JSON.parse(text ?? "");
  } catch {
    return null;
  }
  if (!Array.isArray(rows)) return null;
  const texts = rows.map((row: unknown) => (Array.isArray(row) ? String(row[0]) : ""));
  const prices = texts.map(Number);
  if (!texts.every((text, index) => PLAIN_DECIMAL.test(text) && isOnTick(prices[index] ?? 0, tick))) return null;
  const isInOrder = prices.every((price, index) => index === 0 || (price - (prices[index - 1] ?? price)) * way > 0);
  return isInOrder ? prices[0] : null;
}

function isOnTick(price: number, tick: number): boolean {
  const ticks = price / tick;
  return ticks > 0.5 && Math.abs(ticks - Math.round(ticks)) < OFF_TICK_MAX * Math.max(1, ticks);
}
