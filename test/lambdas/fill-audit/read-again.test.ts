import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadState } from "../../../lambdas/fill-audit/audit-items.ts";
import { toFillText, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { type LedgerTable, readItem } from "../../../lambdas/ledger-table.ts";
import { auditPartition } from "../../../lambdas/proof-items.ts";
import type { FaultEffect } from "../../../sim/cambrian-api/faults.ts";
import type { ExchangeFill } from "../../../sim/exchange/account-records.ts";
import { expectBooks } from "../fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { type AuditWorld, makeAuditWorld, putFact, toMessage } from "./audit-world.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

/** At noon, with a fill each ten minutes from 07:00 to 11:50 that both have and that were compared once: five pages of six. */
async function makeComparedWorld(options: Parameters<typeof makeAuditWorld>[1] = { pageFills: 6 }) {
  const world = makeAuditWorld(table, options);
  const times = Array.from({ length: 30 }, (_, index) => new Date(Date.UTC(2026, 0, 2, 7, 10 * index)).toISOString());
  await world.book(times.map((at) => world.history.add(at.slice(11, 16), at)));
  expect(await world.audit()).toMatchObject({
    state: "clean",
    checkedTotal: 30,
    againSince: "2026-01-02T12:00:00.000Z",
  });
  return world;
}

/** A fill that is written down and announced, as if its fold were yet to come. */
async function makeWait(fill: ExchangeFill): Promise<void> {
  const key = toFillText({ venueTime: fill.timestamp, fillId: fill.fillId });
  await table.client.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: toMarketKey(fill.market, "POSITION"),
      UpdateExpression: "ADD pending :keys",
      ExpressionAttributeValues: { ":keys": { SS: [key] } },
    }),
  );
}

/** The next run of the schedule, which asks for these pages. */
async function auditLater(world: AuditWorld, how: Parameters<AuditWorld["audit"]>[0] = {}) {
  world.clock.advance(300_000);
  const before = world.paths.length;
  const word = await world.audit(how);
  return { word, paths: world.paths.slice(before) };
}

/** Runs until so many rounds are whole; answers each run. */
async function auditRounds(world: AuditWorld, rounds: number) {
  const runs: Awaited<ReturnType<typeof auditLater>>[] = [];
  let since = (await loadState(table, world.market))?.again.since;
  for (let whole = 0; whole < rounds; ) {
    const run = await auditLater(world);
    runs.push(run);
    if (run.word.againSince !== since) whole++;
    since = run.word.againSince;
    if (runs.length > 20) throw new Error("the round comes to no end");
  }
  return runs;
}

describe("older history, which no usual comparison reads again", () => {
  it("is compared round and round, each page once a round and two a run at most, and each run says how far it is", async () => {
    const world = await makeComparedWorld();
    const runs = await auditRounds(world, 2);
    expect(runs.every(({ word }) => word.state === "clean" && word.complete && word.checkedTotal === 30)).toBe(true);
    // The usual part is two pages, and one as soon as it begins at the end of the last fill.
    expect(runs.map(({ paths }) => paths.length)).toEqual([4, 4, 2, 3, 3, 2]);
    expect(runs.map(({ word }) => word.checkedAgain)).toEqual([12, 12, 6, 12, 12, 6]);
    expect(runs.map(({ word }) => word.againThrough)).toEqual([
      "2026-01-02T08:50:00.000Z",
      "2026-01-02T10:50:00.000Z",
      undefined,
      "2026-01-02T08:50:00.000Z",
      "2026-01-02T10:50:00.000Z",
      undefined,
    ]);
    // A round has compared everything since it began, which its last run is the first to say.
    const beginnings = [runs[0]?.word.checkedAt, runs[3]?.word.checkedAt];
    expect([runs[2]?.word.againSince, runs[5]?.word.againSince]).toEqual(beginnings);
    const latest = await readItem(table, { pk: { S: auditPartition(world.market) }, sk: { S: "LATEST" } });
    expect(latest).toMatchObject({ checkedAgain: { N: "6" }, againSince: { S: runs[5]?.word.againSince } });
  });

  it("shows a fill that the venue published hours late: it is queued, booked and counted once", async () => {
    const world = await makeComparedWorld();
    world.history.add("late", "09:05:00.000");
    const words: unknown[] = [];
    for (let run = 0; run < 3 && world.queued.length === 0; run++) words.push((await auditLater(world)).word);
    expect(words.at(-1)).toMatchObject({ state: "repairing", missing: 1, checkedTotal: 31, complete: true });
    await world.bookQueued();
    await expectBooks(table, world.market, world.history.fills.map(toMessage));
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", missing: 0, checkedTotal: 31 });
  });

  it("holds nothing against the venue of the millisecond in which a stretch ends, whose fills stand on the next page too", async () => {
    const world = makeAuditWorld(table, { pageFills: 6 });
    const early = Array.from({ length: 11 }, (_, index) => new Date(Date.UTC(2026, 0, 2, 7, 10 * index)).toISOString());
    const bound = Array.from({ length: 3 }, () => "2026-01-02T08:50:00.000Z");
    const late = Array.from({ length: 10 }, () => "2026-01-02T11:50:00.000Z");
    await world.book([...early, ...bound, ...late].map((at, index) => world.history.add(`F${index}`, at)));
    expect(await world.audit()).toMatchObject({ state: "clean" });
    const states: string[] = [];
    for (let run = 0; run < 4; run++) states.push((await auditLater(world)).word.state);
    expect(states).toEqual(["clean", "clean", "clean", "clean"]);
  });

  it("holds nothing against a venue that keeps its history for a time alone", async () => {
    const world = await makeComparedWorld();
    world.history.fills.splice(0, 6);
    const runs = await auditRounds(world, 2);
    expect(runs.map(({ word }) => [word.state, word.unknownToVenue])).toEqual(runs.map(() => ["clean", 0]));
  });

  it("shows a trade that was booked again under another id and an older time, until it is gone", async () => {
    const world = await makeComparedWorld();
    const twice = world.history.add("twice", "09:05:00.000");
    world.history.fills.splice(world.history.fills.indexOf(twice), 1);
    await world.book([twice]);
    const runs = await auditRounds(world, 1);
    expect(runs.map(({ word }) => word.unknownToVenue)).toEqual([0, 1, 1]);
    expect(runs.at(-1)?.word).toMatchObject({ state: "different", reason: "fills unknown to the venue: 1" });
    // The venue's own word mends it, at the next round.
    world.history.fills.push(twice);
    world.history.fills.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
    expect((await auditRounds(world, 1)).at(-1)?.word).toMatchObject({ state: "clean", unknownToVenue: 0 });
  });

  it("shows a fact that says something else", async () => {
    const world = await makeComparedWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("thirty fills");
    await putFact(table, { ...toMessage(first), price: "0.5" });
    expect((await auditLater(world)).word).toMatchObject({ state: "different", different: 1 });
    await putFact(table, toMessage(first));
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", different: 0 });
  });

  it("counts no fill again whose fact waits for a fold", async () => {
    const world = await makeComparedWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("thirty fills");
    await makeWait(first);
    expect((await auditLater(world)).word).toMatchObject({ state: "repairing", missing: 1, checkedTotal: 30 });
    await world.bookQueued();
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", missing: 0, checkedTotal: 30 });
  });

  it("takes nothing back that the usual part has found behind it", async () => {
    const world = await makeComparedWorld({ pageFills: 100 });
    const waiting = world.history.add("waiting", "12:01:00.000");
    await world.book([waiting]);
    for (let run = 0; run < 2; run++) await auditLater(world);
    await makeWait(waiting);
    // The page of the older history shows it too, behind the end of the stretch.
    expect((await auditLater(world)).word).toMatchObject({ state: "repairing", missing: 1, checkedAgain: 30 });
    expect(world.queued).toMatchObject([{ fillId: waiting.fillId }]);
  });
});

describe("a run compares older history", () => {
  it("when the usual part has come to its end and time is left, and not before", async () => {
    const world = await makeComparedWorld();
    const hurried = await auditLater(world, { forMs: 3_900 });
    expect(hurried).toMatchObject({ word: { state: "clean", complete: true, checkedAgain: 0 }, paths: { length: 2 } });
    const times = Array.from({ length: 24 }, (_, index) => new Date(Date.UTC(2026, 0, 2, 12, 0, index)).toISOString());
    await world.book(times.map((at) => world.history.add(at, at)));
    const cut = await auditLater(world, { forMs: 4_500 });
    expect(cut.word).toMatchObject({ state: "repairing", complete: false, checkedAgain: 0, againThrough: undefined });
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", checkedAgain: 12 });
  });

  it("from its beginning where what an older function wrote does not say how far it was", async () => {
    const world = await makeComparedWorld();
    await auditLater(world);
    const Key = { pk: { S: auditPartition(world.market) }, sk: { S: "CURSOR" } };
    const UpdateExpression = "REMOVE againAt, againBeganAt, againSince";
    await table.client.send(new UpdateItemCommand({ TableName: TABLE_NAME, Key, UpdateExpression }));
    expect((await auditLater(world)).word).toMatchObject({
      state: "clean",
      checkedAgain: 12,
      againThrough: "2026-01-02T08:50:00.000Z",
      againSince: undefined,
    });
  });

  it("and holds its clean word though the venue does not answer that question, whose place is kept", async () => {
    const world = await makeComparedWorld();
    await auditLater(world);
    const { again } = (await loadState(table, world.market)) ?? {};
    const effect: FaultEffect = { type: "status", status: 503 };
    const { page } = world.history;
    world.history.page = (cursor, limit) => {
      // Behind the last page of the usual part, each try of a question.
      if (cursor?.includes("11:50") === true) world.api.faults.inject({ route: "fills", when: "before", effect }, 10);
      return page(cursor, limit);
    };
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", complete: true, checkedAgain: 0 });
    expect(world.lines.filter(({ level }) => level === "warn")).toMatchObject([
      { message: "older history could not be compared again", fields: { market: world.market } },
    ]);
    expect((await loadState(table, world.market))?.again).toEqual(again);
    world.history.page = page;
    world.api.faults.clear();
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", checkedAgain: 12 });
  });

  it("from its beginning once the venue refuses the cursor of the round, whose word it does not take", async () => {
    const world = await makeComparedWorld();
    await auditLater(world);
    const { page } = world.history;
    world.history.page = (cursor, limit) => {
      if (cursor?.includes("08:50") === true) world.history.forgetCursors();
      return page(cursor, limit);
    };
    expect((await auditLater(world)).word).toMatchObject({ state: "clean", checkedAgain: 0, againThrough: undefined });
    world.history.page = page;
    expect((await loadState(table, world.market))?.again.place).toEqual({ cursor: undefined, through: undefined });
  });

  it("and fails where the ledger's own old facts cannot be read", async () => {
    const world = await makeComparedWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("thirty fills");
    const sk = `FILL#${first.timestamp}#${first.fillId}`;
    await table.client.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: toMarketKey(world.market, sk),
        UpdateExpression: "REMOVE price",
      }),
    );
    expect((await auditLater(world)).word).toMatchObject({ state: "failed", reason: expect.stringContaining("price") });
  });
});
