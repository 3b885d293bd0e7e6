/**
 * What the feed counts and says of itself. Owns the counters of the feed's state and the limit on its log lines: a node
 * that sends nonsense is counted frame by frame and logged once in ten seconds a kind.
 */
import type { InputError } from "../../core/errors.ts";
import type { Log, LogFields } from "../log.ts";
import type { Clock } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";

const LOG_INTERVAL_MILLIS = 10_000;

/** Values of `flashmm_sei_websocket_errors_total{kind}`. */
export type FeedErrorKind =
  | "closed"
  | "malformed-event"
  | "malformed-frame"
  | "no-answer"
  | "node-error"
  | "no-pong"
  | "not-open"
  | "repeated-book"
  | "repeated-trade"
  | "stale"
  | "subscription-ended"
  | "subscription-refused"
  | "trades-lost";

export class FeedCounters {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Pick<Metrics, "increment" | "set">;
  readonly #quiet = new Map<FeedErrorKind, { untilMs: number; unsaid: number }>();
  #sequenceGaps = 0;
  #malformed = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Pick<Metrics, "increment" | "set">;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = options.metrics;
  }

  get sequenceGaps(): number {
    return this.#sequenceGaps;
  }

  /** Frames and events that could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  /** Counts without a word. */
  count(kind: FeedErrorKind): void {
    this.#metrics.increment("flashmm_sei_websocket_errors_total", { kind });
  }

  /** Counts, and says so when nothing of that kind was said in the last ten seconds. */
  error(kind: FeedErrorKind, fields: LogFields): void {
    this.count(kind);
    const nowMs = this.#clock.now().monotonicMs;
    const quiet = this.#quiet.get(kind);
    if (quiet !== undefined && nowMs < quiet.untilMs) {
      quiet.unsaid += 1;
      return;
    }
    this.#quiet.set(kind, { untilMs: nowMs + LOG_INTERVAL_MILLIS, unsaid: 0 });
    this.#log.warn("feed error", { kind, ...fields, ...(quiet === undefined ? {} : { unsaid: quiet.unsaid }) });
  }

  badInput(kind: "malformed-event" | "malformed-frame", endpoint: string, fault: InputError): void {
    this.#malformed += 1;
    this.error(kind, { endpoint, error: fault });
  }

  sequenceGap(market: string): void {
    this.#sequenceGaps += 1;
    this.#metrics.increment("flashmm_feed_sequence_gaps_total", { market });
  }
}
