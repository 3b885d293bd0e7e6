import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import { localClientSettings } from "../../../sim/local/local-client.ts";
import { QueuePoller } from "../../../sim/local/queue-poller.ts";
import { type QueueServer, startQueueServer } from "../../../sim/local/queue-server.ts";

const QUEUE = "fills";
const QUEUE_ARN = `arn:aws:sqs:us-east-1:000000000000:${QUEUE}`;

const queueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });

let server: QueueServer;
let client: SQSClient;
let queueUrl: string;
beforeAll(async () => {
  server = await startQueueServer(null);
  client = new SQSClient(localClientSettings(server.url));
  queueUrl = `${server.url}/000000000000/${QUEUE}`;
  const url = queueUrl;
  await server.create([
    {
      name: QUEUE,
      arn: QUEUE_ARN,
      url,
      visibilitySeconds: 60,
      retentionSeconds: 3_600,
      receiveWaitSeconds: 0,
      redrive: null,
    },
  ]);
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

async function send(bodies: readonly string[]): Promise<void> {
  for (let at = 0; at < bodies.length; at += 10) {
    const Entries = bodies.slice(at, at + 10).map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

async function left(): Promise<number> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["All"] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
}

test("a batch is gathered from several receives within its window, and what was handled is deleted whole", async () => {
  const bodies = Array.from({ length: 50 }, (_, index) => `fill ${index}`);
  await send(bodies);
  const batches: string[][] = [];
  const { promise: handled, resolve } = Promise.withResolvers<void>();
  const poller = new QueuePoller({
    mapping: {
      functionName: "recorder",
      queueArn: QUEUE_ARN,
      batchSize: 25,
      // Long, since a full batch does not wait for its end.
      batchingWindowSeconds: 20,
      reportsItemFailures: true,
      concurrencyMax: 1,
    },
    queueUrl,
    client,
    clock: makeSystemClock(),
    rng: makeSystemRng(),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    invoke: (event) => {
      const { Records } = queueEvent.parse(event);
      batches.push(Records.map((record) => record.body));
      if (batches.flat().length === bodies.length) resolve();
      const failed = Records.filter((record) => record.body === "fill 3");
      return Promise.resolve({
        kind: "returned",
        value: { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) },
      });
    },
  });
  await handled;
  await poller.stop();
  expect(batches.map((batch) => batch.length)).toEqual([25, 25]);
  expect(new Set(batches.flat())).toEqual(new Set(bodies));
  expect(await left()).toBe(1);
});
