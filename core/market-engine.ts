/**
 * One market inside the engine: its book, orders, books of account and state, and what it would like to do now.
 * Owns no request budget: the engine picks from every market's plan what may be sent.
 */
import { FillLog } from "./accounting/fill-log.ts";
import type { Books } from "./accounting/pnl.ts";
import { assert, assertNever } from "./assert.ts";
import type { CancelOrder, PlaceOrder, QueryOrder } from "./commands.ts";
import type { BookUpdate, EngineEvent, Fill, OrderEvent } from "./events.ts";
import { diffOrders } from "./execution/order-diff.ts";
import type { Market } from "./market.ts";
import { priceToMoney, sizeToMoney } from "./market.ts";
import type { OwnSize, TopOfBook } from "./market-data/book.ts";
import { isCrossed, topOf, topWithoutOwn } from "./market-data/book.ts";
import type { Spreads } from "./market-data/spread-meter.ts";
import { SpreadMeter } from "./market-data/spread-meter.ts";
import type { Order } from "./orders.ts";
import { isOpen, isUnknown, Orders, remainingOf } from "./orders.ts";
import { micropriceOf, midOf } from "./quoting/fair-value.ts";
import type { RefreshTolerance, StrategyParameters } from "./quoting/parameters.ts";
import type { Quote } from "./quoting/strategy.ts";
import { pureMarketMaking } from "./quoting/strategy.ts";
import type { Denial, DenialReason, Exposure } from "./risk/gate.ts";
import { admitQuote, exposureOf, shapeQuotes } from "./risk/gate.ts";
import type { Limits } from "./risk/limits.ts";
import type { Instant, Lots, Side } from "./units.ts";
import { toLots } from "./units.ts";

export type MarketSettings = {
  readonly market: Market;
  readonly strategy: StrategyParameters;
  readonly tolerance: RefreshTolerance;
  readonly limits: Limits;
};

/** What a market would send now, each list most urgent first. Placings still have to pass `admit`. */
export type MarketPlan = {
  readonly cancels: readonly Order[];
  readonly queries: readonly Order[];
  readonly places: readonly Quote[];
  readonly moves: readonly { readonly order: Order; readonly quote: Quote }[];
};

export type OrderCounts = {
  readonly placed: number;
  readonly cancelled: number;
  readonly rejected: number;
  readonly filled: number;
};
export type CountsBySide = Readonly<Record<Side, OrderCounts>>;

/** An order of unproven fate, or a placing unanswered for longer than an answer takes, is asked for this often. */
const QUERY_INTERVAL_MS = 1_000;
const ANSWER_OVERDUE_MS = 3_000;

/** After the venue refused a slot's order, that slot waits: the same quote would be refused again at once. */
const REJECTED_PAUSE_MS = 500;

/** An order that ended may still stand in books published a little later; it counts as ours for so long. */
const ENDED_SHOWN_MS = 500;

const RECENT_FILLS_MAX = 20;
const CLIENT_ORDER_ID_MAX = 36;

export class MarketEngine {
  readonly settings: MarketSettings;
  readonly orders = new Orders();
  readonly spreads = new SpreadMeter();
  readonly #epoch: number;
  readonly #fillLog: FillLog;
  readonly #lotMoney: bigint;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #counts = { buy: emptyCounts(), sell: emptyCounts() };
  readonly #recentFills: Fill[] = [];
  readonly #twoSided = { measuredMs: 0, twoSidedMs: 0, lastMs: undefined as number | undefined };
  #book: BookUpdate | undefined;
  #bookCurrent = false;
  #others: TopOfBook = { bid: undefined, ask: undefined };
  #marketHalted = false;
  #haltReason: string | undefined = "starting";
  #feedLoss: string | undefined = "no market data yet";
  #denials: readonly Denial[] = [];
  #blockers: readonly string[] = [];
  #nextOrderNumber = 1;
  #crossedBooks = 0;
  #externalFills = 0;

  constructor(settings: MarketSettings, options: { readonly epoch: number; readonly books: Books }) {
    this.settings = settings;
    this.#epoch = options.epoch;
    this.#fillLog = new FillLog(options.books, settings.market);
    this.#lotMoney = sizeToMoney(settings.market, toLots(1));
  }

  get book(): BookUpdate | undefined {
    return this.#book;
  }

  /** The newest book's top without our orders. */
  get others(): TopOfBook {
    return this.#others;
  }

  get books(): Books {
    return this.#fillLog.books;
  }

  get position(): Lots {
    return toLots(Number(this.#fillLog.books.position / this.#lotMoney));
  }

  get counts(): CountsBySide {
    return this.#counts;
  }

  /** Newest first, at most 20. */
  get recentFills(): readonly Fill[] {
    return this.#recentFills;
  }

  get crossedBooks(): number {
    return this.#crossedBooks;
  }

  /** Fills of orders this engine did not send: an earlier epoch's, or by hand. */
  get externalFills(): number {
    return this.#externalFills;
  }

  /** Why nothing is quoted, as of the last plan; empty while quoting. */
  get blockers(): readonly string[] {
    return this.#blockers;
  }

  /** What the limits kept from being quoted, as of the last plan. */
  get denials(): readonly Denial[] {
    return this.#denials;
  }

  /** Share of the time since the first plan with a live order on both sides; undefined before any time has passed. */
  get twoSidedRatio(): number | undefined {
    const { measuredMs, twoSidedMs } = this.#twoSided;
    return measuredMs === 0 ? undefined : twoSidedMs / measuredMs;
  }

  /** Takes one fact. Answers true when a fill in it was new. */
  apply(event: EngineEvent): boolean {
    switch (event.type) {
      case "book-update":
        this.#applyBook(event);
        return false;
      case "trade":
        return false;
      case "market-status":
        this.#marketHalted = event.status === "halted";
        return false;
      case "feed-connected":
        this.#feedLoss = undefined;
        return false;
      case "feed-lost":
        this.#feedLoss = `market data lost from ${event.endpoint}: ${event.reason}`;
        this.#bookCurrent = false;
        this.spreads.record(undefined, event.at.monotonicMs);
        return false;
      case "quoting-allowed":
        this.#haltReason = undefined;
        return false;
      case "quoting-halted":
        this.#haltReason = event.reason;
        return false;
      case "fill":
        return this.#applyFill(event.fill);
      case "order-seen":
      case "order-rejected":
      case "place-unknown":
      case "cancel-unknown":
      case "order-cancelled":
      case "order-absent":
        this.#applyOrder(event);
        return false;
      default:
        return assertNever(event);
    }
  }

  /** What should change now. Reads the clock's argument only; sends nothing. */
  plan(now: Instant): MarketPlan {
    this.orders.forget(now.monotonicMs);
    this.#blockers = this.#reasonsNotToQuote(now);
    const open = this.orders.open();
    this.#measureTwoSided(open, now);
    const shaped = this.#blockers.length > 0 ? { quotes: [], denials: [] } : this.#wantedQuotes();
    this.#denials = shaped.denials;
    const diff = diffOrders(shaped.quotes, open, this.settings.tolerance);
    return {
      cancels: diff.cancels.filter((order) => order.orderId !== undefined),
      moves: diff.moves.filter(({ order }) => order.orderId !== undefined),
      queries: open.filter((order) => isQueryDue(order, now.monotonicMs)),
      places: diff.places.filter((quote) => (this.#pausedUntilMs.get(slotOf(quote)) ?? 0) <= now.monotonicMs),
    };
  }

  /** The worst case now, to be carried through the placings of one decision. */
  exposure(): Exposure {
    return exposureOf(this.position, this.orders.known());
  }

  admit(quote: Quote, exposure: Exposure): DenialReason | undefined {
    return admitQuote({ quote, exposure, limits: this.settings.limits, open: this.orders.open() });
  }

  place(quote: Quote, requestId: number, now: Instant): PlaceOrder {
    const { symbol } = this.settings.market;
    const slot = `${quote.side === "buy" ? "b" : "s"}${quote.level}`;
    const clientOrderId = `fm-${this.#epoch}-${symbol.replace("/", "")}-${slot}-${this.#nextOrderNumber}`;
    assert(
      clientOrderId.length <= CLIENT_ORDER_ID_MAX,
      `client order id ${clientOrderId} is over ${CLIENT_ORDER_ID_MAX}`,
    );
    this.#nextOrderNumber += 1;
    const order = { clientOrderId, market: symbol, side: quote.side, price: quote.price, size: quote.size };
    this.orders.sent({ ...order, level: quote.level }, now.monotonicMs);
    this.#counts[quote.side].placed += 1;
    return { type: "place-order", requestId, ...order };
  }

  cancel(order: Order, requestId: number, now: Instant): CancelOrder {
    assert(order.orderId !== undefined, `order ${order.clientOrderId} cannot be cancelled before its id is known`);
    this.orders.cancelSent(order.clientOrderId, now.monotonicMs);
    const { clientOrderId, orderId, market } = order;
    return { type: "cancel-order", requestId, market, clientOrderId, orderId };
  }

  query(order: Order, requestId: number, now: Instant): QueryOrder {
    this.orders.querySent(order.clientOrderId, now.monotonicMs);
    return { type: "query-order", requestId, market: order.market, clientOrderId: order.clientOrderId };
  }

  /** Own sizes that may stand in the newest book. */
  ownSizes(nowMs: number): readonly OwnSize[] {
    const own: OwnSize[] = [];
    for (const order of this.orders.known()) {
      const shown = isOpen(order) || (order.state !== "rejected" && nowMs - order.changedMs <= ENDED_SHOWN_MS);
      if (!shown) continue;
      const size = isOpen(order) ? remainingOf(order) : order.size;
      own.push({ side: order.side, price: order.price, size });
    }
    return own;
  }

  /** Twice the mid of the book without our orders, in ticks: an integer, since the mid may fall between two ticks. */
  midTwice(): number | undefined {
    const { bid, ask } = this.#others;
    return bid === undefined || ask === undefined ? undefined : bid.price + ask.price;
  }

  /** The mid as money, an integer of 10^-18 quote currency (truncated below that). */
  midMoney(): bigint | undefined {
    const { bid, ask } = this.#others;
    if (bid === undefined || ask === undefined) return undefined;
    return (priceToMoney(this.settings.market, bid.price) + priceToMoney(this.settings.market, ask.price)) / 2n;
  }

  /** Fair value in ticks: the microprice without our orders. */
  fairValue(): number | undefined {
    return micropriceOf(this.#others);
  }

  #wantedQuotes(): { readonly quotes: readonly Quote[]; readonly denials: readonly Denial[] } {
    const fairValue = this.fairValue();
    if (fairValue === undefined) return { quotes: [], denials: [] };
    const { strategy, limits } = this.settings;
    const inventory = this.position / limits.position;
    const quotes = pureMarketMaking(strategy, { fairValue, others: this.#others, inventory });
    return shapeQuotes(quotes, this.position, limits);
  }

  #reasonsNotToQuote(now: Instant): readonly string[] {
    const reasons: string[] = [];
    if (this.#haltReason !== undefined) reasons.push(this.#haltReason);
    if (this.#feedLoss !== undefined) reasons.push(this.#feedLoss);
    if (this.#marketHalted) reasons.push("the venue has halted the market");
    if (this.#book === undefined || !this.#bookCurrent) {
      reasons.push("no current book");
      return reasons;
    }
    const ageMs = now.monotonicMs - this.#book.at.monotonicMs;
    const { bookAgeMs } = this.settings.limits;
    if (ageMs > bookAgeMs) reasons.push(`book is older than ${bookAgeMs} ms`);
    if (isCrossed(topOf(this.#book))) reasons.push("book is crossed");
    else if (midOf(this.#others) === undefined) reasons.push("book has an empty side");
    return reasons;
  }

  #applyBook(book: BookUpdate): void {
    this.#book = book;
    this.#bookCurrent = true;
    const nowMs = book.at.monotonicMs;
    this.#others = topWithoutOwn(book, this.ownSizes(nowMs));
    const top = topOf(book);
    if (isCrossed(top)) {
      this.#crossedBooks += 1;
      this.spreads.record(undefined, nowMs);
      return;
    }
    this.spreads.record(spreadsOf(this.#others, top), nowMs);
  }

  #applyFill(fill: Fill): boolean {
    const { market } = this.settings;
    const outcome = this.#fillLog.add({
      fillId: fill.fillId,
      venueTime: fill.venueTime,
      side: fill.side,
      price: priceToMoney(market, fill.price),
      size: sizeToMoney(market, fill.size),
      fee: fill.fee,
      feeAsset: fill.feeAsset,
    });
    if (outcome === "duplicate") return false;
    this.#recentFills.unshift(fill);
    if (this.#recentFills.length > RECENT_FILLS_MAX) this.#recentFills.pop();
    const before = this.orders.find(fill.clientOrderId);
    if (before === undefined) {
      this.#externalFills += 1;
      return true;
    }
    this.orders.filled(fill.clientOrderId, fill.size);
    if (before.filledBooked < before.size && before.filledBooked + fill.size >= before.size) {
      this.#counts[fill.side].filled += 1;
    }
    return true;
  }

  #applyOrder(event: OrderEvent): void {
    const id = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const before = this.orders.apply(event);
    const order = this.orders.find(id);
    if (before === undefined || order === undefined || order.state === before) return;
    if (order.state === "cancelled") this.#counts[order.side].cancelled += 1;
    if (order.state === "rejected") {
      this.#counts[order.side].rejected += 1;
      this.#pausedUntilMs.set(slotOf(order), event.at.monotonicMs + REJECTED_PAUSE_MS);
    }
  }

  #measureTwoSided(open: readonly Order[], now: Instant): void {
    const { lastMs } = this.#twoSided;
    if (lastMs !== undefined) {
      const elapsed = Math.max(0, now.monotonicMs - lastMs);
      const sides = new Set(open.filter((order) => order.state === "live").map((order) => order.side));
      this.#twoSided.measuredMs += elapsed;
      if (sides.size === 2) this.#twoSided.twoSidedMs += elapsed;
    }
    this.#twoSided.lastMs = now.monotonicMs;
  }
}

function isQueryDue(order: Order, nowMs: number): boolean {
  const overdue =
    isUnknown(order) ||
    ((order.state === "sent" || order.state === "cancel-sent") && nowMs - order.changedMs > ANSWER_OVERDUE_MS);
  return overdue && nowMs - (order.queriedMs ?? Number.NEGATIVE_INFINITY) >= QUERY_INTERVAL_MS;
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

function slotOf(quote: { readonly side: Side; readonly level: number }): string {
  return `${quote.side}${quote.level}`;
}

function emptyCounts(): { placed: number; cancelled: number; rejected: number; filled: number } {
  return { placed: 0, cancelled: 0, rejected: 0, filled: 0 };
}
