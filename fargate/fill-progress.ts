/**
 * How far one market's fills are safe: which are read, which are acknowledged by the queue, and the books up to the cursor
 * that a restart may begin from. Owns no I/O: the tracker reads, sends and writes by what this says.
 */
import { applyFill, type BookedFill, compareFills, type KnownFills, type VenueKey } from "../core/accounting/pnl.ts";
import type { Fill } from "../core/events.ts";
import { type Market, priceToMoney, sizeToMoney } from "../core/market.ts";
import type { FillCheckpoint, FillOverlap } from "./state-table.ts";

/** Fills held that are not safe yet; past it no more are read, until some are. */
const HELD_MAX = 20_000;

/** Ids of safe fills by which a repeat in the venue's history is known. */
const SAFE_IDS_MAX = 5_000;

/**
 * Fills of one moment must not be parted by a checkpoint: the books fold them by id, in whatever order the venue tells them.
 * A page is closed once the history, asked this long after it was read, holds nothing more of its last moment.
 */
export const SETTLE_MS = 1_000;

/** What is read again on a reconnect, at a start and now and then: the fills of the last minute, at most so many. */
const OVERLAP_MS = 60_000;
const OVERLAP_FILLS_MAX = 200;

/** Pages behind the checkpoint that the overlap is made of: where each began, and its fills. */
type SafePage = FillOverlap & { readonly readAtMs: number | undefined };

/** One fill on its way. `sent` once the queue has acknowledged it. */
export type TrackedFill = {
  readonly fill: Fill;
  /** 10^-18 quote; unknown for fills out of the history. */
  readonly midAtFill: bigint | undefined;
  isSent: boolean;
  isInPage: boolean;
};

type Page = { fills: TrackedFill[]; cursor: string | undefined; readAtMs: number; isClosed: boolean };

export class FillProgress {
  readonly #market: Market;
  readonly #tracked = new Map<string, TrackedFill>();
  readonly #unoffered = new Set<TrackedFill>();
  readonly #safeIds = new Set<string>();
  #pages: Page[] = [];
  /** Which fills are in the books this task began with, as the engine has it too. */
  readonly #begin: KnownFills;
  readonly #safePages: SafePage[];
  #checkpoint: FillCheckpoint;
  #outOfOrder = 0;

  constructor(market: Market, checkpoint: FillCheckpoint) {
    this.#market = market;
    this.#checkpoint = checkpoint;
    this.#begin = checkpoint.overlap;
    this.#safePages = [{ ...checkpoint.overlap, readAtMs: undefined }];
    for (const { fillId } of checkpoint.overlap.fills) this.#safeIds.add(fillId);
  }

  get checkpoint(): FillCheckpoint {
    return this.#checkpoint;
  }

  /** Fills of the history that stand before one that was safe already: the venue broke its order. */
  get outOfOrder(): number {
    return this.#outOfOrder;
  }

  /** Fills not yet behind the checkpoint. */
  get heldCount(): number {
    return this.#tracked.size;
  }

  get isFull(): boolean {
    return this.#tracked.size >= HELD_MAX;
  }

  /** Fills that the outbox has not taken yet, oldest first. */
  get unoffered(): Iterable<TrackedFill> {
    return this.#unoffered;
  }

  get hasUnoffered(): boolean {
    return this.#unoffered.size > 0;
  }

  /** A fill from the stream. One that finds no room is left to the history, which will show it again. */
  see(fill: Fill, midAtFill: bigint | undefined): void {
    if (!this.isFull && !this.#safeIds.has(fill.fillId)) this.#track(fill, midAtFill);
  }

  offered(tracked: TrackedFill): void {
    this.#unoffered.delete(tracked);
  }

  /**
   * A page of the history, asked for at `askedAtMs` and read at `readAtMs` (monotonic). Answers with its fills that no
   * earlier page held.
   */
  addPage(page: {
    readonly fills: readonly Fill[];
    readonly nextCursor: string | undefined;
    readonly askedAtMs: number;
    readonly readAtMs: number;
  }): readonly Fill[] {
    const last = this.#pages.at(-1);
    const fresh: TrackedFill[] = [];
    for (const fill of page.fills) {
      if (this.#safeIds.has(fill.fillId)) continue;
      const tracked = this.#track(fill, undefined);
      if (tracked.isInPage) continue;
      tracked.isInPage = true;
      fresh.push(tracked);
    }
    if (fresh.length === 0) {
      // Only the end of the history proves it: the last minute is read again now and then.
      const isEnd = page.fills.length === 0 || page.nextCursor === last?.cursor;
      if (last !== undefined && isEnd && page.askedAtMs - last.readAtMs >= SETTLE_MS) last.isClosed = true;
      return [];
    }
    this.#countOutOfOrder(fresh);
    if (last !== undefined && (timesOf(fresh).at(0) ?? "") <= (timesOf(last.fills).at(-1) ?? "")) {
      last.fills.push(...fresh);
      last.cursor = page.nextCursor;
      last.readAtMs = page.readAtMs;
      last.isClosed = false;
    } else {
      if (last !== undefined) last.isClosed = true;
      this.#pages.push({ fills: fresh, cursor: page.nextCursor, readAtMs: page.readAtMs, isClosed: false });
    }
    return fresh.map(({ fill }) => fill);
  }

  /** Moves the checkpoint over the pages that are closed and wholly acknowledged. Answers whether it moved. */
  advance(): boolean {
    let moved = false;
    for (;;) {
      const page = this.#pages[0];
      if (page === undefined || !page.isClosed || !page.fills.every(({ isSent }) => isSent)) return moved;
      this.#pages.shift();
      this.#fold(page);
      moved = true;
    }
  }

  /**
   * Forgets acknowledged fills of the stream that the history has not shown: when there is no room, they must not stop the
   * reading. Should the history show one later, it is sent again, and the ledger knows it.
   */
  makeRoom(): void {
    if (!this.isFull) return;
    for (const [fillId, tracked] of this.#tracked) {
      if (tracked.isSent && !tracked.isInPage) this.#tracked.delete(fillId);
    }
  }

  #track(fill: Fill, midAtFill: bigint | undefined): TrackedFill {
    const known = this.#tracked.get(fill.fillId);
    if (known !== undefined) return known;
    const tracked = { fill, midAtFill, isSent: false, isInPage: false };
    this.#tracked.set(fill.fillId, tracked);
    this.#unoffered.add(tracked);
    return tracked;
  }

  #fold(page: Page): void {
    const inOrder = page.fills.map(({ fill }) => fill).sort(compareFills);
    let { books } = this.#checkpoint;
    const { after } = this.#begin;
    for (const fill of inOrder) {
      const isInBooks = after !== undefined && compareFills(fill, after) <= 0;
      if (!isInBooks) books = applyFill(books, this.#toBooked(fill), this.#market);
      this.#tracked.delete(fill.fillId);
      this.#safeIds.add(fill.fillId);
    }
    for (const fillId of this.#safeIds) {
      if (this.#safeIds.size <= SAFE_IDS_MAX) break;
      this.#safeIds.delete(fillId);
    }
    const { cursor, books: before } = this.#checkpoint;
    this.#safePages.push({ cursor, after: before.lastFill, fills: inOrder.map(toKey), readAtMs: page.readAtMs });
    this.#checkpoint = { cursor: page.cursor, books, overlap: this.#overlap(page, books) };
  }

  /** The pages of the last minute, as one. */
  #overlap(newest: Page, books: FillCheckpoint["books"]): FillOverlap {
    const pages = this.#safePages;
    const count = () => pages.reduce((sum, page) => sum + page.fills.length, 0);
    const isOld = (page: SafePage) => page.readAtMs === undefined || newest.readAtMs - page.readAtMs > OVERLAP_MS;
    while (pages[0] !== undefined && pages.length > 1 && isOld(pages[0])) pages.shift();
    while (pages.length > 0 && count() > OVERLAP_FILLS_MAX) pages.shift();
    const [first] = pages;
    if (first === undefined) return { cursor: newest.cursor, after: books.lastFill, fills: [] };
    return { cursor: first.cursor, after: first.after, fills: pages.flatMap((page) => page.fills) };
  }

  #countOutOfOrder(fresh: readonly TrackedFill[]): void {
    const { lastFill } = this.#checkpoint.books;
    if (lastFill === undefined) return;
    this.#outOfOrder += fresh.filter(({ fill }) => compareFills(fill, lastFill) < 0).length;
  }

  #toBooked(fill: Fill): BookedFill {
    return {
      fillId: fill.fillId,
      venueTime: fill.venueTime,
      side: fill.side,
      price: priceToMoney(this.#market, fill.price),
      size: sizeToMoney(this.#market, fill.size),
      fee: fill.fee,
      feeAsset: fill.feeAsset,
    };
  }
}

function toKey({ venueTime, fillId }: Fill): VenueKey {
  return { venueTime, fillId };
}

/** ISO times of one form: their order as text is their order in time. */
function timesOf(fills: readonly TrackedFill[]): readonly string[] {
  return fills.map(({ fill }) => fill.venueTime).sort();
}
