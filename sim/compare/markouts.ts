/**
 * What a fill was worth a while later: s·(m(t+τ) − p) with s = +1 for a buy, over the value traded. A fill whose moment lies beyond
 * the end of the run is left out. For the interval, the fills of one horizon's length are one observation, as in the engine's own
 * figures (`core/accounting/markout-figures.ts`). Owns the fills that wait for their moment.
 */
import { MARKOUT_SECONDS } from "../../core/accounting/markout.ts";
import { type WeightedMean, WeightedSums } from "../../core/accounting/weighted-mean.ts";
import { type Side, signOf } from "../../core/units.ts";

type Waiting = { readonly dueMs: number; readonly sign: number; readonly price: number; readonly size: number };

class Horizon {
  readonly #delayMs: number;
  #waiting: Waiting[] = [];
  #head = 0;
  readonly sums = new WeightedSums();

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  add(fill: { readonly side: Side; readonly price: number; readonly size: number }, nowMs: number): void {
    const { side, price, size } = fill;
    this.#waiting.push({ dueMs: nowMs + this.#delayMs, sign: signOf(side), price, size });
  }

  /** Settles what is due by `nowMs` at `mid`, which stood until now. */
  settle(mid: number, nowMs: number): void {
    for (;;) {
      const next = this.#waiting[this.#head];
      if (next === undefined || next.dueMs > nowMs) break;
      const { dueMs, sign, price, size } = next;
      const period = Math.floor((dueMs - this.#delayMs) / this.#delayMs);
      this.sums.add((1e4 * sign * (mid - price)) / price, price * size, period);
      this.#head += 1;
    }
    if (this.#head > 1_000) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }
}

export class Markouts {
  readonly #horizons = MARKOUT_SECONDS.map((seconds) => new Horizon(seconds * 1_000));

  /** A fill at `price` ticks of `size` lots. */
  add(fill: { readonly side: Side; readonly price: number; readonly size: number }, nowMs: number): void {
    for (const horizon of this.#horizons) horizon.add(fill, nowMs);
  }

  /** `mid` in ticks stood until `nowMs`: called before it changes, and at the end. */
  settle(mid: number, nowMs: number): void {
    for (const horizon of this.#horizons) horizon.settle(mid, nowMs);
  }

  /** In basis points of the value traded, weighted by it, by horizon; without a mean where no fill has reached it. */
  means(): readonly WeightedMean[] {
    return this.#horizons.map(({ sums }) => sums.mean());
  }
}
