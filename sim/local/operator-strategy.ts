/**
 * `npm run operator -- strategy`: other strategy parameters for one market, written where the task reads them, or taken away again.
 * Owns what is checked before anything is sent and what a person is told; whether the task took them stands on its page.
 */
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { ConfigError, configPath } from "../../fargate/config.ts";
import { changesBetween, changeText } from "../../fargate/config-changes.ts";
import { type MarketFile, marketFileSchema } from "../../fargate/config-schema.ts";
import { checkStrategy, type StrategyFile } from "../../fargate/strategy-check.ts";
import { toLine } from "../../fargate/strategy-item.ts";
import { CLOUD_FILE } from "./cloud-file.ts";
import { localClientSettings } from "./local-client.ts";
import type { StrategyOptions } from "./operator-options.ts";
import {
  type Outcome,
  readStrategy,
  removeStrategy,
  type Standing,
  type StrategyTable,
  timeAfter,
  writeStrategy,
} from "./strategy-table.ts";

const CONFIG_FILE = "config.json";

type Markets = readonly MarketFile[] | undefined;

export type StrategyTarget = StrategyTable & {
  /** Words for where it is. */
  readonly place: string;
  /** The markets of the task's configuration; undefined when its file is not here, and then `unchecked` says so. */
  readonly markets: Markets;
  readonly unchecked: string;
};

/** The table that the task reads, and its configuration where that is here. Throws `InputError` on what can not be. */
export function findTarget(options: StrategyOptions, patience: DynamoDBClientConfig): StrategyTarget {
  const { dataDir, market } = options;
  const table = dataDir === undefined ? awsTable(patience) : localTable(dataDir, patience);
  const known = readMarkets(dataDir);
  const symbols = known.markets?.map(({ symbol }) => symbol) ?? [market];
  if (symbols.includes(market)) return { ...table, ...known };
  throw new InputError({
    what: "--market",
    expected: `one of the configuration's: ${symbols.join(", ")}`,
    was: market,
  });
}

/** The strategy of a file, as the task will check it. Throws `InputError`, or `ConfigError` with every fault. */
export function readStrategyFile(
  path: string,
  { symbol, markets }: { symbol: string; markets: Markets },
): StrategyFile {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError({ what: "--file", expected: `a readable JSON file (${reason})`, was: path, cause });
  }
  const { strategy, faults } = checkStrategy(raw, { symbol, markets });
  if (strategy === null) throw new ConfigError(faults);
  return strategy;
}

/** Writes the parameters, or removes those that stand. Answers what to tell; rejects when it was not done. */
export async function changeStrategy(
  target: StrategyTarget,
  options: StrategyOptions,
  strategy: StrategyFile | undefined,
): Promise<string> {
  const { market, reason = null } = options;
  const seen = await readStrategy(target, market);
  const file = target.markets?.find(({ symbol }) => symbol === market)?.strategy;
  if (strategy === undefined) {
    if (seen.item === undefined) return `nothing stands in ${target.place} for ${market}: the file counts\n`;
    assertDone(await removeStrategy(target, market, seen));
    return [`removed from ${target.place}: strategy of ${market}`, ...changeLines(strategyOf(seen), file)].join("\n");
  }
  const item = {
    strategy: JSON.stringify(strategy),
    by: toLine(`${userName()}@${hostname()}`),
    at: timeAfter(seen, Date.now()),
    reason: reason === null ? null : toLine(reason),
  };
  assertDone(await writeStrategy(target, market, { seen, item }));
  return [
    `written to ${target.place}: strategy of ${market} by ${item.by}, ${item.at}`,
    ...changeLines(strategyOf(seen) ?? file, strategy),
    ...(target.unchecked === "" ? [] : [target.unchecked]),
  ].join("\n");
}

function assertDone(outcome: Outcome): void {
  if (outcome === "superseded") throw new Error("somebody else changed it at the same moment: look, and try again");
}

/** The parameters that stand there, if they can be read at all. */
function strategyOf({ item }: Standing): unknown {
  if (item === undefined || item instanceof Error) return undefined;
  try {
    return JSON.parse(item.strategy);
  } catch {
    // The task has refused it, and its page says why.
    return undefined;
  }
}

function changeLines(before: unknown, after: unknown): readonly string[] {
  if (after === undefined) return ["  the file's own count again"];
  if (before === undefined) return [`  now ${JSON.stringify(after)}, what was before is not known here`];
  const changes = changesBetween(before, after).map(changeText);
  return changes.length === 0 ? ["  nothing differs from what was"] : changes.map((change) => `  ${change}`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without a name, as in some containers.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

function awsTable(patience: DynamoDBClientConfig) {
  const tableName = process.env["TABLE_NAME"] ?? "";
  if (tableName !== "") {
    return { client: new DynamoDBClient(patience), tableName, place: `table ${tableName}` };
  }
  throw new InputError({ what: "TABLE_NAME", expected: "the task's table, or --data-dir given", was: undefined });
}

const cloudFile = z.object({ dynamodbUrl: z.string(), tableName: z.string() });

function localTable(dataDir: string, patience: DynamoDBClientConfig) {
  try {
    const text = readFileSync(join(resolve(dataDir), CLOUD_FILE), "utf8");
    const { dynamodbUrl, tableName } = cloudFile.parse(JSON.parse(text));
    const client = new DynamoDBClient({ ...patience, ...localClientSettings(dynamodbUrl) });
    return { client, tableName, place: `table ${tableName} of the run in ${dataDir}` };
  } catch (cause) {
    const expected = "the folder of a local run that is running";
    throw new InputError({ what: "--data-dir", expected, was: dataDir, cause });
  }
}

const configFile = z.object({ markets: z.array(marketFileSchema) });

/** In AWS the stage must be named: by default it is the local one, whose limits say nothing of another. */
function readMarkets(dataDir: string | undefined): Pick<StrategyTarget, "markets" | "unchecked"> {
  const { FLASHMM_STAGE: stage, FLASHMM_CONFIG: config } = process.env;
  const isNamed = (stage ?? "") !== "" || (config ?? "") !== "";
  const path = dataDir === undefined ? configPath(process.env) : join(resolve(dataDir), CONFIG_FILE);
  const unchecked = (why: string) => ({
    markets: undefined,
    unchecked: `Not checked against the market's limits (${why}): the task does, and its page shows what it refuses.`,
  });
  if (dataDir === undefined && !isNamed) return unchecked("neither FLASHMM_STAGE nor FLASHMM_CONFIG is set");
  try {
    const { markets } = configFile.parse(JSON.parse(readFileSync(path, "utf8")));
    return { markets, unchecked: "" };
  } catch {
    return unchecked(`${path} can not be read as a configuration`);
  }
}
