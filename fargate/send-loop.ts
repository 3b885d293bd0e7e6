/**
 * The rhythm of sending beside everything else: one request at a time, soon after something came, and after failures in a row with growing pauses.
 * Owns the timer, the pauses and the waiting for everything to be gone; what waits, what is sent and what a failure means is the sender's.
 */
import type { Clock, Rng } from "./seams.ts";

export type SendLoopOptions = {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** Nothing waits, and nothing is under way. */
  readonly isEmpty: () => boolean;
  /** Sends what is next. Answers whether it went well; never rejects. */
  readonly send: () => Promise<boolean>;
};

export class SendLoop {
  readonly #options: SendLoopOptions;
  readonly #flushes = new Set<() => void>();
  #stopTimer: (() => void) | undefined;
  #isSending = false;
  #failuresInARow = 0;
  #isStopped = false;

  constructor(options: SendLoopOptions) {
    this.#options = options;
  }

  /** Since the last time that it went well, or that a flush began. */
  get failuresInARow(): number {
    return this.#failuresInARow;
  }

  get isSending(): boolean {
    return this.#isSending;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Something waits. A timer that runs, or a request under way, already leads to the next one. */
  schedule(delayMs: number): void {
    if (this.#isStopped || this.#stopTimer !== undefined || this.#isSending) return;
    this.#stopTimer = this.#options.clock.after(delayMs, () => {
      this.#stopTimer = undefined;
      void this.#next();
    });
  }

  /** Sends what waits without the usual pauses. Answers true once nothing waits, false after `withinMs`. */
  async flush(withinMs: number): Promise<boolean> {
    if (this.#options.isEmpty()) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (isEmpty: boolean) => {
        stopTimer();
        this.#flushes.delete(onEmpty);
        resolve(isEmpty);
      };
      const onEmpty = () => settle(true);
      const stopTimer = this.#options.clock.after(withinMs, () => settle(false));
      this.#flushes.add(onEmpty);
      this.#failuresInARow = 0;
      this.#stopTimer?.();
      this.#stopTimer = undefined;
      this.schedule(0);
    });
  }

  /** Sends nothing more; what is under way ends by itself. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  async #next(): Promise<void> {
    this.#isSending = true;
    const isWell = await this.#options.send();
    this.#isSending = false;
    this.#failuresInARow = isWell ? 0 : this.#failuresInARow + 1;
    if (this.#options.isEmpty()) for (const onEmpty of [...this.#flushes]) onEmpty();
    else this.schedule(isWell ? 0 : this.#backoffMs());
  }

  /** Doubles, between half of it and all of it, so that tasks do not knock together. */
  #backoffMs(): number {
    const { backoffFirstMs, backoffMaxMs, rng } = this.#options;
    const fullMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(this.#failuresInARow - 1, 16));
    return fullMs * (0.5 + rng.next() / 2);
  }
}
