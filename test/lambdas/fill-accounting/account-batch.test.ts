import { BatchWriteItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FillMessage, parseFillMessage } from "../../../core/messages.ts";
import { accountBatch } from "../../../lambdas/fill-accounting/account-batch.ts";
import { encodeFill, type ItemKey, toClaimKey, toFillText, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { countFills, type LedgerTable, readBooks, readItem, readPosition } from "../../../lambdas/ledger-table.ts";
import { deliver, deliverAll, expectBooks, makeAccounting } from "./deliver.ts";
import { type Fault, type LedgerCloud, startLedgerCloud, TABLE_NAME } from "./ledger-cloud.ts";
import { makeMessage, makeRecord } from "./make-messages.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
let oddMarkets = 0;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

/** `count` fills of a market, one each 200 ms, from a minute of 03:00 on. */
function makeSeries(market: string, count: number, minute = 0): FillMessage[] {
  return Array.from({ length: count }, (_, index) =>
    makeMessage({
      market,
      fillId: `${market}-${minute}-${index}`,
      side: index % 2 ? "sell" : "buy",
      venueTime: new Date(Date.UTC(2026, 0, 2, 3, minute) + index * 200).toISOString(),
    }),
  );
}

async function writeItems(items: readonly { key: ItemKey; message: FillMessage }[]): Promise<void> {
  for (let at = 0; at < items.length; at += 25) {
    const requests = items
      .slice(at, at + 25)
      .map(({ key, message }) => ({ PutRequest: { Item: { ...encodeFill(parseFillMessage(message)), ...key } } }));
    await table.client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: requests } }));
  }
}

describe("a batch of the fills queue", () => {
  it("writes the items that others read", async () => {
    await deliverAll(table, [makeMessage({ market: "AAA/USDC", fillId: "aaa-1" })]);
    expect(await readItem(table, toMarketKey("AAA/USDC", "FILL#2026-01-02T03:04:05.678Z#aaa-1"))).toMatchObject({
      fillId: { S: "aaa-1" },
      price: { N: "0.4213" },
      size: { N: "40" },
      midAtFill: { N: "0.42145" },
    });
    expect(await readItem(table, toMarketKey("AAA/USDC", "POSITION"))).toMatchObject({
      position: { N: "40" },
      averageCost: { N: "0.4213" },
      realizedPnl: { N: "-0.0016" },
      fees: { N: "0.0016" },
      feesByAsset: { M: { USDC: { N: "0.0016" } } },
      volume: { N: "16.852" },
      fillCount: { N: "1" },
      lastFillTime: { S: "2026-01-02T03:04:05.678Z" },
      version: { N: "1" },
    });
    expect(await readItem(table, toMarketKey("AAA/USDC", "HOUR#2026-01-02T03"))).toMatchObject({
      volume: { N: "16.852" },
      fees: { N: "0.0016" },
      realizedPnl: { N: "-0.0016" },
      fillCount: { N: "1" },
      buyVolume: { N: "16.852" },
      sellVolume: { N: "0" },
    });
  });

  it("reports a message that cannot be read, and books the others", async () => {
    const accounting = makeAccounting(table);
    const good = makeSeries("BBB/USDC", 2);
    const tooDeep = `{"version":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    const bad = ["not JSON", { ...good[0], price: "NaN" }, { hello: 1 }, tooDeep].map(makeRecord);
    const records = [...bad, ...good.map(makeRecord)];
    const { batchItemFailures } = await accountBatch(accounting, records);
    expect(batchItemFailures).toEqual(bad.map((record) => ({ itemIdentifier: record.messageId })));
    expect(accounting.troubles).toEqual(bad.map(() => "undecodable"));
    expect(accounting.lines[1]).toContain('price must be a decimal string such as \\"0.4213\\", was \\"NaN\\"');
    await expectBooks(table, "BBB/USDC", good);
  });

  it("begins no part that there is no time for: what is booked is told, the rest comes again and is booked then", async () => {
    const accounting = makeAccounting(table);
    const messages = makeSeries("TIM/USDC", 260);
    const records = messages.map(makeRecord);
    // Each look takes four seconds: the first part took as long, and a second one would not fit.
    let leftMs = 13_000;
    const timeLeftMs = () => {
      leftMs -= 4_000;
      return leftMs;
    };
    const { batchItemFailures } = await accountBatch(accounting, records, timeLeftMs);
    expect(batchItemFailures).toEqual(records.slice(250).map(({ messageId }) => ({ itemIdentifier: messageId })));
    expect(new Set(accounting.troubles)).toEqual(new Set(["time"]));
    await expectBooks(table, "TIM/USDC", messages.slice(0, 250));
    await deliverAll(table, messages.slice(250));
    await expectBooks(table, "TIM/USDC", messages);
  });

  it("reports every message of a batch that can all not be read, without an error of its own", async () => {
    const records = [makeRecord("{"), makeRecord("[]")];
    const { batchItemFailures } = await accountBatch(makeAccounting(table), records);
    expect(batchItemFailures).toHaveLength(2);
  });

  it("keeps a fill aside that comes again with other contents, whatever differs", async () => {
    const [first, second] = makeSeries("CCC/USDC", 2);
    if (first === undefined || second === undefined) throw new Error("two messages");
    await deliverAll(table, [first]);
    const others = [
      { ...first, price: "0.5" },
      { ...first, venueTime: "2026-01-02T09:00:00.000Z" },
      { ...first, market: "CCD/USDC" },
    ];
    const accounting = makeAccounting(table);
    // Delivered two times: what is set aside is written once for each of the contents.
    for (let delivery = 0; delivery < 2; delivery++) {
      const { batchItemFailures } = await accountBatch(accounting, [...others, second].map(makeRecord));
      expect(batchItemFailures).toEqual([]);
    }
    expect(accounting.troubles).toEqual(Array.from({ length: 6 }, () => "conflict"));
    await expectBooks(table, "CCC/USDC", [first, second]);
    expect(await countFills(table, "CCD/USDC")).toBe(0);
    expect((await readBooks(table, "CCD/USDC")).fillCount).toBe(0);
  });

  it("lets the mid and the engine of the first copy stand", async () => {
    const message = makeMessage({ market: "DDD/USDC", fillId: "ddd-1" });
    await deliverAll(table, [message]);
    expect(await deliver(table, [{ ...message, engineId: "engine-2", midAtFill: "0.5", price: "0.42130" }])).toEqual(
      [],
    );
    const fact = await readItem(table, toMarketKey("DDD/USDC", `FILL#${toFillText(message)}`));
    expect(fact).toMatchObject({ engineId: { S: "engine-1" }, midAtFill: { N: "0.42145" } });
    await expectBooks(table, "DDD/USDC", [message]);
  });

  it("books a fill of an order that is not ours by name, and a fee in a third asset, and raises both", async () => {
    const message = makeMessage({ market: "EEE/USDC", fillId: "eee-1", clientOrderId: "", feeAsset: "ATOM" });
    const accounting = makeAccounting(table);
    for (let delivery = 0; delivery < 2; delivery++) await accountBatch(accounting, [makeRecord(message)]);
    expect(accounting.troubles).toEqual(["third-asset-fee", "foreign-order"]);
    await expectBooks(table, "EEE/USDC", [message]);
  });

  it.each(["before", "after"] as const)(
    "raises what is odd about a fill at least once, whichever write's process ends %s it, and not after it is booked",
    async (how) => {
      const deliverOdd = async (fault: Fault | undefined) => {
        oddMarkets++;
        const market = `O${how === "after" ? "A" : "B"}${oddMarkets}/USDC`;
        const message = makeMessage({ market, fillId: market, clientOrderId: "theirs", feeAsset: "ATOM" });
        const faulty = cloud.connect(fault);
        const broken = makeAccounting(faulty);
        await accountBatch(broken, [makeRecord(message)]);
        const whole = makeAccounting(table);
        await accountBatch(whole, [makeRecord(message)]);
        const raised = [...broken.troubles, ...whole.troubles];
        expect(raised, `write ${fault?.atWrite}`).toEqual(expect.arrayContaining(["third-asset-fee", "foreign-order"]));
        const repeat = makeAccounting(table);
        await accountBatch(repeat, [makeRecord(message)]);
        expect(repeat.troubles).toEqual([]);
        return faulty.count.writes;
      };
      const writes = await deliverOdd(undefined);
      expect(writes).toBeGreaterThan(3);
      for (let atWrite = 1; atWrite <= writes; atWrite++) await deliverOdd({ atWrite, how, kills: true });
    },
  );

  it("may be larger than one announcement", async () => {
    const messages = makeSeries("LLL/USDC", 260);
    await deliverAll(table, messages);
    await expectBooks(table, "LLL/USDC", messages);
  });

  it("books the same fill in one batch once", async () => {
    const message = makeMessage({ market: "FFF/USDC", fillId: "fff-1" });
    await deliverAll(table, [message, message, message]);
    await expectBooks(table, "FFF/USDC", [message]);
  });
});

describe("the cost of a batch", () => {
  it("in order does not grow with the fills before it", async () => {
    const market = "GGG/USDC";
    await deliverAll(table, makeSeries(market, 40));
    const costs: { calls: number; itemsRead: number }[] = [];
    for (const minute of [1, 20]) {
      const measured = cloud.connect();
      await deliverAll(measured, makeSeries(market, 10, minute));
      costs.push({ calls: measured.count.calls, itemsRead: measured.count.itemsRead });
      await deliverAll(table, makeSeries(market, 20, minute + 10));
    }
    // Claims and facts, then announcing, the query, the position and the hour.
    expect(costs[0]).toEqual({ calls: 24, itemsRead: 11 });
    expect(costs[1]).toEqual(costs[0]);
  });

  it("with a fill late by seconds is that of the last minutes, not of the hour", async () => {
    const market = "HHH/USDC";
    const late = makeMessage({ market, fillId: "hhh-late", venueTime: "2026-01-02T03:09:00.500Z", price: "0.4" });
    const series = Array.from({ length: 10 }, (_, minute) => makeSeries(market, 5, minute));
    for (const minute of series) await deliverAll(table, minute);
    await deliverAll(table, makeSeries(market, 1, 10));
    const measured = cloud.connect();
    await deliverAll(measured, [late]);
    expect(measured.count.itemsRead).toBeLessThan(25);
    await expectBooks(table, market, [...series.flat(), ...makeSeries(market, 1, 10), late]);
  });
});

describe("a late fill", () => {
  it("takes the states behind it with it: a later late one finds none without it", async () => {
    const market = "MMM/USDC";
    const series = Array.from({ length: 11 }, (_, minute) => makeSeries(market, 1, minute));
    for (const minute of series) await deliverAll(table, minute);
    const late = ["03:06:30.000", "03:08:30.000", "03:09:30.000"].map((time, index) =>
      makeMessage({ market, fillId: `mmm-${index}`, venueTime: `2026-01-02T${time}Z`, price: `0.${3 + index}` }),
    );
    for (const message of late) await deliverAll(table, [message]);
    await expectBooks(table, market, [...series.flat(), ...late]);
  });
});

describe("a fill so late that the time does not suffice to fold all behind it", () => {
  /** A market with a fill in each of thirty hours, and one that is to come before all of them. */
  async function makeVeryLate(market: string) {
    const toFill = (id: string, hour: number) =>
      makeMessage({ market, fillId: `${market}-${id}`, venueTime: new Date(Date.UTC(2026, 0, 2, hour)).toISOString() });
    const booked = Array.from({ length: 30 }, (_, hour) => toFill(`${hour}`, hour + 1));
    await deliverAll(table, booked);
    return { late: toFill("late", 0), booked };
  }

  /** One delivery that ends in order well before its time does, when each request takes 30 ms of a second. */
  async function deliverInASecond(messages: readonly FillMessage[]) {
    const measured = cloud.connect();
    const records = messages.map(makeRecord);
    const accounting = makeAccounting(measured);
    const timeLeftMs = () => 1_000 - 30 * measured.count.calls;
    const { batchItemFailures } = await accountBatch(accounting, records, timeLeftMs);
    expect(timeLeftMs()).toBeGreaterThan(0);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const again = messages.filter((_, index) => failed.has(records[index]?.messageId ?? ""));
    return { again, troubles: accounting.troubles, lines: accounting.lines };
  }

  it("is folded on by each delivery from where the one before it ended", async () => {
    const market = "OOO/USDC";
    const { late, booked } = await makeVeryLate(market);
    const ends: (string | undefined)[] = [];
    for (let again: readonly FillMessage[] = [late]; again.length > 0; ) {
      const delivery = await deliverInASecond(again);
      ({ again } = delivery);
      if (again.length === 0) break;
      expect(delivery.troubles).toEqual(["time"]);
      expect(delivery.lines.at(-1)).toContain("OUT_OF_TIME");
      ends.push((await readPosition(table, market))?.state.books.lastFill?.venueTime);
      if (ends.length > 10) throw new Error("it does not come to its end");
    }
    expect(ends.length).toBeGreaterThan(1);
    expect(ends).toEqual([...new Set(ends)].sort());
    await expectBooks(table, market, [late, ...booked]);
  });

  it("comes again alone: the fills of other markets in its batch are booked", async () => {
    const { late, booked } = await makeVeryLate("PPP/USDC");
    const other = makeSeries("QQQ/USDC", 3);
    const { again } = await deliverInASecond([late, ...other]);
    expect(again).toEqual([late]);
    await expectBooks(table, "QQQ/USDC", other);
    await deliverAll(table, again);
    await expectBooks(table, "PPP/USDC", [late, ...booked]);
  });
});

describe("a long backlog", () => {
  it("of facts that were never folded is folded in rounds, across hours", async () => {
    const market = "III/USDC";
    const facts = [...makeSeries(market, 1_010), ...makeSeries(market, 20, 80)];
    await writeItems(facts.map((message) => ({ key: toMarketKey(market, `FILL#${toFillText(message)}`), message })));
    const last = makeSeries(market, 1, 85);
    await deliverAll(table, last);
    await expectBooks(table, market, [...facts, ...last]);
  }, 60_000);

  it("of announced fills whose deliveries never came back is booked before more are announced", async () => {
    const market = "JJJ/USDC";
    const waiting = makeSeries(market, 750);
    await writeItems(waiting.map((message) => ({ key: toClaimKey(message.fillId), message })));
    await table.client.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: toMarketKey(market, "POSITION"),
        UpdateExpression: "ADD pending :keys",
        ExpressionAttributeValues: { ":keys": { SS: waiting.map(toFillText) } },
      }),
    );
    const next = makeSeries(market, 1, 10);
    await deliverAll(table, next);
    await expectBooks(table, market, [...waiting, ...next]);
  }, 60_000);
});
