/** The configuration of the local run, as the task reads it, for tests that need a whole one. */
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

/** Reads `config/local.json`; `env` overrides. */
export function loadLocalConfig(env: Readonly<Record<string, string>> = {}): Config {
  const readFile = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  return loadConfig({ readFile, env: { ...ENV, ...env } });
}
