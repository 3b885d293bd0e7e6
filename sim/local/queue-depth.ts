/** How much is in the queues, and the wait until it is nothing. Owns no queue. */
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../../fargate/seams.ts";

export type QueueDepth = {
  readonly visible: number;
  /** Received by someone and not yet deleted. */
  readonly held: number;
  readonly delayed: number;
};

export type DrainOutcome =
  | { readonly kind: "drained" }
  /** Something was left when the time was up; `reason` says what, for people. */
  | { readonly kind: "not-drained"; readonly reason: string };

export type DrainOptions = {
  readonly timeoutMs: number;
  readonly client: SQSClient;
  readonly clock: Clock;
  readonly queueUrls: readonly string[];
  /** Batches and invocations under way. */
  running(): number;
};

const LOOK_EVERY_MS = 50;

export async function queueDepth(client: SQSClient, queueUrl: string): Promise<QueueDepth> {
  const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }));
  const attributes = answer.Attributes ?? {};
  return {
    visible: Number(attributes.ApproximateNumberOfMessages ?? 0),
    held: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** Waits until the queues are empty and nothing runs, at most `timeoutMs`. What is put off is not due yet, and not waited for. */
export async function drain(options: DrainOptions): Promise<DrainOutcome> {
  const { clock, client, queueUrls } = options;
  const until = clock.now().monotonicMs + options.timeoutMs;
  for (;;) {
    const depths = await Promise.all([...new Set(queueUrls)].map((url) => queueDepth(client, url)));
    const total = (key: keyof QueueDepth) => depths.reduce((sum, depth) => sum + depth[key], 0);
    const running = options.running();
    if (running + total("visible") + total("held") === 0) return { kind: "drained" };
    if (clock.now().monotonicMs >= until) {
      const left = `${total("visible")} messages wait, ${total("held")} are held`;
      return { kind: "not-drained", reason: `${left}, ${running} invocations run after ${options.timeoutMs} ms` };
    }
    await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
  }
}
