/**
 * Cuts an engine's sums into minutes: each fact and each decision is asked on which side of the boundary it lies before it is taken, so
 * that a minute ends exactly where it should, whenever somebody comes to read it. Owns the boundary; the figures are `minute.ts`'s,
 * and which minute of which day it is, the shell's.
 */
import type { MarketEngine } from "../market-engine.ts";
import type { LossWatch } from "../risk/loss-watch.ts";
import { type ClosingFigures, type MarketTotals, type MinuteFigures, makeMinute, toMicroPercent } from "./minute.ts";
import { unrealizedPnl } from "./pnl.ts";

type Standing = { readonly totals: MarketTotals; readonly closing: ClosingFigures };
type Standings = ReadonlyMap<string, Standing>;

export class MinuteMeter {
  readonly #markets: () => readonly MarketEngine[];
  readonly #loss: LossWatch;
  #begun: Standings | undefined;
  /** Infinite while none is under way, and once the one under way has come to its end. */
  #endMs = Number.POSITIVE_INFINITY;
  #ended: Standings | undefined;

  constructor(markets: () => readonly MarketEngine[], loss: LossWatch) {
    this.#markets = markets;
    this.#loss = loss;
  }

  /** What happened before `nowMs` (monotonic) has been taken; what is taken from here on happens then or later. */
  note(nowMs: number): void {
    if (nowMs >= this.#endMs) this.#end(this.#endMs);
  }

  /** The first minute begins now and ends at `endMs` (both monotonic). */
  begin({ nowMs, endMs }: { readonly nowMs: number; readonly endMs: number }): void {
    this.#begun = this.#standingsAt(nowMs);
    this.#endMs = endMs;
  }

  /**
   * The figures, by market, of the minute under way: up to where it was to end, or up to `nowMs` (monotonic) if that has not come. The
   * next begins there, and ends at `endMs`.
   */
  next({ nowMs, endMs }: { readonly nowMs: number; readonly endMs: number }): ReadonlyMap<string, MinuteFigures> {
    const ended = this.#ended ?? this.#end(Math.min(nowMs, this.#endMs));
    const figures = new Map<string, MinuteFigures>();
    for (const [market, { totals, closing }] of ended) {
      const begun = this.#begun?.get(market)?.totals ?? totals;
      figures.set(market, makeMinute({ begun, ended: totals, closing }));
    }
    this.#begun = ended;
    this.#ended = undefined;
    this.#endMs = endMs;
    return figures;
  }

  #end(atMs: number): Standings {
    const ended = this.#standingsAt(atMs);
    this.#ended = ended;
    this.#endMs = Number.POSITIVE_INFINITY;
    return ended;
  }

  #standingsAt(nowMs: number): Standings {
    const drawdownMicroPercent = toMicroPercent(this.#loss.drawdownPercent);
    return new Map(
      this.#markets().map((market) => [
        market.settings.market.symbol,
        { totals: totalsOf(market, nowMs), closing: closingOf(market, drawdownMicroPercent) },
      ]),
    );
  }
}

function totalsOf({ watch, meter, counts: { buy, sell } }: MarketEngine, nowMs: number): MarketTotals {
  return {
    ...watch.spreads.totalsAt(nowMs),
    twoSidedMs: meter.twoSidedMsAt(nowMs),
    ordersPlaced: buy.placed + sell.placed,
    ordersCancelled: buy.cancelled + sell.cancelled,
    ordersFilled: buy.filled + sell.filled,
  };
}

function closingOf(market: MarketEngine, drawdownMicroPercent: number): ClosingFigures {
  const { books } = market;
  const mid = market.lastMidMoney();
  return {
    mid,
    position: books.position,
    realizedPnl: books.realizedPnl,
    unrealizedPnl: mid === undefined ? undefined : unrealizedPnl(books, mid),
    drawdownMicroPercent,
  };
}
