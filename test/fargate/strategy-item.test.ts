/** Items of strategy parameters beside the control items: how they are read, and that no form of them ever halts anything. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, describe, expect, it, test } from "vitest";
import { ControlTable } from "../../fargate/control-table.ts";
import {
  decodeStrategyItem,
  STRATEGY_CHARACTERS_MAX,
  toLine,
  toStrategyAttributes,
} from "../../fargate/strategy-item.ts";
import { ControlCase, ETH, SEI } from "./control-world.ts";
import { startTable } from "./driven-world.ts";

const AT = "2026-01-02T03:04:05.678Z";
const ITEM = { strategy: '{"levels":2}', by: "ana@desk", at: AT, reason: "a test" };

describe("an item's form", () => {
  test.each([ITEM, { ...ITEM, reason: null }])("%j is read as it was written", (item) => {
    expect(decodeStrategyItem(toStrategyAttributes(SEI, item))).toEqual({ ...item, atMs: Date.parse(AT) });
  });

  test.each<[string, Record<string, unknown>]>([
    ["no strategy", { strategy: undefined }],
    ["a strategy that is no text", { strategy: { M: {} } }],
    ["nobody's name", { by: undefined }],
    ["no time", { at: undefined }],
    ["a time without milliseconds", { at: { S: "2026-01-02T03:04:05Z" } }],
    ["a time that is a number", { at: { N: "1767323045678" } }],
    ["more text than any strategy has", { strategy: { S: "x".repeat(STRATEGY_CHARACTERS_MAX + 1) } }],
  ])("%s is an error that names the item", (_, change) => {
    const attributes = Object.entries({ ...toStrategyAttributes(SEI, ITEM), ...change });
    const item = Object.fromEntries(attributes.filter(([, value]) => value !== undefined));
    const decoded = decodeStrategyItem(JSON.parse(JSON.stringify(item)));
    expect(decoded).toMatchObject({ message: expect.stringContaining(`control item STRATEGY#${SEI} must be`) });
  });

  test("words of a person become one line of bounded length", () => {
    expect(toLine(" a\nb\u2028c\u0007 ")).toBe("a b c");
    expect(toLine("y".repeat(9_000))).toHaveLength(500);
    expect(toLine(`${"y".repeat(499)}😀`).isWellFormed()).toBe(true);
  });
});

describe("in the table", () => {
  const tables = startTable();
  afterAll(async () => (await tables).stop());
  let made: ControlCase;
  afterEach(async () => {
    made.control.stop();
    await made.clear();
    for (const market of [SEI, ETH]) await made.remove(`STRATEGY#${market}`);
  });
  const makeCase = async () => {
    made = new ControlCase(await tables);
    return made;
  };

  it("they are known after the first reading, and followed with each", async () => {
    await makeCase();
    await made.put(`STRATEGY#${SEI}`, { strategy: "{}" });
    await made.control.readOnce();
    expect([...made.control.strategies.keys()]).toEqual([SEI]);
    await made.start();
    await made.remove(`STRATEGY#${SEI}`);
    await made.put(`STRATEGY#${ETH}`, { strategy: "{}" });
    await made.world.pass(510);
    expect([...made.control.strategies.keys()]).toEqual([ETH]);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ["without a time", { strategy: "{}", at: undefined }],
    ["without a strategy", {}],
    ["that looks like a halt", { state: "halted" }],
    ["of gibberish", { strategy: "{{{" }],
  ])("one %s halts nothing and makes nothing unreadable", async (_, fields) => {
    await makeCase();
    await made.put(`STRATEGY#${SEI}`, fields);
    await made.put("STRATEGY#", fields);
    await made.start();
    await made.world.pass(2_000);
    expect(made.reason()).toBeUndefined();
    expect(made.told()).toEqual(["running"]);
    await made.remove("STRATEGY#");
  });

  it("as large as the table takes them, they hide no halt that stands behind them", async () => {
    await makeCase();
    const { client, tableName } = await tables;
    const big = ["A/B", "C/D", SEI, ETH].map((market) => `STRATEGY#${market}`);
    for (const sk of big) {
      const Item = { pk: { S: "CONTROL" }, sk: { S: sk }, strategy: { S: "x".repeat(390_000) } };
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    }
    await made.put("TIA/USDC", { state: "halted" });
    const { clock } = made.world;
    const { items } = await new ControlTable({ client, tableName, clock }).read();
    expect(items.get("TIA/USDC")).toMatchObject({ state: "halted" });
    await made.start();
    expect(made.reason()).toBeUndefined();
    expect(made.inputs.length).toBeGreaterThan(1);
    for (const scope of [...big, "TIA/USDC"]) await made.remove(scope);
  });
});
