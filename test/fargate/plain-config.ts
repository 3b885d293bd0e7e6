/** The plain configuration of the scenarios, as the task reads it, for tests that need a whole one. */
import { readFileSync } from "node:fs";
import { type Config, loadConfig } from "../../fargate/config.ts";

const ENV = {
  FLASHMM_STAGE: "local",
  CAMBRIAN_API_KEY: "the-key",
  CAMBRIAN_SECRET_KEY: "the-secret",
  FILLS_QUEUE_URL: "http://127.0.0.1:9324/000000000000/fills",
  TABLE_NAME: "ledger",
  STATUS_PORT: "0",
  LOG_LEVEL: "SILENT",
};

export const PLAIN_TEXT = readFileSync(new URL("../../sim/world/plain-config.json", import.meta.url), "utf8");

/** Reads `plain-config.json`, or another text of such a file; `env` overrides. */
export function loadPlainConfig(env: Readonly<Record<string, string>> = {}, text: string = PLAIN_TEXT): Config {
  return loadConfig({ readFile: () => text, env: { ...ENV, ...env } });
}

/** The plain file with other strategy parameters of its market. */
export function withStrategy(change: Readonly<Record<string, unknown>>): string {
  const file = JSON.parse(PLAIN_TEXT);
  const [market] = file.markets;
  return JSON.stringify({ ...file, markets: [{ ...market, strategy: { ...market.strategy, ...change } }] });
}
