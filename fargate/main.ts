/**
 * The process: reads the configuration, opens the real edges, starts the task and ends it. Owns exit codes and signals.
 * Exit codes: 0 stopped in order, 1 stopped with something left over or never started, 70 a bug was found, 78 bad configuration.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSystemClock, makeSystemRng } from "./clock.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { connectWebSocket } from "./connect.ts";
import { makeHttpClient } from "./fetch.ts";
import { type Log, makeLog } from "./log.ts";
import { startStatusServer } from "./status/server.ts";
import { Task } from "./task.ts";

const EXIT_LEFT_OVER = 1;
const EXIT_BUG = 70;
const EXIT_BAD_CONFIG = 78;

/** CONTRACTS 8: a stop ends within 30 s, whatever hangs. */
const STOP_WITHIN_MS = 29_000;

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

async function run(config: Config): Promise<void> {
  const engineId = config.engineId ?? `${hostname()}-${process.pid}`.slice(0, 64);
  const log = makeLog(config.logLevel, { engineId, stage: config.stage });
  const stopper = new Stopper(log);
  const task = new Task({
    config,
    engineId,
    clock,
    rng: makeSystemRng(),
    connect: connectWebSocket,
    fetch: makeHttpClient(clock).fetch,
    dynamodb: new DynamoDBClient({ maxAttempts: 5 }),
    sqs: new SQSClient({ maxAttempts: 3 }),
    log,
    memoryRssBytes: () => process.memoryUsage.rss(),
    onCrash: (error) => stopper.crash(error),
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
  stopper.closes(() => server.close());
  log.info("status server listening", { port: server.port, url: `http://127.0.0.1:${server.port}/` });
  if (await task.start()) log.info("quoting");
}

/** Ends the process once, by a signal or by a bug, and says in the last line how it went. */
class Stopper {
  readonly #log: Log;
  #task: Task | undefined;
  #close: () => Promise<void> = async () => {};
  #stopping = false;

  constructor(log: Log) {
    this.#log = log;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => void this.#stop(`got ${signal}`, 0));
    }
    // Only a process started with a channel has it; its end means that whoever supervises us died.
    process.on("disconnect", () => void this.#stop("the supervisor is gone", EXIT_LEFT_OVER));
    process.on("uncaughtException", (error) => this.crash(error));
    process.on("unhandledRejection", (error) => this.crash(error));
  }

  watch(task: Task): void {
    this.#task = task;
  }

  closes(close: () => Promise<void>): void {
    this.#close = close;
  }

  /** A bug, or a start that failed: orders are cancelled all the same, and the exit says that something was wrong. */
  crash(error: unknown): void {
    this.#log.error("task crashed", { error, stack: error instanceof Error ? error.stack : undefined });
    void this.#stop("crashed", EXIT_BUG);
  }

  async #stop(reason: string, exitCode: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info("stopping", { reason });
    clock.after(STOP_WITHIN_MS, () => {
      this.#log.error("stop took too long", { withinMs: STOP_WITHIN_MS });
      process.exit(exitCode === 0 ? EXIT_LEFT_OVER : exitCode);
    });
    const report = await this.#task?.stop();
    await this.#close();
    const faults = report?.faults ?? [];
    this.#log.info("stopped", { faults, state: this.#task?.state() });
    process.exit(exitCode === 0 && faults.length > 0 ? EXIT_LEFT_OVER : exitCode);
  }
}

const config = readConfig();
if (config === undefined) process.exit(EXIT_BAD_CONFIG);
await run(config);
