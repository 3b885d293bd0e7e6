/**
 * The engine: facts in by `apply`, commands out by `decide`. It knows no promise, no clock and no socket. Owns the markets
 * and the order in which they share the request budget; what each wants is its `MarketEngine`'s.
 */
import type { Books } from "./accounting/pnl.ts";
import { assert } from "./assert.ts";
import type { Command } from "./commands.ts";
import type { EngineEvent } from "./events.ts";
import type { RequestBudget } from "./execution/request-budget.ts";
import type { MarketPlan, MarketSettings } from "./market-engine.ts";
import { MarketEngine } from "./market-engine.ts";
import { withQuote } from "./risk/gate.ts";
import type { Instant } from "./units.ts";

export type EngineOptions = {
  readonly markets: readonly MarketSettings[];
  /** Part of every client order id: grows with every start, so that no two starts ever share one. */
  readonly epoch: number;
  readonly budget: RequestBudget;
  /** The books a market starts with, by symbol. */
  readonly books: ReadonlyMap<string, Books>;
  /** See `MarketEngine`; in milliseconds. */
  readonly fillsUnreadMsMax: number;
};

export class Engine {
  readonly #markets = new Map<string, MarketEngine>();
  readonly #budget: RequestBudget;
  #unroutable = 0;
  /** Where the next decision starts handing out placings, so that no market starves another. */
  #turn = 0;

  constructor(options: EngineOptions) {
    this.#budget = options.budget;
    for (const settings of options.markets) {
      const { symbol } = settings.market;
      const books = options.books.get(symbol);
      assert(books !== undefined, `the books of ${symbol} must be loaded before its engine starts`);
      this.#markets.set(symbol, new MarketEngine(settings, { ...options, books }));
    }
  }

  get markets(): readonly MarketEngine[] {
    return [...this.#markets.values()];
  }

  /** Facts about markets this engine does not have. */
  get unroutable(): number {
    return this.#unroutable;
  }

  market(symbol: string): MarketEngine | undefined {
    return this.#markets.get(symbol);
  }

  /** Takes one fact. Answers true when it was a fill not seen before. */
  apply(event: EngineEvent): boolean {
    if (event.type === "feed-connected" || event.type === "feed-lost") {
      for (const market of this.#markets.values()) market.apply(event);
      return false;
    }
    const market = this.#markets.get(marketOf(event));
    if (market === undefined) {
      this.#unroutable += 1;
      return false;
    }
    return market.apply(event);
  }

  /**
   * What to send now, best first: every market's cancels, then the questions after orders of unproven fate, then placings
   * in turn, then moves of quotes that are safe where they are. Each command returned is paid for and counted as sent; what the budget does not allow is not queued but
   * decided anew the next time.
   */
  decide(now: Instant): readonly Command[] {
    const plans = [...this.#markets.values()].map((market) => ({ market, plan: market.plan(now) }));
    const commands: Command[] = [];
    for (const { market, plan } of plans) this.#sendCancels(market, plan, now, commands);
    for (const { market, plan } of plans) this.#sendQueries(market, plan, now, commands);
    this.#turn += 1;
    const inTurn = plans.map((_, i) => plans[(this.#turn + i) % plans.length]).filter((next) => next !== undefined);
    for (const { market, plan } of inTurn) this.#sendPlaces(market, plan, now, commands);
    for (const { market, plan } of inTurn) this.#sendMoves(market, plan, now, commands);
    return commands;
  }

  #sendCancels(market: MarketEngine, plan: MarketPlan, now: Instant, commands: Command[]): void {
    for (const order of plan.cancels) {
      const requestId = this.#budget.take("cancel", now);
      if (requestId === undefined) return;
      commands.push(market.cancel(order, requestId, now));
    }
  }

  #sendQueries(market: MarketEngine, plan: MarketPlan, now: Instant, commands: Command[]): void {
    for (const order of plan.queries) {
      const requestId = this.#budget.take("query", now);
      if (requestId === undefined) return;
      commands.push(market.query(order, requestId, now));
    }
  }

  #sendPlaces(market: MarketEngine, plan: MarketPlan, now: Instant, commands: Command[]): void {
    if (plan.places.length === 0) return;
    let exposure = market.exposure();
    for (const quote of plan.places) {
      if (market.admit(quote, exposure) !== undefined) continue;
      const requestId = this.#budget.take("place", now);
      if (requestId === undefined) return;
      commands.push(market.place(quote, requestId, now));
      exposure = withQuote(exposure, quote);
    }
  }

  /** A quote that is only too shy stays until both requests of its move can go: a hole in the book would be worse than it. */
  #sendMoves(market: MarketEngine, plan: MarketPlan, now: Instant, commands: Command[]): void {
    for (const { order, quote } of plan.moves) {
      const placeId =
        market.admit(quote, market.exposure()) === undefined ? this.#budget.take("place", now) : undefined;
      if (placeId === undefined) continue;
      const cancelId = this.#budget.take("cancel", now);
      assert(cancelId !== undefined, "the budget must hold a cancel where it held a placing");
      commands.push(market.cancel(order, cancelId, now), market.place(quote, placeId, now));
    }
  }
}

function marketOf(event: Exclude<EngineEvent, { type: "feed-connected" | "feed-lost" }>): string {
  switch (event.type) {
    case "order-seen":
      return event.order.market;
    case "fill":
      return event.fill.market;
    default:
      return event.market;
  }
}
