/**
 * AWS for the tests of the task's fills: real servers for queue and table on loopback ports, with a gate before and after each
 * request's effect; virtual time stands while a request is under way.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import type { Log, LogFields } from "../../fargate/log.ts";
import type { Metrics } from "../../fargate/telemetry.ts";
import { LEDGER_TABLE } from "../../sim/world/table-host.ts";
import type { VirtualTime } from "../../sim/world/virtual-time.ts";

/** Called before a request takes effect and after it did; one that never resolves is a crash at that line. */
export type Gate = (step: string) => Promise<void>;

const OPEN_GATE: Gate = () => Promise.resolve();
const CREDENTIALS = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

export async function startQueue() {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const { queueUrl } = server.createQueue("fills");
  const endpoint = `http://127.0.0.1:${server.port}`;
  return {
    queueUrl,
    makeClient(world: VirtualTime, gate: Gate = OPEN_GATE): SQSClient {
      const client = new SQSClient({ ...CREDENTIALS, endpoint, maxAttempts: 1 });
      client.middlewareStack.add(
        (next) => async (request) => {
          await gate("before the queue");
          const answer = await world.hold(() => next(request));
          await gate("after the queue");
          return answer;
        },
        { step: "initialize", priority: "high" },
      );
      return client;
    },
    bodies: (): readonly unknown[] =>
      (server.inspectQueue("fills")?.messages.ready ?? []).map(({ body }): unknown => JSON.parse(body)),
    fillIds(): readonly string[] {
      return this.bodies().map((body) => String(Reflect.get(Object(body), "fillId")));
    },
    remove: () => server.deleteQueue("fills"),
    create: () => server.createQueue("fills"),
    clear: () => server.reset(),
    stop: () => server.stop(),
  };
}

export async function startTable() {
  const makeServer: (options: { readonly createTableMs: number }) => Server = createRequire(import.meta.url)(
    "dynalite",
  );
  const server = makeServer({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const endpoint = `http://127.0.0.1:${port}`;
  const tableName = "ledger";
  const setup = new DynamoDBClient({ ...CREDENTIALS, endpoint });
  await setup.send(
    new CreateTableCommand({
      TableName: tableName,
      ...LEDGER_TABLE,
    }),
  );
  return {
    tableName,
    endpoint,
    client: setup,
    makeClient(world: VirtualTime, gate: Gate = OPEN_GATE): DynamoDBClient {
      const client = new DynamoDBClient({ ...CREDENTIALS, endpoint, maxAttempts: 1 });
      client.middlewareStack.add(
        (next) => async (request) => {
          await gate("before the table");
          const answer = await world.hold(() => next(request));
          await gate("after the table");
          return answer;
        },
        { step: "initialize", priority: "high" },
      );
      return client;
    },
    async stop() {
      setup.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What was logged and counted, for tests to look at. */
export function makeRecorder() {
  const lines: string[] = [];
  const counts = new Map<string, number>();
  const records: { readonly message: string; readonly fields: LogFields }[] = [];
  const write = (message: string, fields: LogFields = {}) => {
    lines.push(message);
    records.push({ message, fields });
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const metrics: Metrics = {
    set: () => undefined,
    observe: () => undefined,
    handle: () => undefined,
    increment: (name, labels, by = 1) => {
      const key = `${name}:${Object.values(labels).join()}`;
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
  };
  const countOf = (kind: string, name = "flashmm_fill_processing_errors_total") => counts.get(`${name}:${kind}`) ?? 0;
  return { log, metrics, lines, records, countOf };
}
