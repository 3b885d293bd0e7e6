/**
 * Time and AWS for the tests of the task's fills: a clock that only moves while nothing is under way, and real servers for
 * queue and table on loopback ports, with a gate before and after each request's effect.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { setImmediate } from "node:timers/promises";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startFauxqs } from "fauxqs";
import { assert } from "../../core/assert.ts";
import type { Log, LogFields } from "../../fargate/log.ts";
import type { Clock } from "../../fargate/seams.ts";
import type { Metrics } from "../../fargate/telemetry.ts";

/** Called before a request takes effect and after it did; one that never resolves is a crash at that line. */
export type Gate = (step: string) => Promise<void>;

const OPEN_GATE: Gate = () => Promise.resolve();
const CREDENTIALS = { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };

/** A clock whose timers fire, earliest first, only when the test lets them. */
export class DrivenWorld {
  #nowMs = 0;
  #underWay = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  readonly clock: Clock = {
    now: () => ({ monotonicMs: this.#nowMs, epochMs: Date.UTC(2026, 0, 2) + this.#nowMs }),
    after: (delayMs, callback) => {
      const timer = { dueMs: this.#nowMs + delayMs, callback };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    },
  };

  /** Counts `work` as under way, so that no timer overtakes it. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Lets time pass until `isDone`; fails when nothing is left that could happen. */
  async until(isDone: () => boolean, what: string): Promise<void> {
    while (!isDone()) {
      for (let turn = 0; turn < 4 && !isDone(); turn += 1) await setImmediate();
      if (isDone() || this.#underWay > 0) continue;
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      assert(next !== undefined, `nothing is left to happen, waiting for ${what}`);
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
  }

  /** Lets time pass until the promise settles, and answers as it does. */
  async settled<Result>(promise: Promise<Result>, what: string): Promise<Result> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.until(() => isSettled, what);
    return await promise;
  }

  /** Lets `durationMs` of this clock pass. */
  async pass(durationMs: number): Promise<void> {
    let isOver = false;
    this.clock.after(durationMs, () => {
      isOver = true;
    });
    await this.until(() => isOver, `${durationMs} ms`);
  }
}

export async function startQueue() {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  const { queueUrl } = server.createQueue("fills");
  const endpoint = `http://127.0.0.1:${server.port}`;
  return {
    queueUrl,
    makeClient(world: DrivenWorld, gate: Gate = OPEN_GATE): SQSClient {
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
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
  return {
    tableName,
    client: setup,
    makeClient(world: DrivenWorld, gate: Gate = OPEN_GATE): DynamoDBClient {
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
  const countOf = (kind: string) => counts.get(`flashmm_fill_processing_errors_total:${kind}`) ?? 0;
  return { log, metrics, lines, records, countOf };
}
