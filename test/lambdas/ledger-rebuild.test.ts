import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Item, toClaimKey, toFillText, toMarketKey } from "../../lambdas/ledger-items.ts";
import type { LedgerTable } from "../../lambdas/ledger-table.ts";
import { lawLength } from "../law-length.ts";
import { deliver, deliverAll, expectBooks } from "./fill-accounting/deliver.ts";
import { type Fault, type LedgerCloud, startLedgerCloud } from "./fill-accounting/ledger-cloud.ts";
import { makeMessage } from "./fill-accounting/make-messages.ts";
import {
  announce,
  beforeCall,
  copyLedger,
  factName,
  figuresOf,
  isFactsQuery,
  isPositionUpdate,
  JUST_AFTER,
  makeHistory,
  putFactItem,
  putItem,
  readLedger,
  rebuild,
  remove,
  sentences,
  spoil,
  verify,
} from "./made-ledger.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
let markets = 100;
const TEMPLATE = "R100/USDC";
let template: readonly Item[] = [];
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
  const history = makeHistory(TEMPLATE);
  for (let at = 0; at < history.length; at += 3) await deliverAll(table, history.slice(at, at + 3));
  template = await readLedger(table, TEMPLATE, history);
});
afterAll(async () => await cloud.close());

async function book() {
  markets++;
  const market = `R${markets}/USDC`;
  const before = await copyLedger(table, template, { from: TEMPLATE, to: market });
  return { market, history: makeHistory(market), before };
}

/** A fill of that time of the history's day. */
function makeFill(market: string, name: string, time: string) {
  return makeMessage({ market, fillId: `${market}-${name}`, venueTime: `2026-01-02T${time}Z`, price: "0.4188" });
}

const HOURS = ["03", "04", "05"].map((hour) => `HOUR#2026-01-02T${hour}`);

/** Takes the books away, all of them, and leaves an hour that no fill stands in. */
async function destroy(market: string): Promise<void> {
  for (const sk of ["POSITION", ...HOURS]) await remove(table, toMarketKey(market, sk));
  await putItem(table, { ...toMarketKey(market, "HOUR#2025-12-31T23"), version: { N: "3" }, fillCount: { N: "1" } });
}

describe("a rebuild", () => {
  it("of books that are right writes nothing, and says so", async () => {
    const { market } = await book();
    const measured = cloud.connect();
    const { books, mending } = await rebuild(measured, market);
    expect(sentences(books)).toEqual([]);
    expect(books).toMatchObject({ fillCount: 8, hoursWritten: 0, hoursRemoved: 0, isPositionWritten: false });
    expect(mending).toEqual({ restored: [], reclaimed: [], setAside: [] });
    expect(measured.count.writes).toBe(0);
  });

  it("of a market without any fill writes nothing", async () => {
    const measured = cloud.connect();
    expect((await rebuild(measured, "NONE/USDC")).books.fillCount).toBe(0);
    expect(measured.count.writes).toBe(0);
  });

  it("makes position and hours from the facts alone, in every figure as they were", async () => {
    const { market, history, before } = await book();
    await destroy(market);
    const { books } = await rebuild(table, market);
    expect(books).toMatchObject({ fillCount: 8, hoursWritten: 3, hoursRemoved: 1, isPositionWritten: true });
    expect(figuresOf(await readLedger(table, market, history))).toEqual(figuresOf(before));
    // And the accounting goes on from there, with a late fill and one of a new hour.
    const later = [makeFill(market, "late", "03:30:00.000"), makeFill(market, "new", "06:00:00.000")];
    await deliverAll(table, later);
    await expectBooks(table, market, [...history, ...later]);
  });

  it("lets the accounting write hours again whose versions were ahead of the books'", async () => {
    const { market, history } = await book();
    await remove(table, toMarketKey(market, "POSITION"));
    const first = makeFill(market, "new", "05:45:00.000");
    await deliverAll(table, [first]);
    await rebuild(table, market);
    await deliverAll(table, [makeFill(market, "late", "04:10:00.000")]);
    await expectBooks(table, market, [...history, first, makeFill(market, "late", "04:10:00.000")]);
    expect(sentences(await verify(table, market))).toEqual([]);
  });

  it("that is dry says what it would write, and writes nothing", async () => {
    const { market, history } = await book();
    await destroy(market);
    await remove(table, toClaimKey(history[0]!.fillId));
    const measured = cloud.connect();
    const { books, mending } = await rebuild(measured, market, { isDryRun: true });
    expect(measured.count.writes).toBe(0);
    expect(sentences(books)).toEqual([
      ...HOURS.map((hour) => `${hour} must be there, was absent`),
      "POSITION must be there, was absent",
      "HOUR#2025-12-31T23 must be absent, was there",
    ]);
    expect(mending.reclaimed.map((fill) => fill.fillId)).toEqual([`${market}-0`]);
  });

  it("takes no side where a fact and its claim contradict each other", async () => {
    const { market, history } = await book();
    const other = { ...history[4]!, price: "0.5" };
    await putFactItem(table, other);
    const { contradicted } = await rebuild(table, market);
    expect(contradicted.map(({ fact, claim }) => [fact.price, claim.price])).toEqual([
      [5n * 10n ** 17n, 4111n * 10n ** 14n],
    ]);
    // The books are the fold of the facts all the same.
    const proof = await verify(table, market);
    expect(proof).toMatchObject({ unclaimed: 1, driftUnits: 0n });
    expect(sentences(proof)).toEqual([
      `FILLID#${other.fillId} must be that of the fact at ${market} ${factName(other)}, was of other contents`,
    ]);
  });

  it("stops at a fact that cannot be read, before it writes anything", async () => {
    const { market, history } = await book();
    await destroy(market);
    await spoil(table, market, { sk: factName(history[6]!), path: "price", value: { S: "dear" } });
    const measured = cloud.connect();
    await expect(rebuild(measured, market)).rejects.toThrow(
      `${market} ${factName(history[6]!)} must be a fact that can be read, was "price must be`,
    );
    expect(measured.count.writes).toBe(0);
    expect(await verify(table, market)).toMatchObject({ unreadable: 1, facts: 8 });
  });

  it("leaves to the accounting what may be on its way", async () => {
    const { market } = await book();
    await deliver(cloud.connect({ atWrite: 1, how: "after", kills: true }), [makeFill(market, "new", "05:31:05.000")]);
    const measured = cloud.connect();
    expect((await rebuild(measured, market, { clock: JUST_AFTER })).mending.restored).toEqual([]);
    expect(measured.count.writes).toBe(0);
  });
});

describe("a rebuild that ends", () => {
  /** Spoils everything a rebuild may write: books, an hour too many, a fact, a claim, a second fact, an announcement. */
  async function spoilAll(market: string, history: ReturnType<typeof makeHistory>): Promise<void> {
    await destroy(market);
    await remove(table, toMarketKey(market, factName(history[2]!)));
    await remove(table, toClaimKey(history[3]!.fillId));
    await putFactItem(table, { ...history[5]!, venueTime: "2026-01-02T04:50:00.000Z" });
    await announce(table, market, [toFillText(history[1]!)]);
  }

  async function run(fault: Fault | undefined, between: readonly ReturnType<typeof makeFill>[] = []): Promise<number> {
    const { market, history } = await book();
    await spoilAll(market, history);
    const struck = cloud.connect(fault);
    const ended = await rebuild(struck, market).then(
      () => "whole",
      () => "broken",
    );
    expect(ended, `write ${fault?.atWrite}`).toBe(fault === undefined ? "whole" : "broken");
    const fills = between.map((fill) => ({ ...fill, market, fillId: `${market}-${fill.fillId}` }));
    await deliverAll(table, fills);
    if (fault !== undefined) await rebuild(table, market);
    expect(sentences(await verify(table, market)), `write ${fault?.atWrite}`).toEqual([]);
    await expectBooks(table, market, [...history, ...fills]);
    return struck.count.writes;
  }

  it("at any write is brought to its end by the next one", async () => {
    const writes = await run(undefined);
    // Claim, set aside, remove, announce, put; an hour removed, two hours, the position, its hour.
    expect(writes).toBe(10);
    for (let atWrite = 1; atWrite <= writes; atWrite++) await run({ atWrite, how: "after", kills: true });
  });

  it("at any write harms nothing that the accounting books before the next one", async () => {
    const fills = [makeFill("X/USDC", "late", "04:25:00.000"), makeFill("X/USDC", "new", "06:01:00.000")];
    for (const atWrite of [5, 6, 7, 8, 9]) await run({ atWrite, how: "after", kills: true }, fills);
  });
});

describe("a rebuild beside the accounting", () => {
  const late = (market: string) => makeFill(market, "late", "03:20:00.000");
  const next = (market: string) => makeFill(market, "next", "05:40:00.000");

  it.each([
    ["an old fill while the facts are read", late, { isIt: isFactsQuery }],
    ["an old fill after the facts were read", late, { isIt: isFactsQuery, nth: 2 }],
    ["an old fill right before the position is written", late, { isIt: isPositionUpdate }],
    ["the next fill while the facts are read", next, { isIt: isFactsQuery }],
    ["the next fill after the facts were read", next, { isIt: isFactsQuery, nth: 2 }],
    ["the next fill right before the position is written", next, { isIt: isPositionUpdate }],
  ])("that books %s ends in the right books", async (_, make, call) => {
    const { market, history } = await book();
    await spoil(table, market, { sk: "POSITION", path: "realizedPnl", value: { N: "1" } });
    await spoil(table, market, { sk: HOURS[0]!, path: "closing.averageCost", value: { N: "2" } });
    const fill = make(market);
    const watched = cloud.connect();
    beforeCall(watched, call, async () => await deliverAll(table, [fill]));
    await rebuild(watched, market);
    await expectBooks(table, market, [...history, fill]);
    expect(sentences(await verify(table, market))).toEqual([]);
  });

  const spoilers = [
    "position",
    "hour",
    "closing",
    "missing hour",
    "stray hour",
    "no position",
    "announcement",
  ] as const;
  async function spoilBy(kind: (typeof spoilers)[number], market: string): Promise<void> {
    switch (kind) {
      case "position":
        return await spoil(table, market, { sk: "POSITION", path: "averageCost", value: { N: "3" } });
      case "hour":
        return await spoil(table, market, { sk: HOURS[1]!, path: "fees", value: { N: "3" } });
      case "closing":
        return await spoil(table, market, { sk: HOURS[1]!, path: "closing.position", value: { N: "3" } });
      case "missing hour":
        return await remove(table, toMarketKey(market, HOURS[0]!));
      case "stray hour":
        return await putItem(table, { ...toMarketKey(market, "HOUR#2026-01-02T01"), version: { N: "2" } });
      case "no position":
        return await remove(table, toMarketKey(market, "POSITION"));
      case "announcement":
        return await announce(table, market, [toFillText(makeHistory(market)[1]!)]);
    }
  }

  it("ends in the right books whatever is spoiled, delivered and cut off", async () => {
    const times = ["02:59:00.000", "03:30:00.000", "04:00:00.000", "04:40:00.000", "05:31:30.000", "06:10:00.000"];
    const plan = fc.record({
      spoiled: fc.subarray([...spoilers], { minLength: 1 }),
      fills: fc.subarray(times, { minLength: 1, maxLength: 4 }),
      fault: fc.option(
        fc.record({
          atWrite: fc.integer({ min: 1, max: 5 }),
          how: fc.constantFrom("before" as const, "after" as const),
          kills: fc.boolean(),
        }),
        { nil: undefined },
      ),
      rebuilds: fc.integer({ min: 1, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ spoiled, fills, fault, rebuilds }) => {
        const { market, history } = await book();
        for (const kind of spoiled) await spoilBy(kind, market);
        const messages = fills.map((time, index) => makeFill(market, `more-${index}`, time));
        const running = messages.map((message) => deliverAll(cloud.connect(), [message]));
        const attempts = Array.from({ length: rebuilds }, (_, index) =>
          rebuild(cloud.connect(index === 0 ? fault : undefined), market).catch(() => undefined),
        );
        await Promise.all([...running, ...attempts]);
        await rebuild(cloud.connect(), market);
        expect(sentences(await verify(table, market))).toEqual([]);
        await expectBooks(table, market, [...history, ...messages]);
      }),
      { numRuns: lawLength({ usual: 10, long: 200 }) },
    );
  });
});
