import { afterAll, describe, expect, it } from "vitest";
import type { Item } from "../../../lambdas/ledger-items.ts";
import { readItem } from "../../../lambdas/ledger-table.ts";
import { putItem } from "../made-ledger.ts";
import { makeReportWorld, type ReportWorld } from "./report-world.ts";

const HOUR = "2026-01-02T11";

const worlds: ReportWorld[] = [];
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
});

type Numbers = Readonly<Record<string, string>>;

const toItem = (pk: string, sk: string, numbers: Numbers, texts: Numbers = {}): Item => ({
  pk: { S: pk },
  sk: { S: sk },
  ...Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, { N: text }])),
  ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }])),
});

/** An hour with what CONTRACTS 5 names of its items, and nothing else. */
function contractItems(market: string, unrealized: readonly string[]): readonly Item[] {
  const at = `${HOUR}:05:00.000Z`;
  const fill = { version: "1", price: "0.4213", size: "40", fee: "0.0016", midAtFill: "0.42145" };
  const books = { averageCost: "0.4213", realizedPnl: "-0.0016", fees: "0.0016", volume: "16.852", fillCount: "1" };
  const hour = { volume: "16.852", fees: "0.0016", realizedPnl: "-0.0016", fillCount: "1" };
  const spreads = { spreadOthersBps: "7.1", spreadSelfBps: "4.7", spreadImprovementBps: "2.4" };
  const orders = { ordersPlaced: "20", ordersCancelled: "17", ordersFilled: "2", twoSidedSeconds: "58.5" };
  const money = { mid: "0.4215", realizedPnl: "-0.0016", equity: "0", drawdownPercent: "0.0033333333333333335" };
  return [
    toItem(`MARKET#${market}`, `FILL#${at}#F-1`, fill, {
      ...{ engineId: "e1", market, fillId: "F-1", orderId: "O-1", clientOrderId: "fm-1-SEIUSDC-b0-1", side: "buy" },
      ...{ feeAsset: "USDC", liquidity: "maker", venueTime: at },
    }),
    toItem(`MARKET#${market}`, "POSITION", { ...books, position: "40", version: "1" }, { lastFillTime: at }),
    toItem(`MARKET#${market}`, `HOUR#${HOUR}`, { ...hour, buyVolume: "16.852", sellVolume: "0" }),
    ...unrealized.map((unrealizedPnl, index) =>
      toItem(`ENGINE#${market}`, `MINUTE#${minuteAt(index - 1)}`, {
        ...{ ...spreads, ...orders, ...money, unrealizedPnl },
        ...{ position: "40", epoch: "1", ttl: "1799999999" },
      }),
    ),
  ];
}

const minuteAt = (index: number) => new Date(Date.parse(`${HOUR}:00Z`) + index * 60_000).toISOString().slice(0, 16);

async function worldWith(items: (market: string) => readonly Item[]): Promise<ReportWorld> {
  const world = await makeReportWorld({ isEmpty: true });
  worlds.push(world);
  world.goTo(Date.UTC(2026, 0, 2, 12, 15));
  for (const item of items(world.market)) await putItem(world.table, item);
  return world;
}

/** The last minute before the hour, and those of the hour: the change is 0.02 + 10^-18, rounded. */
const CHANGING = ["0.01", "0.005", ...Array.from({ length: 59 }, () => "0.0300000000000000005")];

describe("a ledger of the contract's items alone", () => {
  it("has a report by the contract's formula, which says that no audit has looked", async () => {
    const world = await worldWith((market) => contractItems(market, CHANGING));
    const startMs = world.timing.epochMs();
    expect(await world.run({})).toMatchObject({ id: HOUR, state: "posted", reason: undefined });
    expect(world.timing.epochMs()).toBe(startMs);
    const item = await readItem(world.table, { pk: { S: "REPORT" }, sk: { S: HOUR } });
    expect(item).toMatchObject({
      isAudited: { BOOL: false },
      realizedPnl: { N: "-0.0016" },
      // 0.0300000000000000005 is half-way, and goes to the even one.
      unrealizedChange: { N: "0.02" },
      pnl: { N: "0.0184" },
      volume: { N: "16.852" },
      ordersPlaced: { N: "1200" },
      uptimePercent: { N: "97.5" },
      fillRatePercent: { N: "10" },
      spreadImprovementPercent: { N: "33.802817" },
    });
    expect(world.x.posts).toHaveLength(1);
  });

  it("counts all that is unrealised where there was no minute before", async () => {
    const world = await worldWith((market) =>
      contractItems(market, CHANGING).filter(({ sk }) => sk?.S !== `MINUTE#${minuteAt(-1)}`),
    );
    await world.run({ hour: HOUR, dryRun: true });
    const item = await readItem(world.table, { pk: { S: "REPORT" }, sk: { S: HOUR } });
    expect(item?.["pnl"]).toEqual({ N: "0.0284" });
  });

  it("is refused at once where its hour has fills and no item, or no minute", async () => {
    const world = await worldWith((market) => contractItems(market, []).filter(({ sk }) => sk?.S !== `HOUR#${HOUR}`));
    const startMs = world.timing.epochMs();
    expect(await world.run({})).toMatchObject({
      state: "skipped",
      reason: expect.stringMatching(/item must be there for 1 fills, was absent; .*wrote no minute/),
    });
    expect(world.timing.epochMs()).toBe(startMs);
  });
});

it("an hour after one whose item states no closing books is told by the contract's formula, and never from empty books", async () => {
  const world = await makeReportWorld();
  worlds.push(world);
  await putItem(world.table, {
    ...toItem(`MARKET#${world.market}`, "HOUR#2026-01-02T09", {
      volume: "1",
      fees: "0",
      realizedPnl: "1",
      fillCount: "1",
    }),
  });
  expect(await world.run()).toMatchObject({ state: "posted" });
  const item = await readItem(world.table, { pk: { S: "REPORT" }, sk: { S: HOUR } });
  expect(item).toMatchObject({ isAudited: { BOOL: false }, fillCount: { N: "2" } });
  // A part of an hour has no formula.
  expect(await world.run({ from: `${HOUR}:30`, to: `${HOUR}:45` })).toMatchObject({
    state: "skipped",
    reason: expect.stringContaining("the hour before has no closing books"),
  });
});

it("an audited hour says that it is", async () => {
  const world = await makeReportWorld();
  worlds.push(world);
  await world.run();
  const item = await readItem(world.table, { pk: { S: "REPORT" }, sk: { S: HOUR } });
  expect(item?.["isAudited"]).toEqual({ BOOL: true });
});
