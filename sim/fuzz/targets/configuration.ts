/** The configuration as the task is started with, and a strategy as an operator may give it: a whole one, or every fault in words. */
import { readFileSync } from "node:fs";
import { makeMarket } from "../../../core/market.ts";
import { type Config, ConfigError, loadConfig } from "../../../fargate/config.ts";
import { toMarketSettings } from "../../../fargate/market-settings.ts";
import { readPrice } from "../../../fargate/reference-price.ts";
import { checkStrategy } from "../../../fargate/strategy-check.ts";
import { requirePlain, requireSame } from "../laws.ts";
import { judge, makeJsonTarget, requireLaw, type Target } from "../target.ts";

const ENVIRONMENT = {
  FLASHMM_CONFIG: "the fuzzed file",
  CAMBRIAN_API_KEY: "key-1",
  CAMBRIAN_SECRET_KEY: "secret-1",
  FILLS_QUEUE_URL: "http://127.0.0.1:4566/000000000000/fills",
  TABLE_NAME: "flashmm-ledger",
};

const FILES = ["local", "testnet", "mainnet"].map((stage) =>
  readFileSync(new URL(`../../../config/${stage}.json`, import.meta.url), "utf8"),
);

const POINTER = "/data/0/last";

export function makeConfigurationTargets(): readonly Target[] {
  const [file = ""] = FILES;
  const { markets } = load(file);
  return [
    makeFileTarget(),
    makeJsonTarget({
      name: "strategies",
      share: 1,
      recordings: markets.map(({ strategy }) => JSON.stringify(strategy)),
      read: (json) => checkStrategy(json, { symbol: markets[0]?.symbol ?? "", markets }),
      laws: ({ strategy, faults }) => {
        requireLaw((strategy === null) === faults.length > 0, "a strategy is good or has faults", () => faults.join());
        for (const market of markets.slice(0, 1)) if (strategy !== null) toMarketSettings({ ...market, strategy });
      },
    }),
    {
      name: "reference-price",
      share: 3,
      recordings: ['{"data":[{"last":"0.4213","at":1}],"ok":true}', '{"data":[{"last":0.4213}]}'],
      run: (input) =>
        judge(() => readPrice(input.toString("utf8"), POINTER), {
          laws: (price) => requireLaw(price >= 1e-12 && price <= 1e12, "a price is one of something", () => `${price}`),
        }),
    },
  ];
}

function makeFileTarget(): Target {
  return {
    name: "configuration",
    share: 1,
    recordings: FILES,
    run: (input) => {
      const text = input.toString("utf8");
      return judge(() => load(text), {
        isRefusal: (error) => {
          if (!(error instanceof ConfigError)) return false;
          requireLaw(error.faults.length > 0, "a refusal names a fault", () => error.message);
          return true;
        },
        laws: requireConfig,
      });
    },
  };
}

function requireConfig(config: Config): void {
  requirePlain(config.markets);
  for (const market of config.markets) {
    makeMarket(market);
    toMarketSettings(market, config.sei);
  }
  // What comes from variables alone stands in no file.
  const { cambrian, status: _status, ...rest } = config;
  const { apiKey: _key, secretKey: _secret, ...open } = cambrian;
  const again = load(JSON.stringify({ ...rest, cambrian: open }));
  requireSame(again.markets, config.markets, "a configuration written again is read the same");
  requireSame(again.shardLimits, config.shardLimits, "a configuration written again is read the same");
}

function load(text: string): Config {
  return loadConfig({ env: ENVIRONMENT, readFile: () => text });
}
