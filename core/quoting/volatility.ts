/**
 * How far the mid moves in a second: an exponentially weighted mean of its squared changes per unit of time. Owns the sums;
 * which books are to be believed is told to it.
 */
import type { VolatilityParameters } from "./parameters.ts";

/** A mid that stands for longer without a book between says little of when it moved: it weighs as much as this long. */
const GAP_SECONDS_MAX = 10;

/** What outlives a change of the parameters. Times are monotonic. */
export type VolatilityState = {
  /** Squared changes in ticks², and the seconds they happened in, each halved every half-life. */
  readonly squares: number;
  readonly weightSeconds: number;
  /** Seconds of data, and changes of the mid, since the start. */
  readonly seconds: number;
  readonly changes: number;
  readonly mid: number | undefined;
  readonly midMs: number;
};

const NOTHING: VolatilityState = {
  squares: 0,
  weightSeconds: 0,
  seconds: 0,
  changes: 0,
  mid: undefined,
  midMs: 0,
};

/**
 * With d = 2^(−Δt/half-life) for the time Δt since the mid before: S ← d·S + Δmid², T ← d·T + ∫d, and the variance is S / T in
 * ticks² per second. Books that do not change the mid only let time pass, so it is the same however finely a gap is split, and
 * it has no bias towards a first value. Reference: the notebook of `intensity.ts` takes the plain mean of the same squares.
 */
export class Volatility {
  readonly #parameters: VolatilityParameters;
  #squares: number;
  #weightSeconds: number;
  #seconds: number;
  #changes: number;
  #mid: number | undefined;
  #midMs: number;

  constructor(parameters: VolatilityParameters, state: VolatilityState = NOTHING) {
    this.#parameters = parameters;
    this.#squares = state.squares;
    this.#weightSeconds = state.weightSeconds;
    this.#seconds = state.seconds;
    this.#changes = state.changes;
    this.#mid = state.mid;
    this.#midMs = state.midMs;
  }

  get state(): VolatilityState {
    return {
      squares: this.#squares,
      weightSeconds: this.#weightSeconds,
      seconds: this.#seconds,
      changes: this.#changes,
      mid: this.#mid,
      midMs: this.#midMs,
    };
  }

  /** Ticks per square root of a second; undefined until it is warm. */
  get ticksPerRootSecond(): number | undefined {
    const { warmUpSeconds, warmUpChanges } = this.#parameters;
    if (this.#seconds < warmUpSeconds || this.#changes < warmUpChanges || this.#weightSeconds === 0) return undefined;
    return Math.sqrt(this.#squares / this.#weightSeconds);
  }

  /** The others' mid, in ticks, at `nowMs` (monotonic). */
  record(mid: number, nowMs: number): void {
    const before = this.#mid;
    if (before !== undefined) this.#add(mid - before, Math.max(0, nowMs - this.#midMs) / 1_000);
    this.#mid = mid;
    this.#midMs = nowMs;
  }

  /** The data stopped, or are not believed: no time counts until the next mid, and what happened meanwhile is no change. */
  pause(): void {
    this.#mid = undefined;
  }

  /** A change over a gap longer than the most counts as its share of it: the variance per second stays what was seen. */
  #add(change: number, gapSeconds: number): void {
    const { halfLifeSeconds } = this.#parameters;
    const seconds = Math.min(gapSeconds, GAP_SECONDS_MAX);
    const square = change * change * (gapSeconds > GAP_SECONDS_MAX ? GAP_SECONDS_MAX / gapSeconds : 1);
    const kept = 2 ** (-seconds / halfLifeSeconds);
    this.#squares = this.#squares * kept + square;
    this.#weightSeconds = this.#weightSeconds * kept + ((1 - kept) * halfLifeSeconds) / Math.LN2;
    this.#seconds += seconds;
    if (change !== 0) this.#changes += 1;
  }
}
