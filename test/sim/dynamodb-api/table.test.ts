import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Table } from "../../../sim/dynamodb-api/table.ts";
import { startTableHost, type TableHost } from "../../../sim/world/table-host.ts";
import { lawLength } from "../../law-length.ts";
import { expectSameAnswers } from "./table-calls.ts";

let dynalite: TableHost;
beforeAll(async () => {
  dynalite = await startTableHost();
});
afterAll(() => dynalite.stop());

function ask(table: Table, operation: string, input: Readonly<Record<string, unknown>>) {
  const body = JSON.stringify({ TableName: "ledger", ...input });
  const answer = table.handle(`DynamoDB_20120810.${operation}`, body);
  return { statusCode: answer.statusCode, ...JSON.parse(answer.body) };
}

const keyOf = (sk: string, pk = "p") => ({ pk: { S: pk }, sk: { S: sk } });

describe("the in-memory table", () => {
  it("answers as dynalite does, whatever is asked in whatever order", async () => {
    await expectSameAnswers(dynalite, lawLength({ usual: 100, long: 2_000 }));
  });

  it("ends a page after a mebibyte, and goes on after it", () => {
    const table = new Table("ledger");
    for (let index = 0; index < 12; index++) {
      ask(table, "PutItem", { Item: { ...keyOf(`${index + 10}`), text: { S: "x".repeat(100_000) } } });
    }
    const query = {
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: "p" } },
    };
    const first = ask(table, "Query", query);
    expect(first).toMatchObject({ Count: 11, LastEvaluatedKey: keyOf("20") });
    const second = ask(table, "Query", { ...query, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(second).toMatchObject({ Count: 1, Items: [keyOf("21")] });
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  it("gives every item of a scan once, page by page, before and after the filter", () => {
    const table = new Table("ledger");
    const keys = ["p", "q", "r"].flatMap((pk) => ["1", "2", "3"].map((sk) => keyOf(sk, pk)));
    for (const [index, key] of keys.entries()) ask(table, "PutItem", { Item: { ...key, n: { N: `${index}` } } });
    const found: unknown[] = [];
    let looked = 0;
    let start: unknown;
    do {
      const page = ask(table, "Scan", {
        Limit: 2,
        FilterExpression: "n > :n",
        ProjectionExpression: "pk, sk",
        ExpressionAttributeValues: { ":n": { N: "3" } },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      });
      found.push(...page.Items);
      looked += page.ScannedCount;
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    expect(found).toEqual(keys.slice(4));
    expect(looked).toBe(9);
  });

  it("takes items of 400 KiB and none larger, names and all", () => {
    const table = new Table("ledger");
    const itemOf = (bytes: number) => ({ ...keyOf("s"), text: { S: "é".repeat(bytes / 2) } });
    // Of "pk", "sk", "text", "p" and "s".
    const rest = 10;
    expect(ask(table, "PutItem", { Item: itemOf(400 * 1_024 - rest) }).statusCode).toBe(200);
    expect(ask(table, "PutItem", { Item: itemOf(400 * 1_024 - rest + 2) })).toMatchObject({
      statusCode: 400,
      __type: expect.stringContaining("ValidationException"),
    });
  });

  it.each([
    ["a function of no kind here", "UpdateItem", { Key: keyOf("s"), UpdateExpression: "SET a = if_not_exists(a, :a)" }],
    ["a path into a map", "UpdateItem", { Key: keyOf("s"), UpdateExpression: "SET a.b = :a" }],
    ["a function of a set", "PutItem", { Item: keyOf("s"), ConditionExpression: "contains(a, :a)" }],
    ["a parameter", "PutItem", { Item: keyOf("s"), ReturnConsumedCapacity: "TOTAL" }],
    ["an operation", "TransactWriteItems", {}],
    [
      "old values of an update's attributes alone",
      "UpdateItem",
      { Key: keyOf("s"), UpdateExpression: "REMOVE a", ReturnValues: "UPDATED_OLD" },
    ],
  ])("refuses what it does not know: %s", (_what, operation, input) => {
    const values = JSON.stringify(input).includes(":a") ? { ExpressionAttributeValues: { ":a": { N: "1" } } } : {};
    expect(ask(new Table("ledger"), operation, { ...input, ...values })).toMatchObject({
      statusCode: 400,
      __type: expect.stringContaining("UnknownOperationException"),
    });
  });

  it("refuses a placeholder that nothing uses, and one that nothing binds", () => {
    const table = new Table("ledger");
    const cases = [
      { ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: { "#a": "a" } },
      { ConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": { N: "1" }, ":b": { N: "1" } } },
      { ConditionExpression: "attribute_exists(#a)" },
      { ConditionExpression: "a = :a" },
    ];
    for (const wrong of cases) {
      expect(ask(table, "PutItem", { Item: keyOf("s"), ...wrong })).toMatchObject({
        statusCode: 400,
        __type: expect.stringContaining("ValidationException"),
      });
    }
  });

  it("keeps a number in one form, and refuses one it could not keep", () => {
    const table = new Table("ledger");
    const kept = {
      "0.10": "0.1",
      "007": "7",
      "-0": "0",
      "1e3": "1000",
      "5E-7": "0.0000005",
      "-12.500": "-12.5",
      ".5": "0.5",
    };
    for (const [given, stored] of Object.entries(kept)) {
      ask(table, "PutItem", { Item: { ...keyOf("s"), n: { N: given } } });
      expect(ask(table, "GetItem", { Key: keyOf("s") }).Item.n).toEqual({ N: stored });
    }
    for (const wrong of ["1e126", "1e-131", "1234567890123456789012345678901234567.89", "1_000", "Infinity"]) {
      expect(ask(table, "PutItem", { Item: { ...keyOf("s"), n: { N: wrong } } }).statusCode, wrong).toBe(400);
    }
  });

  it("changes no key", () => {
    const update = { UpdateExpression: "SET pk = :v", ExpressionAttributeValues: { ":v": { S: "p" } } };
    expect(ask(new Table("ledger"), "UpdateItem", { Key: keyOf("s"), ...update })).toMatchObject({
      statusCode: 400,
      __type: expect.stringContaining("ValidationException"),
    });
  });

  it("knows one table", () => {
    expect(ask(new Table("other"), "GetItem", { Key: keyOf("s") })).toMatchObject({
      __type: expect.stringContaining("ResourceNotFoundException"),
    });
  });
});
