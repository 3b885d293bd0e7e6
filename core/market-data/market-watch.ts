/**
 * What the market data says of one market: the newest book, what it shows without our orders, and every reason not to believe
 * it. Owns freshness and order of the data; our orders are told to it, and what is quoted is decided elsewhere.
 */
import type { BookUpdate, MarketEvent } from "../events.ts";
import { micropriceOf, midOf } from "../quoting/fair-value.ts";
import type { Instant } from "../units.ts";
import { isCrossed, type OwnSize, type TopOfBook, topOf, topWithoutOwn } from "./book.ts";
import { SpreadMeter, type Spreads } from "./spread-meter.ts";

/**
 * A node that catches up, or replays, sends books of the past over a living connection. One whose time lies further than this
 * behind a book seen before is not believed: more than one block of Sei (0.4 s), less than a price needs to move far.
 */
const STEP_BACK_MS_MAX = 1_000;

/** A venue's clock may be off ours by so much (CONTRACTS 3); a book from further ahead says nothing about its order. */
const VENUE_CLOCK_AHEAD_MS_MAX = 5_000;

export class MarketWatch {
  readonly spreads = new SpreadMeter();
  readonly #bookAgeMsMax: number;
  #book: BookUpdate | undefined;
  #others: TopOfBook = { bid: undefined, ask: undefined };
  /** Why the newest book may not be quoted on, whatever its age; undefined when it may. */
  #distrust: string | undefined = "no book yet";
  #feedLoss: string | undefined = "no market data yet";
  #isHalted = false;
  #newestVenueMs = Number.NEGATIVE_INFINITY;
  #crossedBooks = 0;
  #booksBehind = 0;

  constructor(bookAgeMsMax: number) {
    this.#bookAgeMsMax = bookAgeMsMax;
  }

  get book(): BookUpdate | undefined {
    return this.#book;
  }

  /** The newest book's top without our orders. */
  get others(): TopOfBook {
    return this.#others;
  }

  get crossedBooks(): number {
    return this.#crossedBooks;
  }

  /** Books whose venue time lies behind one seen before. */
  get booksBehind(): number {
    return this.#booksBehind;
  }

  /** Fair value in ticks: the microprice without our orders. */
  fairValue(): number | undefined {
    return micropriceOf(this.#others);
  }

  apply(event: MarketEvent, own: readonly OwnSize[]): void {
    if (event.type === "book-update") this.#applyBook(event, own);
    else if (event.type === "market-status") this.#isHalted = event.status === "halted";
  }

  /** A status is not repeated on a new connection: a market that is still halted refuses orders, which is safe. */
  feedConnected(): void {
    this.#feedLoss = undefined;
    this.#isHalted = false;
  }

  feedLost(loss: { readonly endpoint: string; readonly reason: string; readonly at: Instant }): void {
    this.#feedLoss = `market data lost from ${loss.endpoint}: ${loss.reason}`;
    this.#distrust = "no book since the market data was lost";
    this.spreads.record(undefined, loss.at.monotonicMs);
  }

  /** Every reason not to quote on what is known at `now`; empty when it may be. */
  reasonsNotToQuote(now: Instant): readonly string[] {
    const reasons: string[] = [];
    if (this.#feedLoss !== undefined) reasons.push(this.#feedLoss);
    if (this.#isHalted) reasons.push("the venue has halted the market");
    if (this.#distrust !== undefined) reasons.push(this.#distrust);
    if (this.#book === undefined) return reasons;
    const staleMs = this.#book.at.monotonicMs + this.#bookAgeMsMax;
    if (now.monotonicMs > staleMs) {
      reasons.push(`book is older than ${this.#bookAgeMsMax} ms`);
      this.spreads.record(undefined, staleMs);
    }
    return reasons;
  }

  #applyBook(book: BookUpdate, own: readonly OwnSize[]): void {
    this.#book = book;
    this.#others = topWithoutOwn(book, own);
    this.#distrust = this.#distrustOf(book);
    const spreads = this.#distrust === undefined ? spreadsOf(this.#others, topOf(book)) : undefined;
    this.spreads.record(spreads, book.at.monotonicMs);
  }

  #distrustOf(book: BookUpdate): string | undefined {
    const behindMs = this.#newestVenueMs - book.venueTimeMs;
    if (behindMs > STEP_BACK_MS_MAX) {
      this.#booksBehind += 1;
      return `book is ${behindMs} ms behind one seen before`;
    }
    const aheadMs = book.venueTimeMs - book.at.epochMs;
    if (aheadMs <= VENUE_CLOCK_AHEAD_MS_MAX) this.#newestVenueMs = Math.max(this.#newestVenueMs, book.venueTimeMs);
    if (isCrossed(topOf(book))) {
      this.#crossedBooks += 1;
      return "book is crossed";
    }
    return midOf(this.#others) === undefined ? "book has an empty side" : undefined;
  }
}

function spreadsOf(others: TopOfBook, withUs: TopOfBook): Spreads | undefined {
  const mid = midOf(others);
  if (mid === undefined || others.bid === undefined || others.ask === undefined) return undefined;
  if (withUs.bid === undefined || withUs.ask === undefined) return undefined;
  const toBps = (ticks: number): number => (10_000 * ticks) / mid;
  return {
    othersBps: toBps(others.ask.price - others.bid.price),
    selfBps: toBps(withUs.ask.price - withUs.bid.price),
  };
}
