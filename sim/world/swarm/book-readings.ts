/**
 * The books that each process has read of each market, by the connection they came on, of that connection's last minute, as the network
 * saw them: what a node sent counts here, true or not. Owns this minute; what may be placed on it is `order-checks.ts`'s. A task's own belief
 * has no part in it.
 */
import type { FrameConnection } from "../network.ts";
import type { WorldProcess } from "../world-process.ts";
import type { FrameBook, FrameBooks, Level } from "./frame-books.ts";

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

/** A book that goes back further than this against one read before is none to go by. */
const BACK_MS_MAX = 1_000;
/** What is read so soon after a process stood still may have waited in the sockets: its mid counts for nothing there (`core/market-data`). */
const DRAINED_MS = 500;
/** A standstill is noticed by the time since the last turn, half a second before it at most, or by clocks that have parted (`fargate/quoting-loop.ts`). */
const NOTICED_MS = { perhaps: 1_000, surely: 2_000 };
const KEPT_MS = 70_000;
const KEPT_MAX = 600;

/** Prices at which orders of ours stand in a market, or have until now, and how much of them is known to stand there. */
export type OwnSizes = (market: string) => ReadonlyMap<number, number>;

type Readings = { newestEpochMs: number; readonly byUrl: Map<string, ReadBook[]> };

export class BookReadings {
  readonly #readings = new Map<string, Readings>();
  readonly #nowMs: () => number;
  readonly #ownSizes: OwnSizes;

  constructor(books: FrameBooks, input: { readonly nowMs: () => number; readonly ownSizes: OwnSizes }) {
    this.#nowMs = input.nowMs;
    this.#ownSizes = input.ownSizes;
    books.listen((process, connection, book) => this.#take(process, connection, book));
  }

  /** A market's books that a process has read up to a moment (world time), oldest first, each connection's apart. */
  read(process: string, market: string, untilMs: number): readonly (readonly ReadBook[])[] {
    const { byUrl } = this.#readings.get(`${process} ${market}`) ?? { byUrl: new Map<string, ReadBook[]>() };
    return [...byUrl.values()]
      .map((books) => books.filter(({ atMs }) => atMs <= untilMs))
      .filter((books) => books.length > 0);
  }

  #take(process: WorldProcess, { url }: FrameConnection, { market, epochMs, bids, asks }: FrameBook): void {
    const key = `${process.name} ${market}`;
    const readings = this.#readings.get(key) ?? { newestEpochMs: Number.NEGATIVE_INFINITY, byUrl: new Map() };
    this.#readings.set(key, readings);
    if (epochMs < readings.newestEpochMs - BACK_MS_MAX) return;
    readings.newestEpochMs = Math.max(readings.newestEpochMs, epochMs);
    const books = readings.byUrl.get(url) ?? [];
    readings.byUrl.set(url, books);
    const { monotonicMs } = process.clock.now();
    const nowMs = this.#nowMs();
    const stoodMs = nowMs - process.thawedMs < DRAINED_MS ? process.lastStoodMs : 0;
    const mids = stoodMs > NOTICED_MS.surely ? undefined : midsOf(bids, asks, this.#ownSizes(market));
    const [bid, ask] = [bids[0]?.price, asks[0]?.price];
    books.push({ atMs: nowMs, monotonicMs, bid, ask, mids, isDoubted: stoodMs >= NOTICED_MS.perhaps });
    const [oldest] = books;
    // One goes for one that comes: after a silence the last book before it, however old, is still there.
    if (books.length > KEPT_MAX || monotonicMs - (oldest?.monotonicMs ?? monotonicMs) > KEPT_MS) books.shift();
  }
}

/** Whether a book has both sides, and its bid below its ask. */
export function isWhole({ bid, ask }: ReadBook): boolean {
  return bid !== undefined && ask !== undefined && bid < ask;
}

/** From the least to the most mid of the others: a stranger may stand at a price of ours, besides or since. */
function midsOf(bids: readonly Level[], asks: readonly Level[], own: ReadonlyMap<number, number>): Mids | undefined {
  const bid = bestOf(bids, own);
  const ask = bestOf(asks, own);
  let mids: Mids | undefined;
  for (const low of [bid.surely, bid.perhaps]) {
    for (const high of [ask.surely, ask.perhaps]) {
      const mid = midOf(low, high);
      if (mid !== undefined) mids = { low: Math.min(mid, mids?.low ?? mid), high: Math.max(mid, mids?.high ?? mid) };
    }
  }
  return mids;
}

type BestOfOthers = { readonly surely: number | undefined; readonly perhaps: number | undefined };

function bestOf(levels: readonly Level[], own: ReadonlyMap<number, number>): BestOfOthers {
  let perhaps: number | undefined;
  for (const { price, size } of levels) {
    const ours = own.get(price);
    if (perhaps === undefined && size > (ours ?? 0)) perhaps = price;
    if (ours === undefined) return { surely: price, perhaps };
  }
  return { surely: undefined, perhaps };
}

function midOf(bid: number | undefined, ask: number | undefined): number | undefined {
  return bid === undefined || ask === undefined || bid >= ask ? undefined : (bid + ask) / 2;
}
