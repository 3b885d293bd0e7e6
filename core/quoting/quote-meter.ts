/** How much of the time we quote: both sides live, and how long not a single order was. Owns the sums. */
import type { Order } from "../order.ts";
import { isResting } from "../order.ts";

export class QuoteMeter {
  #measuredMs = 0;
  #twoSidedMs = 0;
  #lastMs: number | undefined;
  #isTwoSided = false;
  #lastLiveMs: number | undefined;

  /** The orders that stand from `nowMs` (monotonic) on. */
  record(open: readonly Order[], isBlocked: boolean, nowMs: number): void {
    const resting = open.filter(isResting);
    if (this.#lastLiveMs === undefined || isBlocked || resting.length > 0) this.#lastLiveMs = nowMs;
    if (this.#lastMs !== undefined) {
      const elapsedMs = Math.max(0, nowMs - this.#lastMs);
      this.#measuredMs += elapsedMs;
      if (this.#isTwoSided) this.#twoSidedMs += elapsedMs;
    }
    this.#lastMs = nowMs;
    this.#isTwoSided = new Set(resting.map((order) => order.side)).size === 2;
  }

  /** How long no order of ours has been live although nothing blocked the market, in milliseconds. */
  unquotedMs(nowMs: number): number {
    return this.#lastLiveMs === undefined ? 0 : nowMs - this.#lastLiveMs;
  }

  /** Share of the time since the first record with a live order on both sides; undefined before any time has passed. */
  get twoSidedRatio(): number | undefined {
    return this.#measuredMs === 0 ? undefined : this.#twoSidedMs / this.#measuredMs;
  }
}
