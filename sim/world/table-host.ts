/**
 * A table behind the DynamoDB wire protocol, in this process and without a socket: dynalite's own request handler, given a
 * request and an answer that never leave the memory, or the in-memory table. Owns how they are reached; conditions and expressions
 * are theirs.
 */
import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { Table } from "../dynamodb-api/table.ts";
import type { AwsAnswer, AwsBackend, AwsDepth } from "./aws-access.ts";
import { AWS_SETTINGS, makeRequestHandler, muteClient } from "./aws-access.ts";
import { sendDirectly } from "./direct-client.ts";

export type TableHost = {
  readonly tableName: string;
  readonly backend: AwsBackend;
  /** A client without faults or delays, for whoever looks from outside. */
  readonly client: DynamoDBClient;
  /** Told the body of each request that may have changed something, once it has; in memory alone. */
  onWrite?: (body: string) => void;
  stop(): void;
};

/** The shape of the ledger's table (CONTRACTS 5). */
export const LEDGER_TABLE = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
} as const satisfies Omit<CreateTableCommandInput, "TableName">;

const LOOKS_MAX = 1_000;

const TABLE_NAME = "ledger";

/** Makes the ledger's table, empty, in dynalite. */
export async function startTableHost(): Promise<TableHost> {
  return await hostTable(answerInProcess(dynalite({ createTableMs: 0 })));
}

/** Makes the ledger's table, empty, in memory: quicker by far, and it knows only what this code base sends. */
export function makeMemoryTableHost(depth: AwsDepth = "wire"): TableHost {
  const table = new Table(TABLE_NAME);
  const backend: AwsBackend = ({ headers, body }) => {
    const target = headers["x-amz-target"];
    const answer = table.handle(target, body);
    if (answer.statusCode === 200 && !/Query|GetItem|Scan/.test(target ?? "")) host.onWrite?.(body);
    return Promise.resolve({ ...answer, headers: { "content-type": "application/x-amz-json-1.0" } });
  };
  const host: TableHost = { tableName: TABLE_NAME, ...reach(backend) };
  if (depth === "direct") sendDirectly(host.client, "table", backend);
  return host;
}

/** Makes the ledger's table, empty, in any service. */
export async function hostTable(backend: AwsBackend): Promise<TableHost> {
  const reached = reach(backend);
  await reached.client.send(new CreateTableCommand({ TableName: TABLE_NAME, ...LEDGER_TABLE }));
  await waitUntilExists(reached.client, TABLE_NAME);
  return { tableName: TABLE_NAME, ...reached };
}

function reach(backend: AwsBackend): Omit<TableHost, "tableName"> {
  const client = new DynamoDBClient({ ...AWS_SETTINGS, requestHandler: makeRequestHandler(backend) });
  muteClient(client);
  return { backend, client, stop: () => client.destroy() };
}

/** A table is there one turn of the loop after it was made; until then every call is told that it does not exist. */
async function waitUntilExists(client: DynamoDBClient, tableName: string): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const answer = await client.send(new DescribeTableCommand({ TableName: tableName }));
    if (answer.Table?.TableStatus === "ACTIVE") return;
    await setImmediate();
  }
  throw new Error(`table ${tableName} must become active`);
}

/** The part of an HTTP answer that dynalite writes to. */
class CollectedAnswer {
  statusCode = 200;
  readonly headers: Record<string, string> = {};
  readonly #onEnd: (answer: AwsAnswer) => void;

  constructor(onEnd: (answer: AwsAnswer) => void) {
    this.#onEnd = onEnd;
  }

  setHeader(name: string, value: unknown): void {
    this.headers[name.toLowerCase()] = String(value);
  }

  end(body = ""): void {
    this.#onEnd({ statusCode: this.statusCode, headers: this.headers, body });
  }
}

/** What dynalite wants to see of a signature; it does not check it. */
const SIGNATURE = {
  authorization: "AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=none",
  "x-amz-date": "20260102T000000Z",
};

/** A server of dynalite as a service that is called without a socket; it may listen on one besides. */
export function answerInProcess(server: EventEmitter): AwsBackend {
  return ({ method, path, headers, body }) =>
    new Promise((resolve) => {
      const request = Object.assign(new EventEmitter(), { method, url: path, headers: { ...headers, ...SIGNATURE } });
      server.emit("request", request, new CollectedAnswer(resolve));
      request.emit("data", Buffer.from(body, "utf8"));
      request.emit("end");
    });
}
