/**
 * Tables behind the DynamoDB wire protocol. With a folder they outlive the process, a `kill -9` included: each write is
 * in the store's log before it is answered. Items past their `ttl` stay, as they may for days on AWS.
 */
import { mkdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { assert } from "../../core/assert.ts";
import { localAddress, localClientSettings } from "./local-client.ts";
import type { TableDescription } from "./template-resources.ts";

export type TableServer = {
  readonly url: string;
  /** Makes the tables that are not there yet. */
  create(tables: readonly TableDescription[]): Promise<void>;
  stop(): Promise<void>;
};

/** A table is there after one turn of the server's loop; this many looks mean that it never will be. */
const LOOKS_MAX = 1_000;

/** Starts the server on a free port. The folder must be locked by the caller. */
export async function startTableServer(folder: string | null): Promise<TableServer> {
  if (folder !== null) mkdirSync(folder, { recursive: true });
  const server = dynalite({ createTableMs: 0, ...(folder === null ? {} : { path: folder }) });
  // Its own listener throws when a client dies in the middle of a request, as a killed task does.
  server.on("request", (request) => request.removeAllListeners("error").on("error", () => {}));
  const url = await localAddress(server);
  const client = new DynamoDBClient(localClientSettings(url));
  const stop = async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
  };
  return {
    url,
    create: async (tables) => {
      for (const table of tables) await createTable(client, table);
    },
    stop,
  };
}

async function createTable(client: DynamoDBClient, table: TableDescription): Promise<void> {
  if ((await tableStatus(client, table.name)) === "ACTIVE") return;
  await client.send(
    new CreateTableCommand({
      TableName: table.name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [...table.keySchema],
      AttributeDefinitions: [...table.attributes],
    }),
  );
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if ((await tableStatus(client, table.name)) === "ACTIVE") return;
    await setImmediate();
  }
  assert(false, `table ${table.name} must become active`);
}

async function tableStatus(client: DynamoDBClient, name: string): Promise<string | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
