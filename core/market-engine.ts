/**
 * One market inside the engine: its book, orders, books of account and state, and what it would like to do now.
 * Owns no request budget: the engine picks from every market's plan what may be sent.
 */
import { FillMarkouts } from "./accounting/fill-markouts.ts";
import { MarketFills } from "./accounting/market-fills.ts";
import type { Books, KnownFills } from "./accounting/pnl.ts";
import { assert, assertNever } from "./assert.ts";
import type { BookUpdate, EngineEvent, Fill, OpenOrdersRead, ReferencePrice } from "./events.ts";
import { LastDecision } from "./execution/last-decision.ts";
import { diffOrders, OrderDiff } from "./execution/order-diff.ts";
import { PositionCheck } from "./execution/reconcile.ts";
import type { Blocker } from "./execution/why.ts";
import type { Market } from "./market.ts";
import { priceToMoney } from "./market.ts";
import { MarketBlockers, type ShardWord } from "./market-blockers.ts";
import { MarketWatch } from "./market-data/market-watch.ts";
import { MarketOrders } from "./market-orders.ts";
import { MarketPlan, type Removals, type Wishes } from "./market-plan.ts";
import type { Order } from "./order.ts";
import type { CountsBySide } from "./order-counts.ts";
import type { Orders } from "./orders.ts";
import { SideMarkouts } from "./quoting/markout-statistics.ts";
import type { RefreshTolerance, StrategyParameters } from "./quoting/parameters.ts";
import { QuotedTime } from "./quoting/quoted-time.ts";
import { Quoter } from "./quoting/quoter.ts";
import type { Quote, StrategyOutput } from "./quoting/strategy.ts";
import { Denials } from "./risk/denials.ts";
import { ExecutionThrottle } from "./risk/execution-throttle.ts";
import { admitQuote, type Denial, type DenialReason, isBookTooOld, type ShardView, shapeQuotes } from "./risk/gate.ts";
import type { Limits } from "./risk/limits.ts";
import { type MarketRisk, notionalOf, RiskOfMarket } from "./risk/shard-risk.ts";
import type { TradingState } from "./risk/trading-state.ts";
import type { Instant, Lots } from "./units.ts";
import { toTicks } from "./units.ts";

export type MarketSettings = {
  readonly market: Market;
  readonly strategy: StrategyParameters;
  readonly tolerance: RefreshTolerance;
  readonly limits: Limits;
  /** See `MarketWatch`. */
  readonly venueAgeMsMax?: number;
};

/** What a decision goes by, between its two parts; made once a market. */
type Considered = {
  open: readonly Order[];
  modelled: StrategyOutput;
  quotes: readonly Quote[];
  denials: readonly Denial[];
};

const NOTHING_WANTED: StrategyOutput = { quotes: [], notes: [] };

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
  readonly sent: MarketOrders;
  readonly quoter: Quoter;
  readonly watch: MarketWatch;
  readonly check: PositionCheck;
  readonly fills: MarketFills;
  readonly markouts: FillMarkouts;
  readonly denials = new Denials();
  readonly decision = new LastDecision(this.denials);
  readonly throttle: ExecutionThrottle;
  readonly #quoted = new QuotedTime();
  readonly meter = this.#quoted.meter;
  readonly unquoted = this.#quoted.unquoted;
  #settings: MarketSettings;
  readonly #blocks: MarketBlockers;
  readonly #risk: RiskOfMarket;
  readonly #plan: MarketPlan;
  readonly #diff = new OrderDiff();
  readonly #considered: Considered = { open: [], modelled: NOTHING_WANTED, quotes: [], denials: [] };
  #isPlanned = false;
  readonly #sideMarkouts = new SideMarkouts();
  /** The newest book at the last plan: what only time makes due is done in a turn without a newer one. */
  #plannedBook: BookUpdate | undefined;
  #blockers: readonly Blocker[];
  #state: TradingState = "halted";
  #externalFills = 0;
  #profit: { readonly books: Books; readonly midTicks: number | undefined; readonly amount: bigint } | undefined;

  constructor(settings: MarketSettings, options: MarketEngineOptions) {
    this.#settings = settings;
    this.sent = new MarketOrders(settings.market.symbol, options.epoch, settings.limits.duplicateMs);
    this.#plan = new MarketPlan(this.sent, this.decision);
    this.#risk = new RiskOfMarket(settings.market, this.orders);
    this.quoter = new Quoter(settings.strategy);
    this.watch = new MarketWatch(settings.limits, settings.venueAgeMsMax);
    const mids = { at: (ms: number) => this.watch.mids.at(ms) };
    this.markouts = new FillMarkouts(settings.market, mids, settings.strategy.levels);
    this.throttle = new ExecutionThrottle(settings.limits);
    this.check = new PositionCheck(settings.market.base, options.baseline);
    this.#blocks = new MarketBlockers(this, options.fillsUnreadMsMax);
    this.#blockers = this.#blocks.halts.blockers;
    this.fills = new MarketFills(options.books, options.known, settings.market);
  }

  /** As they are now: strategy and tolerance may change (`parameters-changed`), nothing else does. */
  get settings(): MarketSettings {
    return this.#settings;
  }

  get books(): Books {
    return this.fills.books;
  }

  get position(): Lots {
    return this.fills.position;
  }

  get orders(): Orders {
    return this.sent.orders;
  }

  get counts(): CountsBySide {
    return this.sent.counts;
  }

  /** Fills of orders this engine did not send: an earlier epoch's, or by hand. */
  get externalFills(): number {
    return this.#externalFills;
  }

  /** Why nothing is quoted, as of the last plan; empty while quoting. */
  get blockers(): readonly string[] {
    return this.#blockers.map(({ text }) => text);
  }

  /** As of the last plan. */
  get state(): TradingState {
    return this.#blockers.length > 0 ? "halted" : this.#state;
  }

  get isHaltedByOperator(): boolean {
    return this.#blocks.halts.has("operator");
  }

  /** The start-up has let it quote. */
  get isStarted(): boolean {
    return this.#blocks.halts.startedMs !== undefined;
  }

  /** Takes one fact. Answers true when a fill in it was new. */
  apply(event: Exclude<EngineEvent, { type: "balances-read" }>): boolean {
    switch (event.type) {
      case "book-update":
        this.#applyBook(event);
        return false;
      case "trade":
        this.watch.apply(event, []);
        this.quoter.tradeSeen(event);
        return false;
      case "market-status":
        this.watch.apply(event, []);
        return false;
      case "feed-connected":
        this.watch.feedConnected();
        return false;
      case "feed-lost":
        this.watch.feedLost(event);
        this.quoter.pause();
        return false;
      case "stalled":
        this.watch.stalled(event.at);
        this.quoter.pause();
        return false;
      case "operator-resumed":
        this.throttle.resume();
        this.check.resume();
        return false;
      case "parameters-changed":
        this.#settings = { ...this.#settings, strategy: event.strategy, tolerance: event.tolerance };
        this.quoter.configure(event.strategy);
        return false;
      case "reference-price":
        this.#applyReference(event);
        return false;
      case "quoting-allowed":
      case "quoting-halted":
        this.#blocks.halts.apply(event);
        return false;
      case "fills-read":
        this.#blocks.fillsRead(event.askedMs);
        this.orders.fillsRead(event.askedMs);
        return false;
      case "ledger-read":
        this.check.ledgerRead(event, this.fills.view, event.at.monotonicMs);
        return false;
      case "open-orders-read":
        this.#applyOpenOrders(event);
        return false;
      case "fill":
        return this.#applyFill(event.fill, event.at);
      case "order-sent":
      case "order-seen":
      case "order-rejected":
      case "order-unsent":
      case "place-unknown":
      case "cancel-unknown":
      case "order-cancelled":
      case "order-absent":
        this.sent.apply(event);
        return false;
      default:
        return assertNever(event);
    }
  }

  /** What must go now, whatever else is wanted: `wishes` says that. Reads the clock's argument only; sends nothing. */
  plan(now: Instant, shard: ShardWord): Removals {
    const isBusy = this.watch.book !== this.#plannedBook;
    this.markouts.pass(now.monotonicMs, { isBusy });
    this.#plannedBook = this.watch.book;
    this.#state = shard.state;
    this.#blockers = this.#blocks.at(now, shard);
    const open = this.orders.open();
    const modelled = this.#blockers.length > 0 ? NOTHING_WANTED : this.#modelledQuotes(now, isBusy);
    const { quotes, denials } = this.#shaped(modelled.quotes, now);
    const options = { nowMs: now.monotonicMs, book: this.watch.book, into: this.#diff };
    const diff = diffOrders(quotes, open, this.settings.tolerance, options);
    const considered = this.#considered;
    considered.open = open;
    considered.modelled = modelled;
    considered.quotes = quotes;
    considered.denials = denials;
    this.#isPlanned = true;
    return this.#plan.removalsOf(diff);
  }

  /**
   * What else should change, once what must go is out: the second part of the decision that `plan` began, on the orders as they were
   * then. Whatever only says how it came to be is noted here too.
   */
  wishes(now: Instant): Wishes {
    assert(this.#isPlanned, "a decision begins with its plan");
    this.#isPlanned = false;
    const { open, modelled, quotes, denials } = this.#considered;
    this.watch.settle();
    this.quoter.settle();
    this.orders.forget(now.monotonicMs);
    this.#quoted.measure(open, this.#blockers.length > 0, now);
    this.denials.begin(denials);
    this.decision.begin(this.#blockers, modelled, quotes);
    return this.#plan.wishesOf(this.#diff, open, now.monotonicMs);
  }

  /** The commands of the decision are chosen: what keeps a side from standing is known. */
  decided(): void {
    if (!this.meter.isTwoSided) this.#quoted.explain(this.decision.unquotedReason(this.orders.open()));
  }

  /** Nothing is decided any more: whether quotes of ours still stand is not followed from `now` on. */
  decidesNoMore(now: Instant): void {
    this.#quoted.measure([], this.#blockers.length > 0, now);
  }

  /** What this market adds to the shard's risk now. */
  risk(): MarketRisk {
    return this.#risk.at(this.#mark(), this.position, this.books);
  }

  /** Whether the profit is known: a mid has made sense, or nothing is held. */
  get isPriced(): boolean {
    return this.watch.lastMidTicks !== undefined || this.books.position === 0n;
  }

  /** Realised and unrealised, an integer of 10^-18 quote currency; worked out when a fill or another mid has come. */
  profit(): bigint {
    const { books } = this;
    const midTicks = this.watch.lastMidTicks;
    if (this.#profit === undefined || this.#profit.books !== books || this.#profit.midTicks !== midTicks) {
      this.#profit = { books, midTicks, amount: this.fills.profitAt(this.#mark()) };
    }
    return this.#profit.amount;
  }

  /** Judges a placing of this decision on the market's risk and the shard's; the reason when it is denied. */
  admit(quote: Quote, risk: MarketRisk, shard: ShardView, now: Instant): DenialReason | undefined {
    const { market, limits } = this.settings;
    const reason = admitQuote({
      quote,
      limits,
      state: this.#state,
      position: this.position,
      exposure: risk.exposure,
      orders: this.orders.mattering(),
      nowMs: now.monotonicMs,
      referencePrice: this.watch.referencePrice,
      bookAgeMs: this.watch.bookAgeMs(now),
      quoteValue: notionalOf(market, quote),
      shard,
    });
    if (reason !== undefined) this.denials.add({ quote, reason });
    return reason;
  }

  /** Why an order that was decided may not be written any more: its bytes may have waited for a connection meanwhile, the process stood still. */
  reasonNotToWrite(now: Instant): string | undefined {
    const { limits } = this.settings;
    const reason = this.blockers[0] ?? this.watch.reasonsNotToQuote(now)[0];
    if (reason !== undefined || !isBookTooOld({ bookAgeMs: this.watch.bookAgeMs(now), limits })) return reason;
    return `book is older than ${limits.placeBookAgeMs} ms`;
  }

  /** The mid as money, an integer of 10^-18 quote currency (truncated below that). */
  midMoney(): bigint | undefined {
    const { bid, ask } = this.watch.others;
    if (bid === undefined || ask === undefined) return undefined;
    return (priceToMoney(this.settings.market, bid.price) + priceToMoney(this.settings.market, ask.price)) / 2n;
  }

  /** The last mid that made sense as money, an integer of 10^-18 quote currency; undefined before the first. */
  lastMidMoney(): bigint | undefined {
    const ticks = this.watch.lastMidTicks;
    return ticks === undefined ? undefined : priceToMoney(this.settings.market, toTicks(2 * ticks)) / 2n;
  }

  /** What a unit of base is valued at for limits: the last mid that made sense, and what it cost before there was one. */
  #mark(): bigint {
    return this.lastMidMoney() ?? this.books.averageCost;
  }

  #modelledQuotes(now: Instant, isBusy: boolean): StrategyOutput {
    return this.quoter.wanted({
      inventory: this.position / this.settings.limits.position,
      markouts: this.#sideMarkouts.of(this.markouts.rolling),
      nowMs: now.monotonicMs,
      isBusy,
    });
  }

  #shaped(quotes: readonly Quote[], { monotonicMs: nowMs }: Instant): ReturnType<typeof shapeQuotes> {
    const { limits } = this.settings;
    const sinceMs = Math.max(this.#blocks.halts.startedMs ?? nowMs, this.watch.newPricesMs);
    const sizePercent = nowMs - sinceMs < limits.startPeriodMs ? limits.startSizePercent : 100;
    return shapeQuotes(quotes, { position: this.position, limits, state: this.#state, sizePercent });
  }

  #applyFill(fill: Fill, at: Instant): boolean {
    if (!this.fills.add(fill)) return false;
    const nowMs = at.monotonicMs;
    const before = this.orders.find(fill.clientOrderId);
    this.markouts.add(fill, before?.level, at);
    this.quoter.fillSeen(fill, nowMs);
    if (before === undefined) {
      this.#externalFills += 1;
      return true;
    }
    this.sent.filled(fill, before, nowMs);
    this.throttle.record(fill.clientOrderId, fill.side, nowMs);
    return true;
  }

  /** Told as long as there is a source, whether the strategy follows it or not: its parameters may change. */
  #applyReference({ price, ageMs, at }: ReferencePrice): void {
    const reference = this.quoter.parameters.fairValue?.reference;
    if (reference !== undefined && reference.market === undefined) {
      this.quoter.referenceSeen(price, at.monotonicMs, ageMs);
    }
  }

  #applyOpenOrders(event: OpenOrdersRead): void {
    const later = this.sent.openOrdersRead(event);
    // Two starts must not cancel each other's orders for ever: the earlier one gives way.
    if (later !== undefined) this.#blocks.halts.halt("later-start", `a later start makes this market: ${later}`);
  }

  /** What is not believed is not measured either. */
  #applyBook(book: BookUpdate): void {
    const own = this.sent.ownSizes(book.at.monotonicMs);
    this.watch.apply(book, own);
    if (this.watch.isBookBelieved) this.quoter.bookSeen(book, own, this.watch.others);
    else this.quoter.pause();
  }
}
