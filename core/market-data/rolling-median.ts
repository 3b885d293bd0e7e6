/**
 * The median of the values of the last while, kept in order as they come and go: the book that brings a new one pays for two short
 * moves of memory, not for sorting all. Owns the values and their order; what they are, and how often one is taken, is told to it.
 */
export class RollingMedian {
  readonly #windowMs: number;
  /** By the order in which they came, in a ring; and by size, in the first places. */
  readonly #values: Float64Array;
  readonly #takenMs: Float64Array;
  readonly #sorted: Float64Array;
  #oldest = 0;
  #count = 0;

  /** Of the newest `countMax` values, those younger than `windowMs`. */
  constructor({ windowMs, countMax }: { readonly windowMs: number; readonly countMax: number }) {
    this.#windowMs = windowMs;
    this.#values = new Float64Array(countMax);
    this.#takenMs = new Float64Array(countMax);
    this.#sorted = new Float64Array(countMax);
  }

  /** As of the newest value; undefined before the first. Of an even number, the middle between the two in the middle. */
  get median(): number | undefined {
    const low = this.#sorted[(this.#count - 1) >> 1];
    const high = this.#sorted[this.#count >> 1];
    return this.#count === 0 || low === undefined || high === undefined ? undefined : (low + high) / 2;
  }

  /** Takes a value at `nowMs`, which is never before that of the one before. */
  add(value: number, nowMs: number): void {
    const countMax = this.#values.length;
    while (this.#count > 0 && this.#isGone(nowMs)) this.#dropOldest();
    const place = (this.#oldest + this.#count) % countMax;
    this.#values[place] = value;
    this.#takenMs[place] = nowMs;
    const rank = this.#rankOf(value);
    this.#sorted.copyWithin(rank + 1, rank, this.#count);
    this.#sorted[rank] = value;
    this.#count += 1;
  }

  #isGone(nowMs: number): boolean {
    return this.#count === this.#values.length || nowMs - (this.#takenMs[this.#oldest] ?? nowMs) >= this.#windowMs;
  }

  #dropOldest(): void {
    const rank = this.#rankOf(this.#values[this.#oldest] ?? 0);
    this.#sorted.copyWithin(rank, rank + 1, this.#count);
    this.#oldest = (this.#oldest + 1) % this.#values.length;
    this.#count -= 1;
  }

  /** How many are smaller: where it stands among the sorted, or would. */
  #rankOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
