/**
 * Items on their way to the table, beside everything else: bounded, oldest first, each tried until it is written or can never be. Owns the
 * attempts; what is written, and that twice is no harm, is `minute-table.ts`'s.
 */
import { InputError } from "../core/errors.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import type { Metrics } from "./telemetry.ts";

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;

/** A table that is away for hours is told of this often. */
const LOG_INTERVAL_MS = 60_000;

/** One item. Writing it again once it is written must change nothing. */
export type MinuteWrite = {
  readonly market: string;
  readonly minute: string;
  /** Rejects within seconds when it is not known to be written. */
  readonly write: () => Promise<void>;
};

export type MinuteWriterOptions = {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Items held at most; beyond it the oldest is dropped. */
  readonly capacity: number;
};

export class MinuteWriter {
  readonly #options: MinuteWriterOptions;
  readonly #waiting: MinuteWrite[] = [];
  #isWriting = false;
  #stopTimer: (() => void) | undefined;
  #failuresInARow = 0;
  #loggedMs = Number.NEGATIVE_INFINITY;
  #isFull = false;
  #isStopped = false;
  readonly #flushes = new Set<() => void>();

  constructor(options: MinuteWriterOptions) {
    this.#options = options;
  }

  /** Items that are not known to be written. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes an item and returns at once. */
  add(item: MinuteWrite): void {
    if (this.#isStopped) return;
    this.#makeRoom();
    this.#waiting.push(item);
    this.#schedule(0);
  }

  /** Writes what waits without the usual pauses. Answers true once nothing waits, false after `withinMs`. */
  async flush(withinMs: number): Promise<boolean> {
    if (this.#waiting.length === 0) return true;
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
      this.#schedule(0);
    });
  }

  /** Ends the writing; what still waits is not written. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (this.#waiting.length > 0) {
      this.#options.log.warn("engine minutes are left unwritten", { items: this.#waiting.length });
    }
  }

  /** The newest minutes are the ones that the next report needs: the oldest gives way. */
  #makeRoom(): void {
    const { capacity, log } = this.#options;
    // Told once a drought, not once an item: it is over when half of the room is free again.
    if (this.#waiting.length < capacity / 2) this.#isFull = false;
    if (this.#waiting.length < capacity) return;
    // The first may be under way, and then be written all the same.
    const [dropped] = this.#waiting.splice(this.#isWriting ? 1 : 0, 1);
    this.#count("dropped");
    if (this.#isFull) return;
    this.#isFull = true;
    log.error("too many engine minutes wait for the table, the oldest are dropped", {
      capacity,
      market: dropped?.market,
      minute: dropped?.minute,
    });
  }

  /** One item at a time: a timer that runs, or a write under way, already leads to the next one. */
  #schedule(delayMs: number): void {
    if (this.#isStopped || this.#stopTimer !== undefined || this.#isWriting) return;
    this.#stopTimer = this.#options.clock.after(delayMs, () => {
      this.#stopTimer = undefined;
      void this.#writeNext();
    });
  }

  async #writeNext(): Promise<void> {
    const item = this.#waiting[0];
    if (item === undefined) return;
    this.#isWriting = true;
    const isOver = await this.#attempt(item);
    this.#isWriting = false;
    if (isOver && this.#waiting[0] === item) this.#waiting.shift();
    if (this.#waiting.length === 0) for (const onEmpty of [...this.#flushes]) onEmpty();
    else this.#schedule(this.#failuresInARow > 0 ? this.#backoffMs() : 0);
  }

  /** Whether the item need not be tried again: it is written, or never will be. Never throws. */
  async #attempt({ market, minute, write }: MinuteWrite): Promise<boolean> {
    const { log } = this.#options;
    try {
      await write();
    } catch (error) {
      if (!isRetryable(error)) {
        this.#count("refused");
        log.error("an engine minute cannot be written and is given up", { market, minute, error });
        return true;
      }
      this.#count("failed");
      this.#failuresInARow += 1;
      this.#tell(error);
      return false;
    }
    if (this.#failuresInARow > 0) log.info("engine minutes are written again", { failures: this.#failuresInARow });
    this.#failuresInARow = 0;
    this.#loggedMs = Number.NEGATIVE_INFINITY;
    return true;
  }

  #tell(error: unknown): void {
    const { clock, log } = this.#options;
    const { monotonicMs } = clock.now();
    if (monotonicMs - this.#loggedMs < LOG_INTERVAL_MS) return;
    this.#loggedMs = monotonicMs;
    log.warn("engine minutes could not be written", { items: this.#waiting.length, error });
  }

  #count(kind: "failed" | "refused" | "dropped"): void {
    this.#options.metrics.increment("flashmm_minute_write_errors_total", { kind });
  }

  /** Doubles from half a second to half a minute, between half of it and all of it. */
  #backoffMs(): number {
    const fullMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.#failuresInARow - 1, 16));
    return fullMs * (0.5 + this.#options.rng.next() / 2);
  }
}

/** Only what stands in the table unreadably, and what DynamoDB calls malformed, is the same the next time. */
function isRetryable(error: unknown): boolean {
  return !(error instanceof InputError) && !(error instanceof Error && error.name === "ValidationException");
}
