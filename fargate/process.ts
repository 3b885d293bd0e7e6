/**
 * The process: reads the configuration, opens the real edges and starts the task. Owns those edges and exit code 78 (bad
 * configuration); how it ends is `stopper.ts`'s.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSystemClock, makeSystemRng } from "./clock.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { connectWebSocket } from "./connect.ts";
import { makeHttpClient } from "./fetch.ts";
import { makeLog } from "./log.ts";
import type { Lifecycle } from "./seams.ts";
import { startStatusServer } from "./status/server.ts";
import { Stopper } from "./stopper.ts";
import { Task } from "./task.ts";

const EXIT_BAD_CONFIG = 78;

/** Held open beside one for each placing in flight, so that a slow placing never delays a cancel. */
const CANCEL_CONNECTIONS = 3;

const clock = makeSystemClock();

function readConfig(): Config | undefined {
  try {
    return loadConfig({ env: process.env, readFile: (path) => readFileSync(path, "utf8") });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** Runs the task until it is stopped. Resolves once it quotes, or once its start was given up; the process exits by itself. */
export async function runProcess(): Promise<void> {
  const config = readConfig();
  if (config === undefined) process.exit(EXIT_BAD_CONFIG);

  const engineId = config.engineId ?? `${hostname()}-${process.pid}`.slice(0, 64);
  const log = makeLog(config.logLevel, { engineId, stage: config.stage });
  const stopper = new Stopper({ log, clock, lifecycle });
  const http = makeHttpClient(clock);
  http.warm(config.cambrian.baseUrl, config.cambrian.placementsInFlight + CANCEL_CONNECTIONS);
  const task = new Task({
    config,
    engineId,
    clock,
    rng: makeSystemRng(),
    connect: connectWebSocket,
    fetch: http.fetch,
    dynamodb: new DynamoDBClient({ maxAttempts: 5 }),
    sqs: new SQSClient({ maxAttempts: 3 }),
    eventBridge: new EventBridgeClient({ maxAttempts: 2 }),
    log,
    memoryRssBytes: () => process.memoryUsage.rss(),
    onCrash: (error) => stopper.crash(error),
    onUseless: (reason) => stopper.end(reason),
  });
  stopper.watch(task);
  const server = await startStatusServer({
    port: config.statusPort,
    metrics: task.metrics,
    state: () => task.state(),
    health: () => task.health(),
    history: (market) => task.history(market),
    log,
  });
  stopper.closes(async () => {
    await server.close();
    http.close();
  });
  log.info("status server listening", { port: server.port, url: `http://127.0.0.1:${server.port}/` });
  if (await stopper.follow(task.start())) log.info("quoting");
}

/** Signals, the supervisor's channel and the end of this process. */
const lifecycle: Lifecycle = {
  onStop: (callback) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => callback(`got ${signal}`));
    // Only a process started with a channel has it; its end means that whoever supervises us died.
    process.on("disconnect", () => callback("the supervisor is gone"));
  },
  onUncaught: (callback) => {
    process.on("uncaughtException", callback);
    process.on("unhandledRejection", callback);
  },
  exit: (code) => process.exit(code),
};
