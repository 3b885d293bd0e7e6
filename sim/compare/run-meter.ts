/**
 * Measures one run: money, risk, quotes and flow, all from what happened at the venue and none of it from what a competitor says
 * of itself. Everything is marked at the middle of the others' newest shown book. Owns the sums; the formulas are `measures.ts`'s.
 */
import type { WeightedMean } from "../../core/accounting/weighted-mean.ts";
import { MONEY_DECIMALS } from "../../core/decimal.ts";
import { type Market, priceToNumber, sizeToNumber } from "../../core/market.ts";
import type { TopOfBook } from "../../core/market-data/book.ts";
import { SpreadMeter, type SpreadTotals } from "../../core/market-data/spread-meter.ts";
import { midOf } from "../../core/quoting/fair-value.ts";
import { type Lots, type Side, signOf, type Ticks } from "../../core/units.ts";
import { feeOn, notionalOf } from "../exchange/fees.ts";
import { Markouts } from "./markouts.ts";
import { Drawdown, halfLifeOf, type LagSums, type ProfitMoments, shareOf, sharpeOf } from "./measures.ts";

const SAMPLE_MS = 1_000;
/** Profits of a Sharpe ratio are of a minute each. */
export const PROFIT_SECONDS = 60;
/** The widest spread that Injective's liquidity programme counts as quoting. */
const OBLIGED_SPREAD_BPS = 100;

/** Best resting orders of the competitor; undefined where a side has none. */
export type OwnTop = { readonly bid: Ticks | undefined; readonly ask: Ticks | undefined };

export type Counts = {
  /** Orders that came to rest, ended by a cancel, were filled completely, and were refused or rejected. */
  placed: number;
  cancelled: number;
  filled: number;
  rejected: number;
  /** Requests beyond the venue's limits, and placings beyond the position limit. */
  overRequests: number;
  overPosition: number;
};

/** Amounts in quote currency; shares from 0 to 1; undefined where a measure has no meaning, such as a markout without a fill. */
export type RunFigures = {
  readonly seconds: number;
  readonly pnl: number;
  /** What the profit is made of: edge at the fills, moves of the mid on what was held, fees (subtracted). */
  readonly capture: number;
  readonly inventory: number;
  readonly fees: number;
  readonly volume: number;
  readonly fills: number;
  readonly pnlPerVolumeBps: number | undefined;
  readonly captureBps: number | undefined;
  readonly profits: ProfitMoments;
  readonly sharpe: number;
  readonly drawdown: number;
  readonly drawdownPercent: number;
  readonly spreadOthersBps: number | undefined;
  readonly spreadImprovementBps: number | undefined;
  readonly spreadImprovementPercent: number | undefined;
  /** In bps, by horizon (`MARKOUT_SECONDS`), with the interval of this one run. */
  readonly markouts: readonly WeightedMean[];
  readonly halfLifeSeconds: number | undefined;
  /** Mean size of the position over its limit. */
  readonly inventoryShare: number;
  readonly uptime: number;
  /** The same with a spread of at most 100 bps. */
  readonly uptimeObliged: number;
  readonly fillRate: number | undefined;
  readonly quoteToTrade: number | undefined;
} & Readonly<Counts>;

/** What was traded on one side since the start, in lots and ticks × lots. */
export type Traded = { readonly size: number; readonly value: number };

/** The run as it stands at a whole second; what adds up does so from its start. */
export type RunSample = {
  readonly atMs: number;
  /** In ticks; undefined before the first book. */
  readonly mid: number | undefined;
  readonly own: OwnTop;
  /** In lots, signed. */
  readonly position: number;
  readonly pnl: number;
  readonly spreads: SpreadTotals;
  readonly traded: Readonly<Record<Side, Traded>>;
};

export type MeterOptions = {
  readonly market: Market;
  /** In quote currency: what the drawdown is a share of. */
  readonly capital: number;
  readonly positionMax: Lots;
  /** Told once a second. */
  readonly onSample?: ((sample: RunSample) => void) | undefined;
};

export class RunMeter {
  readonly counts: Counts = { placed: 0, cancelled: 0, filled: 0, rejected: 0, overRequests: 0, overPosition: 0 };
  readonly #market: Market;
  readonly #unit: number;
  readonly #capital: number;
  readonly #positionMax: Lots;
  readonly #onSample: MeterOptions["onSample"];
  readonly #spreads = new SpreadMeter();
  readonly #markouts = new Markouts();
  readonly #drawdown = new Drawdown(0);
  /** Ticks × lots: exact. */
  #cash = 0;
  readonly #traded: Record<Side, Traded> = { buy: { size: 0, value: 0 }, sell: { size: 0, value: 0 } };
  #position = 0;
  #fees = 0n;
  #fills = 0;
  #capture = 0;
  #inventory = 0;
  #mid: number | undefined;
  #ownTop: OwnTop = { bid: undefined, ask: undefined };
  #ownSinceMs = 0;
  #twoSidedMs = 0;
  #obligedMs = 0;
  #nowMs = 0;
  #sampleMs = SAMPLE_MS;
  #samples = 0;
  #sampledPosition = 0;
  #sampledSize = 0;
  #lag: LagSums = { withItself: 0, withNext: 0 };
  #lastProfit = 0;
  #profits: ProfitMoments = { count: 0, sum: 0, sumOfSquares: 0 };

  constructor(input: MeterOptions) {
    this.#market = input.market;
    this.#unit = priceToNumber(input.market, 1) * sizeToNumber(input.market, 1);
    this.#capital = input.capital;
    this.#positionMax = input.positionMax;
    this.#onSample = input.onSample;
  }

  /** In lots, signed. */
  get position(): number {
    return this.#position;
  }

  /** Realised and unrealised, fees taken off, in quote currency. */
  get pnl(): number {
    const held = this.#mid === undefined ? 0 : this.#position * this.#mid;
    return (this.#cash + held) * this.#unit - Number(this.#fees) / 10 ** MONEY_DECIMALS;
  }

  /** Time passes to `nowMs` with everything as it is. */
  advance(nowMs: number): void {
    while (this.#sampleMs <= nowMs) {
      this.#sample();
      this.#sampleMs += SAMPLE_MS;
    }
    this.#nowMs = nowMs;
  }

  /** A book is shown: its top without the competitor's orders, and with them. */
  book(others: TopOfBook, all: TopOfBook): void {
    const mid = midOf(others);
    this.#spreads.record(spreadsOf(mid, others, all), this.#nowMs);
    if (mid === undefined) return;
    if (this.#mid !== undefined) {
      this.#markouts.settle(this.#mid, this.#nowMs);
      this.#inventory += this.#position * (mid - this.#mid);
    }
    this.#mid = mid;
    this.#drawdown.record(this.pnl);
  }

  fill(fill: {
    readonly side: Side;
    readonly price: Ticks;
    readonly size: Lots;
    readonly liquidity: "maker" | "taker";
  }): void {
    const { side, price, size, liquidity } = fill;
    const sign = signOf(side);
    this.#fills += 1;
    this.#cash -= sign * price * size;
    this.#position += sign * size;
    const traded = this.#traded[side];
    this.#traded[side] = { size: traded.size + size, value: traded.value + price * size };
    this.#fees += feeOn(notionalOf(this.#market, price, size), liquidity);
    this.#capture += sign * ((this.#mid ?? price) - price) * size;
    this.#markouts.add(fill, this.#nowMs);
    this.#drawdown.record(this.pnl);
  }

  /** The competitor's best resting orders from now on. */
  quotes(top: OwnTop): void {
    this.#countQuotes();
    this.#ownTop = top;
  }

  finish(endMs: number): RunFigures {
    this.advance(endMs);
    this.#countQuotes();
    if (this.#mid !== undefined) this.#markouts.settle(this.#mid, endMs);
    const others = this.#spreads.current;
    this.#spreads.record(others, endMs);
    const spreads = this.#spreads.averages();
    const { placed, cancelled, filled } = this.counts;
    const volume = this.#traded.buy.value + this.#traded.sell.value;
    return {
      ...this.counts,
      seconds: endMs / 1_000,
      pnl: this.pnl,
      capture: this.#capture * this.#unit,
      inventory: this.#inventory * this.#unit,
      fees: Number(this.#fees) / 10 ** MONEY_DECIMALS,
      volume: volume * this.#unit,
      fills: this.#fills,
      pnlPerVolumeBps: shareOf(1e4 * this.pnl, volume * this.#unit),
      captureBps: shareOf(1e4 * this.#capture, volume),
      profits: this.#profits,
      sharpe: sharpeOf(this.#profits, PROFIT_SECONDS),
      drawdown: this.#drawdown.deepest,
      drawdownPercent: (100 * this.#drawdown.deepest) / this.#capital,
      spreadOthersBps: spreads?.othersBps,
      spreadImprovementBps: spreads?.improvementBps,
      spreadImprovementPercent: spreads?.improvementPercent,
      markouts: this.#markouts.means(),
      halfLifeSeconds: halfLifeOf(this.#lag, SAMPLE_MS / 1_000),
      inventoryShare: this.#samples === 0 ? 0 : this.#sampledSize / this.#samples / this.#positionMax,
      uptime: this.#twoSidedMs / endMs,
      uptimeObliged: this.#obligedMs / endMs,
      fillRate: shareOf(filled, placed),
      quoteToTrade: shareOf(placed + cancelled, this.#fills),
    };
  }

  #sample(): void {
    this.#samples += 1;
    this.#onSample?.(this.#sampleNow());
    const before = this.#sampledPosition;
    this.#sampledPosition = this.#position;
    this.#sampledSize += Math.abs(this.#position);
    this.#lag = {
      withItself: this.#lag.withItself + before * before,
      withNext: this.#lag.withNext + before * this.#position,
    };
    if (this.#samples % PROFIT_SECONDS !== 0) return;
    const profit = this.pnl - this.#lastProfit;
    this.#lastProfit = this.pnl;
    const { count, sum, sumOfSquares } = this.#profits;
    this.#profits = { count: count + 1, sum: sum + profit, sumOfSquares: sumOfSquares + profit * profit };
  }

  #sampleNow(): RunSample {
    return {
      atMs: this.#sampleMs,
      mid: this.#mid,
      own: this.#ownTop,
      position: this.#position,
      pnl: this.pnl,
      spreads: this.#spreads.totalsAt(this.#sampleMs),
      traded: { ...this.#traded },
    };
  }

  #countQuotes(): void {
    const elapsedMs = this.#nowMs - this.#ownSinceMs;
    this.#ownSinceMs = this.#nowMs;
    const { bid, ask } = this.#ownTop;
    if (bid === undefined || ask === undefined) return;
    this.#twoSidedMs += elapsedMs;
    if ((ask - bid) * 2e4 <= OBLIGED_SPREAD_BPS * (ask + bid)) this.#obligedMs += elapsedMs;
  }
}

function spreadsOf(mid: number | undefined, others: TopOfBook, all: TopOfBook) {
  if (mid === undefined || others.bid === undefined || others.ask === undefined) return undefined;
  if (all.bid === undefined || all.ask === undefined) return undefined;
  return {
    othersBps: (1e4 * (others.ask.price - others.bid.price)) / mid,
    selfBps: (1e4 * (all.ask.price - all.bid.price)) / mid,
  };
}
