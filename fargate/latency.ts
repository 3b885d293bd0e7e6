/** The last durations of one kind and their percentiles. Owns a fixed ring, so a long run costs no memory. */

const SAMPLES_MAX = 1_000;

export class LatencyWindow {
  readonly #samples = new Float64Array(SAMPLES_MAX);
  #count = 0;
  /** In order, as of that count: several percentiles are asked at once, and most often nothing is new. */
  #sorted: { readonly count: number; readonly samples: Float64Array } | undefined;

  /** Adds one duration, in milliseconds. */
  record(durationMs: number): void {
    this.#samples[this.#count % SAMPLES_MAX] = durationMs;
    this.#count += 1;
  }

  /** The given percentile (0 to 100) of the last 1,000 durations in whole microseconds, by nearest rank; null before the first. */
  percentileMicros(percentile: number): number | null {
    const held = Math.min(this.#count, SAMPLES_MAX);
    if (held === 0) return null;
    if (this.#sorted?.count !== this.#count) {
      this.#sorted = { count: this.#count, samples: this.#samples.slice(0, held).sort() };
    }
    const rank = Math.max(1, Math.ceil((percentile / 100) * held));
    return Math.round((this.#sorted.samples[rank - 1] ?? 0) * 1_000);
  }
}
