/**
 * Spread improvement, time-weighted: (others' spread − spread with us) / mid. Each pair of spreads counts for as long as it
 * stood; while either is not known, or the data is old, no time is counted. Owns the sums, not the book.
 */

/** Spreads in basis points of the mid: of the book without our orders, and with them. */
export type Spreads = { readonly othersBps: number; readonly selfBps: number };

export class SpreadMeter {
  #current: Spreads | undefined;
  #sinceMs = 0;
  #elapsedMs = 0;
  #othersSum = 0;
  #selfSum = 0;

  get current(): Spreads | undefined {
    return this.#current;
  }

  /** From `nowMs` (monotonic) on these spreads stand; undefined when they are not known. */
  record(spreads: Spreads | undefined, nowMs: number): void {
    const elapsed = Math.max(0, nowMs - this.#sinceMs);
    if (this.#current !== undefined) {
      this.#elapsedMs += elapsed;
      this.#othersSum += this.#current.othersBps * elapsed;
      this.#selfSum += this.#current.selfBps * elapsed;
    }
    this.#current = spreads;
    this.#sinceMs = nowMs;
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
}
