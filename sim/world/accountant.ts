/**
 * The function behind the queue: every second of virtual time it books what waits, by the accounting's own lines. Owns when;
 * what is booked, and what comes again, is `account-batch.ts`'s.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Rng } from "../../fargate/seams.ts";
import { type Accounting, accountBatch } from "../../lambdas/fill-accounting/account-batch.ts";
import type { QueueHost } from "./queue-host.ts";
import type { VirtualTime } from "./virtual-time.ts";

const EVERY_MS = 1_000;
/** Batches of one turn: what is left waits for the next. */
const BATCHES_MAX = 20;

export class Accountant {
  readonly #time: VirtualTime;
  readonly #queue: QueueHost;
  readonly #accounting: Accounting;
  readonly #troubles = new Map<string, number>();
  #isRunning = false;
  #isBusy = false;

  constructor(input: {
    readonly time: VirtualTime;
    readonly rng: Rng;
    readonly queue: QueueHost;
    readonly client: DynamoDBClient;
    readonly tableName: string;
  }) {
    const { time, rng, queue, client, tableName } = input;
    this.#time = time;
    this.#queue = queue;
    this.#accounting = {
      table: { client, tableName },
      // Time stands while a batch is booked, so a pause between two tries takes none of it.
      pacing: { random: () => rng.next(), wait: () => Promise.resolve() },
      count: (kind, by) => this.#troubles.set(kind, (this.#troubles.get(kind) ?? 0) + by),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    };
  }

  /** What went wrong so far, by kind. */
  get troubles(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#troubles);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#later();
  }

  /** Messages wait until it is started again. */
  stop(): void {
    this.#isRunning = false;
  }

  /** Books what waits now. */
  async bookWaiting(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
        const messages = this.#queue.receive();
        if (messages.length === 0) return;
        const { batchItemFailures } = await accountBatch(this.#accounting, messages);
        const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        for (const { messageId } of messages) if (!failed.has(messageId)) this.#queue.delete(messageId);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #later(): void {
    this.#time.after(EVERY_MS, () => {
      if (!this.#isRunning) return;
      void this.#time.hold(() => this.bookWaiting()).then(() => this.#later());
    });
  }
}
