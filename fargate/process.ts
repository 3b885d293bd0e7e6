/**
 * The process: reads the configuration, opens the real edges and starts the task. Owns those edges and exit code 78 (bad
 * configuration); how it ends is `stopper.ts`'s.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { makeMarket } from "../core/market.ts";
import { makeAwsClients } from "./aws-clients.ts";
import { AwsThread, startAwsWorker } from "./aws-thread.ts";
import { makeSystemClock, makeSystemRng } from "./clock.ts";
import { type Config, ConfigError, configPath, loadConfig } from "./config.ts";
import type { ConfigSource } from "./config-watch.ts";
import { connectWebSocket } from "./connect.ts";
import { makeHttpClient } from "./fetch.ts";
import { type Log, makeLog } from "./log.ts";
import { Recorder } from "./recording/recorder.ts";
import { TapeWriter } from "./recording/tape-writer.ts";
import { readChart } from "./report-view.ts";
import type { Lifecycle } from "./seams.ts";
import { OperatorApi } from "./status/operator-api.ts";
import { startStatusServer } from "./status/server.ts";
import { Stopper } from "./stopper.ts";
import { Task } from "./task.ts";
import { type MakeVenue, openVenue } from "./venue-choice.ts";

const EXIT_BAD_CONFIG = 78;

type Recording = NonNullable<Config["recording"]>;

/** Held open beside one for each placing in flight, so that a slow placing never delays a cancel. */
const CANCEL_CONNECTIONS = 3;

/** One transaction at a time, and the questions after it. */
const CHAIN_CONNECTIONS = 3;

/** Of the stop's time, for the last lines of a recording. */
const RECORDING_WITHIN_MS = 500;

const clock = makeSystemClock();

/** The file is looked at while the task runs; the environment is what it was at the start. */
const configSource: ConfigSource = {
  read: () => readFileSync(configPath(process.env), "utf8"),
  check: (text) => loadConfig({ env: process.env, readFile: () => text }),
};

/** The wallet is part of it: one that is not ours is a bad configuration like any other. */
async function readConfig(): Promise<{ readonly config: Config; readonly makeVenue: MakeVenue } | undefined> {
  try {
    const config = loadConfig({ env: process.env, readFile: (path) => readFileSync(path, "utf8") });
    return { config, makeVenue: await openVenue(config) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** Runs the task until it is stopped. Resolves once it quotes, or once its start was given up; the process exits by itself. */
export async function runProcess(): Promise<void> {
  const read = await readConfig();
  if (read === undefined) process.exit(EXIT_BAD_CONFIG);
  const { config, makeVenue } = read;

  const engineId = config.engineId ?? `${hostname()}-${process.pid}`.slice(0, 64);
  const log = makeLog(config.logLevel, { engineId, stage: config.stage });
  const stopper = new Stopper({ log, clock, lifecycle });
  const rng = makeSystemRng();
  const http = makeHttpClient(clock, { rng });
  const { url, connections } = orderRoute(config);
  http.warm(url, connections);
  const recording = config.recording === undefined ? undefined : openRecording(config, config.recording, log);
  const aws = makeAwsClients();
  new AwsThread({ clients: aws, startWorker: startAwsWorker, clock, log });
  const task = new Task({
    config,
    configSource,
    recorder: recording?.recorder,
    engineId,
    clock,
    rng,
    connect: connectWebSocket,
    fetch: http.fetch,
    makeVenue,
    ...aws,
    secrets: config.metricsPush?.type === "secret" ? new SecretsManagerClient({ maxAttempts: 2 }) : undefined,
    log,
    memoryRssBytes: () => process.memoryUsage.rss(),
    // A line of its own among those of the log: CloudWatch knows it by its form.
    writeFigures: (line) => process.stdout.write(`${line}\n`),
    onCrash: (error) => stopper.crash(error),
    onUseless: (reason) => stopper.end(reason),
  });
  stopper.watch(task);
  const server = await startStatusServer({
    port: config.statusPort,
    metrics: task.metrics,
    state: () => task.state(),
    health: () => task.health(),
    liveness: () => task.liveness(),
    history: (market) => task.history(market),
    operator: makeOperatorApi(config, aws.eventBridge, log),
    chart: (reportId) => readChart(config.status.reportsFolder, reportId),
    log,
  });
  stopper.closes(async () => {
    recording?.recorder.flush();
    await recording?.writer.close(RECORDING_WITHIN_MS);
    await server.close();
    http.close();
  });
  log.info("status server listening", { port: server.port, url: `http://127.0.0.1:${server.port}/` });
  if (await stopper.follow(task.start())) log.info("quoting");
}

/** Read-only unless the environment says otherwise. */
function makeOperatorApi(config: Config, client: EventBridgeClient, log: Log): OperatorApi {
  const { status, eventBusName: busName } = config;
  const isOn = status.operation === "on" && busName !== undefined;
  return new OperatorApi({
    markets: config.markets.map((market) => market.symbol),
    region: status.region,
    busName,
    bus: isOn ? { client, busName, clock } : undefined,
    log,
  });
}

/** Where orders go, and how many connections are held open there. */
function orderRoute({ cambrian, markets, sei }: Config): { readonly url: string; readonly connections: number } {
  const [node] = sei.rpcUrls ?? [];
  if (node !== undefined && markets.some(({ venue }) => venue === "sei-chain"))
    return { url: node, connections: CHAIN_CONNECTIONS };
  return { url: cambrian.baseUrl, connections: cambrian.placementsInFlight + CANCEL_CONNECTIONS };
}

function openRecording(config: Config, { folder, rotateMinutes, filesMax }: Recording, log: Log) {
  const markets = new Map(config.markets.map((market) => [market.symbol, makeMarket(market)]));
  const writer = new TapeWriter({ folder, markets, rotateMs: rotateMinutes * 60_000, filesMax, clock, log });
  log.info("recording", { folder });
  return { recorder: new Recorder(writer), writer };
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
