/**
 * An event source mapping: receives batches of a queue, gives them to a function, deletes what was handled.
 * What failed is left alone: it comes back when its visibility ends and goes to the dead-letter queue by the queue's
 * own redrive. Owns the loop; a fault of the queue server is retried with growing pauses until it is stopped. Lambda's bound of
 * 6 MB a batch is not kept here: a batch of our messages is far below it.
 */
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse, SQSRecord } from "aws-lambda";
import * as z from "zod";
import type { Log } from "../../fargate/log.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { InvocationResult } from "./lambda-runtime.ts";
import { LOCAL_REGION } from "./resource-identity.ts";
import type { EventSourceMapping } from "./template-resources.ts";

export type QueuePollerOptions = {
  readonly mapping: EventSourceMapping;
  readonly queueUrl: string;
  readonly client: SQSClient;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  invoke(event: unknown): Promise<InvocationResult>;
};

/** The longest SQS waits for a message, in seconds. */
const LONG_POLL_SECONDS = 20;

/** The most SQS gives in one receive, and takes in one delete. */
const SQS_BATCH_MAX = 10;

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 5_000;

export class QueuePoller {
  readonly #options: QueuePollerOptions;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #busy = false;

  constructor(options: QueuePollerOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  /** True from the receipt of a batch until it is handled and deleted. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Ends after the batch in hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let pauseMs = PAUSE_FIRST_MS;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#handleBatch(await this.#receiveBatch());
        pauseMs = PAUSE_FIRST_MS;
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#options.log.warn("queue could not be polled", { queueUrl: this.#options.queueUrl, error });
        await this.#pause(pauseMs * (0.5 + this.#options.rng.next() / 2));
        pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2);
      } finally {
        this.#busy = false;
      }
    }
  }

  /** Waits for a first message, then for the batching window or a full batch, whichever comes first. */
  async #receiveBatch(): Promise<readonly Message[]> {
    const { mapping, clock } = this.#options;
    const batch = await this.#receive(mapping.batchSize, LONG_POLL_SECONDS);
    this.#busy = batch.length > 0;
    const until = clock.now().monotonicMs + 1_000 * mapping.batchingWindowSeconds;
    while (batch.length > 0 && batch.length < mapping.batchSize && !this.#stopping.signal.aborted) {
      const seconds = Math.min(LONG_POLL_SECONDS, Math.ceil((until - clock.now().monotonicMs) / 1_000));
      if (seconds <= 0) break;
      batch.push(...(await this.#receiveMore(mapping.batchSize - batch.length, seconds)));
    }
    return batch;
  }

  /** As `#receive`, but a stop only ends the waiting: the batch in hand is still handled. */
  async #receiveMore(count: number, waitSeconds: number): Promise<Message[]> {
    try {
      return await this.#receive(count, waitSeconds);
    } catch (error) {
      if (this.#stopping.signal.aborted) return [];
      throw error;
    }
  }

  async #receive(count: number, waitSeconds: number): Promise<Message[]> {
    const received = await this.#options.client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#options.queueUrl,
        MaxNumberOfMessages: Math.min(SQS_BATCH_MAX, count),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
      { abortSignal: this.#stopping.signal },
    );
    return received.Messages ?? [];
  }

  async #handleBatch(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const { mapping, log } = this.#options;
    const records = messages.map((message) => toRecord(message, mapping.queueArn));
    const result = await this.#options.invoke({ Records: records });
    if (result.kind !== "returned") {
      log.warn("function failed on a batch", {
        functionName: mapping.functionName,
        messages: records.length,
        ...result,
      });
      return;
    }
    const failed = mapping.reportsItemFailures ? failedIds(result.value, records) : new Set<string>();
    if (failed.size > 0) log.warn("function reported failed messages", { messageIds: [...failed] });
    await this.#delete(records.filter((record) => !failed.has(record.messageId)));
  }

  async #delete(records: readonly SQSRecord[]): Promise<void> {
    const { queueUrl, client, log } = this.#options;
    for (let at = 0; at < records.length; at += SQS_BATCH_MAX) {
      const answer = await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: records
            .slice(at, at + SQS_BATCH_MAX)
            .map((record, index) => ({ Id: `${index}`, ReceiptHandle: record.receiptHandle })),
        }),
      );
      for (const failure of answer.Failed ?? []) log.warn("message could not be deleted", { queueUrl, ...failure });
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    const cancel = this.#options.clock.after(delayMs, end);
    this.#stopping.signal.addEventListener("abort", end);
    await promise;
    this.#stopping.signal.removeEventListener("abort", end);
    cancel();
  }
}

const batchResponse: z.ZodType<SQSBatchResponse> = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })),
});
/** What counts as "all handled" (AWS Lambda guide, "Implementing partial batch responses"). */
const wholeSuccess = z.union([z.null(), z.object({ batchItemFailures: z.null().optional() })]);

/** The messages that failed. An answer that is malformed or names a message that was not sent fails the whole batch. */
export function failedIds(value: unknown, records: readonly { readonly messageId: string }[]): ReadonlySet<string> {
  const all = new Set(records.map((record) => record.messageId));
  const response = batchResponse.safeParse(value);
  if (!response.success) return wholeSuccess.safeParse(value).success ? new Set() : all;
  const failed = new Set(response.data.batchItemFailures.map((failure) => failure.itemIdentifier));
  return [...failed].every((id) => all.has(id)) ? failed : all;
}

function toRecord(message: Message, queueArn: string): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: {
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: attributes.SentTimestamp ?? "0",
      SenderId: attributes.SenderId ?? "",
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? "0",
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
        name,
        {
          dataType: attribute.DataType ?? "String",
          ...(attribute.StringValue === undefined ? {} : { stringValue: attribute.StringValue }),
          ...(attribute.BinaryValue === undefined
            ? {}
            : { binaryValue: Buffer.from(attribute.BinaryValue).toString("base64") }),
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody ?? "",
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: LOCAL_REGION,
  };
}
