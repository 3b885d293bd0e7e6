/**
 * The task as `fargate/process.ts` makes it, over real sockets, with a configuration as it is deployed. Owns what differs from there: the
 * addresses, the tap in the feed, the watch on the requests, and the stepped clock where one is used.
 */
import { readFileSync } from "node:fs";
import { type AwsClients, makeAwsClients } from "../../../fargate/aws-clients.ts";
import { AwsThread, startAwsWorker } from "../../../fargate/aws-thread.ts";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import { type Config, loadConfig } from "../../../fargate/config.ts";
import { connectWebSocket } from "../../../fargate/connect.ts";
import { makeHttpClient } from "../../../fargate/fetch.ts";
import type { Log, LogFields } from "../../../fargate/log.ts";
import { Task } from "../../../fargate/task.ts";
import { benchMarkets } from "../venue/books.ts";
import { FeedTap } from "./feed-tap.ts";
import { OrderWatch } from "./order-watch.ts";
import { SteppedClock } from "./stepped-clock.ts";
import { type EngineAddresses, taskEnvironment } from "./task-environment.ts";

/** While others are measured on its connections the task sees nothing of them, and must not leave the node for that. */
const STALENESS_MS = 60_000;
/** As `fargate/process.ts` has it. */
const CANCEL_CONNECTIONS = 3;
const COMPLAINTS_MAX = 20;

export type BenchTaskOptions = {
  /** The clock steps over the seconds between two ticks. */
  readonly isStepped: boolean;
  /** The calls to AWS are made by a thread of their own; not with a stepped clock, which has to know of them. */
  readonly isApart: boolean;
  readonly markets: number;
};

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

/** The environment must name the AWS of the benchmark. */
export function makeBenchTask(addresses: EngineAddresses, options: BenchTaskOptions): BenchTask {
  const { isStepped, isApart, markets } = options;
  const stepped = isStepped ? new SteppedClock() : undefined;
  const clock = stepped?.clock ?? makeSystemClock();
  const hold = () => stepped?.time.begin() ?? (() => undefined);
  const file = loadConfig({
    env: taskEnvironment(addresses),
    readFile: (path) => readFileSync(path, "utf8"),
  });
  const config = withMarkets(file, markets);
  const complaints: string[] = [];
  const log = makeCollectingLog(complaints);
  const clients = makeAwsClients();
  if (isApart) new AwsThread({ clients, startWorker: startAwsWorker, clock, log });
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
    ...holding(clients, hold),
    log,
    memoryRssBytes: () => process.memoryUsage.rss(),
    writeFigures: () => undefined,
    onCrash: fail,
    onUseless: fail,
  });
  return { task, tap, watch, stepped, complaints, close: () => http.close() };
}

/**
 * The first market, as often as wanted, each with the money of one, all with the requests of one account. A file has ten markets at most, which is its own
 * limit alone.
 */
function withMarkets(config: Config, count: number): Config {
  const [market] = config.markets;
  if (market === undefined) throw new Error("the configuration must have a market");
  const { exposureValue, capital } = config.shardLimits;
  const times = (amount: string) => String(count * Number(amount));
  return {
    ...config,
    sei: { ...config.sei, stalenessMs: STALENESS_MS },
    markets: benchMarkets(count).map((symbol) => ({ ...market, symbol })),
    shardLimits: { ...config.shardLimits, exposureValue: times(exposureValue), capital: times(capital) },
  };
}

/** The SDK as it is, its calls marked as under way so that no step overtakes them. */
function holding(clients: AwsClients, hold: () => () => void): AwsClients {
  const held = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const over = hold();
    try {
      return await work();
    } finally {
      over();
    }
  };
  const { dynamodb, sqs } = clients;
  dynamodb.middlewareStack.add((next) => (args) => held(() => next(args)), { step: "initialize" });
  sqs.middlewareStack.add((next) => (args) => held(() => next(args)), { step: "initialize" });
  return clients;
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
