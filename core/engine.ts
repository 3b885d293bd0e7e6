/**
 * The engine: facts in by `apply`, commands out by `decide`. It knows no promise, no clock and no socket. Owns the markets
 * and the order in which they share the request budget; what each wants is its `MarketEngine`'s.
 */
import { MinuteMeter } from "./accounting/minute-meter.ts";
import type { Books, KnownFills } from "./accounting/pnl.ts";
import { assert } from "./assert.ts";
import type { CancelOrder, Command } from "./commands.ts";
import { bringInOrder, type MarketTurn, makeTurn, mostDangerous, mostUrgent } from "./decision-order.ts";
import type { BalancesRead, EngineEvent } from "./events.ts";
import { isWorthIt } from "./execution/change-worth.ts";
import type { RequestBudget } from "./execution/request-budget.ts";
import type { ShardWord } from "./market-blockers.ts";
import { MarketEngine, type MarketSettings } from "./market-engine.ts";
import type { PossibleChange, Wishes } from "./market-plan.ts";
import type { CancellableOrder } from "./order.ts";
import type { Quote } from "./quoting/strategy.ts";
import { explained } from "./risk/funds.ts";
import type { DenialReason } from "./risk/gate.ts";
import type { ShardLimits } from "./risk/limits.ts";
import type { LossSnapshot, LossWatch } from "./risk/loss-watch.ts";
import { type MarketRisk, ShardRisk } from "./risk/shard-risk.ts";
import type { Instant } from "./units.ts";

export type EngineOptions = {
  readonly markets: readonly MarketSettings[];
  readonly limits: ShardLimits;
  /** Orders that may be in flight at a time, the unknown and the ones being cancelled among them. */
  readonly inFlightMax: number;
  /** Part of every client order id: grows with every start, so that no two starts ever share one. */
  readonly epoch: number;
  readonly budget: RequestBudget;
  /** The books a market starts with, by symbol. */
  readonly books: ReadonlyMap<string, Books>;
  /** Which fills are in them, by symbol; all up to their last one where left out. */
  readonly known?: ReadonlyMap<string, KnownFills>;
  /** What an earlier start kept: the loss, and by market the venue's balance beyond the books. */
  readonly loss: LossSnapshot | undefined;
  readonly baselines: ReadonlyMap<string, bigint>;
  /** See `MarketEngine`; in milliseconds. */
  readonly fillsUnreadMsMax: number;
};

/** Reasons that may be of the old quote alone, which counts until it is proven gone: to move it, it has to go first. */
const OLD_QUOTE_COUNTS: ReadonlySet<DenialReason> = new Set(["reducing", "position", "exposure-value", "balance"]);

/** What the sending of a decision's commands shares. */
type Sending = { readonly now: Instant; readonly commands: Command[] };

/** What the budget holds once `sent` commands are out; made once, and counted anew. */
type Payable = { sent: number; place: boolean; move: boolean; shareInUse: number };

export class Engine {
  readonly minutes: MinuteMeter;
  readonly #markets = new Map<string, MarketEngine>();
  #marketList: readonly MarketEngine[] = [];
  #turns: readonly MarketTurn[] = [];
  readonly #profit = () => {
    let profit = 0n;
    for (const market of this.#marketList) {
      if (!market.isPriced) return { unpriced: market.settings.market.symbol };
      profit += market.profit();
    }
    return profit;
  };
  readonly #budget: RequestBudget;
  readonly #risk: ShardRisk;
  #unroutable = 0;
  readonly #payable: Payable = { sent: 0, place: false, move: false, shareInUse: Number.NaN };
  #word: ShardWord = { state: "active", reason: undefined };
  /** Where the next decision starts handing out placings, so that no market starves another. */
  #turn = 0;

  constructor(options: EngineOptions) {
    this.#budget = options.budget;
    this.#risk = new ShardRisk(options);
    this.minutes = new MinuteMeter(() => this.markets, this.loss);
    for (const settings of options.markets) {
      const { symbol } = settings.market;
      const books = options.books.get(symbol);
      assert(books !== undefined, `the books of ${symbol} must be loaded before its engine starts`);
      const baseline = options.baselines.get(symbol);
      this.#markets.set(
        symbol,
        new MarketEngine(settings, { ...options, books, known: options.known?.get(symbol), baseline }),
      );
    }
    this.#marketList = [...this.#markets.values()];
    this.#turns = this.#marketList.map(makeTurn);
    this.#noteExplained(Number.NEGATIVE_INFINITY);
  }

  get markets(): readonly MarketEngine[] {
    return this.#marketList;
  }

  /** Facts about markets this engine does not have. */
  get unroutable(): number {
    return this.#unroutable;
  }

  /** Loss over all markets, and the trading state that follows from it. */
  get loss(): LossWatch {
    return this.#risk.loss;
  }

  market(symbol: string): MarketEngine | undefined {
    return this.#markets.get(symbol);
  }

  /** Takes one fact. Answers true when it was a fill not seen before. */
  apply(event: EngineEvent): boolean {
    this.minutes.note(event.at.monotonicMs);
    if (event.type === "balances-read") return this.#applyBalances(event);
    if (event.type === "feed-connected" || event.type === "feed-lost" || event.type === "stalled") {
      for (const market of this.#marketList) market.apply(event);
      return false;
    }
    const market = this.#markets.get(marketOf(event));
    if (market === undefined) {
      this.#unroutable += 1;
      return false;
    }
    // The loss is the whole shard's, and so is its halt: whoever lets any market go on has seen it.
    if (event.type === "operator-resumed") this.#risk.loss.resume();
    const isNewFill = market.apply(event);
    if (isNewFill) this.#noteExplained(event.at.monotonicMs);
    if (event.type === "book-update") this.#tellReference(market, event.at.monotonicMs);
    return isNewFill;
  }

  /**
   * What to send now, best first over all markets: cancels, the most dangerous quotes before others, then the questions after
   * orders of unproven fate, then placings and moves of quotes that are safe where they are, by what each makes good. Each command
   * returned is paid for and counted as sent; what the budget does not allow is not queued but decided anew the next time.
   *
   * `onCancel` is told each of the first as soon as it is decided, before anything else is thought of: a quote that is too generous
   * must not wait for the choice of those that will stand in its place. They are the first of what is returned.
   */
  decide(now: Instant, onCancel?: (command: CancelOrder) => void): readonly Command[] {
    this.minutes.note(now.monotonicMs);
    const turns = this.#turns;
    if (turns.some(isStarted)) this.#risk.recordLoss(this.#profit, now);
    const word = this.#wordNow();
    for (const turn of turns) turn.removals = turn.market.plan(now, word);
    const commands: Command[] = [];
    this.#sendCancels(now, commands, onCancel);
    for (const turn of turns) turn.wishes = turn.market.wishes(now);
    for (const { market, wishes } of turns) this.#sendQueries(market, wishes, now, commands);
    this.#sendChanges(now, commands);
    for (const { market } of turns) market.decided();
    return commands;
  }

  /** What the loss says to every market; the same object until it says another thing. */
  #wordNow(): ShardWord {
    const { state, latch } = this.#risk.loss;
    const reason = latch?.reason;
    if (this.#word.state !== state || this.#word.reason !== reason) this.#word = { state, reason };
    return this.#word;
  }

  /** Nothing is decided any more: whether quotes of ours still stand is not followed from `now` on. */
  decidesNoMore(now: Instant): void {
    this.minutes.note(now.monotonicMs);
    for (const market of this.#marketList) market.decidesNoMore(now);
  }

  #applyBalances(read: BalancesRead): false {
    const { balances, askedMs, isSettled, at } = read;
    const all = this.#books();
    this.#risk.funds.read(payableOf(read), all);
    for (const engine of this.#marketList) {
      const { base, quote } = engine.settings.market;
      if (!balances.has(base) && !balances.has(quote)) continue;
      const total = balances.get(base) ?? 0n;
      engine.check.venueRead({ total, explained: explained(base, all), askedMs, nowMs: at.monotonicMs, isSettled });
    }
    return false;
  }

  /** Some markets' fair values follow another's. */
  #tellReference(market: MarketEngine, nowMs: number): void {
    const price = market.watch.isBookBelieved ? market.watch.fairValue() : undefined;
    if (price === undefined) return;
    for (const { quoter } of this.#marketList) {
      if (quoter.parameters.fairValue?.reference?.market === market.settings.market.symbol) {
        quoter.referenceSeen(price, nowMs);
      }
    }
  }

  /** A fill in one market moves what the account holds in every market of its assets. */
  #noteExplained(nowMs: number): void {
    const all = this.#books();
    for (const engine of this.#marketList) {
      engine.check.explainedIs(explained(engine.settings.market.base, all), nowMs);
    }
  }

  #books() {
    return this.markets.map((market) => ({ market: market.settings.market, books: market.books }));
  }

  #sendCancels(now: Instant, commands: Command[], onCancel?: (command: CancelOrder) => void): void {
    for (const turn of this.#turns) turn.place = 0;
    for (let turn = mostDangerous(this.#turns); turn !== undefined; turn = mostDangerous(this.#turns)) {
      const { market, removals, place } = turn;
      turn.place = place + 1;
      const order = removals[place]?.order;
      const requestId = this.#budget.take("cancel", now);
      if (requestId === undefined || order === undefined) return;
      const command = market.sent.cancel(order, requestId, now);
      commands.push(command);
      onCancel?.(command);
    }
  }

  #sendQueries(market: MarketEngine, wishes: Wishes, now: Instant, commands: Command[]): void {
    for (const order of wishes.queries) {
      const requestId = this.#budget.take("query", now);
      if (requestId === undefined) return;
      commands.push(market.sent.query(order, requestId, now));
    }
  }

  /** The dearest first, whichever market they are of; of equals, each turn another market's. */
  #sendChanges(now: Instant, commands: Command[]): void {
    this.#turn += 1;
    const turns = this.#turns;
    if (turns.every(isContent)) return;
    // In a fast market this is the usual case: then there is nothing to put in order.
    if (!this.#budget.allows("place", now)) {
      for (const { market, wishes } of turns) waitForRequests(market, wishes);
      return;
    }
    for (const turn of turns) {
      bringInOrder(turn.wishes.changes);
      turn.place = 0;
      turn.risk = undefined;
    }
    const sending: Sending = { now, commands };
    this.#countPayable(commands, now);
    for (let turn = mostUrgent(turns, this.#turn); turn !== undefined; turn = mostUrgent(turns, this.#turn)) {
      const { wishes, place } = turn;
      turn.place = place + 1;
      const change = wishes.changes[place];
      assert(change !== undefined, "the most urgent change must be one");
      // Asked for each change, and only what was sent makes it another answer.
      if (this.#payable.sent !== commands.length) this.#countPayable(commands, now);
      this.#sendChange(turn, change, sending);
    }
  }

  #sendChange(turn: MarketTurn, change: PossibleChange, sending: Sending): void {
    const { market } = turn;
    const payable = this.#payable;
    const { order, quote } = change;
    // The gate walks all orders: not for a request that could not go anyway.
    const isPayable = order === undefined ? payable.place : payable.move;
    if (!isPayable) market.decision.waits(quote, "waits-for-requests");
    else if (order === undefined) this.#place(turn, quote, sending);
    else if (isWorthIt(change, payable.shareInUse)) this.#move(turn, order, quote, sending);
    else market.decision.waits(quote, "not-worth-it");
  }

  /** What could be paid for once `commands` are sent. */
  #countPayable(commands: readonly Command[], now: Instant): void {
    const payable = this.#payable;
    payable.sent = commands.length;
    payable.place = this.#budget.allows("place", now);
    payable.move = this.#budget.allowsMove(now);
    payable.shareInUse = this.#budget.shareInUse(now);
  }

  #place(turn: MarketTurn, quote: Quote, { now, commands }: Sending): void {
    if (this.#denialOf(turn, quote, now, 0) !== undefined) return;
    const requestId = this.#budget.take("place", now);
    if (requestId === undefined) return;
    commands.push(turn.market.sent.place(quote, requestId, now));
    turn.risk = undefined;
  }

  /** A quote that is only too shy stays until both requests of its move can go: a hole in the book would be worse than it. */
  #move(turn: MarketTurn, order: CancellableOrder, quote: Quote, { now, commands }: Sending): void {
    const denial = this.#denialOf(turn, quote, now, 1);
    if (denial !== undefined && !OLD_QUOTE_COUNTS.has(denial)) return;
    const placeId = denial === undefined ? this.#budget.take("place", now) : undefined;
    if (denial === undefined && placeId === undefined) return;
    // Where all that may still be sold or bought is in the quote itself, it goes alone: kept, it would stand where the market once
    // was for ever, and the position with it.
    const cancelId = this.#budget.take("cancel", now);
    assert(cancelId !== undefined, "the budget must hold a cancel where it held a placing");
    const { sent } = turn.market;
    commands.push(sent.cancel(order, cancelId, now));
    if (placeId !== undefined) commands.push(sent.place(quote, placeId, now));
    turn.risk = undefined;
  }

  /**
   * Why a quote may not be placed now. What was decided before in the same turn counts: it is an order already; `cancels` are those
   * that would be in flight with it.
   */
  #denialOf(turn: MarketTurn, quote: Quote, now: Instant, cancels: number): DenialReason | undefined {
    const mine = riskOf(turn);
    const view = this.#risk.view(quote, mine, this.#turns.map(riskOf), cancels);
    return turn.market.admit(quote, mine, view, now);
  }
}

function riskOf(turn: MarketTurn): MarketRisk {
  turn.risk ??= turn.market.risk();
  return turn.risk;
}

function isStarted({ market }: MarketTurn): boolean {
  return market.isStarted;
}

function isContent({ wishes }: MarketTurn): boolean {
  return wishes.changes.length === 0;
}

function waitForRequests({ decision }: MarketEngine, { changes }: Wishes): void {
  for (const { quote } of changes) decision.waits(quote, "waits-for-requests");
}

function marketOf(
  event: Exclude<EngineEvent, { type: "feed-connected" | "feed-lost" | "stalled" | "balances-read" }>,
): string {
  switch (event.type) {
    case "order-seen":
      return event.order.market;
    case "fill":
      return event.fill.market;
    default:
      return event.market;
  }
}

/** What of the balances can still be paid with. */
function payableOf({ balances, spent }: BalancesRead): BalancesRead["balances"] {
  if (spent === undefined) return balances;
  return new Map([...balances].map(([asset, amount]) => [asset, amount - (spent.get(asset) ?? 0n)]));
}
