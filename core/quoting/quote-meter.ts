/** How much of the time we quote: both sides live, and how long not a single order was. Owns the sums. */
import type { Order } from "../order.ts";
import { isResting } from "../order.ts";

/** The engine looks twenty times a second. What nobody has looked at for this long is not known to stand: the process stood still. */
const SEEN_MS_MAX = 2_000;

export class QuoteMeter {
  #measuredMs = 0;
  #twoSidedMs = 0;
  #lastMs: number | undefined;
  #isTwoSided = false;
  #lastLiveMs: number | undefined;

  /** The orders that stand from `nowMs` (monotonic) on. Answers how much of the time since the last record had not both sides. */
  record(open: readonly Order[], isBlocked: boolean, nowMs: number): number {
    let [isBid, isAsk] = [false, false];
    for (const order of open) {
      if (!isResting(order)) continue;
      if (order.side === "buy") isBid = true;
      else isAsk = true;
    }
    if (this.#lastLiveMs === undefined || isBlocked || isBid || isAsk) this.#lastLiveMs = nowMs;
    let unquotedMs = 0;
    if (this.#lastMs !== undefined) {
      const passedMs = Math.max(0, nowMs - this.#lastMs);
      const twoSidedMs = this.twoSidedMsAt(nowMs) - this.#twoSidedMs;
      unquotedMs = passedMs - twoSidedMs;
      this.#twoSidedMs += twoSidedMs;
      this.#measuredMs += passedMs;
    }
    // Never back: a time that was counted must not be counted again.
    this.#lastMs = Math.max(this.#lastMs ?? nowMs, nowMs);
    this.#isTwoSided = isBid && isAsk;
    return unquotedMs;
  }

  /** Both sides stood at the last record. */
  get isTwoSided(): boolean {
    return this.#isTwoSided;
  }

  /** Time since the first record without a live order on both sides, up to the last one. */
  get unquotedTotalMs(): number {
    return this.#measuredMs - this.#twoSidedMs;
  }

  /** How long no order of ours has been live although nothing blocked the market, in milliseconds. */
  unquotedMs(nowMs: number): number {
    return this.#lastLiveMs === undefined ? 0 : nowMs - this.#lastLiveMs;
  }

  /** Time since the start with a live order on both sides, up to `nowMs` (monotonic): the last record or later. */
  twoSidedMsAt(nowMs: number): number {
    if (!this.#isTwoSided || this.#lastMs === undefined) return this.#twoSidedMs;
    return this.#twoSidedMs + Math.min(Math.max(0, nowMs - this.#lastMs), SEEN_MS_MAX);
  }

  /** Share of the time since the first record with a live order on both sides; undefined before any time has passed. */
  get twoSidedRatio(): number | undefined {
    return this.#measuredMs === 0 ? undefined : this.#twoSidedMs / this.#measuredMs;
  }
}
