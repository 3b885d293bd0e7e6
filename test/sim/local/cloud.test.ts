import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import type { Log } from "../../../fargate/log.ts";
import { type LocalCloud, startLocalCloud } from "../../../sim/local/cloud.ts";
import { localClientSettings } from "../../../sim/local/local-client.ts";

/** One table, one queue with its dead letters, one bus with a rule, one function that reads both. */
const TEMPLATE = {
  Resources: {
    Ledger: {
      Type: "AWS::DynamoDB::GlobalTable",
      Properties: {
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
      },
    },
    Aside: { Type: "AWS::SQS::Queue", Properties: { QueueName: "aside" } },
    Fills: {
      Type: "AWS::SQS::Queue",
      Properties: {
        QueueName: "fills",
        // What fails comes back after this; what is handled is gone well before.
        VisibilityTimeout: 2,
        RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["Aside", "Arn"] }, maxReceiveCount: 2 },
      },
    },
    Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "flashmm" } },
    Recorder: {
      Type: "AWS::Lambda::Function",
      Metadata: { "flashmm:entry": "lambdas/recorder/handler.ts" },
      Properties: { Timeout: 5, Environment: { Variables: { TABLE_NAME: { Ref: "Ledger" } } } },
    },
    Mapping: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: {
        FunctionName: { Ref: "Recorder" },
        EventSourceArn: { "Fn::GetAtt": ["Fills", "Arn"] },
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      },
    },
    Rule: {
      Type: "AWS::Events::Rule",
      Properties: {
        EventBusName: { Ref: "Bus" },
        EventPattern: { source: ["flashmm.operator"], "detail-type": ["Report Requested"] },
        Targets: [{ Id: "T", Arn: { "Fn::GetAtt": ["Recorder", "Arn"] } }],
      },
    },
  },
};

/** Writes down what it is given; fails each message that says so. */
const RECORDER = `
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
export async function handler(event: { Records?: { messageId: string; body: string; eventSourceARN: string }[] }) {
  const { RECORD_FILE, TABLE_NAME, AWS_ENDPOINT_URL_DYNAMODB, FILLS_QUEUE_URL } = process.env;
  const write = (record: unknown) => appendFileSync(RECORD_FILE ?? "", JSON.stringify(record) + "\\n");
  if (event.Records === undefined) return write({ event });
  for (const { body, eventSourceARN } of event.Records) {
    write({ body, eventSourceARN, TABLE_NAME, dynamodb: AWS_ENDPOINT_URL_DYNAMODB, queue: FILLS_QUEUE_URL ?? null });
  }
  const failed = event.Records.filter((record) => record.body.includes("poison"));
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
}`;

/** A run that writes an item and a message, says so, and is then killed. */
const KILLED_RUN = `
const { FLASHMM_ROOT: root, FLASHMM_DATA: dataDir, FLASHMM_SOURCES: sources } = process.env;
const { startLocalCloud } = await import(sources + "sim/local/cloud.ts");
const { localClientSettings } = await import(sources + "sim/local/local-client.ts");
const { makeSystemClock, makeSystemRng } = await import(sources + "fargate/clock.ts");
const { DynamoDBClient, PutItemCommand } = await import(sources + "node_modules/@aws-sdk/client-dynamodb/dist-cjs/index.js");
const { SQSClient, SendMessageCommand } = await import(sources + "node_modules/@aws-sdk/client-sqs/dist-cjs/index.js");
const log = { debug() {}, info() {}, warn() {}, error() {} };
const cloud = await startLocalCloud({ templateDir: root, root, dataDir, environment: {}, clock: makeSystemClock(), rng: makeSystemRng(), log });
const item = { pk: { S: "CONTROL" }, sk: { S: "ALL" }, state: { S: "running" } };
await new DynamoDBClient(localClientSettings(cloud.dynamodbUrl)).send(new PutItemCommand({ TableName: cloud.tableName, Item: item }));
await new SQSClient(localClientSettings(cloud.sqsUrl)).send(new SendMessageCommand({ QueueUrl: cloud.queueUrls.aside, MessageBody: "kept" }));
process.stdout.write("written");
`;

const repository = new URL("../../../", import.meta.url).href;
const root = mkdtempSync(join(tmpdir(), "flashmm-cloud-"));
const recordFile = join(root, "records");
const clouds: LocalCloud[] = [];
const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

beforeAll(() => {
  mkdirSync(join(root, "lambdas/recorder"), { recursive: true });
  writeFileSync(join(root, "lambdas/recorder/handler.ts"), RECORDER);
  writeFileSync(join(root, "App.template.json"), JSON.stringify(TEMPLATE));
});
afterEach(async () => {
  for (const cloud of clouds.splice(0)) await cloud.stop();
  rmSync(recordFile, { force: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function start(dataDir?: string): Promise<LocalCloud> {
  const cloud = await startLocalCloud({
    templateDir: root,
    root,
    environment: { RECORD_FILE: recordFile },
    clock: makeSystemClock(),
    rng: makeSystemRng(),
    log,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  clouds.push(cloud);
  return cloud;
}

function records(): unknown[] {
  if (!existsSync(recordFile)) return [];
  return readFileSync(recordFile, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const withBody = z.object({ body: z.string() });

function bodies(): string[] {
  return records().map((record) => withBody.parse(record).body);
}

async function send(cloud: LocalCloud, body: string, queue = "fills"): Promise<void> {
  const client = new SQSClient(localClientSettings(cloud.sqsUrl));
  await client.send(new SendMessageCommand({ QueueUrl: cloud.queueUrls[queue], MessageBody: body }));
  client.destroy();
}

/** Receives from the dead letters and holds on to it for an hour. */
async function receiveAside(cloud: LocalCloud): Promise<(string | undefined)[]> {
  const client = new SQSClient(localClientSettings(cloud.sqsUrl));
  const received = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: cloud.queueUrls["aside"],
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 3_600,
    }),
  );
  client.destroy();
  return (received.Messages ?? []).map((message) => message.Body);
}

function putEvents(cloud: LocalCloud, entries: readonly object[], target = "AWSEvents.PutEvents") {
  return fetch(cloud.eventsUrl, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
    body: JSON.stringify({ Entries: entries }),
  });
}

describe("a message on the queue", () => {
  test("reaches the function of the template, which finds the table there and no name it was not given", async () => {
    const cloud = await start();
    await send(cloud, "a fill");
    expect(await cloud.drain(10_000)).toEqual({ kind: "drained" });
    expect(records()[0]).toEqual({
      body: "a fill",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:fills",
      TABLE_NAME: cloud.tableName,
      dynamodb: cloud.dynamodbUrl,
      queue: null,
    });
  });

  test("that can never succeed ends among the dead letters and blocks nothing", async () => {
    const cloud = await start();
    for (const body of ["before", "poison", "after"]) await send(cloud, body);
    expect(await cloud.drain(10_000)).toEqual({ kind: "drained" });
    expect(await receiveAside(cloud)).toEqual(["poison"]);
    // A queue delivers at least once, so a slow machine may see a message twice.
    expect(new Set(bodies())).toEqual(new Set(["before", "poison", "after"]));
    expect(bodies().filter((body) => body === "poison").length).toBeGreaterThanOrEqual(2);
  });
});

describe("an event", () => {
  const request = {
    EventBusName: "flashmm",
    Source: "flashmm.operator",
    DetailType: "Report Requested",
    Detail: '{"dryRun":true}',
  };

  test("reaches the functions whose rules match, in the shape of EventBridge", async () => {
    const cloud = await start();
    const answer = await putEvents(cloud, [request, { ...request, DetailType: "Other" }, { ...request, Source: "x" }]);
    expect(await answer.json()).toMatchObject({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) }, {}, {}],
    });
    expect(await cloud.drain(10_000)).toEqual({ kind: "drained" });
    expect(records()).toEqual([
      {
        event: expect.objectContaining({
          version: "0",
          source: "flashmm.operator",
          "detail-type": "Report Requested",
          detail: { dryRun: true },
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        }),
      },
    ]);
  });

  test.each([
    ["for a bus that is not there", { ...request, EventBusName: "flashm" }, "ResourceNotFoundException"],
    ["without a source", { ...request, Source: "" }, "InvalidArgument"],
    ["whose detail is no object", { ...request, Detail: "[]" }, "MalformedDetail"],
  ])("%s fails by itself", async (_what, entry, expected) => {
    const cloud = await start();
    expect(await (await putEvents(cloud, [entry])).json()).toMatchObject({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: expected }],
    });
  });

  test("in a request that is none is refused as EventBridge would", async () => {
    const cloud = await start();
    const tooMany = await putEvents(
      cloud,
      Array.from({ length: 11 }, () => request),
    );
    expect(tooMany.status).toBe(400);
    expect(await tooMany.json()).toMatchObject({ __type: "ValidationException" });
    const other = await putEvents(cloud, [request], "AWSEvents.ListRules");
    expect(other.status).toBe(400);
    expect(await other.json()).toMatchObject({ __type: "UnknownOperationException" });
  });
});

describe("a data folder", () => {
  const key = { pk: { S: "CONTROL" }, sk: { S: "ALL" } };

  test("keeps items and messages, those in someone's hands too, from one run to the next", async () => {
    const dataDir = mkdtempSync(join(root, "data-"));
    const first = await start(dataDir);
    const table = new DynamoDBClient(localClientSettings(first.dynamodbUrl));
    await table.send(new PutItemCommand({ TableName: first.tableName, Item: { ...key, state: { S: "halted" } } }));
    await send(first, "held", "aside");
    await send(first, "waiting", "aside");
    expect(await receiveAside(first)).toEqual(["held", "waiting"]);
    await send(first, "newer", "aside");
    expect(await first.depth("aside")).toEqual({ visible: 1, held: 2, delayed: 0 });
    await first.stop();

    const second = await start(dataDir);
    const again = new DynamoDBClient(localClientSettings(second.dynamodbUrl));
    const item = await again.send(new GetItemCommand({ TableName: second.tableName, Key: key }));
    expect(item.Item?.["state"]).toEqual({ S: "halted" });
    const client = new SQSClient(localClientSettings(second.sqsUrl));
    const found = new Set<string | undefined>();
    while (found.size < 3) {
      const received = await client.send(
        new ReceiveMessageCommand({ QueueUrl: second.queueUrls["aside"], MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }),
      );
      if (received.Messages === undefined) break;
      for (const message of received.Messages) found.add(message.Body);
    }
    client.destroy();
    expect(found).toEqual(new Set(["held", "waiting", "newer"]));
  });

  test("survives a kill -9 of its run, with everything that was answered", async () => {
    const dataDir = mkdtempSync(join(root, "data-"));
    const child = spawn(process.execPath, ["--input-type=module", "--eval", KILLED_RUN], {
      env: { ...process.env, FLASHMM_ROOT: root, FLASHMM_DATA: dataDir, FLASHMM_SOURCES: repository },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");

    const cloud = await start(dataDir);
    expect(await cloud.depth("aside")).toEqual({ visible: 1, held: 0, delayed: 0 });
    const table = new DynamoDBClient(localClientSettings(cloud.dynamodbUrl));
    const item = await table.send(new GetItemCommand({ TableName: cloud.tableName, Key: key }));
    expect(item.Item?.["state"]).toEqual({ S: "running" });
  });

  test("belongs to one run at a time", async () => {
    const dataDir = mkdtempSync(join(root, "data-"));
    await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow("is another run using it?");
  });

  test("takes the functions' output", async () => {
    const dataDir = mkdtempSync(join(root, "data-"));
    const cloud = await start(dataDir);
    await cloud.invoke("recorder", {});
    await cloud.stop();
    expect(existsSync(join(dataDir, "logs/App-Recorder.log"))).toBe(true);
  });
});

test("a wait for an empty queue ends in time and says what is left", async () => {
  const stuck = structuredClone(TEMPLATE);
  stuck.Resources.Fills.Properties.VisibilityTimeout = 600;
  const templateDir = mkdtempSync(join(root, "stuck-"));
  writeFileSync(join(templateDir, "App.template.json"), JSON.stringify(stuck));
  const cloud = await startLocalCloud({
    templateDir,
    root,
    environment: { RECORD_FILE: recordFile },
    clock: makeSystemClock(),
    rng: makeSystemRng(),
    log,
  });
  clouds.push(cloud);
  await send(cloud, "poison");
  await expect.poll(records).toHaveLength(1);
  expect(await cloud.drain(200)).toEqual({
    kind: "not-drained",
    reason: expect.stringContaining("1 are held"),
  });
});

test("templates without what the task needs are refused", async () => {
  const templateDir = mkdtempSync(join(root, "empty-"));
  appendFileSync(join(templateDir, "App.template.json"), "{}");
  const starting = startLocalCloud({
    templateDir,
    root,
    environment: {},
    clock: makeSystemClock(),
    rng: makeSystemRng(),
    log,
  });
  await expect(starting).rejects.toThrow("a cloud with exactly one table");
});
