/**
 * One task in a simulated world: the composition root as it is, with every edge of its process led into the world. Owns these
 * edges and what the task said; the task's inside is not known here.
 */
import type { Config } from "../../fargate/config.ts";
import type { Log, LogFields } from "../../fargate/log.ts";
import type { HttpRequest } from "../../fargate/seams.ts";
import type { MarketState, TaskState } from "../../fargate/status/state.ts";
import { type StopReport, Task } from "../../fargate/task.ts";
import type { TaskOptions } from "../../fargate/task-options.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { type AwsDepth, type AwsLinks, type AwsServices, type AwsWeather, makeAwsAccess } from "./aws-access.ts";
import type { Link } from "./link.ts";
import type { Network } from "./network.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { WorldProcess } from "./world-process.ts";

/** Log lines and requests that are kept of one task; the oldest go first. */
const KEPT_MAX = 20_000;

export type LogRecord = {
  readonly atMs: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
};

/** A request as it was handed to the network, and when. */
type SentRequest = HttpRequest & { readonly atMs: number };

export type WorldTask = {
  readonly name: string;
  readonly task: Task;
  /** Crash, freeze, crash points and the wall clock. */
  readonly process: WorldProcess;
  /** The ways to the venue, to the nodes by their index, and to AWS. */
  readonly links: AwsLinks & { readonly venue: Link; readonly nodes: readonly Link[] };
  readonly records: readonly LogRecord[];
  /** What it asked of the order API. */
  readonly requests: readonly SentRequest[];
  /** What `onCrash` was told. */
  readonly faults: readonly unknown[];
  /** What `onUseless` was told: why the task wants to be ended. */
  readonly useless: readonly string[];
  start(): Promise<boolean>;
  stop(): Promise<StopReport>;
  state(): TaskState;
  /** The first market's state, or the named one's. */
  market(symbol?: string): MarketState | undefined;
};

export type WorldTaskInput = {
  readonly name: string;
  readonly time: VirtualTime;
  readonly network: Network;
  readonly services: AwsServices;
  readonly seed: number;
  readonly config: Config;
  readonly venueUrl: string;
  readonly nodeUrls: readonly string[];
  readonly depth?: AwsDepth;
  /** Whether `records` and `requests` are kept, which over hours are most of what a world remembers; true unless told. */
  readonly keepsTalk?: boolean;
  readonly weather?: AwsWeather;
  /** Edges in place of the world's, for what only one test needs. */
  readonly edges?: Partial<TaskOptions>;
};

/** Makes a task that is not started yet. */
export function makeWorldTask(input: WorldTaskInput): WorldTask {
  const { name, time, network, services, seed, config, keepsTalk = true } = input;
  const process = new WorldProcess(name, time);
  const access = network.access(process);
  const aws = makeAwsAccess({ time, process, services, seed, depth: input.depth ?? "wire", weather: input.weather });
  const records: LogRecord[] = [];
  const requests: SentRequest[] = [];
  const faults: unknown[] = [];
  const useless: string[] = [];
  const options: TaskOptions = {
    config,
    engineId: name,
    clock: process.clock,
    rng: makeSeededRng(seed, name),
    connect: access.connect,
    fetch: (request) => {
      if (keepsTalk && request.url.startsWith(input.venueUrl) && process.state !== "dead") {
        keep(requests, { ...request, atMs: time.nowMs });
      }
      return access.fetch(request);
    },
    dynamodb: aws.dynamodb,
    sqs: aws.sqs,
    eventBridge: aws.eventBridge,
    log: keepsTalk ? makeRecordingLog(process, time, records) : SILENT,
    memoryRssBytes: () => 0,
    isColdAllowed: true,
    isUnwatched: input.depth === "direct",
    onCrash: (error) => faults.push(error),
    onUseless: (reason) => useless.push(reason),
    ...input.edges,
  };
  const task = new Task(options);
  return {
    name,
    task,
    process,
    links: {
      ...aws.links,
      venue: access.link(input.venueUrl),
      nodes: input.nodeUrls.map((url) => access.link(url)),
    },
    records,
    requests,
    faults,
    useless,
    start: () => task.start(),
    stop: () => task.stop(),
    state: () => task.state(),
    market: (symbol) => {
      const { markets } = task.state();
      return symbol === undefined ? markets[0] : markets.find(({ market }) => market === symbol);
    },
  };
}

function makeRecordingLog(process: WorldProcess, time: VirtualTime, records: LogRecord[]): Log {
  const write =
    (level: LogRecord["level"]) =>
    (message: string, fields: LogFields = {}) => {
      if (process.state !== "dead") keep(records, { atMs: time.nowMs, level, message, fields });
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

const silent = (): void => undefined;
const SILENT: Log = { debug: silent, info: silent, warn: silent, error: silent };

function keep<Item>(list: Item[], item: Item): void {
  if (list.length >= KEPT_MAX) list.shift();
  list.push(item);
}
