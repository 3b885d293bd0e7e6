import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { MinutePart } from "../../core/accounting/minute.ts";
import { InputError } from "../../core/errors.ts";
import { DeadlineError } from "../../fargate/deadline.ts";
import { MinuteTable } from "../../fargate/minute-table.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, startTable } from "./driven-world.ts";
import { MINUTE_MS, makeMarkout, makePart } from "./minute-cases.ts";

const table = await startTable();
afterAll(() => table.stop());

let markets = 0;

/** A market of its own for each test. */
function newMarket(): string {
  markets += 1;
  return `M${markets}/USDC`;
}

function makeTable(gate?: Gate) {
  const world = new VirtualTime();
  const client = table.makeClient(world, gate);
  return { world, minutes: new MinuteTable({ client, tableName: table.tableName, clock: world.clock }) };
}

async function itemOf(market: string, sortKey = "MINUTE#2026-01-02T03:04") {
  const Key = { pk: { S: `ENGINE#${market}` }, sk: { S: sortKey } };
  return (await table.client.send(new GetItemCommand({ TableName: table.tableName, Key }))).Item;
}

const { minutes } = makeTable();
const add = (market: string, part: MinutePart) => minutes.addPart({ market, minuteMs: MINUTE_MS }, part);

describe("a minute of one task", () => {
  it("is an item of plain numbers that goes 35 days after it", async () => {
    const market = newMarket();
    await add(market, makePart(7));
    const item = await itemOf(market);
    const numbers = Object.entries(item ?? {}).flatMap(([name, { N }]) => (N === undefined ? [] : [[name, N]]));
    expect(Object.fromEntries(numbers)).toEqual({
      spreadOthersBps: "30.123456",
      spreadSelfBps: "10.000001",
      spreadImprovementBps: "20.123455",
      measuredSeconds: "60",
      ordersPlaced: "12",
      ordersCancelled: "9",
      ordersFilled: "2",
      twoSidedSeconds: "59.95",
      mid: "0.42145",
      position: "-40",
      realizedPnl: "1.500000000000000001",
      unrealizedPnl: "-0.25",
      equity: "1.250000000000000001",
      drawdownPercent: "1.25",
      epoch: "7",
      version: "1",
      ttl: String(MINUTE_MS / 1_000 + 35 * 86_400),
    });
  });

  it("leaves out what is not known", async () => {
    const market = newMarket();
    const { closing } = makePart(7).figures;
    const unmarked = { ...closing, mid: undefined, unrealizedPnl: undefined };
    await add(market, makePart(7, { measuredMs: 0, spreads: undefined, closing: unmarked }));
    expect(Object.keys((await itemOf(market)) ?? {}).sort()).toEqual(
      [
        ...["pk", "sk", "parts", "version", "ttl", "epoch", "measuredSeconds", "twoSidedSeconds", "drawdownPercent"],
        ...["ordersPlaced", "ordersCancelled", "ordersFilled", "position", "realizedPnl"],
      ].sort(),
    );
  });

  it("written again changes nothing", async () => {
    const market = newMarket();
    await add(market, makePart(7));
    const before = await itemOf(market);
    await add(market, makePart(7));
    expect(await itemOf(market)).toEqual(before);
  });
});

describe("a minute of several tasks", () => {
  const earlier = makePart(7, { measuredMs: 20_000, twoSidedMs: 15_000 });
  const later = makePart(8, {
    measuredMs: 10_000,
    spreads: { othersMicroBps: 60_123_456, selfMicroBps: 1 },
    twoSidedMs: 50_000,
    closing: { ...earlier.figures.closing, position: 3n },
  });
  const merged = {
    epoch: { N: "8" },
    measuredSeconds: { N: "30" },
    // Two thirds of 30.123456 and one of 60.123456.
    spreadOthersBps: { N: "40.123456" },
    spreadSelfBps: { N: "6.666668" },
    spreadImprovementBps: { N: "33.456788" },
    twoSidedSeconds: { N: "60" },
    ordersPlaced: { N: "24" },
    ordersCancelled: { N: "18" },
    ordersFilled: { N: "4" },
    position: { N: "0.000000000000000003" },
    version: { N: "2" },
  };

  it.each([
    ["the earlier writes first", [earlier, later]],
    ["the earlier comes late", [later, earlier]],
  ])("is one of both, closed by the later epoch: %s", async (_name, parts) => {
    const market = newMarket();
    for (const part of parts) await add(market, part);
    expect(await itemOf(market)).toMatchObject(merged);
    // And whoever tries again, at whatever time.
    for (const part of [earlier, later]) await add(market, part);
    expect(await itemOf(market)).toMatchObject(merged);
  });

  it("a minute that came again when the wall clock was set back is counted beside the first", async () => {
    const market = newMarket();
    await add(market, makePart(7, {}, 0));
    await add(market, makePart(7, {}, 1));
    expect(await itemOf(market)).toMatchObject({
      ordersPlaced: { N: "24" },
      twoSidedSeconds: { N: "60" },
      measuredSeconds: { N: "60" },
    });
  });

  it("parts in any order, repeated and with lost answers come to the same item", async () => {
    const parts = [
      makePart(3),
      makePart(4, { measuredMs: 1 }),
      makePart(4, {}, 1),
      makePart(9, { spreads: undefined }),
    ];
    const market = newMarket();
    for (const part of parts) await add(market, part);
    const { pk: _, ...expected } = (await itemOf(market)) ?? {};
    const attempts = fc.array(fc.record({ index: fc.nat({ max: 3 }), isLost: fc.boolean() }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(attempts, async (some) => {
        const other = newMarket();
        for (const { index, isLost } of [...some, ...parts.map((_part, at) => ({ index: at, isLost: false }))]) {
          const part = parts[index];
          if (part === undefined) continue;
          const lossy = makeTable(async (step) => {
            if (isLost && step === "after the table") throw new Error("the answer is lost");
          });
          const written = lossy.minutes.addPart({ market: other, minuteMs: MINUTE_MS }, part);
          await written.catch((error: unknown) => expect(String(error)).toContain("the answer is lost"));
        }
        const { pk: _other, ...item } = (await itemOf(other)) ?? {};
        expect(item).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it("two that write at once are both in it", async () => {
    const market = newMarket();
    const parts = Array.from({ length: 4 }, (_, index) => makePart(index + 1));
    await Promise.all(parts.map((part) => add(market, part)));
    expect(await itemOf(market)).toMatchObject({ ordersPlaced: { N: "48" }, epoch: { N: "4" } });
  });

  it("an item that changes under every try is given up for now", async () => {
    const market = newMarket();
    const { world } = makeTable();
    const others = { epoch: 100 };
    const client = table.makeClient(world, async (step) => {
      others.epoch += 1;
      if (step === "before the table") await add(market, makePart(others.epoch));
    });
    const racing = new MinuteTable({ client, tableName: table.tableName, clock: world.clock });
    await expect(racing.addPart({ market, minuteMs: MINUTE_MS }, makePart(1))).rejects.toThrow("changed 5 times");
    await add(market, makePart(1));
    expect((await itemOf(market))?.["parts"]?.S).toContain('"epoch":1,');
  });
});

describe("what cannot be written", () => {
  it.each([
    ["parts that are no text", { version: { N: "1" } }],
    ["no parts at all", { version: { N: "1" }, parts: { S: "[]" } }],
    ["a part that lacks its figures", { version: { N: "1" }, parts: { S: '[{"epoch":1,"run":0}]' } }],
    ["no version", { parts: { S: "[]" } }],
  ])("over an item with %s, nothing is, and the error names it", async (_name, attributes) => {
    const market = newMarket();
    const Item = { pk: { S: `ENGINE#${market}` }, sk: { S: "MINUTE#2026-01-02T03:04" }, ...attributes };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    const failed = await add(market, makePart(7)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(InputError);
    expect(String(failed)).toContain(`MINUTE#2026-01-02T03:04 of ENGINE#${market} must be`);
    expect(await itemOf(market)).toEqual(Item);
  });

  it.each(["a minute", "markouts"])("without an answer %s is given up after 3 s", async (what) => {
    const { world, minutes: silent } = makeTable(() => new Promise(() => undefined));
    const at = { market: newMarket(), minuteMs: MINUTE_MS };
    const asked =
      what === "a minute"
        ? silent.addPart(at, makePart(1))
        : silent.putMarkouts(at, { epoch: 1, part: 1, fills: [makeMarkout("F-1")] });
    await expect(world.settled(asked, "the end")).rejects.toThrow(DeadlineError);
    expect(world.nowMs).toBe(3_000);
  });
});

describe("markouts", () => {
  it("are a list in an item of their minute, epoch and part, of plain numbers, a mid that was not known null", async () => {
    const market = newMarket();
    const fills = [makeMarkout("F-1"), makeMarkout("F-2", { level: undefined, side: "buy" })];
    const at = { market, minuteMs: MINUTE_MS };
    await minutes.putMarkouts(at, { epoch: 7, part: 2, fills });
    const item = await itemOf(market, "MARKOUTS#2026-01-02T03:04#7#2");
    expect(item).toMatchObject({ ttl: { N: String(MINUTE_MS / 1_000 + 35 * 86_400) } });
    expect(item?.["fills"]?.L?.[0]?.M).toEqual({
      fillId: { S: "F-1" },
      venueTime: { S: "2026-01-02T03:03:58.678Z" },
      side: { S: "sell" },
      level: { N: "1" },
      price: { N: "0.4216" },
      size: { N: "40" },
      midAtFill: { N: "0.42145" },
      mids: { L: [{ N: "1" }, { NULL: true }, { N: "0.000000000000000001" }] },
    });
    expect(item?.["fills"]?.L?.[1]?.M).not.toHaveProperty("level");
    await minutes.putMarkouts(at, { epoch: 7, part: 2, fills });
    expect(await itemOf(market, "MARKOUTS#2026-01-02T03:04#7#2")).toEqual(item);
  });
});
