/**
 * The world around the task on a laptop: simulated exchange, Sei node, order API, X, Grafana, and the local cloud from the synthesized
 * templates. Owns their start, their stop and the variables that lead the task to them; the task is a process of its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { formatScaled, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";
import type { Log } from "../../fargate/log.ts";
import { type CambrianApi, startCambrianApi } from "../cambrian-api/server.ts";
import { type Exchange, makeSimulatedExchange, type TradedExchange } from "../exchange/exchange.ts";
import type { MarketDataSource } from "../exchange/market-data-source.ts";
import { describeTape, readTape } from "../exchange/tape.ts";
import { makeTapeExchange, type TapeExchange } from "../exchange/tape-exchange.ts";
import { type GrafanaServer, startGrafanaApi } from "../grafana-api/server.ts";
import { type CollectorServer, startCollector } from "../otlp-collector/server.ts";
import { type SeiNode, startSeiNode } from "../sei-node/node.ts";
import type { ChainAccount } from "../sei-node/rest.ts";
import { startXServer, type XServer } from "../x-api/server.ts";
import { type LocalCloud, startLocalCloud } from "./cloud.ts";
import { lockDataFolder } from "./data-lock.ts";
import type { RunOptions } from "./options.ts";
import { REPORTS_FOLDER } from "./reports.ts";
import { type MarketFile, type RunMarkets, simulatedMarkets, tapeMarkets } from "./run-markets.ts";

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

const MICRO_DECIMALS = 6;

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
  const { exchange, tape, traders, markets } = await openExchange(input);
  starting.defer(() => exchange.stop());
  await synthesize(root, templateDir);
  const nowMs = () => clock.now().epochMs;
  const x = await startXServer(X_ACCOUNT, { now: nowMs, signedAt: nowMs });
  starting.defer(() => x.close());
  const config = writeConfig({ root, folder, markets, record: options.record, reportsUrl: x.url });
  const api = await startCambrianApi({ exchange, ...CREDENTIALS, network: "testnet", clock, rng, port: 0 });
  starting.defer(() => api.close());
  const source = tape === undefined ? exchange : startedByFirstSubscriber(tape);
  const node = await startSeiNode({ source, account: chainAccount(exchange, config.address), clock, rng });
  starting.defer(() => node.close());
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
      PATH: process.env["PATH"] ?? "",
      FLASHMM_STAGE: "local",
      FLASHMM_CONFIG: config.path,
      SEI_WS_URLS: node.endpoints.map((endpoint) => endpoint.wsUrl).join(","),
      SEI_REST_URL: node.endpoints.map((endpoint) => endpoint.restUrl).join(","),
      STATUS_PORT: String(options.port),
      STATUS_OPERATION: "on",
      STATUS_REPORTS_FOLDER: join(resolve(folder), REPORTS_FOLDER),
      OTLP_URL: collector.url,
      OTLP_INSTANCE_ID: COLLECTOR_ACCOUNT.instanceId,
      OTLP_TOKEN: COLLECTOR_ACCOUNT.token,
    },
    stop: () => running.disposeAsync(),
  };
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

/** A tape ends, and at speed soon: none of it may be played before somebody listens. */
function startedByFirstSubscriber(exchange: Exchange): MarketDataSource {
  return {
    markets: exchange.markets,
    subscribe: (listener) => exchange.subscribe(listener),
    snapshot: (market) => {
      exchange.start();
      return exchange.snapshot(market);
    },
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

async function openExchange({ options, root, folder }: LocalWorldInput): Promise<{
  readonly exchange: Exchange;
  readonly tape: TapeExchange | undefined;
  readonly traders: TradedExchange["traders"] | undefined;
  readonly markets: RunMarkets;
}> {
  const clock = makeSystemClock();
  const file = readMarkets(root);
  const { seed, speed } = options;
  const journal = join(folder, "exchange.jsonl");
  if (options.tape === undefined) {
    const markets = simulatedMarkets(file, options.markets);
    const exchange = makeSimulatedExchange({ markets: markets.settings, seed, speed, clock, journal });
    return { exchange, tape: undefined, traders: exchange.traders, markets };
  }
  const markets = tapeMarkets(file, await describeTape(options.tape), options.markets);
  const tape = makeTapeExchange({ markets: markets.settings, tape: readTape(options.tape), speed, clock, journal });
  return { exchange: tape, tape, traders: undefined, markets };
}

function readMarkets(root: string): readonly MarketFile[] {
  return readLocalConfig(root).markets;
}

type LocalConfig = {
  readonly sei: { readonly address?: string } & Readonly<Record<string, unknown>>;
  readonly markets: readonly MarketFile[];
};

/** The task checks the file in full and names every fault; here it is only copied from. */
function readLocalConfig(root: string): LocalConfig {
  return JSON.parse(readFileSync(join(root, "config/local.json"), "utf8"));
}

/** The task's configuration of this run: `config/local.json` with the run's markets, and its recording when one was asked for. */
function writeConfig(input: {
  readonly root: string;
  readonly folder: string;
  readonly markets: RunMarkets;
  readonly record: string | undefined;
  readonly reportsUrl: string;
}): { path: string; address: string | undefined } {
  const { root, folder, markets, record, reportsUrl } = input;
  const { $schema: _, ...config }: LocalConfig & { $schema?: string } = readLocalConfig(root);
  const path = join(folder, "config.json");
  const recording = record === undefined ? {} : { recording: { folder: resolve(record) } };
  writeFileSync(path, `${JSON.stringify({ ...config, ...recording, reportsUrl, markets: markets.files }, null, 2)}\n`);
  return { path, address: config.sei.address };
}

/** What the chain shows of our address: the exchange account, in micro-denoms. Every other address has nothing. */
function chainAccount(exchange: Exchange, address: string | undefined): ChainAccount {
  return {
    balances: (asked) =>
      asked !== address
        ? []
        : exchange.balances().map(({ asset, total }) => ({
            denom: `u${asset.toLowerCase()}`,
            amount: String(parseScaled(total, 18, "balance") / 10n ** BigInt(18 - MICRO_DECIMALS)),
          })),
    openOrders: (asked, market) =>
      asked !== address
        ? []
        : exchange.openOrders(market).map((order) => ({
            id: order.orderId.replace(/\D/g, "") || "0",
            market: order.market,
            side: order.side,
            price: order.price ?? "0",
            remaining: remaining(order.quantity, order.filledQuantity),
          })),
  };
}

function remaining(quantity: string, filled: string): string {
  return formatScaled(parseScaled(quantity, 18, "quantity") - parseScaled(filled, 18, "filledQuantity"), 18);
}

/** Writes the CloudFormation templates by the same program that deploys them. */
async function synthesize(root: string, templateDir: string): Promise<void> {
  const child = spawn(process.execPath, ["infra/app.ts"], {
    cwd: root,
    env: { PATH: process.env["PATH"], CDK_OUTDIR: templateDir },
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
