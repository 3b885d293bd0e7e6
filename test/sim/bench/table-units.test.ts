import { expect, test } from "vitest";
import { UnitCounter } from "../../../sim/bench/table-units.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";

const { backend, tableName } = makeMemoryTableHost();
const counter = new UnitCounter(backend);
const key = { pk: { S: "A" }, sk: { S: "B" } };

/** Units of one request. */
async function unitsOf(operation: string, input: object) {
  const headers = { "x-amz-target": `DynamoDB_20120810.${operation}` };
  const body = JSON.stringify({ TableName: tableName, ...input });
  return await counter.of(() => counter.backend({ method: "POST", path: "/", headers, body }));
}

const itemOf = (bytes: number) => ({ ...key, text: { S: "x".repeat(bytes) } });

test("a write counts each kilobyte begun of the larger item, the one before it or the one after", async () => {
  expect(await unitsOf("PutItem", { Item: itemOf(1_000) })).toEqual({ writes: 1, reads: 0 });
  expect(await unitsOf("PutItem", { Item: itemOf(1_100) })).toEqual({ writes: 2, reads: 0 });
  expect(await unitsOf("PutItem", { Item: itemOf(1) })).toEqual({ writes: 2, reads: 0 });
  const refused = { Item: itemOf(1), ConditionExpression: "attribute_not_exists(pk)" };
  expect(await unitsOf("PutItem", refused)).toEqual({ writes: 1, reads: 0 });
});

test("a read counts each four kilobytes begun, one that need not be consistent half, and nothing found as one", async () => {
  await unitsOf("PutItem", { Item: itemOf(5_000) });
  expect(await unitsOf("GetItem", { Key: key, ConsistentRead: true })).toEqual({ writes: 0, reads: 2 });
  expect(await unitsOf("GetItem", { Key: key })).toEqual({ writes: 0, reads: 1 });
  const missing = { pk: { S: "A" }, sk: { S: "C" } };
  expect(await unitsOf("GetItem", { Key: missing, ConsistentRead: true })).toEqual({ writes: 0, reads: 1 });
});
