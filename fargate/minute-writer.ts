/**
 * Items on their way to the table, beside everything else: bounded, oldest first, each tried until it is written or can never be. Owns the
 * attempts; what is written, and that twice is no harm, is `minute-table.ts`'s.
 */
import { InputError } from "../core/errors.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import { SendLoop } from "./send-loop.ts";
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
  readonly #loop: SendLoop;
  #loggedMs = Number.NEGATIVE_INFINITY;
  #isFull = false;

  constructor(options: MinuteWriterOptions) {
    this.#options = options;
    this.#loop = new SendLoop({
      ...options,
      backoffFirstMs: BACKOFF_FIRST_MS,
      backoffMaxMs: BACKOFF_MAX_MS,
      isEmpty: () => this.#waiting.length === 0,
      send: () => this.#writeNext(),
    });
  }

  /** Items that are not known to be written. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes an item and returns at once. */
  add(item: MinuteWrite): void {
    if (this.#loop.isStopped) return;
    this.#makeRoom();
    this.#waiting.push(item);
    this.#loop.schedule(0);
  }

  /** Writes what waits without the usual pauses. Answers true once nothing waits, false after `withinMs`. */
  async flush(withinMs: number): Promise<boolean> {
    return await this.#loop.flush(withinMs);
  }

  /** Ends the writing; what still waits is not written. */
  stop(): void {
    if (this.#loop.isStopped) return;
    this.#loop.stop();
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
    const [dropped] = this.#waiting.splice(this.#loop.isSending ? 1 : 0, 1);
    this.#count("dropped");
    if (this.#isFull) return;
    this.#isFull = true;
    log.error("too many engine minutes wait for the table, the oldest are dropped", {
      capacity,
      market: dropped?.market,
      minute: dropped?.minute,
    });
  }

  async #writeNext(): Promise<boolean> {
    const item = this.#waiting[0];
    if (item === undefined) return true;
    const isOver = await this.#attempt(item);
    if (isOver && this.#waiting[0] === item) this.#waiting.shift();
    return isOver;
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
      this.#tell(error);
      return false;
    }
    const { failuresInARow: failures } = this.#loop;
    if (failures > 0) log.info("engine minutes are written again", { failures });
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
}

/** Only what stands in the table unreadably, and what DynamoDB calls malformed, is the same the next time. */
function isRetryable(error: unknown): boolean {
  return !(error instanceof InputError) && !(error instanceof Error && error.name === "ValidationException");
}
