/**
 * The law of the ledger: however a market's fills are delivered, the table's items are those of a plain fold. Owns the fills and
 * deliveries that are tried, and the look at the raw items; on which table is the caller's.
 */
import { isDeepStrictEqual } from "node:util";
import { GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { expect } from "vitest";
import type { FillMessage } from "../../../core/messages.ts";
import { accountBatch } from "../../../lambdas/fill-accounting/account-batch.ts";
import type { Item } from "../../../lambdas/ledger-items.ts";
import type { TableHost } from "../../../sim/world/table-host.ts";
import { makeAccounting } from "./deliver.ts";
import { connect, HOW, type TableFault } from "./faulty-table.ts";
import { makeMessage, makeRecord } from "./make-messages.ts";
import { foldByHand, toNumber } from "./reference-books.ts";

/** Deliveries of a case: what fails comes again, and a plan's faults strike once each, so that it ends. */
type Plan = {
  /** Places to take the messages from, one after the other; what is left comes in the order it was made. */
  readonly order: readonly number[];
  /** Messages that come once more, at any time. */
  readonly repeats: readonly number[];
  readonly batchSizes: readonly number[];
  readonly faults: readonly (TableFault | undefined)[];
  /** Batches under way at once, each in a process of its own. */
  readonly lanes: number;
  /** Attempts of the SDK at one request. */
  readonly attempts: number;
  /** Turns of the loop that requests wait for on their way. */
  readonly turns: readonly number[];
};

const DELIVERIES_MAX = 1_000;

/** Three hours, few minutes and equal times, so that ids decide; several fills of an order; every place a fee can stand in. */
const draft = fc.record({
  side: fc.constantFrom("buy", "sell"),
  price: fc.oneof(
    fc.integer({ min: 1, max: 9_999 }).map((ticks) => `0.${String(ticks).padStart(4, "0")}`),
    fc.constantFrom("0.333333333333333333", "12345.000000000000000001", "3"),
  ),
  size: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 160 }).map(String) },
    fc.constantFrom("0.5", "0.000000000000000003", "7.77"),
  ),
  fee: fc.constantFrom("0", "0.0017", "-0.0003", "0.000000000000000001"),
  feeAsset: fc.constantFrom("QUOTE", "BASE", "THIRD"),
  order: fc.nat({ max: 3 }),
  prefix: fc.constantFrom("F", "é", "\uffee", "\u{1f600}"),
  venueTime: fc
    .tuple(fc.integer({ min: 3, max: 5 }), fc.constantFrom("00", "01", "30", "59"), fc.constantFrom("00.000", "07.512"))
    .map(([hour, minute, second]) => `2026-01-02T0${hour}:${minute}:${second}Z`),
});
type Draft = typeof draft extends fc.Arbitrary<infer Value> ? Value : never;

const fault = fc.option(
  fc.record({ at: fc.integer({ min: 1, max: 30 }), how: fc.constantFrom(...HOW), kills: fc.boolean() }),
  { nil: undefined, freq: 4 },
);

/** Few as a rule; now and then so many that another process goes through a whole batch meanwhile. */
const turn = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 3 }) }, fc.constantFrom(20, 60));

/** Fills of one market, and how they are delivered. */
type Delivery = { readonly drafts: readonly Draft[]; readonly plan: Plan };

function plans(fills: number, batchSizes: fc.Arbitrary<number[]>): fc.Arbitrary<Plan> {
  return fc.record({
    order: fc.array(fc.nat(), { minLength: fills, maxLength: fills }),
    repeats: fc.array(fc.nat(), { maxLength: Math.min(100, Math.ceil(fills / 3)) }),
    batchSizes,
    faults: fc.array(fault, { maxLength: 8 }),
    lanes: fc.integer({ min: 1, max: 3 }),
    attempts: fc.constantFrom(1, 3),
    turns: fc.array(turn, { maxLength: 7 }),
  });
}

export const fewFills: fc.Arbitrary<Delivery> = fc.record({
  drafts: fc.array(draft, { minLength: 1, maxLength: 14 }),
  plan: plans(14, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 })),
});

/** Exactly so many, in batches of which some are as large as they are on AWS. */
export function manyFills(count: number): fc.Arbitrary<Delivery> {
  return fc.record({
    drafts: fc.array(draft, { minLength: count, maxLength: count, size: "max" }),
    plan: plans(count, fc.constant([500, 10, 120])),
  });
}

let markets = 0;

/** A market that no other case of this process has touched, since they share a table. */
export function nextMarket(): string {
  markets++;
  return `T${markets}/USDC`;
}

function makeMessages(market: string, drafts: readonly Draft[]): FillMessage[] {
  const [base = "", quote = ""] = market.split("/");
  return drafts.map(({ prefix, order, feeAsset, ...fields }, index) =>
    makeMessage({
      ...fields,
      market,
      fillId: `${prefix}-${market}-${index}`,
      orderId: `O-${market}-${order}`,
      feeAsset: { QUOTE: quote, BASE: base, THIRD: "ATOM" }[feeAsset] ?? "",
    }),
  );
}

/** Delivers every message until nothing comes back, then some of them once more, and holds the raw items to the plain fold. */
export async function tryDelivery(host: TableHost, market: string, { drafts, plan }: Delivery): Promise<void> {
  const messages = makeMessages(market, drafts);
  const waiting = toSequence(messages, plan);
  const faults = [...plan.faults];
  const processes: ReturnType<typeof connect>[] = [];
  for (let deliveries = 0; waiting.length > 0; ) {
    const lanes = Array.from({ length: plan.lanes }, () => {
      deliveries++;
      return waiting.splice(0, plan.batchSizes[deliveries % plan.batchSizes.length] ?? 1);
    });
    if (deliveries > DELIVERIES_MAX + messages.length) throw new Error(`${waiting.length} messages fail for ever`);
    const comeAgain = lanes
      .filter((batch) => batch.length > 0)
      .map(async (batch) => {
        const process = connect(host, { fault: faults.shift(), attempts: plan.attempts, turns: plan.turns });
        processes.push(process);
        return await deliverOnce(process, batch);
      });
    waiting.push(...(await Promise.all(comeAgain)).flat());
  }
  for (const process of processes) await process.settle();
  const again = plan.repeats.flatMap((index) => messages[index % messages.length] ?? []);
  if (again.length > 0) expect(await deliverOnce(connect(host), again)).toEqual([]);
  // A request that arrives when all is over may announce once more what is in the books already.
  const mayWait = plan.faults.some((each) => each?.how === "again-at-the-end");
  await expectItems(host, { market, messages, mayWait });
}

/** One batch to a process of its own; answers the messages that come again: all, when it ended before it could answer. */
export async function deliverOnce(
  process: ReturnType<typeof connect>,
  batch: readonly FillMessage[],
): Promise<readonly FillMessage[]> {
  const records = batch.map(makeRecord);
  const { batchItemFailures } = await accountBatch(makeAccounting(process), records);
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  return batch.filter((_, index) => process.isDead() || failed.has(records[index]?.messageId ?? ""));
}

function toSequence(messages: readonly FillMessage[], { order, repeats }: Plan): FillMessage[] {
  const rest = [...messages];
  const sequence: FillMessage[] = [];
  for (const pick of order) sequence.push(...rest.splice(pick % Math.max(1, rest.length), 1));
  sequence.push(...rest);
  for (const pick of repeats) {
    const message = messages[pick % messages.length];
    if (message !== undefined) sequence.splice((pick * 7) % sequence.length, 0, message);
  }
  return sequence;
}

/** The raw items of a market: figures of the position and of each hour, and every fill whole, text by text. */
export async function expectItems(
  host: TableHost,
  expected: { readonly market: string; readonly messages: readonly FillMessage[]; readonly mayWait?: boolean },
): Promise<void> {
  const { market, messages } = expected;
  const books = foldByHand(market, messages);
  const last = books.fills.at(-1);
  const pk = { S: `MARKET#${market}` };
  const key = { pk, sk: { S: "POSITION" } };
  const { Item } = await host.client.send(
    new GetItemCommand({ TableName: host.tableName, Key: key, ConsistentRead: true }),
  );
  expect(numbersOf(Item, Object.keys(books.position))).toEqual(books.position);
  expect(numbersOf(Item?.["feesByAsset"]?.M)).toEqual(books.feesByAsset);
  expect(Item).toMatchObject({ lastFillTime: { S: last?.venueTime }, lastFillId: { S: last?.fillId } });
  if (expected.mayWait !== true) expect(Item?.["pending"]).toBeUndefined();
  const hours = (await readAll(host, market, "HOUR#")).map((item) => [
    item["hour"]?.S,
    numbersOf(item, Object.keys(books.position).slice(2)),
  ]);
  expect(Object.fromEntries(hours)).toEqual(books.hours);
  const fills = await readAll(host, market, "FILL#");
  expect(fills.map((item) => item["sk"]?.S)).toEqual(
    books.fills.map(({ venueTime, fillId }) => `FILL#${venueTime}#${fillId}`),
  );
  const items = books.fills.map((fill) => ({ pk, ...toItem(fill) }));
  // Thousands of items are compared by the quicker way; only where they differ is it said how.
  if (!isDeepStrictEqual(fills, items)) expect(fills).toEqual(items);
}

function numbersOf(item: Item | undefined, names = Object.keys(item ?? {})) {
  return Object.fromEntries(names.map((name) => [name, item?.[name]?.N]));
}

/** The message as an item: amounts are numbers, which have no needless zeros. */
function toItem({ venueTime, fillId, ...fill }: FillMessage): Item {
  const numbers = ["version", "price", "size", "fee", "midAtFill"];
  const entries = Object.entries({ ...fill, venueTime, fillId, sk: `FILL#${venueTime}#${fillId}` });
  return Object.fromEntries(
    entries.map(([name, value]) => [name, numbers.includes(name) ? { N: toNumber(`${value}`) } : { S: `${value}` }]),
  );
}

/** The items of a market whose sort keys begin so. */
export async function readAll(host: TableHost, market: string, prefix: string): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await host.client.send(
      new QueryCommand({
        TableName: host.tableName,
        KeyConditionExpression: "#pk = :pk AND begins_with(#sk, :prefix)",
        ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
        ExpressionAttributeValues: { ":pk": { S: `MARKET#${market}` }, ":prefix": { S: prefix } },
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: { ...start } }),
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}
