/**
 * The books that each process has read of each market, by the connection they came on, of that connection's last minute, as the network
 * saw them: what a node sent counts here, true or not. Owns the reading of frames (CONTRACTS 1) and this minute; what may be placed on it is
 * `order-checks.ts`'s. A task's own belief has no part in it.
 */
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { FrameConnection, Network } from "../network.ts";
import type { WorldProcess } from "../world-process.ts";
import { BookCounts } from "./book-counts.ts";

/** The best prices that a frame showed; a side that is empty has none. */
export type ReadBook = {
  /** World time, and the process' own monotonic time. */
  readonly atMs: number;
  readonly monotonicMs: number;
  readonly bid: number | undefined;
  readonly ask: number | undefined;
  /** The mid of the others, from the least to the most that a task can have taken it for, which knows of ended orders and shared levels in its own way. */
  readonly mids: Mids | undefined;
  /** It was read so soon after a standstill that a task may have noticed that, and not have taken its mid. */
  readonly isDoubted: boolean;
};

type Mids = { readonly low: number; readonly high: number };

type Level = { readonly price: number; readonly size: number };

/** A book that goes back further than this against one read before is none to go by. */
const BACK_MS_MAX = 1_000;
/** What is read so soon after a process stood still may have waited in the sockets: its mid counts for nothing there (`core/market-data`). */
const DRAINED_MS = 500;
/** A standstill is noticed by the time since the last turn, half a second before it at most, or by clocks that have parted (`fargate/quoting-loop.ts`). */
const NOTICED_MS = { perhaps: 1_000, surely: 2_000 };
const KEPT_MS = 70_000;
const KEPT_MAX = 600;
const SIDES_MAX = 500;
const BOOK = '"type":"OrderBookUpdate"';
const PLAIN_DECIMAL = /^\d{1,12}(\.\d{1,18})?$/;
/** Prices are compared as floating-point numbers; a book's are on the tick or none of the market's. */
const OFF_TICK_MAX = 1e-6;

/** Prices at which orders of ours stand in a market, or have until now, and how much of them is known to stand there. */
export type OwnSizes = (market: string) => ReadonlyMap<number, number>;

type Readings = { newestEpochMs: number; readonly byUrl: Map<string, ReadBook[]> };

export class BookReadings {
  readonly #readings = new Map<string, Readings>();
  readonly #counts = new BookCounts();
  readonly #ticks: ReadonlyMap<string, number>;
  /** Sides of books that were read, by where they go, tick and text. */
  readonly #sides = new Map<string, readonly Level[] | null>();
  readonly #nowMs: () => number;
  readonly #ownSizes: OwnSizes;

  constructor(
    network: Pick<Network, "onFrame">,
    input: {
      readonly markets: readonly MarketSetting[];
      readonly nowMs: () => number;
      readonly ownSizes: OwnSizes;
    },
  ) {
    this.#ticks = new Map(input.markets.map(({ symbol, tickSize }) => [symbol, Number(tickSize)]));
    this.#nowMs = input.nowMs;
    this.#ownSizes = input.ownSizes;
    const told = network.onFrame;
    network.onFrame = (process, frame, connection) => {
      told?.(process, frame, connection);
      if (frame.includes(BOOK)) this.#take(process, connection, frame);
    };
  }

  /** A market's books that a process has read up to a moment (world time), oldest first, each connection's apart. */
  read(process: string, market: string, untilMs: number): readonly (readonly ReadBook[])[] {
    const { byUrl } = this.#readings.get(`${process} ${market}`) ?? { byUrl: new Map<string, ReadBook[]>() };
    return [...byUrl.values()]
      .map((books) => books.filter(({ atMs }) => atMs <= untilMs))
      .filter((books) => books.length > 0);
  }

  /** `levelsOf`, read once a text: most books are those of the one before, told at another time. */
  #levels(text: string, tick: number, way: 1 | -1): readonly Level[] | null {
    const key = `${way}${tick}${text}`;
    const known = this.#sides.get(key);
    if (known !== undefined) return known;
    const levels = levelsOf(text, tick, way);
    if (this.#sides.size >= SIDES_MAX) this.#sides.clear();
    this.#sides.set(key, levels);
    return levels;
  }

  #take(process: WorldProcess, connection: FrameConnection, frame: string): void {
    const { url } = connection;
    for (const attributes of bookEventsOf(frame)) {
      const market = textIn(attributes, "market_id");
      const tick = this.#ticks.get(market);
      const epochMs = Date.parse(textIn(attributes, "timestamp"));
      const bids = this.#levels(textIn(attributes, "bids"), tick ?? 1, -1);
      const asks = this.#levels(textIn(attributes, "asks"), tick ?? 1, 1);
      if (tick === undefined || Number.isNaN(epochMs) || bids === null || asks === null) continue;
      const key = `${process.name} ${market}`;
      const readings = this.#readings.get(key) ?? { newestEpochMs: Number.NEGATIVE_INFINITY, byUrl: new Map() };
      this.#readings.set(key, readings);
      if (!this.#counts.isNext(connection, market, Number(textIn(attributes, "sequence") || Number.NaN))) continue;
      if (epochMs < readings.newestEpochMs - BACK_MS_MAX) continue;
      readings.newestEpochMs = Math.max(readings.newestEpochMs, epochMs);
      const books = readings.byUrl.get(url) ?? [];
      readings.byUrl.set(url, books);
      const { monotonicMs } = process.clock.now();
      const own = this.#ownSizes(market);
      const [bid, ask] = [bids[0]?.price, asks[0]?.price];
      const stoodMs = this.#nowMs() - process.thawedMs < DRAINED_MS ? process.lastStoodMs : 0;
      const mids = stoodMs > NOTICED_MS.surely ? undefined : midsOf(bids, asks, own);
      books.push({ atMs: this.#nowMs(), monotonicMs, bid, ask, mids, isDoubted: stoodMs >= NOTICED_MS.perhaps });
      const [oldest] = books;
      // One goes for one that comes: after a silence the last book before it, however old, is still there.
      if (books.length > KEPT_MAX || monotonicMs - (oldest?.monotonicMs ?? monotonicMs) > KEPT_MS) books.shift();
    }
  }
}

/** Whether a book has both sides, and its bid below its ask. */
export function isWhole({ bid, ask }: ReadBook): boolean {
  return bid !== undefined && ask !== undefined && bid < ask;
}

function midsOf(bids: readonly Level[], asks: readonly Level[], own: ReadonlyMap<number, number>): Mids | undefined {
  const othersOf = (levels: readonly Level[]) => levels.find(({ price }) => !own.has(price))?.price;
  // A stranger may stand at a price of ours, besides or since.
  const perhapsOf = (levels: readonly Level[]) => levels.find(({ price, size }) => size > (own.get(price) ?? 0))?.price;
  const [bid, ask] = [othersOf(bids), othersOf(asks)];
  const all = [bid, perhapsOf(bids)].flatMap((low) => [ask, perhapsOf(asks)].flatMap((high) => midOf(low, high) ?? []));
  return all.length === 0 ? undefined : { low: Math.min(...all), high: Math.max(...all) };
}

function midOf(bid: number | undefined, ask: number | undefined): number | undefined {
  return bid === undefined || ask === undefined || bid >= ask ? undefined : (bid + ask) / 2;
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

/** The levels of a side, best first; `null` where its rows are none of the market's. `way` is where they go: up in asks, down in bids. */
function levelsOf(text: string, tick: number, way: 1 | -1): readonly Level[] | null {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(rows)) return null;
  const texts = rows.map((row: unknown) => (Array.isArray(row) ? String(row[0]) : ""));
  const prices = texts.map(Number);
  if (!texts.every((text, index) => PLAIN_DECIMAL.test(text) && isOnTick(prices[index] ?? 0, tick))) return null;
  const isInOrder = prices.every((price, index) => index === 0 || (price - (prices[index - 1] ?? price)) * way > 0);
  return isInOrder ? prices.map((price, index) => ({ price, size: sizeOf(rows[index]) })) : null;
}

function sizeOf(row: unknown): number {
  return Array.isArray(row) ? Number(row[1]) : 0;
}

function isOnTick(price: number, tick: number): boolean {
  const ticks = price / tick;
  return ticks > 0.5 && Math.abs(ticks - Math.round(ticks)) < OFF_TICK_MAX * Math.max(1, ticks);
}
