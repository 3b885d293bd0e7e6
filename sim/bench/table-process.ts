/**
 * The in-memory table in a process of its own, over HTTP, each answer after a delay as a network has it: so that what the handler
 * costs is not mixed with what the table does. Owns the counts of what was asked; the table is `dynamodb-api/`'s.
 */
import { createServer } from "node:http";
import { Table } from "../dynamodb-api/table.ts";
import { localAddress } from "../local/local-client.ts";

/** From the parent: how long an answer waits, and that the counts are wanted. */
export type TableOrder = { readonly delayMs: number } | "report";

/** To the parent: the address once it listens, then a report for each order. */
export type TableReport =
  | { readonly url: string }
  | { readonly calls: number; readonly itemsRead: number; readonly heapBytes: number; readonly residentBytes: number };

const table = new Table("ledger");
let delayMs = 0;
let calls = 0;
let itemsRead = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const target = request.headers["x-amz-target"];
    const answer = table.handle(typeof target === "string" ? target : "", Buffer.concat(chunks).toString("utf8"));
    calls += 1;
    itemsRead += countItems(answer.body);
    const send = () => {
      response.writeHead(answer.statusCode, { "content-type": "application/x-amz-json-1.0" });
      response.end(answer.body);
    };
    if (delayMs === 0) send();
    else setTimeout(send, delayMs);
  });
});
// Longer than any pause of the benchmark: a connection that ends is a request that must be sent again.
server.keepAliveTimeout = 120_000;

process.on("message", (order: TableOrder) => {
  if (order !== "report") delayMs = order.delayMs;
  const { heapUsed, rss } = process.memoryUsage();
  report({ calls, itemsRead, heapBytes: heapUsed, residentBytes: rss });
});
process.on("disconnect", () => process.exit(0));

report({ url: await localAddress(server) });

function report(message: TableReport): void {
  process.send?.(message);
}

/** Of a page as this table writes it: its first field is the count. */
function countItems(body: string): number {
  return Number(/^\{"Count":(\d+),/.exec(body)?.[1] ?? 0);
}
