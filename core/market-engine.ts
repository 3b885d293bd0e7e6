/**
 * One market inside the engine: its book, orders, books of account and state, and what it would like to do now.
 * Owns no request budget: the engine picks from every market's plan what may be sent.
 */
import { MarketFills } from "./accounting/market-fills.ts";
import type { Books, KnownFills } from "./accounting/pnl.ts";
import { assert, assertNever } from "./assert.ts";
import type { CancelOrder, PlaceOrder, QueryOrder } from "./commands.ts";
import type { EngineEvent, Fill, OpenOrdersRead, OrderEvent } from "./events.ts";
import { diffOrders } from "./execution/order-diff.ts";
import { PositionCheck } from "./execution/reconcile.ts";
import type { Market } from "./market.ts";
import { priceToMoney } from "./market.ts";
import type { OwnSize } from "./market-data/book.ts";
import { MarketWatch } from "./market-data/market-watch.ts";
import { MarketHalts } from "./market-halts.ts";
import { epochOf, isOpen, isQueryDue, type Order, OWN_PREFIX, remainingOf } from "./order.ts";
import { OrderCounts } from "./order-counts.ts";
import { Orders } from "./orders.ts";
import type { RefreshTolerance, StrategyParameters } from "./quoting/parameters.ts";
import { QuoteMeter } from "./quoting/quote-meter.ts";
import type { Quote } from "./quoting/strategy.ts";
import { pureMarketMaking } from "./quoting/strategy.ts";
import { Denials } from "./risk/denials.ts";
import { ExecutionThrottle } from "./risk/execution-throttle.ts";
import { admitQuote, type DenialReason, exposureOf, type ShardView, shapeQuotes } from "./risk/gate.ts";
import type { Limits } from "./risk/limits.ts";
import { commitmentOf, type MarketRisk, notionalOf } from "./risk/shard-risk.ts";
import type { TradingState } from "./risk/trading-state.ts";
import type { Instant, Lots, Side } from "./units.ts";
import { toTicks } from "./units.ts";

export type MarketSettings = {
  readonly market: Market;
  readonly strategy: StrategyParameters;
  readonly tolerance: RefreshTolerance;
  readonly limits: Limits;
  /** See `MarketWatch`. */
  readonly venueAgeMsMax?: number;
};

/** An order whose id at the venue is known. */
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

/** What the shard's risk says to every market: the trading state, and why, when it is not active. */
export type ShardWord = { readonly state: TradingState; readonly reason: string | undefined };

/** After the venue refused a slot's order, that slot waits: the same quote would be refused again at once. */
const REJECTED_PAUSE_MS = 500;

/** An order that ended may still stand in books published a little later; it counts as ours for so long. */
const ENDED_SHOWN_MS = 500;

const CLIENT_ORDER_ID_MAX = 36;

export type MarketEngineOptions = {
  readonly epoch: number;
  readonly books: Books;
  /** Which fills are in `books`; all up to their last one when left out. */
  readonly known?: KnownFills | undefined;
  /** The venue's fill history unread for so long, in milliseconds: what we hold is no longer known, and nothing is quoted. */
  readonly fillsUnreadMsMax: number;
  /** See `PositionCheck`; undefined when no start has kept one yet. */
  readonly baseline: bigint | undefined;
};

export class MarketEngine {
  readonly settings: MarketSettings;
  readonly orders = new Orders();
  readonly watch: MarketWatch;
  readonly check: PositionCheck;
  readonly fills: MarketFills;
  readonly denials = new Denials();
  readonly meter = new QuoteMeter();
  readonly throttle: ExecutionThrottle;
  readonly #halts = new MarketHalts();
  readonly #epoch: number;
  readonly #fillsUnreadMsMax: number;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #counts = new OrderCounts();
  #fillsReadMs: number | undefined;
  /** Orders named like ours found open at the venue that this engine did not believe to be, since the start. */
  #straysSeen = 0;
  #blockers: readonly string[] = ["starting"];
  #state: TradingState = "halted";
  #nextOrderNumber = 1;
  #externalFills = 0;

  constructor(settings: MarketSettings, options: MarketEngineOptions) {
    this.settings = settings;
    this.watch = new MarketWatch(settings.limits, settings.venueAgeMsMax);
    this.throttle = new ExecutionThrottle(settings.limits);
    this.check = new PositionCheck(settings.market.base, options.baseline);
    this.#epoch = options.epoch;
    this.#fillsUnreadMsMax = options.fillsUnreadMsMax;
    this.fills = new MarketFills(options.books, options.known, settings.market);
  }

  get books(): Books {
    return this.fills.books;
  }

  get position(): Lots {
    return this.fills.position;
  }

  get counts() {
    return this.#counts.bySide;
  }

  /** Fills of orders this engine did not send: an earlier epoch's, or by hand. */
  get externalFills(): number {
    return this.#externalFills;
  }

  /** Why nothing is quoted, as of the last plan; empty while quoting. */
  get blockers(): readonly string[] {
    return this.#blockers;
  }

  /** As of the last plan. */
  get state(): TradingState {
    return this.#blockers.length > 0 ? "halted" : this.#state;
  }

  get straysSeen(): number {
    return this.#straysSeen;
  }

  get isHaltedByOperator(): boolean {
    return this.#halts.has("operator");
  }

  /** The start-up has let it quote. */
  get isStarted(): boolean {
    return this.#halts.startedMs !== undefined;
  }

  /** Takes one fact. Answers true when a fill in it was new. */
  apply(event: Exclude<EngineEvent, { type: "balances-read" }>): boolean {
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
      case "stalled":
        this.watch.stalled(event.at);
        return false;
      case "operator-resumed":
        this.throttle.resume();
        this.check.resume();
        return false;
      case "quoting-allowed":
      case "quoting-halted":
        this.#halts.apply(event);
        return false;
      case "fills-read":
        this.#fillsReadMs = Math.max(this.#fillsReadMs ?? event.askedMs, event.askedMs);
        this.orders.fillsRead(event.askedMs);
        return false;
      case "ledger-read":
        this.check.ledgerRead(event, this.fills.view, event.at.monotonicMs);
        return false;
      case "open-orders-read":
        this.#applyOpenOrders(event);
        return false;
      case "fill":
        return this.#applyFill(event.fill, event.at.monotonicMs);
      case "order-sent":
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
  plan(now: Instant, shard: ShardWord): MarketPlan {
    this.orders.forget(now.monotonicMs);
    this.#state = shard.state;
    this.#blockers = this.#reasonsNotToQuote(now, shard);
    const open = this.orders.open();
    this.meter.record(open, this.#blockers.length > 0, now.monotonicMs);
    const shaped = this.#blockers.length > 0 ? { quotes: [], denials: [] } : this.#wantedQuotes(now);
    this.denials.begin(shaped.denials);
    const diff = diffOrders(shaped.quotes, open, this.settings.tolerance);
    return {
      cancels: diff.cancels.filter(hasId),
      moves: diff.moves.flatMap(({ order, quote }) => (hasId(order) ? [{ order, quote }] : [])),
      queries: open.filter((order) => isQueryDue(order, now.monotonicMs)),
      places: diff.places.filter((quote) => (this.#pausedUntilMs.get(slotOf(quote)) ?? 0) <= now.monotonicMs),
    };
  }

  /** What this market adds to the shard's risk now. */
  risk(): MarketRisk {
    const { market } = this.settings;
    return {
      market,
      books: this.books,
      mark: this.#mark(),
      exposure: exposureOf(this.position, this.orders.known()),
      ...commitmentOf(market, this.orders.known()),
    };
  }

  /** Realised and unrealised, an integer of 10^-18 quote currency. */
  profit(): bigint {
    return this.fills.profitAt(this.#mark());
  }

  /** Judges a placing of this decision on the market's risk and the shard's; the reason when it is denied. */
  admit(quote: Quote, risk: MarketRisk, shard: ShardView, now: Instant): DenialReason | undefined {
    const { market, limits } = this.settings;
    const { book } = this.watch;
    const reason = admitQuote({
      quote,
      limits,
      state: this.#state,
      position: this.position,
      exposure: risk.exposure,
      orders: this.orders.known(),
      nowMs: now.monotonicMs,
      referencePrice: this.watch.referencePrice,
      bookAgeMs: book === undefined ? undefined : now.monotonicMs - book.at.monotonicMs,
      quoteValue: notionalOf(market, quote),
      shard,
    });
    if (reason !== undefined) this.denials.add({ quote, reason });
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
    this.orders.decided({ ...order, level: quote.level }, now.monotonicMs);
    return { type: "place-order", requestId, ...order };
  }

  cancel({ market, clientOrderId, orderId }: CancellableOrder, requestId: number, now: Instant): CancelOrder {
    this.orders.cancelDecided(clientOrderId, now.monotonicMs);
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
      const wasShown = order.state === "filled" || order.state === "cancelled";
      const shown = isOpen(order) || (wasShown && nowMs - order.changedMs <= ENDED_SHOWN_MS);
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

  /** What a unit of base is valued at for limits: the last mid that made sense, and what it cost before there was one. */
  #mark(): bigint {
    const ticks = this.watch.lastMidTicks;
    if (ticks === undefined) return this.books.averageCost;
    return priceToMoney(this.settings.market, toTicks(2 * ticks)) / 2n;
  }

  #wantedQuotes(now: Instant): ReturnType<typeof shapeQuotes> {
    const fairValue = this.watch.fairValue();
    if (fairValue === undefined) return { quotes: [], denials: [] };
    const { strategy, limits } = this.settings;
    const inventory = this.position / limits.position;
    const quotes = pureMarketMaking(strategy, { fairValue, others: this.watch.others, inventory });
    const sizePercent = this.#isInStartPeriod(now) ? limits.startSizePercent : 100;
    return shapeQuotes(quotes, { position: this.position, limits, state: this.#state, sizePercent });
  }

  #isInStartPeriod(now: Instant): boolean {
    const { startedMs } = this.#halts;
    const sinceMs = Math.max(startedMs ?? now.monotonicMs, this.watch.newPricesMs);
    return now.monotonicMs - sinceMs < this.settings.limits.startPeriodMs;
  }

  #reasonsNotToQuote(now: Instant, shard: ShardWord): readonly string[] {
    const reasons = [...this.#halts.reasons, ...this.check.reasons, ...this.watch.reasonsNotToQuote(now)];
    if (shard.state === "halted" && shard.reason !== undefined) reasons.push(shard.reason);
    if (this.throttle.reason !== undefined) reasons.push(this.throttle.reason);
    if (this.#fillsReadMs === undefined) reasons.push("the venue's fills have not been read yet");
    else if (now.monotonicMs - this.#fillsReadMs > this.#fillsUnreadMsMax) {
      reasons.push(`the venue's fills have not been read for ${this.#fillsUnreadMsMax / 1_000} s`);
    }
    return reasons;
  }

  #applyFill(fill: Fill, nowMs: number): boolean {
    if (!this.fills.add(fill)) return false;
    const before = this.orders.find(fill.clientOrderId);
    if (before === undefined) {
      this.#externalFills += 1;
      return true;
    }
    this.orders.filled(fill, nowMs);
    this.#counts.changed(before.state, this.orders.find(fill.clientOrderId)?.state ?? before.state, fill.side);
    this.throttle.record(fill.clientOrderId, fill.side, nowMs);
    if (before.filledBooked < before.size && before.filledBooked + fill.size >= before.size) {
      this.#counts.filled(fill.side);
    }
    return true;
  }

  #applyOpenOrders({ market, orders, askedMs, at }: OpenOrdersRead): void {
    const listed = orders.filter((order) => order.market === market);
    const isOurs = (id: string) => id.startsWith(OWN_PREFIX) && epochOf(id) <= this.#epoch;
    this.#straysSeen += this.orders.listed({ orders: listed, askedMs, at }, isOurs);
    // Two starts must not cancel each other's orders for ever: the earlier one gives way.
    const later = listed.find(({ clientOrderId }) => epochOf(clientOrderId) > this.#epoch);
    if (later !== undefined) this.#halts.halt("later-start", `a later start makes this market: ${later.clientOrderId}`);
  }

  #applyOrder(event: OrderEvent): void {
    const id = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const before = this.orders.apply(event);
    const order = this.orders.find(id);
    if (before === undefined || order === undefined || order.state === before) return;
    this.#counts.changed(before, order.state, order.side);
    if (order.state === "rejected" || order.state === "denied") {
      this.#pausedUntilMs.set(slotOf(order), event.at.monotonicMs + REJECTED_PAUSE_MS);
    }
  }
}

function hasId(order: Order): order is Order & { readonly orderId: string } {
  return order.orderId !== undefined;
}

function slotOf(quote: { readonly side: Side; readonly level: number }): string {
  return `${quote.side}${quote.level}`;
}
