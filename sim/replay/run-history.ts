/**
 * A run as it went, in a bounded number of samples whatever its length: when they become too many, every second one goes. Sums of a
 * sample are from the start of the run, so that what happened between two of them is kept. Owns the thinning, nothing of what is in one.
 */
import type { RunSample } from "../compare/run-meter.ts";

/** More than a picture has room for. */
const SAMPLES_MAX = 1_200;

export class RunHistory {
  #samples: RunSample[] = [];
  #seen = 0;
  #every = 1;

  /** Oldest first, equally spaced. */
  get samples(): readonly RunSample[] {
    return this.#samples;
  }

  take(sample: RunSample): void {
    if (this.#seen % this.#every === 0) this.#samples.push(sample);
    this.#seen += 1;
    if (this.#samples.length <= SAMPLES_MAX) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
    this.#every *= 2;
  }
}
