/**
 * AWS as the benchmarked task needs it, in a process of its own: the in-memory table behind the DynamoDB protocol, and a queue whose
 * fills are accounted for as the function does it, since a task whose ledger stands still halts. Owns the answers of the queue.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { accountBatch } from "../../lambdas/fill-accounting/account-batch.ts";
import { localAddress } from "../local/local-client.ts";
import { makeMemoryTableHost } from "../world/table-host.ts";

/** To the parent once it listens. */
export type CloudAddress = { readonly cloudUrl: string; readonly tableName: string };

const { backend, client, tableName } = makeMemoryTableHost();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    const target = String(request.headers["x-amz-target"]);
    void answer(target, body).then(({ statusCode, body: text }) => {
      response.writeHead(statusCode, { "content-type": "application/x-amz-json-1.0" });
      response.end(text);
    });
  });
});
// Longer than any pause of a benchmark: a connection that ends is a request that must be sent again.
server.keepAliveTimeout = 120_000;

async function answer(target: string, body: string): Promise<{ readonly statusCode: number; readonly body: string }> {
  if (target === "AWSEvents.PutEvents") {
    return { statusCode: 200, body: JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: "E-1" }] }) };
  }
  if (!target.startsWith("AmazonSQS.")) {
    return await backend({ method: "POST", path: "/", headers: { "x-amz-target": target }, body });
  }
  const { Entries }: { readonly Entries: readonly { readonly Id: string; readonly MessageBody: string }[] } =
    JSON.parse(body);
  await account(Entries.map(({ Id, MessageBody }) => ({ messageId: Id, body: MessageBody })));
  const taken = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: `M-${Id}`,
    MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
  }));
  return { statusCode: 200, body: JSON.stringify({ Successful: taken, Failed: [] }) };
}

async function account(records: readonly { readonly messageId: string; readonly body: string }[]): Promise<void> {
  const complain = (message: string, fields: Record<string, unknown>) => {
    process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
  };
  await accountBatch(
    {
      table: { client, tableName },
      pacing: { random: Math.random, wait: (millis) => wait(millis) },
      count: () => undefined,
      log: { info: () => undefined, warn: complain, error: complain },
    },
    records,
  );
}

process.on("disconnect", () => process.exit(0));
const address: CloudAddress = { cloudUrl: await localAddress(server), tableName };
process.send?.(address);
