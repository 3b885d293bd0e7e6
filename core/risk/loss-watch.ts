/**
 * How much was lost from the best moment so far, and since midnight (UTC), unrealised profit included. Owns peak, day and the
 * trading state that follows: active, then reducing, then halted, which is latched until an operator resumes. Survives a restart
 * by its snapshot, which does not say whether it was reducing: the first profit is judged as if it had been.
 */
import { assert } from "../assert.ts";
import type { Instant } from "../units.ts";
import type { ShardLimits } from "./limits.ts";
import type { TradingState } from "./trading-state.ts";

/** What must outlive the process. Amounts are integers of 10^-18 quote currency. */
export type LossSnapshot = {
  /** Highest profit so far. */
  readonly peak: bigint;
  /** The UTC day, counted from 1970-01-01, and the profit it began with. */
  readonly day: number;
  readonly dayStart: bigint;
  /** Why and when (epoch ms) all was halted; undefined when it is not. */
  readonly latch: { readonly reason: string; readonly atMs: number } | undefined;
};

const DAY_MS = 86_400_000;

/** Percentages are told to six decimals. */
const PERCENT_SCALE = 1_000_000;
const PERCENT_UNITS = 100n * BigInt(PERCENT_SCALE);

export class LossWatch {
  readonly #limits: ShardLimits;
  #snapshot: LossSnapshot | undefined;
  /** Undefined before the first was told: what is not known is no loss. */
  #profit: bigint | undefined;
  /** An operator resumed before the first profit was told: it is counted from that one. */
  #isAnew = false;
  #isReducing = false;
  /** An earlier start may have been reducing. */
  #isUnjudged: boolean;
  /** The market whose holding has no price, so that the profit is not known now; undefined where it is. */
  #unpriced: string | undefined;

  constructor(limits: ShardLimits, snapshot: LossSnapshot | undefined) {
    assert(limits.capital > 0n, `capital must be above 0, was ${limits.capital}`);
    this.#limits = limits;
    this.#snapshot = snapshot;
    this.#isUnjudged = snapshot !== undefined;
  }

  /** Undefined before the first profit was told. A new object whenever something in it changed. */
  get snapshot(): LossSnapshot | undefined {
    return this.#snapshot;
  }

  /** Loss from the peak, in percent of the capital, at least 0. */
  get drawdownPercent(): number {
    return this.#lossFrom(this.#snapshot?.peak);
  }

  /** Loss since midnight, in percent of the capital, at least 0. */
  get dailyLossPercent(): number {
    return this.#lossFrom(this.#snapshot?.dayStart);
  }

  get isAlerting(): boolean {
    return this.drawdownPercent >= this.#limits.drawdownAlertPercent;
  }

  /** The drawdown in words. */
  get drawdown(): string {
    return `the drawdown is ${this.drawdownPercent.toFixed(2)} % of the capital`;
  }

  get state(): TradingState {
    if (this.#snapshot?.latch !== undefined) return "halted";
    return this.#isReducing || this.#unpriced !== undefined ? "reducing" : "active";
  }

  /** Why no loss is judged now, and all only reduce; undefined where it is. */
  get unknown(): string | undefined {
    return this.#unpriced === undefined ? undefined : `what is held in ${this.#unpriced} has no price yet`;
  }

  /** Why all is halted; undefined when it is not. */
  get latch(): LossSnapshot["latch"] {
    return this.#snapshot?.latch;
  }

  /** Takes the profit of all markets now: realised and unrealised, an integer of 10^-18 quote currency. */
  record(profit: bigint, { epochMs }: Instant): void {
    this.#profit = profit;
    this.#unpriced = undefined;
    const day = Math.floor(epochMs / DAY_MS);
    if (this.#isAnew && this.#snapshot !== undefined)
      this.#snapshot = { ...this.#snapshot, peak: profit, dayStart: profit };
    this.#isAnew = false;
    const before = this.#snapshot ?? { peak: profit, day, dayStart: profit, latch: undefined };
    const isNewDay = day > before.day;
    if (this.#snapshot === undefined || profit > before.peak || isNewDay) {
      this.#snapshot = {
        peak: profit > before.peak ? profit : before.peak,
        day: isNewDay ? day : before.day,
        dayStart: isNewDay ? profit : before.dayStart,
        latch: before.latch,
      };
    }
    this.#judge(epochMs);
  }

  /**
   * Something is held in a market of which no price is known, as after a start: valued at its cost, a gain that it had would look lost, and
   * a loss would not be seen. Nothing is judged then, and nothing more is risked, until a profit is told.
   */
  unpriced(market: string): void {
    this.#unpriced = market;
  }

  /** An operator looked and let it go on: where the loss had halted or bounded the trading, it is counted anew from here. */
  resume(): void {
    this.#isUnjudged = false;
    if (this.#snapshot === undefined || (this.#snapshot.latch === undefined && !this.#isReducing)) return;
    const { peak, dayStart } = this.#snapshot;
    this.#isAnew = this.#profit === undefined;
    this.#snapshot = {
      ...this.#snapshot,
      peak: this.#profit ?? peak,
      dayStart: this.#profit ?? dayStart,
      latch: undefined,
    };
    this.#isReducing = false;
  }

  #judge(epochMs: number): void {
    const { drawdownAlertPercent, drawdownReducePercent, drawdownHaltPercent, dailyLossPercent } = this.#limits;
    const drawdown = this.drawdownPercent;
    // Once reducing, it is active again only below the alert: at the edge it would flicker.
    const mayHaveReduced = this.#isReducing || this.#isUnjudged;
    this.#isReducing = drawdown >= (mayHaveReduced ? drawdownAlertPercent : drawdownReducePercent);
    this.#isUnjudged = false;
    if (this.#snapshot === undefined || this.#snapshot.latch !== undefined) return;
    const daily = this.dailyLossPercent;
    if (drawdown < drawdownHaltPercent && daily < dailyLossPercent) return;
    const reasons: string[] = [];
    if (drawdown >= drawdownHaltPercent) {
      reasons.push(`the drawdown is ${drawdown.toFixed(2)} %, the limit ${drawdownHaltPercent} %`);
    }
    if (daily >= dailyLossPercent) {
      reasons.push(`the day's loss is ${daily.toFixed(2)} %, the limit ${dailyLossPercent} %`);
    }
    this.#snapshot = { ...this.#snapshot, latch: { reason: reasons.join("; "), atMs: epochMs } };
  }

  #lossFrom(profit: bigint | undefined): number {
    if (profit === undefined || this.#profit === undefined) return 0;
    return this.#percent(profit - this.#profit);
  }

  #percent(loss: bigint): number {
    return loss <= 0n ? 0 : Number((loss * PERCENT_UNITS) / this.#limits.capital) / PERCENT_SCALE;
  }
}
