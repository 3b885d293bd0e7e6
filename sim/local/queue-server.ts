/**
 * Queues behind the SQS wire protocol, and buckets behind that of S3: one emulator speaks both at one address. With a folder they outlive the process, a `kill -9` included: each change is
 * committed before it is answered. Owns how the emulator is put together, since its own start listens on every network.
 */
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  MessageNotInflight,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { type BuildAppOptions, buildApp } from "fauxqs";
import { LOCAL_HOST, localClientSettings } from "./local-client.ts";
import type { QueueDescription } from "./template-resources.ts";

export type QueueServer = {
  readonly url: string;
  /** Makes the queues that are not there yet, and gives those that are the attributes of the templates. */
  create(queues: readonly QueueDescription[]): Promise<void>;
  /** Makes the buckets that are not there yet. */
  createBuckets(names: readonly string[]): void;
  stop(): Promise<void>;
};

/** Starts the server on a free port. */
export async function startQueueServer(folder: string | null): Promise<QueueServer> {
  const stores = await makeStores(folder);
  const app = buildApp({ logger: false, stores });
  app.addHook("onClose", async () => stores.sqsStore.persistence?.close());
  const url = await app.listen({ host: LOCAL_HOST, port: 0 });
  const client = new SQSClient(localClientSettings(url));
  return {
    url,
    create: async (queues) => {
      // A redrive policy names its queue by ARN, which must be there first.
      const deadLetterQueues = new Set(queues.flatMap((queue) => queue.redrive?.deadLetterArn ?? []));
      const ordered = queues.toSorted(
        (a, b) => Number(deadLetterQueues.has(b.arn)) - Number(deadLetterQueues.has(a.arn)),
      );
      for (const queue of ordered) await createQueue(client, queue);
      for (const queue of queues) await releaseHeld(client, stores, queue);
    },
    createBuckets: (names) => {
      for (const name of names) stores.s3Store.createBucket(name);
    },
    stop: async () => {
      client.destroy();
      await app.close();
    },
  };
}

async function createQueue(client: SQSClient, queue: QueueDescription): Promise<void> {
  const attributes: Partial<Record<QueueAttributeName, string>> = {
    VisibilityTimeout: `${queue.visibilitySeconds}`,
    MessageRetentionPeriod: `${queue.retentionSeconds}`,
    ReceiveMessageWaitTimeSeconds: `${queue.receiveWaitSeconds}`,
    ...(queue.redrive === null ? {} : { RedrivePolicy: redrivePolicy(queue.redrive) }),
  };
  await client.send(new CreateQueueCommand({ QueueName: queue.name }));
  await client.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: attributes }));
}

function redrivePolicy(redrive: NonNullable<QueueDescription["redrive"]>): string {
  return JSON.stringify({ deadLetterTargetArn: redrive.deadLetterArn, maxReceiveCount: redrive.receivesMax });
}

/** What a killed run had received is held by nobody now: it comes back in a second, instead of after its time-out. */
async function releaseHeld(client: SQSClient, stores: Stores, queue: QueueDescription): Promise<void> {
  for (const held of stores.sqsStore.inspectQueue(queue.name)?.messages.inflight ?? []) {
    await release(client, { QueueUrl: queue.url, ReceiptHandle: held.receiptHandle });
  }
}

async function release(client: SQSClient, held: { readonly QueueUrl: string; readonly ReceiptHandle: string }) {
  try {
    // One second, since fauxqs 2.4.1 loses the message at 0 when it persists (it writes a null receive count).
    await client.send(new ChangeMessageVisibilityCommand({ ...held, VisibilityTimeout: 1 }));
  } catch (error) {
    // Its time was up meanwhile: what we want.
    if (!(error instanceof MessageNotInflight)) throw error;
  }
}

type Stores = NonNullable<BuildAppOptions["stores"]>;
type Persistence = NonNullable<Stores["sqsStore"]["persistence"]>;

/** The emulator's own stores, put together as its `startFauxqs` does; they are not among its exports. */
async function makeStores(folder: string | null): Promise<Stores> {
  const sqs: { SqsStore: new () => Stores["sqsStore"] } = await emulatorModule("sqs/sqsStore.js");
  const sns: { SnsStore: new () => Stores["snsStore"] } = await emulatorModule("sns/snsStore.js");
  const s3: { S3Store: new () => Stores["s3Store"] } = await emulatorModule("s3/s3Store.js");
  const stores = { sqsStore: new sqs.SqsStore(), snsStore: new sns.SnsStore(), s3Store: new s3.S3Store() };
  // Queue addresses then begin with the address of the request.
  stores.sqsStore.host = "";
  if (folder === null) return stores;
  const module: { PersistenceManager: new (folder: string) => Persistence } = await emulatorModule("persistence.js");
  const persistence = new module.PersistenceManager(folder);
  // Loaded before it is attached, or loading would write.
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  stores.sqsStore.persistence = persistence;
  stores.s3Store.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  return stores;
}

function emulatorModule(file: string) {
  return import(new URL(file, import.meta.resolve("fauxqs")).href);
}
