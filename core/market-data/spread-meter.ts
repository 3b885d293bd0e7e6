/**
 * Spread improvement, time-weighted: (others' spread − spread with us) / mid. Each pair of spreads counts for as long as it
 * stood; while either is not known, or the data is old, no time is counted. Owns the sums, not the book.
 */

/** Spreads in basis points of the mid: of the book without our orders, and with them. */
export type Spreads = { readonly othersBps: number; readonly selfBps: number };

/** What was measured from the start to one moment: the time, and each spread times its time. The difference of two is a window's. */
export type SpreadTotals = { readonly measuredMs: number; readonly othersBpsMs: number; readonly selfBpsMs: number };

export class SpreadMeter {
  readonly #standsMsMax: number;
  #current: Spreads | undefined;
  #sinceMs = 0;
  #elapsedMs = 0;
  #othersSum = 0;
  #selfSum = 0;

  /** Spreads stand for at most `standsMsMax` milliseconds: as long as the book they are of may be believed. */
  constructor(standsMsMax = Number.POSITIVE_INFINITY) {
    this.#standsMsMax = standsMsMax;
  }

  get current(): Spreads | undefined {
    return this.#current;
  }

  /** From `nowMs` (monotonic) on these spreads stand; undefined when they are not known. */
  record(spreads: Spreads | undefined, nowMs: number): void {
    if (this.#current !== undefined) {
      const elapsed = this.#stoodMs(nowMs);
      this.#elapsedMs += elapsed;
      this.#othersSum += this.#current.othersBps * elapsed;
      this.#selfSum += this.#current.selfBps * elapsed;
    }
    this.#current = spreads;
    // Never back: a time that was counted must not be counted again.
    this.#sinceMs = Math.max(this.#sinceMs, nowMs);
  }

  /** The sums as they stand at `nowMs` (monotonic), the last record or later: what stands now counts up to there. */
  totalsAt(nowMs: number): SpreadTotals {
    const elapsed = this.#current === undefined ? 0 : this.#stoodMs(nowMs);
    const { othersBps, selfBps } = this.#current ?? { othersBps: 0, selfBps: 0 };
    return {
      measuredMs: this.#elapsedMs + elapsed,
      othersBpsMs: this.#othersSum + othersBps * elapsed,
      selfBpsMs: this.#selfSum + selfBps * elapsed,
    };
  }

  /** Averages over the time measured; undefined before any was. `improvementPercent` is of the others' spread. */
  averages(): (Spreads & { readonly improvementBps: number; readonly improvementPercent: number }) | undefined {
    if (this.#elapsedMs === 0) return undefined;
    const othersBps = this.#othersSum / this.#elapsedMs;
    const selfBps = this.#selfSum / this.#elapsedMs;
    const improvementBps = othersBps - selfBps;
    return {
      othersBps,
      selfBps,
      improvementBps,
      improvementPercent: othersBps > 0 ? (100 * improvementBps) / othersBps : 0,
    };
  }

  #stoodMs(nowMs: number): number {
    return Math.min(Math.max(0, nowMs - this.#sinceMs), this.#standsMsMax);
  }
}
