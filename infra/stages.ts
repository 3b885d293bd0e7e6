/**
 * What differs between the stages, and nothing else: one record a stage, all of it typed. The markets and the order API are those of
 * the task's own configuration, so that what may be halted, and what is audited, is what is traded.
 * A stage has its own account or region, since the bus and the queue carry the names of CONTRACTS 4 and 6.
 * Owns no resources.
 */
import { existsSync, readFileSync } from "node:fs";

const STAGE_NAMES = ["testnet", "mainnet"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export type StageSettings = {
  readonly name: StageName;
  /** Days the logs of functions are kept; one of CloudWatch's steps. */
  readonly logRetentionDays: 14 | 90;
  readonly logLevel: "DEBUG" | "INFO" | "WARN" | "ERROR";
  /** Symbols the task trades. */
  readonly markets: readonly string[];
  /** Where the order API is, and which network's orders it is asked for. */
  readonly cambrian: { readonly baseUrl: string; readonly network: "testnet" | "mainnet" };
  /** Nodes that answer queries, in order. */
  readonly seiRestUrls: readonly string[];
};

const SETTINGS: Readonly<Record<StageName, Omit<StageSettings, keyof FromConfig>>> = {
  testnet: { name: "testnet", logRetentionDays: 14, logLevel: "INFO" },
  mainnet: { name: "mainnet", logRetentionDays: 90, logLevel: "INFO" },
};

/** The settings of a stage; `undefined` means `testnet`, so that a forgotten `-c stage=` never touches real money. */
export function stageSettings(name: unknown): StageSettings {
  const wanted = STAGE_NAMES.find((known) => known === (name ?? "testnet"));
  if (wanted === undefined) {
    throw new Error(`stage must be one of ${STAGE_NAMES.join(", ")}, was ${JSON.stringify(name)}`);
  }
  const file = new URL(`../config/${wanted}.json`, import.meta.url);
  return { ...SETTINGS[wanted], ...(existsSync(file) ? readConfig(file) : firstConfig(wanted)) };
}

type FromConfig = Pick<StageSettings, "markets" | "cambrian" | "seiRestUrls">;

const SEI_REST_URLS = { testnet: "https://rest-testnet.sei-apis.com", mainnet: "https://rest.sei-apis.com" };

/** What is traded, and where (CONTRACTS 3), where a stage has no configuration yet. */
function firstConfig(network: StageName): FromConfig {
  return {
    markets: ["SEI/USDC"],
    cambrian: { baseUrl: "https://api.cambrian.com", network },
    seiRestUrls: [SEI_REST_URLS[network]],
  };
}

/** What the functions need of a configuration file; the task checks it in full when it starts. */
function readConfig(file: URL): FromConfig {
  const parsed: {
    readonly markets?: readonly { readonly symbol: string }[];
    readonly sei?: { readonly restUrls?: readonly string[] };
  } & Pick<FromConfig, "cambrian"> = JSON.parse(readFileSync(file, "utf8"));
  const markets = (parsed.markets ?? []).map((market) => market.symbol);
  if (markets.length === 0) throw new Error(`markets of ${file.pathname} must be at least one, was none`);
  const { baseUrl, network } = parsed.cambrian;
  return { markets, cambrian: { baseUrl, network }, seiRestUrls: parsed.sei?.restUrls ?? [] };
}
