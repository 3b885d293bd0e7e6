/**
 * What differs between the stages, and nothing else: one record a stage, all of it typed. The markets are those of the
 * task's own configuration, so that what may be halted is what is traded.
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
};

const SETTINGS: Readonly<Record<StageName, Omit<StageSettings, "markets">>> = {
  testnet: { name: "testnet", logRetentionDays: 14, logLevel: "INFO" },
  mainnet: { name: "mainnet", logRetentionDays: 90, logLevel: "INFO" },
};

/** The settings of a stage; `undefined` means `testnet`, so that a forgotten `-c stage=` never touches real money. */
export function stageSettings(name: unknown): StageSettings {
  const wanted = STAGE_NAMES.find((known) => known === (name ?? "testnet"));
  if (wanted === undefined) {
    throw new Error(`stage must be one of ${STAGE_NAMES.join(", ")}, was ${JSON.stringify(name)}`);
  }
  return { ...SETTINGS[wanted], markets: marketsOf(new URL(`../config/${wanted}.json`, import.meta.url)) };
}

/** What is traded where a stage has no configuration yet. */
const FIRST_MARKETS: readonly string[] = ["SEI/USDC"];

/** The markets of a configuration file; the task checks it in full when it starts. */
function marketsOf(file: URL): readonly string[] {
  if (!existsSync(file)) return FIRST_MARKETS;
  const parsed: { readonly markets?: readonly { readonly symbol: string }[] } = JSON.parse(readFileSync(file, "utf8"));
  const symbols = (parsed.markets ?? []).map((market) => market.symbol);
  if (symbols.length > 0) return symbols;
  throw new Error(`markets of ${file.pathname} must be at least one, was none`);
}
