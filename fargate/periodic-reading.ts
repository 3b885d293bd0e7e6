/**
 * Something of the ledger's table that is read now and then and only shown. Owns the rhythm, and that a reading that fails is told once
 * and leaves the last good one; nothing waits for it and no order depends on it.
 */
import { withDeadline } from "./deadline.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./seams.ts";

const CALL_WITHIN_MS = 5_000;

export type PeriodicReadingOptions<Value> = {
  /** In the log: "the health items". */
  readonly what: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly read: (abortSignal: AbortSignal) => Promise<Value>;
  readonly onRead?: (value: Value) => void;
};

export class PeriodicReading<Value> {
  readonly #options: PeriodicReadingOptions<Value>;
  #value: Value | null = null;
  #isFaulty = false;
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(options: PeriodicReadingOptions<Value>) {
    this.#options = options;
  }

  /** Reads at once and then every `everyMs` after an answer. */
  start(): void {
    void this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  /** Null before the first reading. The last good one stays when one fails. */
  get value(): Value | null {
    return this.#value;
  }

  async #read(): Promise<void> {
    const { what, everyMs, clock, log, read, onRead } = this.#options;
    try {
      this.#value = await withDeadline(clock, CALL_WITHIN_MS, `read ${what}`, read);
      this.#isFaulty = false;
      onRead?.(this.#value);
    } catch (error) {
      if (!this.#isFaulty) log.warn(`${what} cannot be read, the last ones are shown`, { error });
      this.#isFaulty = true;
    }
    if (!this.#isStopped) this.#cancelTimer = clock.after(everyMs, () => void this.#read());
  }
}
