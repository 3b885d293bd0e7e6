/**
 * A standard queue behind the SQS wire protocol (AWS JSON 1.0), in memory and in virtual time. Owns its messages: at least
 * once, out of sight while somebody has them, back when nobody deletes them. What nothing here sends it refuses.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { AwsAnswer, AwsBackend } from "./aws-access.ts";

const VISIBILITY_MS = 30_000;
const MESSAGES_MAX = 100_000;
const BATCH_MAX = 10;

const batch = z.object({
  Entries: z
    .array(z.object({ Id: z.string(), MessageBody: z.string() }))
    .min(1)
    .max(BATCH_MAX),
});
const single = z.object({ MessageBody: z.string() });

export type HeldMessage = { readonly messageId: string; readonly body: string };
type Message = HeldMessage & { visibleAtMs: number; receives: number };

export class QueueHost {
  readonly queueUrl = "http://queue.world/fills";
  readonly #nowMs: () => number;
  readonly #messages = new Map<string, Message>();
  readonly #bodies: string[] = [];
  #count = 0;

  /** `nowMs` is the world's time. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Answers one request of an SDK client. */
  readonly backend: AwsBackend = async ({ headers, body }) => {
    const input: unknown = JSON.parse(body);
    switch (headers["x-amz-target"]) {
      case "AmazonSQS.SendMessageBatch": {
        const { Entries } = batch.parse(input);
        return success({
          Successful: Entries.map(({ Id, MessageBody }) => ({ Id, ...this.#add(MessageBody) })),
          Failed: [],
        });
      }
      case "AmazonSQS.SendMessage":
        return success(this.#add(single.parse(input).MessageBody));
      default:
        return {
          statusCode: 400,
          headers: {},
          body: JSON.stringify({ __type: "com.amazonaws.sqs#UnsupportedOperation", message: "not simulated" }),
        };
    }
  };

  /** Takes at most ten messages that are visible, oldest first; each comes back after 30 s unless it is deleted. */
  receive(): readonly HeldMessage[] {
    const nowMs = this.#nowMs();
    const taken = [...this.#messages.values()].filter((message) => message.visibleAtMs <= nowMs).slice(0, BATCH_MAX);
    for (const message of taken) {
      message.visibleAtMs = nowMs + VISIBILITY_MS;
      message.receives += 1;
    }
    return taken;
  }

  delete(messageId: string): void {
    this.#messages.delete(messageId);
  }

  /** Messages not deleted yet. */
  get size(): number {
    return this.#messages.size;
  }

  /** Every body that was ever sent, in order, repeats included. */
  get sent(): readonly string[] {
    return this.#bodies;
  }

  #add(body: string): { readonly MessageId: string; readonly MD5OfMessageBody: string } {
    if (this.#messages.size >= MESSAGES_MAX) throw new RangeError(`a queue must hold at most ${MESSAGES_MAX} messages`);
    this.#count += 1;
    const messageId = `M-${this.#count}`;
    this.#messages.set(messageId, { messageId, body, visibleAtMs: 0, receives: 0 });
    this.#bodies.push(body);
    return { MessageId: messageId, MD5OfMessageBody: createHash("md5").update(body).digest("hex") };
  }
}

function success(body: unknown): AwsAnswer {
  return { statusCode: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body: JSON.stringify(body) };
}
