/**
 * The world around the task on a laptop: simulated exchange, Sei node, order API, X, Grafana, and the local cloud from the synthesized
 * templates. Owns their start, their stop and the variables that lead the task to them; the task is a process of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { InputError } from "../../core/errors.ts";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";
import type { Log } from "../../fargate/log.ts";
import { type CambrianApi, startCambrianApi } from "../cambrian-api/server.ts";
import type { Exchange, TradedExchange } from "../exchange/exchange.ts";
import type { TapeExchange } from "../exchange/tape-exchange.ts";
import { type GrafanaServer, startGrafanaApi } from "../grafana-api/server.ts";
import { type CollectorServer, startCollector } from "../otlp-collector/server.ts";
import { type SeiNode, startSeiNode } from "../sei-node/node.ts";
import { startXServer, type XServer } from "../x-api/server.ts";
import { type LocalCloud, startLocalCloud } from "./cloud.ts";
import { lockDataFolder } from "./data-lock.ts";
import { writeLocalConfig } from "./local-config.ts";
import { openLocalExchange, venueSettings } from "./local-exchange.ts";
import type { RunOptions } from "./options.ts";
import { REPORTS_FOLDER } from "./reports.ts";
import type { RunMarkets } from "./run-markets.ts";

export type LocalWorld = {
  readonly exchange: Exchange;
  /** The same exchange when a tape is played, with its end. */
  readonly tape: TapeExchange | undefined;
  /** What can be made to happen in a market; undefined when a tape is played. */
  readonly traders: TradedExchange["traders"] | undefined;
  readonly node: SeiNode;
  readonly api: CambrianApi;
  readonly grafana: GrafanaServer;
  /** Where the task pushes its metrics. */
  readonly collector: CollectorServer;
  readonly cloud: LocalCloud;
  /** Where the reports are posted. */
  readonly x: XServer;
  readonly markets: RunMarkets;
  /** Variables for the task (CONTRACTS 8). */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

export type LocalWorldInput = {
  readonly options: RunOptions;
  /** The repository. */
  readonly root: string;
  /** Everything of this run: templates, configuration, journal, tables, queues, logs. */
  readonly folder: string;
  readonly log: Log;
};

/** Keys of the simulated order API; they open nothing else. */
const CREDENTIALS = { apiKey: "local-key", secretKey: "local-secret" };

const X_ACCOUNT = {
  appKey: "local-app",
  appSecret: "local-app-secret",
  accessToken: "local-token",
  accessSecret: "local-token-secret",
};
/** Of the simulated Grafana's service account. */
const GRAFANA_TOKEN = "glsa_local";

/** Of the simulated endpoint that takes metrics. */
const COLLECTOR_ACCOUNT = { instanceId: "1", token: "glc_local" };

/** Starts everything; on a fault what was started is stopped again. Throws `InputError` on what a person asked wrongly. */
export async function startLocalWorld(input: LocalWorldInput): Promise<LocalWorld> {
  const { options, root, folder, log } = input;
  await using starting = new AsyncDisposableStack();
  await assertPortFree(options.port);
  // Before anything is written: a second run must not touch the journal or the configuration of the first.
  starting.defer(lockDataFolder(folder, "world.lock"));
  const clock = makeSystemClock();
  const rng = makeSystemRng();
  const templateDir = join(folder, "templates");
  // One after the other: a start that fails must leave no program behind that still writes into the folder.
  const { exchange, tape, traders, markets, served } = await openLocalExchange({ options, root, folder, clock });
  starting.defer(() => exchange.stop());
  await synthesize(root, templateDir);
  const nowMs = () => clock.now().epochMs;
  const x = await startXServer(X_ACCOUNT, { now: nowMs, signedAt: nowMs });
  starting.defer(() => x.close());
  const node = await startSeiNode({ ...served, clock, rng });
  starting.defer(() => node.close());
  const venue = venueSettings(
    node,
    options.venue,
    markets.files.map(({ symbol }) => symbol),
  );
  const { record } = options;
  const of = { root, folder, markets, venue: options.venue, chain: venue.config, record, reportsUrl: x.url };
  const configPath = writeLocalConfig(of);
  const api = await startCambrianApi({ exchange, ...CREDENTIALS, network: "testnet", clock, rng, port: 0 });
  starting.defer(() => api.close());
  const cambrian = {
    CAMBRIAN_BASE_URL: api.url,
    CAMBRIAN_API_KEY: CREDENTIALS.apiKey,
    CAMBRIAN_SECRET_KEY: CREDENTIALS.secretKey,
    CAMBRIAN_TESTNET: "true",
  };
  const dataDir = folder;
  const grafana = await startGrafanaApi({ token: GRAFANA_TOKEN });
  starting.defer(() => grafana.close());
  const collector = await startCollector(COLLECTOR_ACCOUNT);
  starting.defer(() => collector.close());
  const functions = {
    ...cambrian,
    GRAFANA_URL: grafana.url,
    GRAFANA_API_KEY: GRAFANA_TOKEN,
    SEI_REST_URL: node.endpoints.map((endpoint) => endpoint.restUrl).join(","),
    MARKETS: markets.files.map((market) => market.symbol).join(","),
    // One task has all of them, whatever the stage's shards are.
    SHARDS: "",
    ...compileCache(),
    ...reportEnvironment(x, options),
  };
  const cloud = await startLocalCloud({ templateDir, dataDir, root, environment: functions, clock, rng, log });
  starting.defer(() => cloud.stop());
  if (tape === undefined) exchange.start();
  const running = starting.move();
  return {
    exchange,
    tape,
    traders,
    node,
    api,
    grafana,
    collector,
    cloud,
    x,
    markets,
    environment: {
      ...cloud.environment,
      ...cambrian,
      ...venue.environment,
      ...taskEnvironment({ node, collector, configPath, folder, port: options.port }),
    },
    stop: () => running.disposeAsync(),
  };
}

/** What the task needs beside keys and cloud: where its configuration is, where the simulated programs listen, what the page may do. */
function taskEnvironment(input: {
  readonly node: SeiNode;
  readonly collector: CollectorServer;
  readonly configPath: string;
  readonly folder: string;
  readonly port: number;
}): Readonly<Record<string, string>> {
  const { node, collector, configPath, folder, port } = input;
  return {
    ...programEnvironment(),
    FLASHMM_STAGE: "local",
    FLASHMM_CONFIG: configPath,
    SEI_WS_URLS: node.endpoints.map((endpoint) => endpoint.wsUrl).join(","),
    SEI_REST_URL: node.endpoints.map((endpoint) => endpoint.restUrl).join(","),
    STATUS_PORT: String(port),
    STATUS_OPERATION: "on",
    STATUS_REPORTS_FOLDER: join(resolve(folder), REPORTS_FOLDER),
    OTLP_URL: collector.url,
    OTLP_INSTANCE_ID: COLLECTOR_ACCOUNT.instanceId,
    OTLP_TOKEN: COLLECTOR_ACCOUNT.token,
  };
}

/** Of our own environment, what programs are found by and what spares them to compile what another one has compiled. */
function programEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env["PATH"] ?? "", ...compileCache() };
}

/** Node's own, where whoever started us has set it: half of the time that a program or a function takes to start. */
function compileCache(): Readonly<Record<string, string>> {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

/** A post an hour, and an hour is shorter here. */
function reportEnvironment(x: XServer, { reportEveryMs }: RunOptions): Readonly<Record<string, string>> {
  return {
    TWITTER_API_KEY: X_ACCOUNT.appKey,
    TWITTER_API_SECRET: X_ACCOUNT.appSecret,
    TWITTER_ACCESS_TOKEN: X_ACCOUNT.accessToken,
    TWITTER_ACCESS_SECRET: X_ACCOUNT.accessSecret,
    TWITTER_API_BASE_URL: x.url,
    REPORT_GAP_SECONDS: String((reportEveryMs ?? 3_600_000) / 1_000),
  };
}

/** The task would find out too, but only after everything else was started. */
async function assertPortFree(port: number): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen(port, "127.0.0.1"), "listening");
  } catch (cause) {
    const expected = "a port of 127.0.0.1 that is free, or 0 to pick one";
    throw new InputError({ what: "--port", expected, was: port, cause });
  }
  await new Promise((resolve) => probe.close(resolve));
}

/** Writes the CloudFormation templates by the same program that deploys them. */
async function synthesize(root: string, templateDir: string): Promise<void> {
  const child = spawn(process.execPath, ["infra/app.ts"], {
    cwd: root,
    env: { ...programEnvironment(), CDK_OUTDIR: templateDir },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`the templates could not be synthesized (exit code ${code}):\n${errors}`);
}
