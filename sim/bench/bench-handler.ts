/**
 * The handler as the benchmark runs it: `accountBatch` with the functions' own client, one batch after the other. Owns what a run of
 * batches cost its process, and the baseline it is held to.
 */
import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { parseFillMessage } from "../../core/messages.ts";
import { type Accounting, accountBatch } from "../../lambdas/fill-accounting/account-batch.ts";
import { encodeFill, toClaimKey } from "../../lambdas/ledger-items.ts";
import { makeBenchRecords } from "./bench-fills.ts";
import type { BenchTable } from "./bench-table.ts";

/** As the event source mapping of `infra/stacks/operations.ts` gives them; a test compares the two. */
export const BATCH_SIZE = 500;

export const TABLE_NAME = "ledger";

/** Sorted costs of single batches would hide none: all are kept. */
export type Run = {
  readonly fills: number;
  readonly wallMs: readonly number[];
  readonly cpuMs: readonly number[];
  readonly calls: number;
  readonly itemsRead: number;
};

/** Books the fills of a market from number `from` on, in batches; `to` is not among them. */
export async function bookRun(
  input: { readonly client: DynamoDBClient; readonly table: BenchTable; readonly market: string },
  from: number,
  to: number,
): Promise<Run> {
  const accounting = makeAccounting(input.client);
  const before = await input.table.figures();
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  for (let at = from; at < to; at += BATCH_SIZE) {
    const records = makeBenchRecords(input.market, at, Math.min(BATCH_SIZE, to - at));
    const started = performance.now();
    const cpu = process.cpuUsage();
    const { batchItemFailures } = await accountBatch(accounting, records);
    const used = process.cpuUsage(cpu);
    wallMs.push(performance.now() - started);
    cpuMs.push((used.user + used.system) / 1_000);
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} of ${records.length} fills failed`);
  }
  const after = await input.table.figures();
  return {
    fills: to - from,
    wallMs,
    cpuMs,
    calls: after.calls - before.calls,
    itemsRead: after.itemsRead - before.itemsRead,
  };
}

/** One conditional write a fill, each after the answer to the one before: milliseconds in all. */
export async function writeInSequence(
  client: DynamoDBClient,
  market: string,
  from: number,
  count: number,
): Promise<number> {
  const records = makeBenchRecords(market, from, count);
  const started = performance.now();
  for (const { body } of records) {
    const fill = parseFillMessage(JSON.parse(body));
    await client.send(
      new PutItemCommand({
        TableName: TABLE_NAME,
        Item: { ...encodeFill(fill), ...toClaimKey(`sequence-${fill.fillId}`) },
        ConditionExpression: "attribute_not_exists(#pk)",
        ExpressionAttributeNames: { "#pk": "pk" },
      }),
    );
  }
  return performance.now() - started;
}

function makeAccounting(client: DynamoDBClient): Accounting {
  const complain = (message: string, fields: Record<string, unknown>) => {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  };
  return {
    table: { client, tableName: TABLE_NAME },
    pacing: { random: Math.random, wait: (millis) => new Promise((resolve) => setTimeout(resolve, millis)) },
    count: () => undefined,
    log: { info: () => undefined, warn: complain, error: complain },
  };
}
