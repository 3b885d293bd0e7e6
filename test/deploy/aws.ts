/**
 * What the test asks of the emulated AWS. Owns the clients; CloudFormation and ECS, whose clients this repository has no use for, are
 * asked by their wire protocols, which no signature is checked of here.
 */
import { DynamoDBClient, paginateListTables, ScanCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetObjectCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { DescribeSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { ACCOUNT, type MiniStack, REGION } from "./ministack.ts";

export type Aws = ReturnType<typeof makeAws>;

export type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** A container of a task definition as the emulated ECS tells it. */
export type Container = { readonly environment: readonly { readonly name: string; readonly value: string }[] };

export function makeAws({ endpoint }: MiniStack) {
  const settings = { endpoint, region: REGION, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  const dynamodb = new DynamoDBClient(settings);
  const sqs = new SQSClient(settings);
  const events = new EventBridgeClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const secrets = new SecretsManagerClient(settings);
  const queueUrl = async (name: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;

  return {
    dynamodb,
    /** The ledger's name, once it is deployed. */
    tableName: async (): Promise<string> => {
      for await (const { TableNames = [] } of paginateListTables({ client: dynamodb }, {})) {
        const found = TableNames.find((name) => name.startsWith("FlashMM-testnet-State-Ledger"));
        if (found !== undefined) return found;
      }
      throw new Error("the ledger must be deployed");
    },
    items: async (TableName: string): Promise<readonly Item[]> => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return Items as readonly Item[];
    },
    send: async (queue: string, body: string) =>
      await sqs.send(new SendMessageCommand({ QueueUrl: await queueUrl(queue), MessageBody: body })),
    attributes: async (queue: string): Promise<Readonly<Record<string, string>>> => {
      const asked = new GetQueueAttributesCommand({ QueueUrl: await queueUrl(queue), AttributeNames: ["All"] });
      return (await sqs.send(asked)).Attributes ?? {};
    },
    hideFor: async (queue: string, seconds: number) =>
      await sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: await queueUrl(queue),
          Attributes: { VisibilityTimeout: `${seconds}` },
        }),
      ),
    /** An object of the reports' bucket. */
    object: async (Key: string): Promise<Uint8Array> => {
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      const Bucket = Buckets.find(({ Name }) => Name?.includes("reports"))?.Name;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      if (Body === undefined) throw new Error(`${Key} must be in the bucket, had no body`);
      return await Body.transformToByteArray();
    },
    say: async (detailType: string, detail: object) => {
      const Entries = [
        { EventBusName: "flashmm", Source: "flashmm.operator", DetailType: detailType, Detail: JSON.stringify(detail) },
      ];
      const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount !== 0) throw new Error(`the bus must take ${detailType}, refused it`);
    },
    fillSecret: async (SecretId: string, value: object) =>
      await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) })),
    /** Status by stack; of stacks that are there. */
    stacks: async (): Promise<ReadonlyMap<string, string>> => {
      const text = await query(endpoint, { Action: "DescribeStacks", Version: "2010-05-15" });
      const members = text.split("<member>").flatMap((part) => {
        const [, name] = /<StackName>([^<]+)<\/StackName>/.exec(part) ?? [];
        const [, status] = /<StackStatus>([^<]+)<\/StackStatus>/.exec(part) ?? [];
        return name === undefined || status === undefined ? [] : [[name, status] as const];
      });
      return new Map(members);
    },
    /** The container that the one service of the task is made of. */
    container: async (): Promise<Container> => {
      const { taskDefinitionArns } = await ecs(endpoint, "ListTaskDefinitions", {});
      const { taskDefinition } = await ecs(endpoint, "DescribeTaskDefinition", {
        taskDefinition: taskDefinitionArns[0],
      });
      return await withSecretArns(secrets, taskDefinition.containerDefinitions[0]);
    },
  };
}

/** CloudFormation's `Ref` of a secret is its ARN, the emulator's is the name: what the task is told is what AWS would tell it. */
async function withSecretArns(secrets: SecretsManagerClient, container: Container): Promise<Container> {
  const environment = container.environment.map(async ({ name, value }) => {
    if (!name.endsWith("_SECRET_ARN") || value.startsWith("arn:")) return { name, value };
    const { ARN } = await secrets.send(new DescribeSecretCommand({ SecretId: value }));
    if (ARN === undefined) throw new Error(`${name} must name a secret of the stacks, was ${value}`);
    return { name, value: ARN };
  });
  return { ...container, environment: await Promise.all(environment) };
}

async function query(endpoint: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: credential("cloudformation") },
    body: new URLSearchParams(form),
  });
  if (!answer.ok) throw new Error(`CloudFormation must answer, was ${answer.status}: ${await answer.text()}`);
  return await answer.text();
}

// biome-ignore lint/suspicious/noExplicitAny: ECS answers what its reference says
async function ecs(endpoint: string, action: string, body: object): Promise<any> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      authorization: credential("ecs"),
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AmazonEC2ContainerServiceV20141113.${action}`,
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`ECS must answer, was ${answer.status}: ${await answer.text()}`);
  return await answer.json();
}

/** The emulator finds the service by it and checks nothing. */
function credential(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=${ACCOUNT}`;
}
