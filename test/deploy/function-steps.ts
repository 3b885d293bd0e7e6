/** The functions that nothing but an event starts, as deployed: a report of an hour, a sweep of every integration. */
import assert from "node:assert/strict";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type Place, type Step, until } from "./step.ts";

export const FUNCTION_STEPS: readonly Step[] = [
  ["a report that is asked for on the bus has its chart in the bucket", reportHour],
  ["a sweep that is asked for on the bus writes what it saw", sweep],
];

const HOUR = "2026-01-02T03";
/** The one market of the stage. */
const MARKET = "SEI/USDC";
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** An hour as CONTRACTS 5 has it, of a market that nobody has audited yet. */
const HOUR_ITEM = {
  pk: `MARKET#${MARKET}`,
  sk: `HOUR#${HOUR}`,
  numbers: { volume: 250.5, fees: 0.02, realizedPnl: 1.25, fillCount: 12, buyVolume: 130.5, sellVolume: 120 },
};
const MINUTE_NUMBERS = {
  spreadOthersBps: 46,
  spreadSelfBps: 27,
  spreadImprovementBps: 19,
  ordersPlaced: 6,
  ordersCancelled: 5,
  ordersFilled: 1,
  twoSidedSeconds: 59,
  mid: 0.4213,
  position: 0,
  realizedPnl: 1.25,
  unrealizedPnl: 0,
  equity: 1.25,
  drawdownPercent: 0,
  epoch: 1,
};

async function reportHour({ aws }: Place): Promise<string> {
  const table = await aws.tableName();
  const minutes = Array.from({ length: 60 }, (_, minute) => ({
    pk: `ENGINE#${MARKET}`,
    sk: `MINUTE#${HOUR}:${String(minute).padStart(2, "0")}`,
    numbers: MINUTE_NUMBERS,
  }));
  const items = [HOUR_ITEM, ...minutes];
  for (const { pk, sk, numbers } of items) {
    const figures = Object.entries(numbers).map(([name, value]) => [name, { N: `${value}` }]);
    const Item = { pk: { S: pk }, sk: { S: sk }, ...Object.fromEntries(figures) };
    await aws.dynamodb.send(new PutItemCommand({ TableName: table, Item }));
  }
  await aws.say("Report Requested", { hour: HOUR, dryRun: true });
  const report = async () =>
    (await aws.items(table)).find((each) => each["pk"]?.S === "REPORT" && each["sk"]?.S === HOUR);
  const tookMs = await until("the report is stored", async () => (await report()) !== undefined, 60_000);
  const stored = await report();
  assert.equal(stored?.["state"]?.S, "dry-run", stored?.["reason"]?.S);
  assert.match(stored?.["text"]?.S ?? "", /03:00/);
  const chart = await aws.object(stored?.["chartKey"]?.S ?? "");
  assert.deepEqual([...chart.subarray(0, PNG.length)], PNG, "the chart must be a PNG");
  for (const { pk, sk } of items) {
    await aws.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }));
  }
  return `after ${tookMs} ms, ${Math.round(chart.length / 1_000)} kB`;
}

async function sweep({ aws }: Place): Promise<string> {
  const table = await aws.tableName();
  await aws.say("Health Sweep Requested", {});
  const seen = async () => (await aws.items(table)).filter((each) => each["pk"]?.S === "HEALTH");
  const tookMs = await until(
    "the table and the queue are said to be well",
    async () => {
      const names = (await seen()).map((each) => each["sk"]?.S);
      return names.includes("dynamodb") && names.includes("fills-queue");
    },
    90_000,
  );
  return `after ${tookMs} ms, ${(await seen()).length} integrations`;
}
