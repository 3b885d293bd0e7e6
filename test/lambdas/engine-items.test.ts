/** What the task writes, the functions read: the two codings of one item, which may not import each other, held together. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { MinutePart } from "../../core/accounting/minute.ts";
import { InputError } from "../../core/errors.ts";
import { MinuteTable } from "../../fargate/minute-table.ts";
import {
  type EngineMinute,
  lastMinuteAtOrBefore,
  type MinuteRange,
  readMarkouts,
  readMinutes,
} from "../../lambdas/engine-items.ts";
import { startTableHost } from "../../sim/world/table-host.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { MINUTE_MS, makeFigures, makeMarkout, makePart, ONE } from "../fargate/minute-cases.ts";

const host = await startTableHost();
afterAll(() => host.stop());
const table = { client: host.client, tableName: host.tableName };
const task = new MinuteTable({ ...table, clock: new VirtualTime().clock });

let markets = 0;

/** A market of its own for each test. */
function newMarket(): string {
  markets += 1;
  return `M${markets}/USDC`;
}

/** Minutes after 03:04. */
const at = (market: string, minutes = 0) => ({ market, minuteMs: MINUTE_MS + minutes * 60_000 });
const write = (market: string, part: MinutePart, minutes = 0) => task.addPart(at(market, minutes), part);
const day: MinuteRange = { from: "2026-01-02T00:00", to: "2026-01-02T23:59" };
const read = (market: string, range = day) => readMinutes(table, market, range);

describe("engine minutes", () => {
  it("are read as the task wrote them", async () => {
    const market = newMarket();
    await write(market, makePart(7));
    const expected: EngineMinute = {
      minute: "2026-01-02T03:04",
      epoch: 7,
      spreads: { othersBps: 30.123456, selfBps: 10.000001, improvementBps: 20.123455 },
      measuredSeconds: 60,
      twoSidedSeconds: 59.95,
      ordersPlaced: 12,
      ordersCancelled: 9,
      ordersFilled: 2,
      position: -40n * ONE,
      realizedPnl: 1_500_000_000_000_000_001n,
      marked: {
        mid: 421_450_000_000_000_000n,
        unrealizedPnl: -ONE / 4n,
        equity: 1_250_000_000_000_000_001n,
      },
      drawdownPercent: 1.25,
    };
    expect(await read(market)).toEqual([expected]);
  });

  it("whatever they say", async () => {
    const market = newMarket();
    const whole = (max: number) => fc.integer({ min: 0, max });
    const amount = fc.bigInt({ min: -(10n ** 33n), max: 10n ** 33n });
    const figures = fc.record({
      measuredMs: whole(60_000),
      spreads: fc.option(
        fc.record({ othersMicroBps: whole(2e10), selfMicroBps: fc.integer({ min: -1e10, max: 2e10 }) }),
        {
          nil: undefined,
        },
      ),
      twoSidedMs: whole(60_000),
      ordersPlaced: whole(1e6),
      ordersCancelled: whole(1e6),
      ordersFilled: whole(1e6),
      marked: fc.boolean(),
      amounts: fc.tuple(amount, amount, amount, amount),
      drawdownMicroPercent: whole(1e9),
    });
    let minutes = 0;
    await fc.assert(
      fc.asyncProperty(figures, async ({ marked, amounts, drawdownMicroPercent, ...rest }) => {
        const [mid, position, realizedPnl, unrealizedPnl] = amounts;
        const mark = marked ? { mid, unrealizedPnl } : { mid: undefined, unrealizedPnl: undefined };
        const closing = { ...mark, position, realizedPnl, drawdownMicroPercent };
        minutes += 1;
        await write(market, makePart(3, { ...rest, closing }), minutes);
        const name = new Date(MINUTE_MS + minutes * 60_000).toISOString().slice(0, 16);
        expect(await lastMinuteAtOrBefore(table, market, name)).toEqual({
          minute: name,
          epoch: 3,
          spreads:
            rest.spreads === undefined || rest.measuredMs === 0
              ? undefined
              : {
                  othersBps: rest.spreads.othersMicroBps / 1e6,
                  selfBps: rest.spreads.selfMicroBps / 1e6,
                  improvementBps: (rest.spreads.othersMicroBps - rest.spreads.selfMicroBps) / 1e6,
                },
          measuredSeconds: rest.measuredMs / 1e3,
          twoSidedSeconds: rest.twoSidedMs / 1e3,
          ordersPlaced: rest.ordersPlaced,
          ordersCancelled: rest.ordersCancelled,
          ordersFilled: rest.ordersFilled,
          position,
          realizedPnl,
          marked: marked ? { mid, unrealizedPnl, equity: realizedPnl + unrealizedPnl } : undefined,
          drawdownPercent: drawdownMicroPercent / 1e6,
        });
      }),
      { numRuns: 40 },
    );
  });

  it("of a range are those of its minutes, both ends included, of that market alone, oldest first", async () => {
    const [market, other] = [newMarket(), newMarket()];
    for (const minutes of [3, 0, 1, 4, 2]) await write(market, makePart(1, { ordersPlaced: minutes }), minutes);
    await write(other, makePart(1), 2);
    await task.putMarkouts(at(market, 2), { epoch: 1, part: 1, fills: [makeMarkout("F-1")] });
    const placed = async (from: string, to: string) =>
      (await read(market, { from, to })).map(({ ordersPlaced }) => ordersPlaced);
    expect(await placed("2026-01-02T03:05", "2026-01-02T03:07")).toEqual([1, 2, 3]);
    expect(await placed("2026-01-02T03:04", "2026-01-02T03:04")).toEqual([0]);
    expect(await placed("2026-01-02T03:09", "2026-01-02T23:00")).toEqual([]);
  });

  it.each([
    ["2026-01-02T03:03", undefined],
    ["2026-01-02T03:04", "2026-01-02T03:04"],
    ["2026-01-02T03:08", "2026-01-02T03:04"],
    ["2026-01-02T03:09", "2026-01-02T03:09"],
    ["2026-02-01T00:00", "2026-01-02T03:09"],
  ])("the last at or before %s is %s", async (minute, expected) => {
    const market = newMarket();
    await write(market, makePart(1), 0);
    await write(market, makePart(1), 5);
    expect((await lastMinuteAtOrBefore(table, market, minute))?.minute).toBe(expected);
  });

  it("two tasks' minute is read as one", async () => {
    const market = newMarket();
    await write(market, makePart(8, { twoSidedMs: 20_000, closing: { ...makeFigures().closing, position: 5n } }));
    await write(market, makePart(7, { twoSidedMs: 20_000 }));
    expect(await read(market)).toMatchObject([{ epoch: 8, ordersPlaced: 24, twoSidedSeconds: 40, position: 5n }]);
  });
});

describe("markouts", () => {
  it("are read as the task wrote them, of the minutes asked for", async () => {
    const market = newMarket();
    const first = [
      makeMarkout("F-1"),
      makeMarkout("F-2", { side: "buy", level: undefined, mids: [undefined, 7n, ONE] }),
    ];
    await task.putMarkouts(at(market), { epoch: 1, part: 1, fills: first });
    await task.putMarkouts(at(market), { epoch: 12, part: 1, fills: [makeMarkout("F-3", { level: -1 })] });
    await task.putMarkouts(at(market, 1), { epoch: 1, part: 2, fills: [makeMarkout("F-4")] });
    const of = async (from: string, to: string) => await readMarkouts(table, market, { from, to });
    expect(await of("2026-01-02T03:04", "2026-01-02T03:04")).toEqual([...first, makeMarkout("F-3", { level: -1 })]);
    expect((await of("2026-01-02T03:04", "2026-01-02T03:05")).map(({ fillId }) => fillId)).toEqual([
      "F-1",
      "F-2",
      "F-3",
      "F-4",
    ]);
    expect(await of("2026-01-02T03:06", "2026-01-02T03:09")).toEqual([]);
  });
});

describe("a long range", () => {
  it("comes over several pages", async () => {
    const market = newMarket();
    const fills = Array.from({ length: 500 }, (_, index) => makeMarkout(`F-${index}-${"x".repeat(120)}`));
    for (const minutes of [0, 1, 2, 3, 4, 5]) await task.putMarkouts(at(market, minutes), { epoch: 1, part: 1, fills });
    // A query answers with a mebibyte at most: these are more.
    expect(await readMarkouts(table, market, day)).toHaveLength(6 * fills.length);
  });
});

describe("an item that is not as it should be is an error that names what", () => {
  const minute = {
    ...{ epoch: { N: "1" }, measuredSeconds: { N: "60" }, twoSidedSeconds: { N: "60" }, drawdownPercent: { N: "0" } },
    ...{ ordersPlaced: { N: "1" }, ordersCancelled: { N: "0" }, ordersFilled: { N: "0" } },
    ...{ position: { N: "1" }, realizedPnl: { N: "1" } },
  };

  it("and as it should be it is read, what is not known left out", async () => {
    const market = newMarket();
    const Item = { ...minute, pk: { S: `ENGINE#${market}` }, sk: { S: "MINUTE#2026-01-02T03:04" } };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item }));
    expect(await read(market)).toMatchObject([{ position: ONE, spreads: undefined, marked: undefined }]);
  });

  it("and where it says more than is counted, or not how long it was measured, it is read all the same", async () => {
    const market = newMarket();
    const { measuredSeconds: _, ...unmeasured } = minute;
    const Item = {
      ...unmeasured,
      ...{ drawdownPercent: { N: "0.0033333333333333335" }, realizedPnl: { N: "-0.0000000000000000025" } },
      ...{ position: { N: "12345678901234567890.123456789012345678" } },
      ...{ pk: { S: `ENGINE#${market}` }, sk: { S: "MINUTE#2026-01-02T03:04" } },
    };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item }));
    expect(await read(market)).toMatchObject([
      {
        measuredSeconds: 60,
        // Half-way at the 18th decimal, to the even one.
        drawdownPercent: 0.003333333333333334,
        realizedPnl: -2n,
        position: 12_345_678_901_234_567_890_123_456_789_012_345_678n,
      },
    ]);
  });

  it.each([
    ["MINUTE#2026-01-02T03:04", "epoch", { epoch: { S: "1" } }],
    ["MINUTE#2026-01-02T03:04", "ordersPlaced", { ordersPlaced: { N: "1.5" } }],
    ["MINUTE#2026-01-02T03:04", "twoSidedSeconds", { twoSidedSeconds: { N: "60.001" } }],
    ["MINUTE#2026-01-02T03:04", "measuredSeconds", { measuredSeconds: { N: "-1" } }],
    ["MINUTE#2026-01-02T03:04", "spreadSelfBps", { spreadOthersBps: { N: "1" } }],
    ["MINUTE#2026-01-02T03:04", "unrealizedPnl", { mid: { N: "1" } }],
    ["MINUTE#2026-01-02T03:04", "position", { position: { S: "NaN" } }],
    ["MINUTE#2026-01-02T03:04#late", "sk", {}],
  ])("%s: %s", async (sk, what, changed) => {
    const market = newMarket();
    const Item = { ...minute, ...changed, pk: { S: `ENGINE#${market}` }, sk: { S: sk } };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item }));
    const failed = await read(market).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(InputError);
    expect(String(failed)).toContain(`${what} must be`);
  });

  const fill = {
    ...{ fillId: { S: "F" }, venueTime: { S: "2026" }, side: { S: "buy" }, price: { N: "1" }, size: { N: "1" } },
    ...{ midAtFill: { N: "1" }, mids: { L: [{ N: "1" }, { N: "1" }, { N: "1" }] } },
  };

  it.each([
    ["fills", { fills: { S: "none" } }],
    ["a fill's markouts", { fills: { L: [{ S: "F" }] } }],
    ["fillId", { fills: { L: [{ M: { ...fill, fillId: { N: "1" } } }] } }],
    ["side", { fills: { L: [{ M: { ...fill, side: { S: "both" } } }] } }],
    ["level", { fills: { L: [{ M: { ...fill, level: { S: "0" } } }] } }],
    ["mids", { fills: { L: [{ M: { ...fill, mids: { L: [{ N: "1" }] } } }] } }],
    ["mid", { fills: { L: [{ M: { ...fill, mids: { L: [{ N: "1" }, { S: "1" }, { N: "1" }] } } }] } }],
  ])("markouts: %s", async (what, attributes) => {
    const market = newMarket();
    const Item = { ...attributes, pk: { S: `ENGINE#${market}` }, sk: { S: "MARKOUTS#2026-01-02T03:04#1#1" } };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item }));
    const failed = await readMarkouts(table, market, day).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(InputError);
    expect(String(failed)).toContain(`${what} must be`);
  });
});
