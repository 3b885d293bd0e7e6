import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FILL_PREFIX, toFillText, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { countFills, type LedgerTable, readItem, readPosition } from "../../../lambdas/ledger-table.ts";
import { auditPartition } from "../../../lambdas/proof-items.ts";
import { deliver, deliverAll, expectBooks } from "../fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { type AuditWorld, makeAuditWorld, putFact, toMessage } from "./audit-world.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

/** A world whose ledger holds the three fills that its venue shows. */
async function makeEvenWorld(options: Parameters<typeof makeAuditWorld>[1] = {}): Promise<AuditWorld> {
  const world = makeAuditWorld(table, options);
  for (const minute of [10, 20, 30]) world.history.add(`f${minute}`, `11:${minute}:00.000`);
  await world.book(world.history.fills);
  return world;
}

const readAudit = async ({ market }: AuditWorld, sk: string) =>
  await readItem(table, { pk: { S: auditPartition(market) }, sk: { S: sk } });

describe("a ledger that holds what the venue shows", () => {
  it("is clean, and the word is written down as the latest and as one of many", async () => {
    const world = await makeEvenWorld();
    expect(await world.audit()).toEqual({
      market: world.market,
      state: "clean",
      reason: undefined,
      checkedFrom: undefined,
      checkedThrough: "2026-01-02T11:58:00.000Z",
      checked: 3,
      checkedTotal: 3,
      checkedAgain: 0,
      againThrough: undefined,
      againSince: "2026-01-02T12:00:00.000Z",
      missing: 0,
      different: 0,
      unknownToVenue: 0,
      identity: 0,
      provenThrough: undefined,
      complete: true,
      cleanAt: "2026-01-02T12:00:00.000Z",
      checkedAt: "2026-01-02T12:00:00.000Z",
    });
    const stored = {
      state: { S: "clean" },
      checkedThrough: { S: "2026-01-02T11:58:00.000Z" },
      checked: { N: "3" },
      checkedTotal: { N: "3" },
      missing: { N: "0" },
      different: { N: "0" },
      unknownToVenue: { N: "0" },
      identity: { N: "0" },
      cleanAt: { S: "2026-01-02T12:00:00.000Z" },
      checkedAt: { S: "2026-01-02T12:00:00.000Z" },
      version: { N: "1" },
    };
    expect(await readAudit(world, "LATEST")).toMatchObject(stored);
    const run = await readAudit(world, "RUN#2026-01-02T12:00:00.000Z");
    expect(run).toMatchObject({ ...stored, ttl: { N: `${Date.UTC(2026, 0, 2, 12) / 1_000 + 35 * 86_400}` } });
    expect(await readAudit(world, "LATEST")).not.toHaveProperty("ttl");
    expect(world.queued).toEqual([]);
  });

  it("is clean with no fill at all", async () => {
    expect(await makeAuditWorld(table).audit()).toMatchObject({ state: "clean", checked: 0, checkedTotal: 0 });
  });

  it("counts each fill once, however often it is read again", async () => {
    const world = await makeEvenWorld();
    await world.audit();
    world.clock.advance(300_000);
    await world.book([world.history.add("f4", "11:59:59.000"), world.history.add("f5", "12:01:00.000")]);
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 2, checkedTotal: 5 });
    world.clock.advance(300_000);
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 2, checkedTotal: 5 });
  });
});

describe("a fill that the ledger lacks", () => {
  it("is queued as the task would have queued it, without a mid, is booked, and all is clean", async () => {
    const world = await makeEvenWorld();
    const lost = world.history.add("lost", "11:15:00.000", { clientOrderId: "" });
    expect(await world.audit()).toMatchObject({
      state: "repairing",
      reason: "fills missing and queued: 1",
      missing: 1,
      checked: 4,
      cleanAt: undefined,
    });
    const { midAtFill: _, ...message } = toMessage(lost);
    expect(world.queued).toEqual([{ ...message, engineId: "fill-audit" }]);
    await world.bookQueued();
    await expectBooks(table, world.market, world.history.fills.map(toMessage));
    expect(await world.audit()).toMatchObject({ state: "clean", missing: 0, checkedTotal: 4 });
  });

  it("is reported and queued at every audit until it is booked, however far the history has gone on", async () => {
    const world = await makeEvenWorld();
    world.history.add("lost", "11:15:00.000");
    await world.audit();
    for (let hour = 12; hour < 15; hour++) {
      world.clock.advance(3_600_000);
      await world.book([world.history.add(`f${hour}`, `${hour}:30:00.000`)]);
      world.queued.length = 0;
      expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1, cleanAt: undefined });
      expect(world.queued).toMatchObject([{ fillId: `${world.market}-lost` }]);
    }
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "clean", missing: 0, checkedTotal: 7 });
  });

  it("is on its way while it is younger than the grace: not queued, not counted, and looked at again", async () => {
    const world = await makeEvenWorld();
    const young = world.history.add("young", "11:59:00.000");
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 3, checkedTotal: 3, missing: 0 });
    expect(world.queued).toEqual([]);
    expect(await world.audit({ graceMs: 0 })).toMatchObject({ state: "repairing", missing: 1 });
    expect(world.queued).toMatchObject([{ fillId: young.fillId }]);
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "clean", checkedTotal: 4 });
  });

  it("is found though the venue shows it late, between fills that were compared before", async () => {
    const world = await makeEvenWorld();
    const recent = ["11:45:00.000", "11:50:00.000", "11:55:00.000"];
    await world.book(recent.map((at) => world.history.add(at, at)));
    await world.audit();
    world.clock.advance(300_000);
    world.history.add("late", "11:47:00.000");
    expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1, checkedTotal: 7 });
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "clean", checkedTotal: 7 });
    await expectBooks(table, world.market, world.history.fills.map(toMessage));
  });

  it("is missing still when its delivery ended before the books, and the next one brings it there", async () => {
    const world = await makeEvenWorld();
    const halfway = world.history.add("halfway", "11:25:00.000");
    // Claim, announcement and fact are written, the fold is not, and the message never comes again.
    await deliver(cloud.connect({ atWrite: 4, how: "before", kills: true }), [toMessage(halfway)]);
    expect([...((await readPosition(table, world.market))?.pending ?? [])]).toHaveLength(1);
    expect(await countFills(table, world.market)).toBe(4);
    expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1 });
    await world.bookQueued();
    await expectBooks(table, world.market, world.history.fills.map(toMessage));
    expect(await world.audit()).toMatchObject({ state: "clean" });
  });

  it("stays reported when the queue cannot be reached, and is queued by the next audit", async () => {
    const world = await makeEvenWorld();
    world.history.add("lost", "11:15:00.000");
    world.queueFaults.push(new Error("the queue is away"));
    expect(await world.audit()).toMatchObject({ state: "failed", reason: "the queue is away", missing: 1 });
    expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1 });
    expect(world.queued).toHaveLength(1);
  });
});

describe("a fill that says something else", () => {
  it.each([
    ["price", { price: "0.4214" }],
    ["size", { quantity: "41" }],
    ["side", { side: "sell" }],
    ["fee", { fee: "0.0017" }],
    ["fee asset", { feeAsset: "SEI" }],
    ["order", { orderId: "O-other" }],
    ["client order", { clientOrderId: "" }],
    ["liquidity", { liquidity: "taker" }],
    ["venue time", { timestamp: "2026-01-02T11:12:00.000Z" }],
  ] as const)("by its %s is different, stays so, and is neither queued nor a reason to halt", async (_what, fields) => {
    const world = await makeEvenWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("three fills");
    world.history.fills[0] = { ...first, ...fields };
    for (let audit = 0; audit < 2; audit++) {
      expect(await world.audit()).toMatchObject({
        state: "different",
        reason: "fills that differ: 1",
        different: 1,
        missing: 0,
        unknownToVenue: 0,
        cleanAt: undefined,
      });
      world.clock.advance(3_600_000);
    }
    expect(world.queued).toEqual([]);
    expect(world.announced).toEqual([]);
    expect(world.lines.filter(({ level }) => level === "error")).toMatchObject([
      { message: "fill differs between the venue and the ledger", fields: { fillId: first.fillId, kind: "different" } },
    ]);
  });

  it("is equal where only the way of writing its amounts is another", async () => {
    const world = await makeEvenWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("three fills");
    world.history.fills[0] = { ...first, price: "0.42130", quantity: "40.0" };
    expect(await world.audit()).toMatchObject({ state: "clean" });
  });

  it("is different no more once the ledger says the same", async () => {
    const world = await makeEvenWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("three fills");
    const right = { ...first, price: "0.4214" };
    world.history.fills[0] = right;
    await world.audit();
    await putFact(table, toMessage(right));
    expect(await world.audit()).toMatchObject({ state: "clean", different: 0 });
  });

  it("and was kept aside by the accounting counts as one that differs, until somebody has looked", async () => {
    const world = await makeEvenWorld();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("three fills");
    await deliverAll(table, [
      { ...toMessage(first), price: "0.5" },
      { ...toMessage(first), price: "0.6" },
    ]);
    expect(await world.audit()).toMatchObject({ state: "different", different: 1 });
  });
});

describe("a fill that the venue does not show", () => {
  const ghost = (world: AuditWorld, at: string) => {
    const fill = world.history.add("ghost", at);
    world.history.fills.splice(world.history.fills.indexOf(fill), 1);
    return fill;
  };

  it.each([
    ["before the first of the venue's", "11:00:00.000"],
    ["in the millisecond of the first", "11:10:00.000"],
    ["between two", "11:15:00.000"],
    ["in the millisecond of one between", "11:20:00.000"],
    ["in the millisecond of the last", "11:30:00.000"],
    ["behind the last", "11:40:00.000"],
  ])("%s is unknown to the venue, and stays so", async (_where, at) => {
    const world = await makeEvenWorld();
    await world.book([ghost(world, at)]);
    for (let audit = 0; audit < 2; audit++) {
      expect(await world.audit()).toMatchObject({ state: "different", unknownToVenue: 1, missing: 0, different: 0 });
      world.clock.advance(3_600_000);
    }
    expect(world.announced).toEqual([]);
  });

  it("is left for the next time while it is younger than the grace", async () => {
    const world = await makeEvenWorld();
    await world.book([ghost(world, "11:59:00.000")]);
    expect(await world.audit()).toMatchObject({ state: "clean", unknownToVenue: 0 });
    world.clock.advance(300_000);
    expect(await world.audit()).toMatchObject({ state: "different", unknownToVenue: 1 });
  });

  it("is none of the venue's no more once the venue shows it", async () => {
    const world = await makeEvenWorld();
    const fill = ghost(world, "11:55:00.000");
    await world.book([fill]);
    expect(await world.audit()).toMatchObject({ state: "different", unknownToVenue: 1 });
    world.history.fills.push(fill);
    expect(await world.audit()).toMatchObject({ state: "clean", unknownToVenue: 0 });
  });

  it("is found though another fill of its millisecond stands on a later page", async () => {
    const world = makeAuditWorld(table, { pageFills: 2 });
    const ids = ["a", "b", "c", "d", "e"];
    await world.book(ids.map((id) => world.history.add(id, "11:10:00.000")));
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 5 });
    await world.book([ghost(world, "11:10:00.000")]);
    expect(await world.audit({ restart: true })).toMatchObject({ state: "different", unknownToVenue: 1, checked: 5 });
  });
});

describe("a long history", () => {
  it("is read on from audit to audit, each page once, and is clean when its end is reached", async () => {
    const world = makeAuditWorld(table, { pageFills: 2 });
    const times = Array.from({ length: 13 }, (_, index) => `11:${10 + index}:00.000`);
    await world.book(times.map((at) => world.history.add(at, at)));
    const totals: number[] = [];
    for (let audit = 0; audit < 9; audit++) {
      const word = await world.audit({ forMs: 4_000 });
      totals.push(word.checkedTotal);
      if (word.complete) break;
      expect(word).toMatchObject({ state: "repairing", reason: "the history is not read to its end yet" });
    }
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    expect(totals.length).toBeGreaterThan(3);
    expect(totals.at(-1)).toBe(13);
    expect(new Set(world.paths).size).toBe(world.paths.length);
    expect(await world.audit()).toMatchObject({ state: "clean", checkedTotal: 13 });
  });

  it("of which the ledger has nothing is not read on past what can be kept in mind", async () => {
    const world = makeAuditWorld(table);
    const long = (text: string) => text.padStart(128, "x");
    for (let index = 0; index < 190; index++) {
      const ids = {
        fillId: long(`${world.market}-${index}`),
        orderId: long("O"),
        clientOrderId: long("C"),
        feeAsset: long("A"),
      };
      world.history.add("long", "11:00:00.000", ids);
    }
    const word = await world.audit();
    expect(word).toMatchObject({ state: "repairing", complete: false, checkedTotal: 0 });
    expect(word.reason).toContain("what is missing must be booked before the history is read on");
    expect(word.missing).toBeGreaterThan(100);
    expect(world.queued).toHaveLength(word.missing);
    const cursor = await readAudit(world, "CURSOR");
    expect(cursor).not.toHaveProperty("goesOnAt");
    expect(cursor?.["trail"]).toEqual({ L: [] });
  });

  it("is compared from its beginning when somebody asks for it", async () => {
    const world = await makeEvenWorld();
    await world.audit();
    const [first] = world.history.fills;
    if (first === undefined) throw new Error("three fills");
    await table.client.send(
      new DeleteItemCommand({
        TableName: TABLE_NAME,
        Key: toMarketKey(world.market, FILL_PREFIX + toFillText({ venueTime: first.timestamp, fillId: first.fillId })),
      }),
    );
    const again = { missing: 1, checkedTotal: 3, checkedFrom: undefined, againSince: "2026-01-02T12:05:00.000Z" };
    world.clock.advance(300_000 - 1_025);
    expect(await world.audit({ restart: true })).toMatchObject({ state: "repairing", ...again });
  });
});
