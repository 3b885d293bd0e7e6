/**
 * Fills on their way to the ledger's queue: batched, bounded, each kept until the queue has acknowledged it.
 * Owns the sending, at least once and in any order; which fills there are, and which are safe, is the tracker's.
 */
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { withDeadline } from "./deadline.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import { SendLoop } from "./send-loop.ts";
import type { Metrics } from "./telemetry.ts";

/** SQS takes at most ten messages a request (AWS, SendMessageBatch). */
const BATCH_MAX = 10;
const CAPACITY = 10_000;
const BATCH_DELAY_MS = 10;
const REQUEST_TIMEOUT_MS = 5_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

export type OutboxMessage = {
  readonly fillId: string;
  /** The message as it stands on the queue. */
  readonly body: string;
  /** Called once, when the queue has acknowledged it. */
  readonly onSent: () => void;
};

export type FillOutboxOptions = {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Messages held at most; default 10,000. */
  readonly capacity?: number;
};

export type OutboxCounts = { readonly waiting: number; readonly sent: number; readonly sendFailures: number };

export class FillOutbox {
  readonly #options: FillOutboxOptions;
  readonly #capacity: number;
  #waiting: OutboxMessage[] = [];
  #inFlight: readonly OutboxMessage[] = [];
  readonly #loop: SendLoop;
  #sent = 0;
  #sendFailures = 0;
  #isFull = false;

  constructor(options: FillOutboxOptions) {
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

  get counts(): OutboxCounts {
    return { waiting: this.#size, sent: this.#sent, sendFailures: this.#sendFailures };
  }

  /**
   * Takes a message and returns at once; it is sent within 10 ms, together with others. Answers false when the outbox is
   * full or closed: the caller keeps the fill and offers it again.
   */
  offer(message: OutboxMessage): boolean {
    if (this.#loop.isStopped) return false;
    if (this.#size >= this.#capacity) {
      this.#refuse(message);
      return false;
    }
    // Told once a flood, not once a fill: it is over when half of the room is free again.
    if (this.#size < this.#capacity / 2) this.#isFull = false;
    this.#waiting.push(message);
    this.#loop.schedule(BATCH_DELAY_MS);
    return true;
  }

  /** Sends what waits, without the usual delays. Answers true once all is acknowledged, false after `withinMs`. */
  async flush(withinMs: number): Promise<boolean> {
    return await this.#loop.flush(withinMs);
  }

  /** Ends the sending; what still waits is not sent, and will be read again from the venue's history. */
  close(): void {
    this.#loop.stop();
  }

  get #size(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  #refuse(message: OutboxMessage): void {
    const { log, metrics } = this.#options;
    metrics.increment("flashmm_fill_processing_errors_total", { kind: "outbox-full" });
    if (this.#isFull) return;
    this.#isFull = true;
    log.error("fill outbox is full, fills wait at the venue", { capacity: this.#capacity, fillId: message.fillId });
  }

  async #sendBatch(): Promise<boolean> {
    this.#inFlight = this.#waiting.splice(0, BATCH_MAX);
    const failed = await this.#send(this.#inFlight);
    this.#inFlight = [];
    // A message that keeps failing goes behind the others, so that it holds none of them up. It has no last attempt: a fill
    // is never given up, only the time between the attempts is bounded.
    this.#waiting.push(...failed);
    return failed.length === 0;
  }

  /** Sends one batch; answers with what was not acknowledged. Never throws. */
  async #send(batch: readonly OutboxMessage[]): Promise<readonly OutboxMessage[]> {
    const { client, queueUrl, clock, log, metrics } = this.#options;
    const acknowledged = new Set<string>();
    try {
      const command = new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map((message, index) => ({ Id: String(index), MessageBody: message.body })),
      });
      const answer = await withDeadline(clock, REQUEST_TIMEOUT_MS, "SendMessageBatch", (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      for (const { Id } of answer.Successful ?? []) if (Id !== undefined) acknowledged.add(Id);
      for (const { Id, Code, SenderFault } of answer.Failed ?? []) {
        log.warn("the queue refused a fill, it is sent again", {
          fillId: batch[Number(Id)]?.fillId,
          reason: Code,
          senderFault: SenderFault,
        });
      }
    } catch (error) {
      log.warn("the queue could not be reached, fills are sent again", { error, fills: batch.length });
    }
    const failed = batch.filter((_, index) => !acknowledged.has(String(index)));
    if (failed.length > 0) {
      this.#sendFailures += failed.length;
      metrics.increment("flashmm_fill_processing_errors_total", { kind: "queue-send" }, failed.length);
    }
    this.#acknowledge(batch.filter((_, index) => acknowledged.has(String(index))));
    return failed;
  }

  #acknowledge(messages: readonly OutboxMessage[]): void {
    this.#sent += messages.length;
    for (const message of messages) message.onSent();
  }
}
