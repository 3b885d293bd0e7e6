/**
 * One market inside the engine: its book, orders, books of account and state, and what it would like to do now.
 * Owns no request budget: the engine picks from every market's plan what may be sent.
 */
import { FillLog } from "./accounting/fill-log.ts";
import type { Books } from "./accounting/pnl.ts";
import { assert, assertNever } from "./assert.ts";
import type { CancelOrder, PlaceOrder, QueryOrder } from "./commands.ts";
import type { EngineEvent, Fill, HaltSource, OpenOrdersRead, OrderEvent, VenueOrder } from "./events.ts";
import { diffOrders } from "./execution/order-diff.ts";
import type { Market } from "./market.ts";
import { priceToMoney, sizeToMoney } from "./market.ts";
import type { OwnSize } from "./market-data/book.ts";
import { MarketWatch } from "./market-data/market-watch.ts";
import type { Order } from "./orders.ts";
import { isOpen, isQueryDue, Orders, OWN_PREFIX, remainingOf } from "./orders.ts";
import type { RefreshTolerance, StrategyParameters } from "./quoting/parameters.ts";
import type { Quote } from "./quoting/strategy.ts";
import { pureMarketMaking } from "./quoting/strategy.ts";
import type { Denial, DenialReason, Exposure } from "./risk/gate.ts";
import { admitQuote, exposureOf, shapeQuotes, withQuote } from "./risk/gate.ts";
import type { Limits } from "./risk/limits.ts";
import type { Instant, Lots, Side } from "./units.ts";
import { toLots } from "./units.ts";

export type MarketSettings = {
  readonly market: Market;
  readonly strategy: StrategyParameters;
  readonly tolerance: RefreshTolerance;
  readonly limits: Limits;
};

/** An order whose id at the venue is known: one of ours, or a stray. */
export type CancellableOrder = {
  readonly market: string;
  readonly clientOrderId: string;
  readonly orderId: string;
};

/** What a market would send now, each list most urgent first. Placings still have to pass `admit`. */
export type MarketPlan = {
  readonly cancels: readonly CancellableOrder[];
  readonly queries: readonly Order[];
  readonly places: readonly Quote[];
  readonly moves: readonly { readonly order: CancellableOrder; readonly quote: Quote }[];
};

export type OrderCounts = {
  readonly placed: number;
  readonly cancelled: number;
  readonly rejected: number;
  readonly filled: number;
};
export type CountsBySide = Readonly<Record<Side, OrderCounts>>;

/** After the venue refused a slot's order, that slot waits: the same quote would be refused again at once. */
const REJECTED_PAUSE_MS = 500;

/** An order that ended may still stand in books published a little later; it counts as ours for so long. */
const ENDED_SHOWN_MS = 500;

const RECENT_FILLS_MAX = 20;
const CLIENT_ORDER_ID_MAX = 36;

export type MarketEngineOptions = {
  readonly epoch: number;
  readonly books: Books;
  /** The venue's fill history unread for so long, in milliseconds: what we hold is no longer known, and nothing is quoted. */
  readonly fillsUnreadMsMax: number;
};

export class MarketEngine {
  readonly settings: MarketSettings;
  readonly orders = new Orders();
  readonly watch: MarketWatch;
  readonly #epoch: number;
  readonly #fillsUnreadMsMax: number;
  readonly #fillLog: FillLog;
  readonly #lotMoney: bigint;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #counts = { buy: emptyCounts(), sell: emptyCounts() };
  readonly #recentFills: Fill[] = [];
  readonly #twoSided = { measuredMs: 0, twoSidedMs: 0, lastMs: undefined as number | undefined };
  readonly #halts = new Map<HaltSource, string>([["start-up", "starting"]]);
  #fillsReadMs: number | undefined;
  /** Orders named like ours that the venue shows open and this engine does not know: an earlier start's, late arrived. */
  #strays: readonly VenueOrder[] = [];
  /** Strays whose cancel was sent since they were listed: once a listing, the next one shows whether they are still there. */
  readonly #straysCancelled = new Set<string>();
  #straysSeen = 0;
  #denials: readonly Denial[] = [];
  #heldBack: Denial[] = [];
  #blockers: readonly string[] = ["starting"];
  #lastLiveMs: number | undefined;
  #nextOrderNumber = 1;
  #externalFills = 0;

  constructor(settings: MarketSettings, options: MarketEngineOptions) {
    this.settings = settings;
    this.watch = new MarketWatch(settings.limits.bookAgeMs);
    this.#epoch = options.epoch;
    this.#fillsUnreadMsMax = options.fillsUnreadMsMax;
    this.#fillLog = new FillLog(options.books, settings.market);
    this.#lotMoney = sizeToMoney(settings.market, toLots(1));
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

  /** Fills of orders this engine did not send: an earlier epoch's, or by hand. */
  get externalFills(): number {
    return this.#externalFills;
  }

  /** Why nothing is quoted, as of the last plan; empty while quoting. */
  get blockers(): readonly string[] {
    return this.#blockers;
  }

  /** What the limits kept from being quoted, as of the last decision. */
  get denials(): readonly Denial[] {
    return [...this.#denials, ...this.#heldBack];
  }

  /** Strays found at the venue, each counted as often as it was listed. */
  get straysSeen(): number {
    return this.#straysSeen;
  }

  /** Fills that came after a newer one. */
  get lateFills(): number {
    return this.#fillLog.lateFills;
  }

  /** How long no order of ours has been live although nothing blocked the market, in milliseconds. */
  unquotedMs(now: Instant): number {
    return this.#lastLiveMs === undefined ? 0 : now.monotonicMs - this.#lastLiveMs;
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
        this.watch.apply(event, this.ownSizes(event.at.monotonicMs));
        return false;
      case "trade":
      case "market-status":
        this.watch.apply(event, []);
        return false;
      case "feed-connected":
        this.watch.feedConnected();
        return false;
      case "feed-lost":
        this.watch.feedLost(event);
        return false;
      case "quoting-allowed":
        this.#halts.delete(event.by);
        return false;
      case "quoting-halted":
        this.#halts.set(event.by, event.reason);
        return false;
      case "fills-read":
        this.#fillsReadMs = Math.max(this.#fillsReadMs ?? event.askedMs, event.askedMs);
        this.orders.fillsRead(event.askedMs);
        return false;
      case "open-orders-read":
        this.#applyOpenOrders(event);
        return false;
      case "fill":
        return this.#applyFill(event.fill, event.at.monotonicMs);
      case "order-seen":
      case "order-rejected":
      case "order-unsent":
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
    this.#measureQuotes(open, now);
    this.#heldBack = [];
    const shaped = this.#blockers.length > 0 ? { quotes: [], denials: [] } : this.#wantedQuotes();
    this.#denials = shaped.denials;
    const diff = diffOrders(shaped.quotes, open, this.settings.tolerance);
    return {
      cancels: [...this.#straysToCancel(), ...diff.cancels.filter(hasId)],
      moves: diff.moves.flatMap(({ order, quote }) => (hasId(order) ? [{ order, quote }] : [])),
      queries: open.filter((order) => isQueryDue(order, now.monotonicMs)),
      places: diff.places.filter((quote) => (this.#pausedUntilMs.get(slotOf(quote)) ?? 0) <= now.monotonicMs),
    };
  }

  /** The worst case now, to be carried through the placings of one decision. */
  exposure(): Exposure {
    let exposure = exposureOf(this.position, this.orders.known());
    for (const { side, price, size, filled } of this.#strays) {
      exposure = withQuote(exposure, { side, level: 0, price, size: toLots(size - filled) });
    }
    return exposure;
  }

  admit(quote: Quote, exposure: Exposure): DenialReason | undefined {
    const reason = admitQuote({ quote, exposure, limits: this.settings.limits, open: this.orders.open() });
    if (reason !== undefined) this.#heldBack.push({ quote, reason });
    return reason;
  }

  place(quote: Quote, requestId: number, now: Instant): PlaceOrder {
    const { symbol } = this.settings.market;
    const slot = `${quote.side === "buy" ? "b" : "s"}${quote.level}`;
    const clientOrderId = `${OWN_PREFIX}${this.#epoch}-${symbol.replace("/", "")}-${slot}-${this.#nextOrderNumber}`;
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

  cancel({ market, clientOrderId, orderId }: CancellableOrder, requestId: number, now: Instant): CancelOrder {
    this.orders.cancelSent(clientOrderId, now.monotonicMs);
    if (this.#strays.some((stray) => stray.clientOrderId === clientOrderId)) this.#straysCancelled.add(clientOrderId);
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

  /** The mid as money, an integer of 10^-18 quote currency (truncated below that). */
  midMoney(): bigint | undefined {
    const { bid, ask } = this.watch.others;
    if (bid === undefined || ask === undefined) return undefined;
    return (priceToMoney(this.settings.market, bid.price) + priceToMoney(this.settings.market, ask.price)) / 2n;
  }

  #wantedQuotes(): { readonly quotes: readonly Quote[]; readonly denials: readonly Denial[] } {
    const fairValue = this.watch.fairValue();
    if (fairValue === undefined) return { quotes: [], denials: [] };
    const { strategy, limits } = this.settings;
    const inventory = this.position / limits.position;
    const quotes = pureMarketMaking(strategy, { fairValue, others: this.watch.others, inventory });
    return shapeQuotes(quotes, this.position, limits);
  }

  #reasonsNotToQuote(now: Instant): readonly string[] {
    const reasons = [...this.#halts.values(), ...this.watch.reasonsNotToQuote(now)];
    if (this.#fillsReadMs === undefined) reasons.push("the venue's fills have not been read yet");
    else if (now.monotonicMs - this.#fillsReadMs > this.#fillsUnreadMsMax) {
      reasons.push(`the venue's fills have not been read for ${this.#fillsUnreadMsMax / 1_000} s`);
    }
    return reasons;
  }

  #applyFill(fill: Fill, nowMs: number): boolean {
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
    this.orders.filled(fill.clientOrderId, fill.size, nowMs);
    if (before.filledBooked < before.size && before.filledBooked + fill.size >= before.size) {
      this.#counts[fill.side].filled += 1;
    }
    return true;
  }

  #applyOpenOrders({ market, orders, askedMs, at }: OpenOrdersRead): void {
    const listed = orders.filter((order) => order.market === market);
    for (const order of listed) {
      if (this.orders.find(order.clientOrderId)) this.#applyOrder({ type: "order-seen", order, at });
    }
    this.orders.openOrdersRead(new Set(listed.map((order) => order.clientOrderId)), askedMs);
    const strays = listed.filter(
      ({ clientOrderId }) => clientOrderId.startsWith(OWN_PREFIX) && this.orders.isStray(clientOrderId, askedMs),
    );
    // Two starts must not cancel each other's orders for ever: the earlier one gives way.
    const later = strays.find((stray) => epochOf(stray.clientOrderId) > this.#epoch);
    if (later !== undefined) this.#halts.set("later-start", `a later start makes this market: ${later.clientOrderId}`);
    this.#strays = strays.filter((stray) => epochOf(stray.clientOrderId) <= this.#epoch);
    this.#straysCancelled.clear();
    this.#straysSeen += this.#strays.length;
  }

  #straysToCancel(): readonly VenueOrder[] {
    return this.#strays.filter((stray) => !this.#straysCancelled.has(stray.clientOrderId));
  }

  #applyOrder(event: OrderEvent): void {
    const id = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const before = this.orders.apply(event);
    const order = this.orders.find(id);
    if (before === undefined || order === undefined || order.state === before) return;
    if (order.state === "cancelled") this.#counts[order.side].cancelled += 1;
    if (order.state === "rejected") {
      if (event.type !== "order-unsent") this.#counts[order.side].rejected += 1;
      this.#pausedUntilMs.set(slotOf(order), event.at.monotonicMs + REJECTED_PAUSE_MS);
    }
  }

  #measureQuotes(open: readonly Order[], now: Instant): void {
    const { lastMs } = this.#twoSided;
    const isBlocked = this.#blockers.length > 0;
    if (this.#lastLiveMs === undefined || isBlocked || open.some((order) => order.state === "live")) {
      this.#lastLiveMs = now.monotonicMs;
    }
    if (lastMs !== undefined) {
      const elapsed = Math.max(0, now.monotonicMs - lastMs);
      const sides = new Set(open.filter((order) => order.state === "live").map((order) => order.side));
      this.#twoSided.measuredMs += elapsed;
      if (sides.size === 2) this.#twoSided.twoSidedMs += elapsed;
    }
    this.#twoSided.lastMs = now.monotonicMs;
  }
}

/** The epoch in a client order id of ours; 0 where it has none, so that it counts as an earlier start's. */
function epochOf(clientOrderId: string): number {
  return Number(/^fm-(\d{1,15})-/.exec(clientOrderId)?.[1] ?? 0);
}

function hasId(order: Order): order is Order & { readonly orderId: string } {
  return order.orderId !== undefined;
}

function slotOf(quote: { readonly side: Side; readonly level: number }): string {
  return `${quote.side}${quote.level}`;
}

function emptyCounts(): { placed: number; cancelled: number; rejected: number; filled: number } {
  return { placed: 0, cancelled: 0, rejected: 0, filled: 0 };
}
