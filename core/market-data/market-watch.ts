/**
 * What the market data says of one market: the newest book, what it shows without our orders, and every reason not to believe
 * it. Owns freshness and order of the data; our orders are told to it, and what is quoted is decided elsewhere.
 */
import type { BookUpdate, MarketEvent } from "../events.ts";
import { micropriceOf, midOf } from "../quoting/fair-value.ts";
import type { Instant } from "../units.ts";
import { isCrossed, type OwnSize, type TopOfBook, topOf, topWithoutOwn } from "./book.ts";
import { MidTape } from "./mid-tape.ts";
import { Reasonability, type ReasonabilityLimits } from "./reasonability.ts";
import { SpreadMeter, type Spreads } from "./spread-meter.ts";

/**
 * A node that catches up, or replays, sends books of the past over a living connection. One whose time lies further than this
 * behind a book seen before is not believed: more than one block of Sei (0.4 s), less than a price needs to move far.
 */
const STEP_BACK_MS_MAX = 1_000;

/** A venue's clock may be off ours by so much (CONTRACTS 3); a book from further ahead says nothing about its order. */
const VENUE_CLOCK_AHEAD_MS_MAX = 5_000;

/** After the process stood still, what it reads at first has waited in the sockets: only a book read this much later is new. */
const STALL_DRAIN_MS = 500;

/** After so long without a book that makes sense nothing is left to hold prices to: they are as new as at a start. */
const PRICES_FORGOTTEN_MS = 60_000;

const NONE: readonly string[] = [];

/** No mid, or no moment of one. */
const UNKNOWN = Number.NaN;

/**
 * A book is taken in two parts: what quotes go by at once, and what is only measured of it when somebody asks or `settle` says that
 * there is time, whichever comes first. So an order does not wait for figures.
 */
export class MarketWatch {
  readonly #spreads: SpreadMeter;
  readonly #mids: MidTape;
  /** The newest book, where it was taken and not yet measured; whether it was believed then, and whether its mid counts among the mids. */
  #unmeasured: BookUpdate | undefined;
  #isUnmeasuredBelieved = false;
  #isUnmeasuredMid = false;
  readonly #reasonability: Reasonability;
  readonly #bookAgeMsMax: number;
  readonly #venueAgeMsMax: number;
  #book: BookUpdate | undefined;
  #others: TopOfBook = { bid: undefined, ask: undefined };
  /** Why the newest book may not be quoted on, whatever its age; undefined when it may. */
  #distrust: string | undefined = "no book yet";
  #feedLoss: string | undefined = "no market data yet";
  /** Venue time from which the venue has halted the market; undefined while it has not, as far as is known. */
  #haltedVenueMs: number | undefined;
  /** When that was read (monotonic): what came before it hid no reopening. */
  #haltToldMs = Number.NEGATIVE_INFINITY;
  #newestVenueMs = Number.NEGATIVE_INFINITY;
  #drainedMs = Number.NEGATIVE_INFINITY;
  #midTicks = UNKNOWN;
  #midMs = UNKNOWN;
  #newPricesMs = Number.NEGATIVE_INFINITY;
  #crossedBooks = 0;
  #booksBehind = 0;

  /**
   * `venueAgeMsMax` is how old a book may be by its venue's own time next to our clock, in milliseconds; left out, that time says
   * nothing but the order of books, as where a recorded market is played.
   */
  constructor(limits: ReasonabilityLimits & { readonly bookAgeMs: number }, venueAgeMsMax?: number) {
    this.#bookAgeMsMax = limits.bookAgeMs;
    this.#spreads = new SpreadMeter(limits.bookAgeMs);
    this.#venueAgeMsMax = venueAgeMsMax ?? Number.POSITIVE_INFINITY;
    this.#reasonability = new Reasonability(limits);
    this.#mids = new MidTape(limits.bookAgeMs);
  }

  get spreads(): SpreadMeter {
    this.settle();
    return this.#spreads;
  }

  /**
   * The mids without our orders, of books that are believed. One that has just jumped counts here, unlike in `lastMidTicks`: the
   * moves that hurt most must not be missing from what is said of the time after a fill.
   */
  get mids(): MidTape {
    this.settle();
    return this.#mids;
  }

  get book(): BookUpdate | undefined {
    return this.#book;
  }

  /** How long ago the newest book was received, in milliseconds; undefined before the first. */
  bookAgeMs(now: Instant): number | undefined {
    return this.#book === undefined ? undefined : now.monotonicMs - this.#book.at.monotonicMs;
  }

  /** Whether the newest book may be quoted on and measured, whatever its age. */
  get isBookBelieved(): boolean {
    return this.#distrust === undefined;
  }

  /** The newest book's top without our orders. */
  get others(): TopOfBook {
    return this.#others;
  }

  /** Median of the last minute's mids, in ticks: what prices are held to. */
  get referencePrice(): number | undefined {
    return this.#reasonability.referencePrice;
  }

  /** The newest mid that made sense, in ticks: what the position is valued at, so that no odd book makes a loss. */
  get lastMidTicks(): number | undefined {
    return Number.isNaN(this.#midTicks) ? undefined : this.#midTicks;
  }

  /** Monotonic moment of the last book that there was nothing to hold to any more, after a minute without one that made sense. */
  get newPricesMs(): number {
    return this.#newPricesMs;
  }

  /** Moves of the mid beyond the limit. */
  get jumps(): number {
    return this.#reasonability.jumps;
  }

  get crossedBooks(): number {
    return this.#crossedBooks;
  }

  /** Books whose venue time lies behind one seen before, or far in the past. */
  get booksBehind(): number {
    return this.#booksBehind;
  }

  /** Fair value in ticks: the microprice without our orders. */
  fairValue(): number | undefined {
    return micropriceOf(this.#others);
  }

  /** Measures the newest book, where that is still to be done. */
  settle(): void {
    const book = this.#unmeasured;
    if (book === undefined) return;
    this.#unmeasured = undefined;
    const atMs = book.at.monotonicMs;
    const { bid, ask } = this.#others;
    const spreads = this.#isUnmeasuredBelieved ? spreadsOf(this.#others, book, this.#spreads.current) : undefined;
    this.#spreads.record(spreads, atMs);
    const isMid = this.#isUnmeasuredMid && bid !== undefined && ask !== undefined;
    this.#mids.record(isMid ? bid.price + ask.price : undefined, atMs);
    this.#reasonability.settle();
  }

  apply(event: MarketEvent, own: readonly OwnSize[]): void {
    if (event.type === "book-update") this.#applyBook(event, own);
    else if (event.type === "market-status") {
      this.#haltedVenueMs = event.status === "halted" ? event.venueTimeMs : undefined;
      this.#haltToldMs = event.at.monotonicMs;
    } else if (event.venueTimeMs > (this.#haltedVenueMs ?? event.venueTimeMs)) this.#haltedVenueMs = undefined;
  }

  /** A status is not repeated on a new connection: a market that is still halted refuses orders, which is safe. */
  feedConnected(): void {
    this.#feedLoss = undefined;
    this.#haltedVenueMs = undefined;
  }

  feedLost(loss: { readonly endpoint: string; readonly reason: string; readonly at: Instant }): void {
    this.#feedLoss = `market data lost from ${loss.endpoint}: ${loss.reason}`;
    this.#distrust = "no book since the market data was lost";
    this.#forgetPrices(loss.at);
  }

  /** The process stood still until `now`: nothing read before it is new, and what is read right after it may not be. */
  stalled(now: Instant): void {
    this.#drainedMs = now.monotonicMs + STALL_DRAIN_MS;
    this.#distrust = "no book since the process stood still";
    this.#forgetPrices(now);
  }

  /** Every reason not to quote on what is known at `now`; empty when it may be: nearly always, so that a list is made for a reason alone. */
  reasonsNotToQuote(now: Instant): readonly string[] {
    let reasons = NONE;
    if (this.#feedLoss !== undefined) reasons = [...reasons, this.#feedLoss];
    if (this.#haltedVenueMs !== undefined) reasons = [...reasons, "the venue has halted the market"];
    if (this.#distrust !== undefined) reasons = [...reasons, this.#distrust];
    const unreasonable = this.#reasonability.reasons(now.monotonicMs);
    if (unreasonable.length > 0) reasons = [...reasons, ...unreasonable];
    if (this.#book === undefined) return reasons;
    const staleMs = this.#book.at.monotonicMs + this.#bookAgeMsMax;
    if (now.monotonicMs <= staleMs) return reasons;
    this.spreads.record(undefined, staleMs);
    return [...reasons, `book is older than ${this.#bookAgeMsMax} ms`];
  }

  #forgetPrices(now: Instant): void {
    this.spreads.record(undefined, now.monotonicMs);
    this.mids.record(undefined, now.monotonicMs);
  }

  #applyBook(book: BookUpdate, own: readonly OwnSize[]): void {
    this.settle();
    const others = topWithoutOwn(book, own, this.#others);
    // A reopening may be among what was not told in a silence, as on a connection that is new.
    const heardMs = Math.max(this.#book?.at.monotonicMs ?? Number.NEGATIVE_INFINITY, this.#haltToldMs);
    if (book.at.monotonicMs - heardMs > this.#bookAgeMsMax) this.#haltedVenueMs = undefined;
    this.#book = book;
    this.#others = others;
    this.#distrust = this.#distrustOf(book);
    this.#unmeasured = book;
    this.#isUnmeasuredBelieved = this.#distrust === undefined;
    this.#isUnmeasuredMid = false;
    const { bid, ask } = others;
    if (!this.#isUnmeasuredBelieved || bid === undefined || ask === undefined) return;
    const mid = (bid.price + ask.price) / 2;
    this.#reasonability.record(mid, ask.price - bid.price, book.at.monotonicMs);
    this.#isUnmeasuredMid = this.#feedLoss === undefined && !this.#reasonability.isTooWide;
    if (this.#reasonability.reasons(book.at.monotonicMs).length > 0) return;
    if (book.at.monotonicMs - this.#midMs > PRICES_FORGOTTEN_MS) this.#newPricesMs = book.at.monotonicMs;
    this.#midTicks = mid;
    this.#midMs = book.at.monotonicMs;
  }

  #distrustOf(book: BookUpdate): string | undefined {
    const behindMs = this.#newestVenueMs - book.venueTimeMs;
    if (behindMs > STEP_BACK_MS_MAX) {
      this.#booksBehind += 1;
      return `book is ${behindMs} ms behind one seen before`;
    }
    const aheadMs = book.venueTimeMs - book.at.epochMs;
    if (-aheadMs > this.#venueAgeMsMax) {
      this.#booksBehind += 1;
      return `book is ${Math.floor(-aheadMs / 1_000)} s old by the venue's clock`;
    }
    if (aheadMs <= VENUE_CLOCK_AHEAD_MS_MAX) this.#newestVenueMs = Math.max(this.#newestVenueMs, book.venueTimeMs);
    if (isCrossed(topOf(book))) {
      this.#crossedBooks += 1;
      return "book is crossed";
    }
    if (book.at.monotonicMs < this.#drainedMs) return "no book since the process stood still";
    return this.#emptySideOf(book);
  }

  #emptySideOf(book: BookUpdate): string | undefined {
    if (midOf(this.#others) !== undefined) return undefined;
    return midOf(topOf(book)) === undefined ? "book has an empty side" : "a side of the book holds only our own orders";
  }
}

/** The same object where they are those of `before`. */
function spreadsOf(others: TopOfBook, { bids, asks }: BookUpdate, before: Spreads | undefined): Spreads | undefined {
  const mid = midOf(others);
  const bid = bids.prices[0];
  const ask = asks.prices[0];
  if (mid === undefined || others.bid === undefined || others.ask === undefined) return undefined;
  if (bid === undefined || ask === undefined) return undefined;
  const othersBps = (10_000 * (others.ask.price - others.bid.price)) / mid;
  const selfBps = (10_000 * (ask - bid)) / mid;
  return before?.othersBps === othersBps && before.selfBps === selfBps ? before : { othersBps, selfBps };
}
