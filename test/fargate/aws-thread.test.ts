import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { getPriority } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makeAwsClients } from "../../fargate/aws-clients.ts";
import { AwsThread, startAwsWorker } from "../../fargate/aws-thread.ts";
import { Lease } from "../../fargate/lease.ts";
import { localAddress, localEnvironment } from "../../sim/local/local-client.ts";
import { makeMemoryTableHost } from "../../sim/world/table-host.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";

const { backend, tableName } = makeMemoryTableHost();

/** Of each request the target; those of the queue are never answered. */
const asked: string[] = [];
/** Those whose connection was closed before they were answered. */
const broken: string[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const target = String(request.headers["x-amz-target"]);
    asked.push(target);
    response.on("close", () => {
      if (!response.writableFinished) broken.push(target);
    });
    if (target.startsWith("AmazonSQS")) return;
    if (target.startsWith("AWSEvents"))
      return void response.end('{"FailedEntryCount":0,"Entries":[{"EventId":"E-1"}]}');
    const headers = { "x-amz-target": target };
    const body = Buffer.concat(chunks).toString("utf8");
    void backend({ method: "POST", path: "/", headers, body }).then((answer) => {
      response.writeHead(answer.statusCode, { ...answer.headers }).end(answer.body);
    });
  });
});
const environment = localEnvironment(await localAddress(server));
const earlier = Object.keys(environment).map((name) => [name, process.env[name]] as const);
Object.assign(process.env, environment);
const queueUrl = `${process.env["AWS_ENDPOINT_URL"]}/000000000000/fills`;

const threads: AwsThread[] = [];
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.stop()));
});
afterAll(() => {
  // Files that share this worker must not inherit the address of a server that is gone.
  for (const [name, value] of earlier) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  server.closeAllConnections();
  server.close();
});

function makeThread(startWorker: () => Worker = startAwsWorker) {
  const time = new VirtualTime();
  const clients = makeAwsClients();
  const recorder = makeRecorder();
  const workers: Worker[] = [];
  const start = () => {
    const worker = startWorker();
    workers.push(worker);
    return worker;
  };
  const thread = new AwsThread({ clients, startWorker: start, clock: time.clock, log: recorder.log });
  threads.push(thread);
  return { ...clients, time, recorder, thread, workers };
}

const silentWorker = () =>
  new Worker("require('node:worker_threads').parentPort.on('message', () => undefined)", { eval: true });

const put = (key: string) =>
  new PutItemCommand({
    TableName: tableName,
    Item: { pk: { S: key }, sk: { S: "A" }, amount: { N: "12.5" } },
    ConditionExpression: "attribute_not_exists(pk)",
  });
const get = (key: string) =>
  new GetItemCommand({ TableName: tableName, Key: { pk: { S: key }, sk: { S: "A" } }, ConsistentRead: true });
const batch = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [{ Id: "0", MessageBody: "{}" }] });

/** How far below the usual priority this process's threads of that name are (`man 5 proc`, field 19 of stat). */
const nicesOf = (name: string) =>
  readdirSync("/proc/self/task")
    .map((id) => readFileSync(`/proc/self/task/${id}/stat`, "utf8"))
    .filter((stat) => stat.includes(`(${name})`))
    .map((stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]));

describe("calls to AWS by a thread of their own", () => {
  test.runIf(process.platform === "linux")("never keep a thread of the usual priority from its core", async () => {
    const before = getPriority();
    const { dynamodb } = makeThread();
    await dynamodb.send(get("NOTHING"));
    expect(nicesOf("aws")).toEqual([Math.max(before, 10)]);
    expect(nicesOf("libuv-worker").filter((nice) => nice !== before)).toEqual([]);
    expect(getPriority()).toBe(before);
  });

  test("are answered as if made here, an event's time and a service's error too", async () => {
    const { dynamodb, eventBridge, workers } = makeThread();
    await dynamodb.send(put("ONE"));
    expect((await dynamodb.send(get("ONE"))).Item?.["amount"]).toEqual({ N: "12.5" });
    await expect(dynamodb.send(put("ONE"))).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    const malformed = new GetItemCommand({ TableName: tableName, Key: {} });
    await expect(dynamodb.send(malformed)).rejects.toMatchObject({
      name: "ValidationException",
      $metadata: { httpStatusCode: 400 },
    });
    const Entries = [{ Source: "flashmm.engine", DetailType: "Quoting Halted", Detail: "{}", Time: new Date(0) }];
    expect((await eventBridge.send(new PutEventsCommand({ Entries }))).Entries).toEqual([{ EventId: "E-1" }]);
    expect(workers).toHaveLength(1);
  });

  test("are given up by their caller at once, and others go on", async () => {
    const { sqs, dynamodb, thread } = makeThread();
    const controller = new AbortController();
    const before = asked.length;
    const sent = sqs.send(batch, { abortSignal: controller.signal });
    while (asked.length === before) await wait(5);
    const brokenBefore = broken.length;
    controller.abort();
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    await expect(sqs.send(batch, { abortSignal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect((await dynamodb.send(get("NONE"))).Item).toBeUndefined();
    expect(thread.pending).toBe(0);
    // The thread has given the request up too: its connection is closed.
    while (broken.length === brokenBefore) await wait(5);
  });

  test("are made by the quoting thread once no thread can be had three times", async () => {
    let made = 0;
    const { dynamodb, recorder, workers } = makeThread(() => {
      made += 1;
      if (made > 1) throw new Error("no thread can be made");
      return startAwsWorker();
    });
    await workers[0]?.terminate();
    await expect(dynamodb.send(get("NONE"))).rejects.toThrow("no thread can be made");
    await expect(dynamodb.send(get("NONE"))).rejects.toThrow("no thread can be made");
    expect((await dynamodb.send(get("NONE"))).Item).toBeUndefined();
    expect(recorder.lines).toEqual(Array.from({ length: 3 }, () => "the thread of the calls to AWS ended"));
  });

  test("are of unknown outcome when the thread ends, and the next one is made by another thread", async () => {
    const { dynamodb, sqs, workers, recorder, thread } = makeThread();
    const sent = sqs.send(batch);
    const outcome = expect(sent).rejects.toMatchObject({
      code: "AWS_THREAD_ENDED",
      message: expect.stringContaining("is unknown"),
    });
    await workers[0]?.terminate();
    await outcome;
    expect(recorder.lines).toEqual(["the thread of the calls to AWS ended"]);
    expect((await dynamodb.send(get("NONE"))).Item).toBeUndefined();
    expect(workers).toHaveLength(2);
    expect(thread.pending).toBe(0);
  });

  test("are made here once the thread has ended three times in a minute", async () => {
    const { dynamodb, workers, recorder } = makeThread(() => new Worker("throw new Error('no')", { eval: true }));
    for (let end = 0; end < 3; end += 1) {
      await expect(dynamodb.send(get("NONE"))).rejects.toMatchObject({ code: "AWS_THREAD_ENDED" });
    }
    expect((await dynamodb.send(get("NONE"))).Item).toBeUndefined();
    expect(workers).toHaveLength(3);
    expect(recorder.records.at(-1)?.fields).toMatchObject({ reason: "no", next: expect.stringContaining("quoting") });
  });

  test("end a thread that says nothing, but not before anybody could have given up", async () => {
    const { dynamodb, time, workers, recorder } = makeThread(silentWorker);
    const ask = () => {
      const controller = new AbortController();
      const sent = dynamodb.send(get("NONE"), { abortSignal: controller.signal });
      controller.abort();
      return expect(sent).rejects.toMatchObject({ name: "AbortError" });
    };
    await ask();
    await time.pass(20_000);
    await ask();
    expect(recorder.lines).toEqual([]);
    await time.pass(1);
    await ask();
    expect(recorder.records[0]?.fields).toMatchObject({ reason: "it was silent for 20 s" });
    expect(workers).toHaveLength(2);
  });

  test("are refused, as not sent, where 256 wait", async () => {
    const { dynamodb, thread } = makeThread(silentWorker);
    const waiting = Array.from({ length: 256 }, () => dynamodb.send(get("NONE")).catch(() => "ended"));
    await expect(dynamodb.send(get("NONE"))).rejects.toMatchObject({
      code: "AWS_THREAD_FULL",
      message: "GetItem was not sent: 256 calls wait for their answer",
    });
    await thread.stop();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["ended"]));
  });

  test("what no thread can be told is refused, and nothing waits for it", async () => {
    const { dynamodb, thread } = makeThread(silentWorker);
    const command = get("NONE");
    Object.assign(command.input, { oops: () => undefined });
    await expect(dynamodb.send(command)).rejects.toMatchObject({ name: "DataCloneError" });
    expect(thread.pending).toBe(0);
  });

  test("a thread that hangs lets no order be placed later than the last renewal that was asked allows", async () => {
    let isSilent = false;
    const { dynamodb, time, workers, recorder } = makeThread(() => (isSilent ? silentWorker() : startAwsWorker()));
    const lease = new Lease({
      ...{ client: dynamodb, tableName, shard: "main", engineId: "one", termMs: 9_000 },
      ...{ clock: time.clock, rng: { next: () => 0.5 }, log: recorder.log },
      heartbeat: () => ({ feed: "", openOrders: 0, markets: [] }),
      ...{ onState: () => undefined, onWait: () => undefined },
    });
    const acquired = await lease.acquire(0);
    expect(acquired.type).toBe("acquired");
    expect(lease.reasonNotToPlace(time.clock.now())).toBeUndefined();
    isSilent = true;
    await workers[0]?.terminate();
    await time.pass(5_999);
    expect(lease.reasonNotToPlace(time.clock.now())).toBeUndefined();
    await time.pass(2);
    expect(lease.reasonNotToPlace(time.clock.now())).toBe("the lease was renewed 6.0 s ago, of 9 s");
    lease.stop();
  });
});
