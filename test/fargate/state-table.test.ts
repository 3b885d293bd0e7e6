import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type Books, emptyBooks } from "../../core/accounting/pnl.ts";
import { InputError } from "../../core/errors.ts";
import { booksFromText, booksToText } from "../../fargate/books-text.ts";
import { DeadlineError } from "../../fargate/deadline.ts";
import { StateTable } from "../../fargate/state-table.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, startTable } from "./driven-world.ts";

const table = await startTable();
afterAll(() => table.stop());

function makeStateTable(gate?: Gate) {
  const world = new VirtualTime();
  const client = table.makeClient(world, gate);
  return { world, stateTable: new StateTable({ client, tableName: table.tableName, clock: world.clock }) };
}

const BOOKS: Books = {
  ...emptyBooks(),
  position: -1_500n * 10n ** 18n,
  averageCost: 421_300_000_000_000_001n,
  realizedPnl: -1n,
  feesByAsset: { USDC: 5n, SEI: -7n },
  fillCount: 3,
  lastFill: { venueTime: "2026-01-02T03:04:05.678Z", fillId: "F-3" },
};

describe("the state table", () => {
  it("each epoch of a shard is one more than the last, from 1", async () => {
    const { stateTable } = makeStateTable();
    expect(await stateTable.raiseEpoch("main")).toBe(1);
    expect(await stateTable.raiseEpoch("main")).toBe(2);
    expect(await stateTable.raiseEpoch("other")).toBe(1);
  });

  it("two tasks that raise the epoch at once get different ones", async () => {
    const { stateTable } = makeStateTable();
    const epochs = await Promise.all(Array.from({ length: 8 }, () => stateTable.raiseEpoch("crowded")));
    expect(new Set(epochs).size).toBe(8);
  });

  it("raising the epoch keeps what else the lease holds", async () => {
    const item = { pk: { S: "LEASE" }, sk: { S: "held" }, owner: { S: "task-1" }, epoch: { N: "41" } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
    const { stateTable } = makeStateTable();
    expect(await stateTable.raiseEpoch("held")).toBe(42);
  });

  it("a checkpoint comes back as it was written, and there is none before the first", async () => {
    const { stateTable } = makeStateTable();
    expect(await stateTable.loadFills("A/B")).toBeNull();
    expect(await stateTable.saveFills("A/B", { cursor: "c-3", books: BOOKS }, { epoch: 1, version: 1 })).toBe("saved");
    expect(await stateTable.loadFills("A/B")).toEqual({ cursor: "c-3", books: BOOKS });
    expect(await stateTable.loadFills("C/D")).toBeNull();
  });

  it("a checkpoint without a cursor and without fills comes back as it was", async () => {
    const { stateTable } = makeStateTable();
    const checkpoint = { cursor: undefined, books: emptyBooks() };
    await stateTable.saveFills("E/F", checkpoint, { epoch: 1, version: 1 });
    expect(await stateTable.loadFills("E/F")).toEqual(checkpoint);
  });

  it.each([
    ["a later version of the same epoch", { epoch: 5, version: 3 }, "saved"],
    ["the same write again", { epoch: 5, version: 2 }, "saved"],
    ["a later epoch's first version", { epoch: 6, version: 1 }, "saved"],
    ["an earlier version of the same epoch", { epoch: 5, version: 1 }, "superseded"],
    ["an earlier epoch's hundredth version", { epoch: 4, version: 100 }, "superseded"],
  ])("over epoch 5, version 2, %s is %j: %s", async (name, at, outcome) => {
    const { stateTable } = makeStateTable();
    const market = `OVER/${name}`;
    await stateTable.saveFills(market, { cursor: "old", books: BOOKS }, { epoch: 5, version: 2 });
    expect(await stateTable.saveFills(market, { cursor: "new", books: emptyBooks() }, at)).toBe(outcome);
    expect((await stateTable.loadFills(market))?.cursor).toBe(outcome === "saved" ? "new" : "old");
  });

  it("a call without an answer ends after 10 s", async () => {
    const { world, stateTable } = makeStateTable(() => new Promise(() => undefined));
    await expect(world.settled(stateTable.loadFills("A/B"), "the end")).rejects.toThrow(DeadlineError);
    expect(world.clock.now().monotonicMs).toBe(10_000);
  });

  it("a checkpoint that cannot be read is an error that names it", async () => {
    const item = { pk: { S: "ENGINE#BAD/ONE" }, sk: { S: "FILLS" }, books: { S: '{"position":"NaN"}' } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
    const { stateTable } = makeStateTable();
    await expect(stateTable.loadFills("BAD/ONE")).rejects.toThrow(/^books of ENGINE#BAD\/ONE FILLS must be/);
  });
});

describe("books as text", () => {
  const amount = fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n });

  it("come back exactly", () => {
    const books = fc.record({
      position: amount,
      averageCost: amount,
      realizedPnl: amount,
      fees: amount,
      feesByAsset: fc.dictionary(fc.stringMatching(/^[A-Z]{1,5}$/), amount),
      volume: amount,
      buyVolume: amount,
      sellVolume: amount,
      fillCount: fc.nat(),
      lastFill: fc.option(fc.record({ venueTime: fc.string(), fillId: fc.string() }), { nil: undefined }),
    });
    fc.assert(
      fc.property(books, (value) => {
        expect(booksFromText(booksToText(value), "books")).toEqual(value);
      }),
    );
  });

  it.each([
    undefined,
    "",
    "null",
    "[]",
    "{}",
    booksToText(BOOKS).replace('"-1500"', "-1500"),
    booksToText(BOOKS).replace("-1500", "0x10"),
  ])("%j is refused", (text) => expect(() => booksFromText(text, "books")).toThrow(InputError));
});
