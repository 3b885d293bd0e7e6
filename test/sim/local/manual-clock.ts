/** A clock the test moves: timers fire in order of their time, none by itself. */
import type { Clock } from "../../../fargate/seams.ts";

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  /** Starts at this epoch time; the monotonic time is the same figure. */
  constructor(epochMs: number) {
    this.#nowMs = epochMs;
  }

  get pending(): number {
    return this.#timers.size;
  }

  now() {
    return { monotonicMs: this.#nowMs, epochMs: this.#nowMs };
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on, firing what falls due on the way. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}
