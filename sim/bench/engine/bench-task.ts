/**
 * The task as `fargate/process.ts` makes it, over real sockets, with a configuration as it is deployed. Owns what differs from there: the
 * addresses, the tap in the feed, the watch on the requests, and the stepped clock where one is used.
 */
import { readFileSync } from "node:fs";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import { loadConfig } from "../../../fargate/config.ts";
import { connectWebSocket } from "../../../fargate/connect.ts";
import { makeHttpClient } from "../../../fargate/fetch.ts";
import type { Log, LogFields } from "../../../fargate/log.ts";
import { Task } from "../../../fargate/task.ts";
import { localClientSettings } from "../../local/local-client.ts";
import { FeedTap } from "./feed-tap.ts";
import { OrderWatch } from "./order-watch.ts";
import { SteppedClock } from "./stepped-clock.ts";

export type EngineAddresses = {
  readonly feedUrl: string;
  readonly deskUrl: string;
  readonly controlPort: number;
  readonly cloudUrl: string;
  readonly tableName: string;
};

const CONFIG_PATH = "config/local.json";
/** As `fargate/process.ts` has it. */
const CANCEL_CONNECTIONS = 3;
const COMPLAINTS_MAX = 20;

export type BenchTask = {
  readonly task: Task;
  readonly tap: FeedTap;
  readonly watch: OrderWatch;
  /** Undefined where real time passes. */
  readonly stepped: SteppedClock | undefined;
  /** Warnings and errors of the task, the first ones. */
  readonly complaints: readonly string[];
  close(): void;
};

export function makeBenchTask(addresses: EngineAddresses, isStepped: boolean): BenchTask {
  const stepped = isStepped ? new SteppedClock() : undefined;
  const clock = stepped?.clock ?? makeSystemClock();
  const hold = () => stepped?.time.begin() ?? (() => undefined);
  const config = loadConfig({
    env: {
      FLASHMM_CONFIG: CONFIG_PATH,
      SEI_WS_URLS: addresses.feedUrl,
      SEI_REST_URL: addresses.deskUrl,
      CAMBRIAN_BASE_URL: addresses.deskUrl,
      CAMBRIAN_API_KEY: "local-key",
      CAMBRIAN_SECRET_KEY: "local-secret",
      FILLS_QUEUE_URL: `${addresses.cloudUrl}/000000000000/fills`,
      TABLE_NAME: addresses.tableName,
    },
    readFile: (path) => readFileSync(path, "utf8"),
  });
  const complaints: string[] = [];
  const http = makeHttpClient(clock, { rng: makeSystemRng() });
  http.warm(config.cambrian.baseUrl, config.cambrian.placementsInFlight + CANCEL_CONNECTIONS);
  const tap = new FeedTap({ connect: connectWebSocket, feedUrl: addresses.feedUrl, hold });
  const watch = new OrderWatch({ fetch: http.fetch, hold });
  const fail = (error: unknown) => {
    throw error instanceof Error ? error : new Error(String(error));
  };
  const task = new Task({
    config,
    engineId: "bench",
    clock,
    rng: makeSystemRng(),
    connect: tap.connect,
    fetch: watch.fetch,
    ...makeClients(addresses.cloudUrl, hold),
    log: makeCollectingLog(complaints),
    memoryRssBytes: () => process.memoryUsage.rss(),
    writeFigures: () => undefined,
    onCrash: fail,
    onUseless: fail,
  });
  return { task, tap, watch, stepped, complaints, close: () => http.close() };
}

/** The SDK as it is, its calls marked as under way so that no step overtakes them. */
function makeClients(endpoint: string, hold: () => () => void) {
  const settings = localClientSettings(endpoint);
  const dynamodb = new DynamoDBClient({ ...settings, maxAttempts: 5 });
  const sqs = new SQSClient({ ...settings, maxAttempts: 3 });
  const eventBridge = new EventBridgeClient({ ...settings, maxAttempts: 2 });
  const held = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const over = hold();
    try {
      return await work();
    } finally {
      over();
    }
  };
  dynamodb.middlewareStack.add((next) => (args) => held(() => next(args)), { step: "initialize" });
  sqs.middlewareStack.add((next) => (args) => held(() => next(args)), { step: "initialize" });
  return { dynamodb, sqs, eventBridge };
}

function makeCollectingLog(complaints: string[]): Log {
  const take =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      if (complaints.length < COMPLAINTS_MAX) complaints.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  const pass = () => undefined;
  return { debug: pass, info: pass, warn: take("warn"), error: take("error") };
}
