/**
 * A standard queue behind the SQS wire protocol (AWS JSON 1.0), in memory and in virtual time. Owns its messages: at least
 * once, out of sight while somebody has them, back when nobody deletes them. What nothing here sends it refuses.
 */
import { hash } from "node:crypto";
import * as z from "zod";
import type { AwsAnswer, AwsBackend } from "./aws-access.ts";

const MESSAGES_MAX = 100_000;
const BATCH_MAX = 10;

const batch = z.object({
  Entries: z
    .array(z.object({ Id: z.string(), MessageBody: z.string() }))
    .min(1)
    .max(BATCH_MAX),
});
const single = z.object({ MessageBody: z.string() });

export type QueueSettings = {
  /** How long a message is out of sight once somebody has taken it. */
  readonly visibilityMs: number;
  /** A message that was taken so often, and comes back, is set aside. */
  readonly receivesMax: number;
};

const SETTINGS: QueueSettings = { visibilityMs: 30_000, receivesMax: Number.POSITIVE_INFINITY };

export type HeldMessage = { readonly messageId: string; readonly body: string };
type Message = HeldMessage & { visibleAtMs: number; receives: number };

export class QueueHost {
  readonly queueUrl = "http://queue.world/fills";
  readonly #nowMs: () => number;
  readonly #settings: QueueSettings;
  readonly #messages = new Map<string, Message>();
  readonly #deadLetters = new Map<string, Message>();
  #lost: string[] = [];
  readonly #bodies: string[] = [];
  #count = 0;
  /** Asked at each deletion: a queue delivers at least once, and may forget that it was told. */
  forgetsDeletion: () => boolean = () => false;

  /** `nowMs` is the world's time. */
  constructor(nowMs: () => number, settings = SETTINGS) {
    this.#nowMs = nowMs;
    this.#settings = settings;
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

  /** Takes some messages that are visible, oldest first; each comes back after its time out of sight unless it is deleted. */
  receive(max = BATCH_MAX): readonly HeldMessage[] {
    const nowMs = this.#nowMs();
    const taken: Message[] = [];
    for (const message of this.#messages.values()) {
      if (taken.length >= max) break;
      if (message.visibleAtMs > nowMs) continue;
      if (message.receives >= this.#settings.receivesMax) {
        this.#messages.delete(message.messageId);
        this.#deadLetters.set(message.messageId, message);
        continue;
      }
      message.visibleAtMs = nowMs + this.#settings.visibilityMs;
      message.receives += 1;
      taken.push(message);
    }
    return taken;
  }

  delete(messageId: string): void {
    if (!this.forgetsDeletion()) this.#messages.delete(messageId);
  }

  /** Messages that were set aside. */
  get deadLetters(): number {
    return this.#deadLetters.size;
  }

  /** What was set aside is delivered anew, as an operator's redrive does. Answers how many there were. */
  redrive(): number {
    const { size } = this.#deadLetters;
    for (const { messageId, body } of this.#deadLetters.values()) {
      this.#messages.set(messageId, { messageId, body, visibleAtMs: 0, receives: 0 });
    }
    this.#deadLetters.clear();
    return size;
  }

  /** Of the messages that come from now on every so many is taken and lost; `undefined`: none is. */
  losesEach: number | undefined;

  /** What was lost comes back, as if it had only been mislaid. Answers how many there were. */
  findLost(): number {
    const lost = this.#lost;
    this.#lost = [];
    for (const body of lost) this.#put(body);
    return lost.length;
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
    this.#bodies.push(body);
    const isLost = this.losesEach !== undefined && this.#bodies.length % this.losesEach === 0;
    const messageId = isLost ? this.#lose(body) : this.#put(body);
    return { MessageId: messageId, MD5OfMessageBody: hash("md5", body) };
  }

  #put(body: string): string {
    this.#count += 1;
    const messageId = `M-${this.#count}`;
    this.#messages.set(messageId, { messageId, body, visibleAtMs: 0, receives: 0 });
    return messageId;
  }

  #lose(body: string): string {
    this.#lost.push(body);
    return `M-lost-${this.#lost.length}`;
  }
}

function success(body: unknown): AwsAnswer {
  return { statusCode: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body: JSON.stringify(body) };
}
