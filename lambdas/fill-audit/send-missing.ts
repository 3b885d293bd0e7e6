/** Fills that the ledger lacks, queued again (CONTRACTS 4). Owns the sending: all of them or an error; sent twice does no harm. */
import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type LedgerFill, toFillMessage, toMessageBody } from "../../core/messages.ts";

export type FillsQueue = { readonly client: Pick<SQSClient, "send">; readonly url: string };

/** SQS takes at most ten messages a request (AWS, SendMessageBatch). */
const BATCH_MAX = 10;

export async function sendMissing(queue: FillsQueue, fills: readonly LedgerFill[]): Promise<void> {
  for (let at = 0; at < fills.length; at += BATCH_MAX) {
    const batch = fills.slice(at, at + BATCH_MAX);
    const answer = await queue.client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: batch.map((fill, index) => ({ Id: `${index}`, MessageBody: toMessageBody(toFillMessage(fill)) })),
      }),
    );
    const refused = answer.Failed ?? [];
    if (refused.length === 0) continue;
    const ids = refused.map(({ Id }) => batch[Number(Id)]?.fillId).join(", ");
    throw new Error(`the queue refused ${refused.length} fills (${refused[0]?.Code}): ${ids}`);
  }
}
