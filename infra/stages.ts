/**
 * What differs between the stages, and nothing else: one record a stage, all of it typed, and the shards that its configuration files
 * make. Markets, order API and limits are those of the task's own files, so that what may be halted, audited and alarmed is what is
 * traded. A stage has its own account or region, since the bus and the queue carry the names of CONTRACTS 4 and 6.
 * Owns no resources.
 */
import { readdirSync, readFileSync } from "node:fs";

const STAGE_NAMES = ["testnet", "mainnet"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** One task and its lease: the markets of one configuration file. */
export type ShardSettings = {
  /** The file's `shard`. */
  readonly name: string;
  /** The configuration's file in `config/`. */
  readonly file: string;
  /** Symbols, at least one. */
  readonly markets: readonly string[];
  /** Ports of the addresses that its task speaks to, rising. */
  readonly ports: readonly number[];
  /** Its orders are signed by a wallet of its own (`venue` of its markets). */
  readonly isOnChain: boolean;
  /** In percent of the capital: alarms follow the limits of the file. */
  readonly drawdown: { readonly alertPercent: number; readonly haltPercent: number };
};

export type StageSettings = {
  readonly name: StageName;
  /** Days the logs of functions are kept; one of CloudWatch's steps. */
  readonly logRetentionDays: 14 | 90;
  readonly logLevel: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /** Of each task; sizes that Fargate knows (`AWS::ECS::TaskDefinition`). */
  readonly task: { readonly cpu: 256 | 512 | 1_024; readonly memoryMegabytes: 512 | 1_024 | 2_048 };
  /** At least one; each market is in one of them. */
  readonly shards: readonly ShardSettings[];
  /** Symbols that the tasks trade, of all shards. */
  readonly markets: readonly string[];
  /** Where the order API is, and which network's orders it is asked for. */
  readonly cambrian: { readonly baseUrl: string; readonly network: "testnet" | "mainnet" };
  /** Nodes that answer queries, in order. */
  readonly seiRestUrls: readonly string[];
};

const SETTINGS: Readonly<Record<StageName, Omit<StageSettings, "shards" | "markets" | "cambrian" | "seiRestUrls">>> = {
  testnet: {
    name: "testnet",
    logRetentionDays: 14,
    logLevel: "INFO",
    task: { cpu: 256, memoryMegabytes: 512 },
  },
  mainnet: {
    name: "mainnet",
    logRetentionDays: 90,
    logLevel: "INFO",
    task: { cpu: 256, memoryMegabytes: 512 },
  },
};

const CONFIG_FOLDER = new URL("../config/", import.meta.url);

/**
 * The settings of a stage; `undefined` means `testnet`, so that a forgotten `-c stage=` never touches real money. `folder` is where
 * the configuration files are.
 */
export function stageSettings(name: unknown, folder: URL = CONFIG_FOLDER): StageSettings {
  const wanted = STAGE_NAMES.find((known) => known === (name ?? "testnet"));
  if (wanted === undefined) {
    throw new Error(`stage must be one of ${STAGE_NAMES.join(", ")}, was ${JSON.stringify(name)}`);
  }
  const files = shardFiles(wanted, folder).map((file) => ({ file, config: readConfig(new URL(file, folder), wanted) }));
  const [first] = files;
  if (first === undefined) throw new Error(`config/${wanted}.json must be there, was absent`);
  const shards = files.map(({ file, config }) => toShard(file, config));
  assertApart(shards);
  for (const { file, config } of files) assertSameApi(file, config, first.config);
  const { baseUrl, network } = first.config.cambrian;
  const markets = shards.flatMap((shard) => shard.markets);
  const { restUrls: seiRestUrls } = first.config.sei;
  return { ...SETTINGS[wanted], shards, markets, cambrian: { baseUrl, network }, seiRestUrls };
}

/** The secret that holds a shard's key of the order API; the first shard's is the one that the functions use too. */
export function shardSecretName(shard: string, index: number): string {
  return index === 0 ? "flashmm/cambrian" : `flashmm/cambrian-${shard}`;
}

/** The secret that holds the wallet of a shard on chain; no function may read it. */
export function walletSecretName(shard: string): string {
  return `flashmm/wallet-${shard}`;
}

/** `<stage>.json`, then one file a further shard: `<stage>.<shard>.json`. */
function shardFiles(stage: StageName, folder: URL): readonly string[] {
  const pattern = new RegExp(`^${stage}(?:\\.[a-z][a-z0-9-]*)?\\.json$`);
  const files = readdirSync(folder).filter((file) => pattern.test(file));
  return files.toSorted((left, right) => left.length - right.length || (left < right ? -1 : 1));
}

/** What of a configuration file concerns the cloud; the task checks the file in full when it starts, and a test before that. */
type ConfigFile = {
  readonly stage: string;
  readonly shard?: string;
  readonly sei: {
    readonly wsUrls: readonly string[];
    readonly restUrls: readonly string[];
    readonly rpcUrls?: readonly string[];
  };
  readonly cambrian: StageSettings["cambrian"];
  readonly shardLimits: { readonly drawdownAlertPercent: number; readonly drawdownHaltPercent: number };
  readonly markets?: readonly { readonly symbol: string; readonly venue?: string }[];
};

function readConfig(file: URL, stage: StageName): ConfigFile {
  const parsed: ConfigFile = JSON.parse(readFileSync(file, "utf8"));
  if (parsed.stage !== stage) throw new Error(`stage of ${file.pathname} must be ${stage}, was ${parsed.stage}`);
  if ((parsed.markets ?? []).length === 0) {
    throw new Error(`markets of ${file.pathname} must be at least one, was none`);
  }
  return parsed;
}

function toShard(file: string, config: ConfigFile): ShardSettings {
  const { sei, cambrian, shardLimits } = config;
  const addresses = [...sei.wsUrls, ...sei.restUrls, ...(sei.rpcUrls ?? []), cambrian.baseUrl];
  const markets = (config.markets ?? []).map((market) => market.symbol);
  if (markets.length > SHARD_MARKETS_MAX) {
    throw new Error(
      `markets of config/${file} must be at most ${SHARD_MARKETS_MAX}, was ${markets.length}: give a further shard the rest`,
    );
  }
  return {
    // The task's own default.
    name: config.shard ?? "main",
    file,
    markets,
    isOnChain: (config.markets ?? []).some(({ venue }) => venue === "sei-chain"),
    ports: [...new Set(addresses.map(portOf))].toSorted((left, right) => left - right),
    drawdown: { alertPercent: shardLimits.drawdownAlertPercent, haltPercent: shardLimits.drawdownHaltPercent },
  };
}

function portOf(address: string): number {
  const { port, protocol } = new URL(address);
  if (port !== "") return Number(port);
  return protocol === "https:" || protocol === "wss:" ? 443 : 80;
}

/** What the venue's ten requests a second carry with two levels a side; the deployment alarm adds up three figures of each, of ten at most. */
const SHARD_MARKETS_MAX = 3;

/** Two tasks of one shard replace each other, and two shards of one market would trade against each other. */
function assertApart(shards: readonly ShardSettings[]): void {
  for (const [what, values] of [
    ["shard", shards.map((shard) => shard.name)],
    ["market", shards.flatMap((shard) => shard.markets)],
  ] as const) {
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined)
      throw new Error(`each ${what} of a stage must be in one file of config/, ${twice} was in two`);
  }
}

/** The functions ask one order API for all markets. */
function assertSameApi(file: string, config: ConfigFile, first: ConfigFile): void {
  const { baseUrl, network } = first.cambrian;
  if (config.cambrian.baseUrl === baseUrl && config.cambrian.network === network) return;
  throw new Error(`cambrian of config/${file} must be that of the stage's first file, ${baseUrl} (${network})`);
}
