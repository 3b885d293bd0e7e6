import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { makeSystemClock } from "../../../fargate/clock.ts";
import type { Finding } from "../../../lambdas/health-sweep/sweep.ts";
import { type CambrianApi, startCambrianApi } from "../../../sim/cambrian-api/server.ts";
import { type HandMadeExchange, makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { localClientSettings } from "../../../sim/local/local-client.ts";
import { queueDepth } from "../../../sim/local/queue-depth.ts";
import { startQueueServer } from "../../../sim/local/queue-server.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { makeLambdaContext } from "../lambda-context.ts";

const MARKET = "SEI/USDC";
const KEYS = { apiKey: "the-key", secretKey: "the-secret" };

let cloud: LedgerCloud;
let exchange: HandMadeExchange;
let api: CambrianApi;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  const clock = makeSystemClock();
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  exchange = makeHandMadeExchange({ clock, markets });
  const settings = { ...KEYS, exchange, network: "testnet", clock, rng: { next: () => 0.5 }, port: 0 } as const;
  api = await startCambrianApi({ ...settings, latencyMs: 0 });
});
afterAll(async () => {
  await api.close();
  await cloud.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("health-sweep");

const ENVIRONMENT = () => ({
  TABLE_NAME,
  EVENT_BUS_NAME: "flashmm",
  MARKETS: MARKET,
  CAMBRIAN_BASE_URL: api.url,
  CAMBRIAN_TESTNET: "true",
  CAMBRIAN_API_KEY: KEYS.apiKey,
  CAMBRIAN_SECRET_KEY: KEYS.secretKey,
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_ENDPOINT_URL_DYNAMODB: cloud.endpoint,
  AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:9",
  LOG_LEVEL: "SILENT",
});

async function readHealth(integration: string) {
  const client = new DynamoDBClient({
    region: "eu-central-1",
    endpoint: cloud.endpoint,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  const answer = await client.send(
    new GetItemCommand({ TableName: TABLE_NAME, Key: { pk: { S: "HEALTH" }, sk: { S: integration } } }),
  );
  client.destroy();
  return answer;
}

async function startHandler(changes: Readonly<Record<string, string>> = {}) {
  for (const [name, value] of Object.entries({ ...ENVIRONMENT(), ...changes })) vi.stubEnv(name, value);
  const { handler } = await import("../../../lambdas/health-sweep/handler.ts");
  return handler;
}

it("the function does not start without what it cannot do without, and names it all", async () => {
  const empty = Object.fromEntries(Object.keys(ENVIRONMENT()).map((name) => [name, ""]));
  await expect(startHandler(empty)).rejects.toThrow(/^TABLE_NAME, EVENT_BUS_NAME, MARKETS must be set/);
});

it.each([
  ["MARKETS", "sei", "MARKETS must be symbols such as SEI/USDC"],
  ["CAMBRIAN_TESTNET", "maybe", "CAMBRIAN_TESTNET must be true or false"],
  ["CAMBRIAN_BASE_URL", "nowhere", "CAMBRIAN_BASE_URL must be an https:// address"],
])("the function does not start with %s=%s", async (name, value, expected) => {
  await expect(startHandler({ [name]: value })).rejects.toThrow(expected);
});

it("the function sweeps over real sockets, writes the items and measures in CloudWatch's format", async () => {
  const client = new DynamoDBClient({
    region: "eu-central-1",
    endpoint: cloud.endpoint,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  const lease = {
    pk: { S: "LEASE" },
    sk: { S: "main" },
    owner: { S: "engine/1" },
    epoch: { N: "3" },
    version: { N: "9" },
    heartbeatAt: { S: new Date().toISOString() },
    feed: { S: "connected wss://node" },
    openOrders: { N: "2" },
  };
  await client.send(new PutItemCommand({ TableName: TABLE_NAME, Item: lease }));
  // What is malformed of X or Grafana is said of them alone: a dead man must not fall with them.
  const malformed = { TWITTER_API_BASE_URL: "nowhere", GRAFANA_URL: "nowhere", GRAFANA_API_KEY: "a" };
  const handler = await startHandler(malformed);
  const written: string[] = [];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(...String(text).trim().split("\n"));
    return true;
  });
  const requested = { source: "flashmm.operator", "detail-type": "Health Sweep Requested", detail: {} };
  const answer: { readonly integrations: readonly Finding[] } = await handler(requested, context);
  stdout.mockRestore();
  const kinds = Object.fromEntries(
    answer.integrations.map(({ integration, healthy, detail }) => [integration, `${healthy} ${detail}`]),
  );
  expect(kinds).toEqual({
    "sei-websocket": expect.stringMatching(/^true connected wss:\/\/node, told /),
    "sei-rest": "true SEI_REST_URL is not set",
    cambrian: "true the account answers, 2 assets",
    grafana: expect.stringMatching(/^false GRAFANA_URL must be/),
    x: expect.stringMatching(/^false TWITTER_API_BASE_URL must be/),
    dynamodb: expect.stringMatching(/^true it answered in /),
    "fills-queue": "true FILLS_QUEUE_URL is not set",
    "fill-audit": "true no audit yet",
    "dead-letters": "true DEAD_LETTER_QUEUE_URLS is not set",
    heartbeat: expect.stringMatching(/^true epoch 3, 2 open orders, /),
    "dead-man": expect.stringMatching(/^true the task's heartbeat is /),
  });
  const { Items } = await client.send(
    new QueryCommand({
      TableName: TABLE_NAME,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: "HEALTH" } },
    }),
  );
  expect(Items?.map((item) => item["sk"]?.S)).toEqual(Object.keys(kinds).sort());
  const metrics = written.map((line) => JSON.parse(line)).filter((line) => line._aws !== undefined);
  expect(metrics.filter((line) => line.service !== "health-sweep")).toEqual([]);
  expect(metrics.filter((line) => line.flashmm_heartbeat_age_seconds !== undefined)).toHaveLength(1);
  client.destroy();
});

it("without a way to the order API the function says so loudly where a task has been, and names what is missing", async () => {
  const absent = { CAMBRIAN_BASE_URL: "", CAMBRIAN_API_KEY: "", CAMBRIAN_SECRET_KEY: "" };
  const handler = await startHandler(absent);
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const [dead] = (await handler({}, context)).integrations.filter(
    ({ integration }: Finding) => integration === "dead-man",
  );
  const names = "CAMBRIAN_BASE_URL, CAMBRIAN_SECRET_ARN";
  expect(dead).toMatchObject({ detail: `${names} are not set: nobody would end the orders of a task that is silent` });
  const { Item } = await readHealth("dead-man");
  // The change from well, as the sweep before saw it, is settled by a second look.
  expect(Item).toMatchObject({ configured: { BOOL: true }, doubtedAt: { S: expect.any(String) } });
  await handler({}, context);
  expect((await readHealth("dead-man")).Item).toMatchObject({ healthy: { BOOL: false } });
});

it("each sweep puts three looks on the queue, and a look is the dead men's alone and asks for none", async () => {
  const queues = await startQueueServer(null);
  try {
    const url = `${queues.url}/000000000000/health-looks`;
    const client = new SQSClient(localClientSettings(queues.url));
    await client.send(new CreateQueueCommand({ QueueName: "health-looks" }));
    const handler = await startHandler({ LOOKS_QUEUE_URL: url, AWS_ENDPOINT_URL_SQS: queues.url });
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const delayed = async () => (await queueDepth(client, url)).delayed;
    expect((await handler({}, context)).integrations.length).toBeGreaterThan(5);
    expect(await delayed()).toBe(3);
    const records = { Records: [{ messageId: "1", eventSource: "aws:sqs", body: "{}" }] };
    expect((await handler(records, context)).integrations).toMatchObject([{ integration: "dead-man" }]);
    expect(await delayed()).toBe(3);
    client.destroy();
  } finally {
    await queues.stop();
  }
});

it("a sweep whose looks are not taken fails, after it has looked at everything", async () => {
  const handler = await startHandler({ LOOKS_QUEUE_URL: "http://127.0.0.1:9/000000000000/health-looks" });
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await expect(handler({}, context)).rejects.toThrow("the looks before the next sweep could not be asked for");
  expect((await readHealth("cambrian")).Item).toMatchObject({ healthy: { BOOL: true } });
});

it("the function fails where no item can be written, after it has looked at everything", async () => {
  const handler = await startHandler({ TABLE_NAME: "nowhere" });
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  // The heartbeat is looked at again and again, as long as there is time.
  const short = { ...context, getRemainingTimeInMillis: () => 8_000 };
  await expect(handler({}, short)).rejects.toThrow(/^health items could not be written: sei-rest, cambrian,/);
});
