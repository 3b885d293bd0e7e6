/**
 * A table behind the DynamoDB wire protocol, in this process and without a socket: dynalite's own request handler, given a
 * request and an answer that never leave the memory. Owns that translation; conditions and expressions are dynalite's.
 */
import { EventEmitter } from "node:events";
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import type { AwsAnswer, AwsBackend, AwsRequest } from "./aws-access.ts";
import { AWS_SETTINGS, makeRequestHandler } from "./aws-access.ts";

export type TableHost = {
  readonly tableName: string;
  readonly backend: AwsBackend;
  /** A client without faults or delays, for whoever looks from outside. */
  readonly client: DynamoDBClient;
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

/** Makes the ledger's table, empty. */
export async function startTableHost(): Promise<TableHost> {
  const server = dynalite({ createTableMs: 0 });
  const backend: AwsBackend = (request) => answerOf(server, request);
  const requestHandler = makeRequestHandler(backend);
  const client = new DynamoDBClient({ ...AWS_SETTINGS, requestHandler });
  const tableName = "ledger";
  await client.send(new CreateTableCommand({ TableName: tableName, ...LEDGER_TABLE }));
  return { tableName, backend, client, stop: () => client.destroy() };
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

function answerOf(server: EventEmitter, { method, path, headers, body }: AwsRequest): Promise<AwsAnswer> {
  return new Promise((resolve) => {
    const request = Object.assign(new EventEmitter(), { method, url: path, headers: { ...headers, ...SIGNATURE } });
    server.emit("request", request, new CollectedAnswer(resolve));
    request.emit("data", Buffer.from(body, "utf8"));
    request.emit("end");
  });
}
