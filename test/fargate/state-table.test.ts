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
import { NO_OVERLAP } from "./fill-cases.ts";

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

const key = (fillId: string) => ({ venueTime: "2026-01-02T03:04:05.678Z", fillId });

describe("the state table", () => {
  it("a checkpoint comes back as it was written, and there is none before the first", async () => {
    const { stateTable } = makeStateTable();
    expect(await stateTable.loadFills("A/B")).toBeNull();
    const overlap = { cursor: "c-1", after: key("F-1"), fills: [key("F-2"), key("F-3")] };
    const checkpoint = { cursor: "c-3", books: BOOKS, overlap };
    expect(await stateTable.saveFills("A/B", checkpoint, { epoch: 1, version: 1 })).toBe("saved");
    expect(await stateTable.loadFills("A/B")).toEqual(checkpoint);
    expect(await stateTable.loadFills("C/D")).toBeNull();
  });

  it("a checkpoint without a cursor and without fills comes back as it was", async () => {
    const { stateTable } = makeStateTable();
    const checkpoint = { cursor: undefined, books: emptyBooks(), overlap: NO_OVERLAP };
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
    const old = { cursor: "old", books: BOOKS, overlap: NO_OVERLAP };
    await stateTable.saveFills(market, old, { epoch: 5, version: 2 });
    expect(await stateTable.saveFills(market, { ...old, cursor: "new" }, at)).toBe(outcome);
    expect((await stateTable.loadFills(market))?.cursor).toBe(outcome === "saved" ? "new" : "old");
  });

  it("a checkpoint of a version that wrote no overlap has none: its books are of all fills up to the last", async () => {
    const item = {
      pk: { S: "ENGINE#G/H" },
      sk: { S: "FILLS" },
      books: { S: booksToText(BOOKS) },
      cursor: { S: "c-3" },
    };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
    const { stateTable } = makeStateTable();
    expect((await stateTable.loadFills("G/H"))?.overlap).toEqual({ cursor: "c-3", after: BOOKS.lastFill, fills: [] });
  });

  it("the highest epoch is that of the latest writer of any of the shard's items, 0 before the first", async () => {
    const { stateTable } = makeStateTable();
    const markets = ["I/J", "K/L"];
    expect(await stateTable.highestEpoch("main", markets)).toBe(0);
    const checkpoint = { cursor: undefined, books: emptyBooks(), overlap: NO_OVERLAP };
    await stateTable.saveFills("K/L", checkpoint, { epoch: 7, version: 1 });
    await stateTable.saveFills("I/J", checkpoint, { epoch: 3, version: 9 });
    expect(await stateTable.highestEpoch("main", markets)).toBe(7);
    expect(await stateTable.highestEpoch("main", ["I/J"])).toBe(3);
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

describe("the ledger's position", () => {
  /** Writes the item `POSITION` of a market as the ledger does, and reads it. */
  async function readLedger(market: string, attributes: Readonly<Record<string, { readonly N: string }>> | undefined) {
    if (attributes !== undefined) {
      const Item = { pk: { S: `MARKET#${market}` }, sk: { S: "POSITION" }, ...attributes };
      await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    }
    return await makeStateTable().stateTable.readLedger(market);
  }

  it.each([
    ["before its first fill, without an item", undefined, { fillCount: 0, position: 0n }],
    ["while fills are only announced", { announced: { N: "3" } }, { fillCount: 0, position: 0n }],
    [
      "of three fills, short and to the last decimal",
      { fillCount: { N: "3" }, position: { N: "-1500.000000000000000001" } },
      { fillCount: 3, position: -1_500_000_000_000_000_000_001n },
    ],
    ["of fills that came to nothing", { fillCount: { N: "2" }, position: { N: "0" } }, { fillCount: 2, position: 0n }],
  ])("%s is read exactly", async (name, attributes, expected) => {
    expect(await readLedger(`LEDGER/${name}`, attributes)).toEqual(expected);
  });

  it.each([
    [
      "half a fill",
      { fillCount: { N: "1.5" }, position: { N: "1" } },
      /^fillCount of POSITION of MARKET#BAD.* must be/,
    ],
    [
      "less than none",
      { fillCount: { N: "-1" }, position: { N: "1" } },
      /^fillCount of POSITION of MARKET#BAD.* must be/,
    ],
    ["no position", { fillCount: { N: "1" } }, /^position of POSITION of MARKET#BAD.* must be/],
    ["19 decimals", { fillCount: { N: "1" }, position: { N: "0.0000000000000000001" } }, /^position of POSITION of/],
  ])("with %s is an error that names it", async (name, attributes, message) => {
    await expect(readLedger(`BAD/${name}`, attributes)).rejects.toThrow(message);
    await expect(readLedger(`BAD/${name}`, attributes)).rejects.toThrow(InputError);
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
