/**
 * `config/local.json` as the local run reads and rewrites it. Owns which parts a run changes; the task checks the file in full and names
 * every fault, here it is only copied from.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RunVenue } from "./options.ts";
import type { MarketFile, RunMarkets } from "./run-markets.ts";

export type LocalConfig = {
  readonly sei: { readonly address?: string } & Readonly<Record<string, unknown>>;
  readonly markets: readonly MarketFile[];
};

export function readLocalConfig(root: string): LocalConfig {
  return JSON.parse(readFileSync(join(root, "config/local.json"), "utf8"));
}

/** What the task needs to sign on the simulated chain; `undefined` where orders go to the order API. */
export type ChainConfig = {
  readonly chainId: string;
  readonly gasPrice: string;
  readonly timeoutBlocks: number;
  readonly requestsPerSecond: number;
  readonly placementsInFlight: number;
  readonly assets: Readonly<Record<string, { readonly denom: string; readonly decimals: number }>>;
};

/**
 * Writes the task's configuration of this run: `config/local.json` with the run's markets, its venue, and its recording when one was
 * asked for. Answers its path.
 */
export function writeLocalConfig(input: {
  readonly root: string;
  readonly folder: string;
  readonly markets: RunMarkets;
  readonly venue: RunVenue;
  readonly chain: ChainConfig | undefined;
  readonly record: string | undefined;
  readonly reportsUrl: string;
}): string {
  const { root, folder, venue, chain, record, reportsUrl } = input;
  const { $schema: _, ...config }: LocalConfig & { $schema?: string } = readLocalConfig(root);
  const path = join(folder, "config.json");
  const written = {
    ...config,
    ...(record === undefined ? {} : { recording: { folder: resolve(record) } }),
    ...(chain === undefined ? {} : { seiChain: chain }),
    reportsUrl,
    markets: input.markets.files.map((market) => ({ ...market, venue, ...pairOf(market, venue) })),
  };
  writeFileSync(path, `${JSON.stringify(written, null, 2)}\n`);
  return path;
}

/** How the chain's pair names a market's two assets. */
function pairOf({ symbol }: MarketFile, venue: RunVenue): Readonly<Record<string, string>> {
  if (venue !== "sei-chain") return {};
  const [assetDenom = "", priceDenom = ""] = symbol.split("/");
  return { assetDenom, priceDenom };
}
