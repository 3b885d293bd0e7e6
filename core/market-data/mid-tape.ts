/**
 * The mid of a market over the last while, as it changed. Owns a ring of changes and the judgement of age: a mid that no book has
 * confirmed for longer than the age limit was not known any more. Which books are believed is `market-watch.ts`'s to say.
 */

/** 68 changes a second for the minute that a markout looks back at the most; older ones are overwritten. */
const CHANGES_MAX = 4_096;

/** No mid: a price is at least one tick, so twice a mid is never 0. */
const NONE = 0;

export class MidTape {
  readonly #ageMsMax: number;
  readonly #changesMax: number;
  /** Plain numbers in rings that are made once: a book on the hot path allocates nothing here. */
  readonly #fromMs: Float64Array;
  readonly #seenMs: Float64Array;
  readonly #twiceMid: Float64Array;
  /** Changes since the start, and where the newest of them stands. */
  #changes = 0;
  #newest = -1;

  /** `ageMsMax`: a mid is in force for so long after the last book that showed it. */
  constructor(ageMsMax: number, changesMax = CHANGES_MAX) {
    this.#ageMsMax = ageMsMax;
    this.#changesMax = changesMax;
    this.#fromMs = new Float64Array(changesMax);
    this.#seenMs = new Float64Array(changesMax);
    this.#twiceMid = new Float64Array(changesMax);
  }

  /** Changes that are held. */
  get size(): number {
    return Math.min(this.#changes, this.#changesMax);
  }

  /**
   * A book shows this at `nowMs` (monotonic): twice the mid, in ticks, since a mid may lie between two; undefined when none is
   * believed from then on. A moment before the last one told counts as that one.
   */
  record(twiceMid: number | undefined, nowMs: number): void {
    const mid = twiceMid ?? NONE;
    const seenMs = this.#changes === 0 ? nowMs : this.#number(this.#seenMs, this.#newest);
    const ms = Math.max(nowMs, seenMs);
    if (this.#changes === 0 || mid !== this.#twiceMid[this.#newest] || ms - seenMs > this.#ageMsMax) {
      this.#newest = this.#newest + 1 === this.#changesMax ? 0 : this.#newest + 1;
      this.#changes += 1;
      this.#fromMs[this.#newest] = ms;
      this.#twiceMid[this.#newest] = mid;
    }
    this.#seenMs[this.#newest] = ms;
  }

  /** Twice the mid in force at `ms`: the last one told at or before it; undefined when none was known then, or is remembered. */
  at(ms: number): number | undefined {
    const oldest = this.#changes - this.size;
    let low = oldest;
    let high = this.#changes;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#number(this.#fromMs, middle % this.#changesMax) <= ms) low = middle + 1;
      else high = middle;
    }
    if (low === oldest) return undefined;
    const index = (low - 1) % this.#changesMax;
    const mid = this.#number(this.#twiceMid, index);
    const isOld = ms - this.#number(this.#seenMs, index) > this.#ageMsMax;
    return mid === NONE || isOld ? undefined : mid;
  }

  #number(ring: Float64Array, index: number): number {
    return ring[index] ?? Number.NaN;
  }
}
