/**
 * Where a ledger is: the table of AWS, of a local run that runs, or of one that has ended. Owns how each is found and opened; a folder
 * that nobody runs in is opened here, under the lock that a run would take.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { DynamoDBClient, type DynamoDBClientConfig, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { isSymbol } from "../../core/market.ts";
import type { LedgerTable } from "../../lambdas/ledger-table.ts";
import { CLOUD_FILE } from "./cloud-file.ts";
import { lockDataFolder } from "./data-lock.ts";
import { localClientSettings } from "./local-client.ts";
import { startTableServer } from "./table-server.ts";

export type LedgerPlace = {
  readonly table: LedgerTable;
  /** For messages: which table it is. */
  readonly name: string;
  /** The markets that the environment names; undefined where it names none. */
  readonly markets: readonly string[] | undefined;
  close(): Promise<void>;
};

/** A person waits for this, and a page of a large table may take its time. */
const PATIENCE = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
} satisfies DynamoDBClientConfig;

const ANSWERS_WITHIN_MILLIS = 3_000;
const LOOKS_MAX = 40;
const LOOK_PAUSE_MILLIS = 250;

/** The folder of the tables within a run's, as `cloud.ts` keeps them. */
const TABLES_FOLDER = "tables";

/** The table of AWS. Throws `InputError` without `TABLE_NAME`. */
export function openAws(environment: Readonly<Record<string, string | undefined>>): LedgerPlace {
  const tableName = environment["TABLE_NAME"] ?? "";
  if (tableName === "") {
    const expected = "set in the environment, or --data-dir given for a local run";
    throw new InputError({ what: "TABLE_NAME", expected, was: undefined });
  }
  const markets = (environment["MARKETS"] ?? "").split(",").map((text) => text.trim());
  const named = markets.filter((market) => market !== "");
  for (const market of named) {
    if (!isSymbol(market)) throw new InputError({ what: "MARKETS", expected: "symbols such as SEI/USDC", was: market });
  }
  return toPlace(new DynamoDBClient(PATIENCE), tableName, {
    name: `table ${tableName}`,
    ...(named.length === 0 ? {} : { markets: named }),
  });
}

/** The table of a local run. Throws `InputError` when the folder is that of none. */
export async function openLocal(dataDir: string): Promise<LedgerPlace> {
  const folder = resolve(dataDir);
  const tables = join(folder, TABLES_FOLDER);
  for (let look = 1; ; look++) {
    const cloud = readCloudFile(join(folder, CLOUD_FILE));
    // A run that was killed leaves the file behind.
    if (cloud !== undefined && (!existsSync(tables) || (await answers(cloud.dynamodbUrl)))) {
      const client = new DynamoDBClient({ ...PATIENCE, ...localClientSettings(cloud.dynamodbUrl) });
      return toPlace(client, cloud.tableName, { name: `table ${cloud.tableName} of the run in ${dataDir}` });
    }
    if (!existsSync(tables)) {
      throw new InputError({ what: "--data-dir", expected: "the folder of a local run", was: dataDir });
    }
    try {
      return await openEnded(dataDir, { unlock: lockDataFolder(folder), tables });
    } catch (error) {
      if (look === LOOKS_MAX || error instanceof InputError) throw error;
    }
    // A run that starts or stops holds the folder, and has no address for a moment.
    await wait(LOOK_PAUSE_MILLIS);
  }
}

async function openEnded(
  dataDir: string,
  { unlock, tables }: { readonly unlock: () => void; readonly tables: string },
): Promise<LedgerPlace> {
  await using opening = new AsyncDisposableStack();
  opening.defer(unlock);
  const server = await startTableServer(tables);
  opening.defer(() => server.stop());
  const client = new DynamoDBClient({ ...PATIENCE, ...localClientSettings(server.url) });
  opening.defer(() => client.destroy());
  const [tableName, ...others] = (await client.send(new ListTablesCommand())).TableNames ?? [];
  if (tableName === undefined || others.length > 0) {
    throw new InputError({ what: "--data-dir", expected: "the folder of a local run with one table", was: dataDir });
  }
  const place = toPlace(client, tableName, { name: `table ${tableName} of the run that ended in ${dataDir}` });
  const opened = opening.move();
  return { ...place, close: () => opened.disposeAsync() };
}

function toPlace(
  client: DynamoDBClient,
  tableName: string,
  { name, markets }: { readonly name: string; readonly markets?: readonly string[] },
): LedgerPlace {
  return { table: { client, tableName }, name, markets, close: async () => client.destroy() };
}

const cloudFile = z.object({ dynamodbUrl: z.string(), tableName: z.string() });

function readCloudFile(path: string): z.infer<typeof cloudFile> | undefined {
  try {
    return cloudFile.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MILLIS) });
    return true;
  } catch {
    return false;
  }
}
