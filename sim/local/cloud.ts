/**
 * The local cloud: what the synthesized templates define, running on this machine behind the real AWS wire protocols.
 * Tables, queues, buckets, buses, rules, schedules and functions come from the templates and the handlers' sources alone, so that
 * what runs here is what is deployed. Owns how the parts are put together; everything listens on 127.0.0.1.
 */
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SQSClient } from "@aws-sdk/client-sqs";
import { InputError } from "../../core/errors.ts";
import type { Log } from "../../fargate/log.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import { AsyncInvocations } from "./async-invocations.ts";
import { writeCloudFile } from "./cloud-file.ts";
import { lockDataFolder } from "./data-lock.ts";
import { startEventBus } from "./event-bus.ts";
import { type InvocationResult, LambdaRuntime } from "./lambda-runtime.ts";
import { LOCAL_CREDENTIALS, localClientSettings } from "./local-client.ts";
import { type DrainOutcome, drain, type QueueDepth, queueDepth } from "./queue-depth.ts";
import { QueuePoller } from "./queue-poller.ts";
import { startQueueServer } from "./queue-server.ts";
import { LOCAL_REGION } from "./resource-identity.ts";
import { startScheduler } from "./scheduler.ts";
import { startTableServer } from "./table-server.ts";
import { type CloudDescription, readTemplates } from "./template.ts";
import type { EventSourceMapping, FunctionDescription, QueueDescription } from "./template-resources.ts";

export type LocalCloudOptions = {
  /** The output of `node infra/app.ts`. */
  readonly templateDir: string;
  /**
   * Keeps tables and queues between runs, and the functions' output; without it all is gone at the end. While it runs, its
   * addresses stand there in `cloud.json`.
   */
  readonly dataDir?: string;
  /** The repository, where the handlers' sources are. */
  readonly root: string;
  /** Variables for every function, over those of the templates: where Cambrian, X and Grafana are simulated. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
};

export type LocalCloud = {
  readonly dynamodbUrl: string;
  readonly sqsUrl: string;
  readonly eventsUrl: string;
  readonly s3Url: string;
  readonly tableName: string;
  /** Names of the buckets. */
  readonly buckets: readonly string[];
  /** By queue name, e.g. `fills`. */
  readonly queueUrls: Readonly<Record<string, string>>;
  /** Variables for the task (CONTRACTS 8): names, addresses, region and credentials that mean nothing. */
  readonly environment: Readonly<Record<string, string>>;
  readonly functions: readonly FunctionDescription[];
  /** Runs a function once and waits; `folder` is its folder under `lambdas/`. */
  invoke(folder: string, event: unknown): Promise<InvocationResult>;
  /** Messages of a queue by name. */
  depth(queueName: string): Promise<QueueDepth>;
  /** Waits until every queue a function reads is empty and nothing runs, at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<DrainOutcome>;
  stop(): Promise<void>;
};

/** Two environments a function: batches overlap as they do on Lambda, and a small machine still copes. */
const CONCURRENCY_MAX = 2;

/** Starts everything; on a fault what was started is stopped again. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  await using starting = new AsyncDisposableStack();
  if (options.dataDir !== undefined) starting.defer(lockDataFolder(options.dataDir));
  const tables = await startTableServer(folder(options, "tables"));
  starting.defer(() => tables.stop());
  const queues = await startQueueServer(folder(options, "queues"));
  starting.defer(() => queues.stop());
  const described = readTemplates(options.templateDir, queues.url);
  await tables.create(described.tables);
  await queues.create(described.queues);
  queues.createBuckets(described.buckets);

  const { runtimes, environment, events, asynchronous } = await startFunctions(options, described, starting, {
    dynamodbUrl: tables.url,
    sqsUrl: queues.url,
  });
  const client = new SQSClient(localClientSettings(queues.url));
  starting.defer(() => client.destroy());
  const pollers = startPollers(options, described, { client, runtimes, stack: starting });
  const stopScheduler = startScheduler({
    schedules: described.schedules,
    clock: options.clock,
    fire: (functionName, event) => {
      if (!asynchronous.accept(functionName, event)) options.log.error("schedule dropped", { functionName });
    },
  });
  starting.defer(stopScheduler);

  const tableName = environment["TABLE_NAME"] ?? "";
  if (options.dataDir !== undefined) {
    const urls = { dynamodbUrl: tables.url, sqsUrl: queues.url, eventsUrl: events.url };
    starting.defer(
      writeCloudFile(options.dataDir, { ...urls, tableName, eventBusName: environment["EVENT_BUS_NAME"] ?? "" }),
    );
  }

  const running = starting.move();
  const queueNamed = (name: string) => one(described.queues, (queue) => queue.name === name, `a queue named ${name}`);
  return {
    dynamodbUrl: tables.url,
    sqsUrl: queues.url,
    eventsUrl: events.url,
    s3Url: queues.url,
    tableName,
    buckets: described.buckets,
    queueUrls: Object.fromEntries(described.queues.map((queue) => [queue.name, queue.url])),
    environment,
    functions: described.functions,
    invoke: async (wanted, event) => {
      const entry = `lambdas/${wanted}/handler.ts`;
      const target = one(described.functions, (each) => each.entry === entry, `a function of ${entry}`);
      return invokeIn(runtimes, target.name, event);
    },
    depth: (name) => queueDepth(client, queueNamed(name).url),
    drain: (timeoutMs) =>
      drain({
        timeoutMs,
        client,
        clock: options.clock,
        queueUrls: described.mappings.map((mapping) => sourceOf(mapping, described).url),
        running: () =>
          asynchronous.running +
          pollers.filter((poller) => poller.busy).length +
          [...runtimes.values()].reduce((sum, runtime) => sum + runtime.running, 0),
      }),
    stop: () => running.disposeAsync(),
  };
}

type Runtimes = ReadonlyMap<string, LambdaRuntime>;

/** The functions, and the bus whose rules start them. */
async function startFunctions(
  options: LocalCloudOptions,
  described: CloudDescription,
  stack: AsyncDisposableStack,
  urls: { readonly dynamodbUrl: string; readonly sqsUrl: string },
) {
  const runtimes = new Map<string, LambdaRuntime>();
  stack.defer(async () => {
    for (const runtime of runtimes.values()) await runtime.stop();
  });
  const asynchronous = new AsyncInvocations({
    clock: options.clock,
    log: options.log,
    invoke: (functionName, event) => invokeIn(runtimes, functionName, event),
  });
  stack.defer(() => asynchronous.stop());
  const events = await startEventBus({
    buses: described.buses,
    rules: described.rules,
    clock: options.clock,
    log: options.log,
    deliver: (functionName, event) => asynchronous.accept(functionName, event),
  });
  stack.defer(() => events.stop());
  const environment = taskEnvironment(described, { ...urls, eventsUrl: events.url });
  for (const each of described.functions) {
    runtimes.set(
      each.name,
      new LambdaRuntime({
        function: each,
        root: options.root,
        environment: { ...awsEnvironment(environment), AWS_ENDPOINT_URL_S3: urls.sqsUrl, ...options.environment },
        clock: options.clock,
        concurrencyMax: CONCURRENCY_MAX,
        onOutput: outputOf(each, options, stack),
      }),
    );
  }
  return { runtimes, asynchronous, events, environment };
}

function startPollers(
  options: LocalCloudOptions,
  described: CloudDescription,
  parts: { readonly client: SQSClient; readonly runtimes: Runtimes; readonly stack: AsyncDisposableStack },
): readonly QueuePoller[] {
  const pollers = described.mappings.flatMap((mapping) =>
    Array.from({ length: Math.min(mapping.concurrencyMax ?? CONCURRENCY_MAX, CONCURRENCY_MAX) }, () => {
      return new QueuePoller({
        mapping,
        queueUrl: sourceOf(mapping, described).url,
        client: parts.client,
        clock: options.clock,
        rng: options.rng,
        log: options.log,
        invoke: (event) => invokeIn(parts.runtimes, mapping.functionName, event),
      });
    }),
  );
  parts.stack.defer(async () => {
    await Promise.all(pollers.map((poller) => poller.stop()));
  });
  return pollers;
}

async function invokeIn(runtimes: Runtimes, functionName: string, event: unknown): Promise<InvocationResult> {
  const runtime = runtimes.get(functionName);
  return runtime?.invoke(event) ?? { kind: "failed", error: `there is no function ${functionName}` };
}

function taskEnvironment(
  described: CloudDescription,
  urls: { readonly dynamodbUrl: string; readonly sqsUrl: string; readonly eventsUrl: string },
): Record<string, string> {
  return {
    TABLE_NAME: one(described.tables, () => true, "exactly one table").name,
    FILLS_QUEUE_URL: one(described.queues, (queue) => queue.name === "fills", "a queue named fills").url,
    EVENT_BUS_NAME: one(described.buses, () => true, "exactly one event bus"),
    AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodbUrl,
    AWS_ENDPOINT_URL_SQS: urls.sqsUrl,
    AWS_ENDPOINT_URL_EVENTBRIDGE: urls.eventsUrl,
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  };
}

/** A function gets its names from its template alone, as on AWS: one that the template forgets is missing here too. */
function awsEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith("AWS_")));
}

/** Where a function's lines go: its own file beside the data, or the log. */
function outputOf(
  described: FunctionDescription,
  options: LocalCloudOptions,
  stack: AsyncDisposableStack,
): (line: string) => void {
  const logs = folder(options, "logs");
  if (logs === null) return (line) => options.log.debug("function wrote", { functionName: described.name, line });
  mkdirSync(logs, { recursive: true });
  const file = createWriteStream(join(logs, `${described.name}.log`), { flags: "a" });
  file.on("error", (error) => options.log.warn("function output could not be written", { error }));
  stack.defer(() => new Promise<void>((resolve) => file.end(resolve)));
  return (line) => {
    if (!file.writableEnded) file.write(`${line}\n`);
  };
}

function folder(options: LocalCloudOptions, name: string): string | null {
  return options.dataDir === undefined ? null : join(options.dataDir, name);
}

function sourceOf(mapping: EventSourceMapping, described: CloudDescription): QueueDescription {
  return one(described.queues, (queue) => queue.arn === mapping.queueArn, `a queue ${mapping.queueArn}`);
}

function one<Value>(values: readonly Value[], test: (value: Value) => boolean, expected: string): Value {
  const [found, ...others] = values.filter(test);
  if (found === undefined || others.length > 0) {
    throw new InputError({
      what: "the templates",
      expected: `a cloud with ${expected}`,
      was: `${values.length} in all`,
    });
  }
  return found;
}
