import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { withDeadline } from "../../../fargate/deadline.ts";
import { makeAwsAccess } from "../../../sim/world/aws-access.ts";
import { EventBusHost } from "../../../sim/world/event-bus-host.ts";
import { QueueHost } from "../../../sim/world/queue-host.ts";
import { startTableHost } from "../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../sim/world/world-process.ts";

const KEY = { pk: { S: "LEASE" }, sk: { S: "main" } };

async function makeWorld() {
  const time = new VirtualTime();
  const table = await startTableHost();
  const queue = new QueueHost(() => time.nowMs);
  const process = new WorldProcess("task", time);
  const bus = new EventBusHost(() => time.nowMs);
  const services = { table: table.backend, queue: queue.backend, bus: bus.backend };
  const aws = makeAwsAccess({ time, process, services, seed: 1 });
  const raise = (client: DynamoDBClient, abortSignal?: AbortSignal) =>
    client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: KEY,
        UpdateExpression: "ADD epoch :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "UPDATED_NEW",
      }),
      abortSignal === undefined ? {} : { abortSignal },
    );
  const epoch = async () => {
    const answer = await table.client.send(new GetItemCommand({ TableName: table.tableName, Key: KEY }));
    return Number(answer.Item?.["epoch"]?.N ?? 0);
  };
  return { time, table, queue, bus, process, raise, epoch, ...aws };
}

describe("AWS in the world", () => {
  it("the table does what DynamoDB does: counts, conditions, their failure", async () => {
    const { time, table, dynamodb, raise } = await makeWorld();
    await time.settled(raise(dynamodb), "the first");
    const second = await time.settled(raise(dynamodb), "the second");
    expect(second.Attributes?.["epoch"]?.N).toBe("2");
    expect(time.nowMs).toBeGreaterThan(3);
    const put = new PutItemCommand({
      TableName: table.tableName,
      Item: KEY,
      ConditionExpression: "attribute_not_exists(pk)",
    });
    await expect(time.settled(dynamodb.send(put), "the put")).rejects.toThrow(ConditionalCheckFailedException);
  });

  it("the queue takes a batch; a message comes once until it is deleted or its time is up", async () => {
    const { time, queue, sqs } = await makeWorld();
    const Entries = ["a", "b"].map((body, index) => ({ Id: String(index), MessageBody: body }));
    const sent = await time.settled(
      sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.queueUrl, Entries })),
      "the batch",
    );
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["0", "1"]);
    const [first, second] = queue.receive();
    expect([first?.body, second?.body]).toEqual(["a", "b"]);
    expect(queue.receive()).toEqual([]);
    queue.delete(first?.messageId ?? "");
    await time.pass(30_000);
    expect(queue.receive().map(({ body }) => body)).toEqual(["b"]);
    expect(queue.size).toBe(1);
    expect(queue.sent).toEqual(["a", "b"]);
  });

  it("the bus keeps what was put on it", async () => {
    const { time, bus, eventBridge } = await makeWorld();
    const Entries = [{ Source: "flashmm.engine", DetailType: "Quoting Halted", Detail: '{"reason":"a test"}' }];
    const put = await time.settled(eventBridge.send(new PutEventsCommand({ Entries })), "the event");
    expect(put.FailedEntryCount).toBe(0);
    expect(bus.events).toMatchObject([
      { source: "flashmm.engine", detailType: "Quoting Halted", detail: { reason: "a test" } },
    ]);
  });

  it("unreachable, every call fails at once like a refused connection", async () => {
    const { time, dynamodb, links, raise, epoch } = await makeWorld();
    links.table.reachability = "refused";
    await expect(time.settled(raise(dynamodb), "the call")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await epoch()).toBe(0);
  });

  it("slow, a call takes as long as it is told", async () => {
    const { time, dynamodb, links, raise } = await makeWorld();
    links.table.latency = { low: 3_000, high: 3_000 };
    await time.settled(raise(dynamodb), "the call");
    expect(time.nowMs).toBe(6_000);
  });

  it("silent, a call ends with its caller's patience", async () => {
    const { time, process, dynamodb, links, raise, epoch } = await makeWorld();
    links.table.reachability = "silent";
    const call = withDeadline(process.clock, 500, "the call", (signal) => raise(dynamodb, signal));
    await expect(time.settled(call, "the call")).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(await epoch()).toBe(0);
  });

  it("an answer that is lost leaves the effect", async () => {
    const { time, process, dynamodb, links, raise, epoch } = await makeWorld();
    links.table.lose("reply", "table");
    const call = withDeadline(process.clock, 500, "the call", (signal) => raise(dynamodb, signal));
    await expect(time.settled(call, "the call")).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(await epoch()).toBe(1);
  });

  it.each([
    ["before-write", 0],
    ["after-write", 1],
    ["after-effect", 1],
    ["answer-arrived", 1],
  ] as const)("a crash %s leaves %i effects and answers nobody", async (moment, effects) => {
    const { time, process, dynamodb, raise, epoch } = await makeWorld();
    process.crashAt({ moment, call: "table", nth: 1 });
    let isSettled = false;
    void raise(dynamodb).finally(() => {
      isSettled = true;
    });
    await time.pass(1_000);
    expect(isSettled).toBe(false);
    expect(await epoch()).toBe(effects);
  });

  it("a frozen process hears its answer at the thaw", async () => {
    const { time, process, dynamodb, raise } = await makeWorld();
    process.freezeAt({ moment: "after-write", call: "table", nth: 1 });
    const call = raise(dynamodb);
    await time.pass(10_000);
    process.thaw();
    const before = time.nowMs;
    await time.settled(call, "the call");
    expect(time.nowMs).toBe(before);
  });
});
