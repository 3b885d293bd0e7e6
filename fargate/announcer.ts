/**
 * The engine's own events on the bus (CONTRACTS 6): what alarms and annotations follow. Owns the sending, beside everything
 * else: bounded, batched, tried again for a while and then given up, since news that is late is worth less than the next one.
 * Without a bus it is silent. EventBridge keeps no order; each event carries its own time.
 */
import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { withDeadline } from "./deadline.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import { SendLoop } from "./send-loop.ts";

/** PutEvents takes at most ten entries (EventBridge API reference). */
const BATCH_MAX = 10;
const CAPACITY = 1_000;
/** PutEvents takes 256 KB in all (EventBridge quotas): ten of these and their frames stay below. */
const DETAIL_BYTES_MAX = 16_384;
const BATCH_DELAY_MS = 20;
const REQUEST_WITHIN_MS = 3_000;
/** With the pauses between them: given up after about half a minute. */
const ATTEMPTS_MAX = 8;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 10_000;

export type EngineEventType = "Risk Limit Breached" | "Quoting Halted" | "Quoting Resumed" | "Feed Failed Over";

/** What happened and why. */
export type EventDetail = Readonly<Record<string, string | number | boolean | null>>;

export type AnnouncerOptions = {
  readonly client: EventBridgeClient;
  /** Undefined: nothing is announced. */
  readonly busName: string | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Events held at most; default 1,000. */
  readonly capacity?: number;
};

export type AnnouncerCounts = {
  readonly waiting: number;
  readonly sent: number;
  /** For want of room, too large, or given up. */
  readonly dropped: number;
  readonly sendFailures: number;
};

type Announcement = {
  readonly detailType: EngineEventType;
  readonly detail: string;
  readonly epochMs: number;
  attempts: number;
};

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #capacity: number;
  #waiting: Announcement[] = [];
  #inFlight: readonly Announcement[] = [];
  readonly #loop: SendLoop;
  #sent = 0;
  #dropped = 0;
  #sendFailures = 0;
  #isFull = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? CAPACITY;
    this.#loop = new SendLoop({
      ...options,
      backoffFirstMs: BACKOFF_FIRST_MS,
      backoffMaxMs: BACKOFF_MAX_MS,
      isEmpty: () => this.#size === 0,
      send: () => this.#sendBatch(),
    });
  }

  get counts(): AnnouncerCounts {
    return { waiting: this.#size, sent: this.#sent, dropped: this.#dropped, sendFailures: this.#sendFailures };
  }

  /** Takes an event and returns at once; it is sent within 20 ms, together with others. */
  announce(detailType: EngineEventType, detail: EventDetail): void {
    const { busName, clock, log } = this.#options;
    if (busName === undefined || this.#loop.isStopped) return;
    const text = JSON.stringify(detail);
    if (Buffer.byteLength(text) > DETAIL_BYTES_MAX) {
      this.#dropped += 1;
      log.error("an event is too large to be announced", { detailType, bytes: Buffer.byteLength(text) });
      return;
    }
    this.#makeRoom();
    this.#waiting.push({ detailType, detail: text, epochMs: clock.now().epochMs, attempts: 0 });
    this.#loop.schedule(BATCH_DELAY_MS);
  }

  /** Sends what waits, without the usual delays. Answers true once nothing waits, false after `withinMs`. */
  async flush(withinMs: number): Promise<boolean> {
    return await this.#loop.flush(withinMs);
  }

  /** Ends the sending; what still waits is not announced. */
  stop(): void {
    this.#loop.stop();
  }

  get #size(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** The newest news are the ones worth having: the oldest that waits gives way. */
  #makeRoom(): void {
    // Told once a flood, not once an event: it is over when half of the room is free again.
    if (this.#size < this.#capacity / 2) this.#isFull = false;
    if (this.#size < this.#capacity) return;
    if (this.#waiting.shift() === undefined) return;
    this.#dropped += 1;
    if (this.#isFull) return;
    this.#isFull = true;
    this.#options.log.error("too many events wait to be announced, the oldest are dropped", {
      capacity: this.#capacity,
    });
  }

  async #sendBatch(): Promise<boolean> {
    this.#inFlight = this.#waiting.splice(0, BATCH_MAX);
    const failed = await this.#send(this.#inFlight);
    this.#sent += this.#inFlight.length - failed.length;
    this.#inFlight = [];
    const again = failed.filter((announcement) => announcement.attempts < ATTEMPTS_MAX);
    this.#giveUp(failed.length - again.length);
    this.#waiting.unshift(...again);
    return failed.length === 0;
  }

  #giveUp(count: number): void {
    if (count === 0) return;
    this.#dropped += count;
    this.#options.log.error("events could not be announced and are given up", {
      events: count,
      attempts: ATTEMPTS_MAX,
    });
  }

  /** Sends one batch; answers with what the bus did not take. Never throws. */
  async #send(batch: readonly Announcement[]): Promise<readonly Announcement[]> {
    const { client, busName, clock, log } = this.#options;
    const command = new PutEventsCommand({
      Entries: batch.map(({ detailType, detail, epochMs }) => ({
        EventBusName: busName,
        Source: "flashmm.engine",
        DetailType: detailType,
        Detail: detail,
        Time: new Date(epochMs),
      })),
    });
    for (const announcement of batch) announcement.attempts += 1;
    let failed = batch;
    try {
      const answer = await withDeadline(clock, REQUEST_WITHIN_MS, "PutEvents", (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      // Answered in the order of the request; an entry that was taken has an id.
      failed = batch.filter((_, index) => answer.Entries?.[index]?.EventId === undefined);
      const reasons = new Set((answer.Entries ?? []).flatMap((entry) => entry.ErrorCode ?? []));
      if (failed.length > 0) log.warn("the bus refused events", { events: failed.length, reasons: [...reasons] });
    } catch (error) {
      log.warn("the bus could not be reached", { error, events: batch.length });
    }
    this.#sendFailures += failed.length;
    return failed;
  }
}
