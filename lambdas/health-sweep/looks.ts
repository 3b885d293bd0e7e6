/**
 * Further looks of the dead man between two sweeps. EventBridge's schedules keep the minute and no better: two sweeps may begin up to
 * 119 s apart, and orders that nobody watches stand for all of it. So each sweep puts looks on a queue that gives them out later. Owns
 * when they come and how one is told from a sweep. A look asks for no further one: what a sweep began ends before long.
 */
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";

/**
 * After each sweep, in seconds. The last one comes before the latest moment of the next sweep, so that nowhere two looks are more than
 * half a minute apart; one that is lost or late still leaves a minute, which is enough for the 95 s (`every-spacing.test.ts`).
 */
export const LOOKS_AFTER_SECONDS = [30, 60, 90] as const;

/** Without a queue, as where nobody made one, the sweeps are all there is. */
export async function askForLooks(client: Pick<SQSClient, "send">, queueUrl: string): Promise<void> {
  if (queueUrl === "") return;
  const answer = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: LOOKS_AFTER_SECONDS.map((DelaySeconds, index) => ({
        Id: `${index}`,
        DelaySeconds,
        // For whoever reads the queue: a look is told by where it comes from.
        MessageBody: JSON.stringify({ version: 1, look: index + 1 }),
      })),
    }),
  );
  const [failed] = answer.Failed ?? [];
  if (failed !== undefined)
    throw new Error(`a look was not taken by the queue: ${failed.Code} ${failed.Message ?? ""}`);
}

/** Whether an invocation is for looks, one or several at once, and not for a sweep. */
export function isLook(event: unknown): boolean {
  return typeof event === "object" && event !== null && "Records" in event && Array.isArray(event.Records);
}
