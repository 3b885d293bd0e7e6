import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FILL_PREFIX, toFillText, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { type LedgerTable, readItem } from "../../../lambdas/ledger-table.ts";
import { applyRequest } from "../../../lambdas/operator-control/apply-request.ts";
import { auditPartition } from "../../../lambdas/proof-items.ts";
import { deliver } from "../fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { makeControl, makeRequest, readControl } from "../operator-control/make-requests.ts";
import { type AuditWorld, makeAuditWorld, toMessage } from "./audit-world.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

/** Ten past noon: the hours up to 11 are finished, and the books are past them. Two fills an hour, from hour to hour. */
async function makeTradedWorld(hours: readonly number[] = [9, 10, 11, 12]): Promise<AuditWorld> {
  const world = makeAuditWorld(table, { startMs: Date.UTC(2026, 0, 2, 12, 10) });
  const fills = hours.flatMap((hour) => {
    const at = (minute: string) => `${String(hour).padStart(2, "0")}:${minute}:00.000`;
    return [
      world.history.add(`b${hour}`, at("01"), { price: "0.4213", quantity: "30" }),
      world.history.add(`s${hour}`, at("05"), { side: "sell", price: "0.4226", quantity: "20", liquidity: "taker" }),
    ];
  });
  await world.book(fills);
  return world;
}

const readProof = async ({ market }: AuditWorld, hour: string) =>
  await readItem(table, { pk: { S: auditPartition(market) }, sk: { S: `HOUR#2026-01-02T${hour}` } });

/** Writes a number into a stored item of the market, past every rule, as a bug would. */
async function tamper(
  { market }: AuditWorld,
  sortKey: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(values);
  await table.client.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: toMarketKey(market, sortKey),
      UpdateExpression: `SET ${names.map((name, index) => `${name} = :v${index}`).join(", ")}`,
      ExpressionAttributeValues: Object.fromEntries(
        names.map((name, index) => [`:v${index}`, { N: values[name] ?? "" }]),
      ),
    }),
  );
}

const tellMid = async ({ market }: AuditWorld, minute: string, mid: string | undefined): Promise<void> => {
  const key = { pk: { S: `ENGINE#${market}` }, sk: { S: `MINUTE#${minute}` } };
  const Item = { ...key, position: { N: "0" }, ...(mid === undefined ? {} : { mid: { N: mid } }) };
  await table.client.send(new PutItemCommand({ TableName: TABLE_NAME, Item }));
};

/** What the fold stores for 11 o'clock, one unit of 10^-18 off. */
const ONE_UNIT_OFF = { realizedPnl: "0.022800000000000001" };

describe("the hours of a market", () => {
  it("are proven once they are finished, and the proofs are stored with every figure", async () => {
    const world = await makeTradedWorld();
    await tellMid(world, "2026-01-02T09:30", "0.42");
    await tellMid(world, "2026-01-02T09:59", "0.4218");
    await tellMid(world, "2026-01-02T10:59", undefined);
    await tellMid(world, "2026-01-02T10:58", "0.4220");
    await tellMid(world, "2026-01-02T11:00", "0.9");
    expect(await world.audit()).toMatchObject({ state: "clean", identity: 0, provenThrough: "2026-01-02T11" });
    expect(await readProof(world, "10")).toEqual({
      pk: { S: auditPartition(world.market) },
      sk: { S: "HOUR#2026-01-02T10" },
      hour: { S: "2026-01-02T10" },
      state: { S: "proven" },
      fillCount: { N: "2" },
      openingMark: { N: "0.4218" },
      closingMark: { N: "0.422" },
      // 20 × 0.4226 − 30 × 0.4213 − 0.0032 + 20 × 0.422 − 10 × 0.4218
      pnl: { N: "0.0318" },
      spreadCapture: { N: expect.any(String) },
      revaluation: { N: expect.any(String) },
      fees: { N: "0.0032" },
      realizedChange: { N: expect.any(String) },
      unrealizedChange: { N: expect.any(String) },
      differenceUnits: { N: "0" },
      driftUnits: { N: expect.any(String) },
      driftBoundUnits: { N: expect.any(String) },
      unmarkedFills: { N: "0" },
      faults: { L: [] },
      hourVersion: { N: expect.stringMatching(/^\d+$/) },
      checkedAt: { S: "2026-01-02T12:10:01.025Z" },
    });
    const unmarked = await readProof(world, "09");
    // No minute within a day before it: the first fill's mid stands in for it.
    expect(unmarked).toMatchObject({ openingMark: { N: "0.42145" }, closingMark: { N: "0.4218" } });
    expect(world.announced).toEqual([]);
    const calls = cloud.connect();
    await world.audit({ by: calls });
    // State, latest and run: an hour that has not changed is not proven again.
    expect(calls.count.writes).toBe(3);
  });

  it("are not proven while they last, nor in the five minutes after", async () => {
    const world = makeAuditWorld(table, { startMs: Date.UTC(2026, 0, 2, 12, 4, 30) });
    await world.book(["10:10:00.000", "11:10:00.000", "12:01:00.000"].map((at) => world.history.add(at, at)));
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T10" });
    world.clock.advance(60_000);
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
    expect(await readProof(world, "12")).toBeUndefined();
  });

  it("are not proven past what the audit has compared, nor past a fill that is missing", async () => {
    const world = await makeTradedWorld();
    world.history.add("lost", "10:20:00.000");
    expect(await world.audit()).toMatchObject({ state: "repairing", provenThrough: "2026-01-02T09" });
    expect(await readProof(world, "10")).toBeUndefined();
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
    const blind = await makeTradedWorld();
    blind.api.faults.inject({ route: "fills", when: "before", effect: { type: "drop" } }, Number.POSITIVE_INFINITY);
    expect(await blind.audit()).toMatchObject({ state: "failed", provenThrough: undefined });
  });

  it("wait for the item of the hour that the books are in, which must have been written since", async () => {
    const world = await makeTradedWorld([10, 11]);
    await tamper(world, "HOUR#2026-01-02T11", { version: "1" });
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T10" });
    await world.book([world.history.add("next", "12:01:00.000")]);
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
  });

  it("wait for a fill that is announced and not yet in the books", async () => {
    const world = await makeTradedWorld();
    const late = world.history.add("late", "10:20:00.000");
    await deliver(cloud.connect({ atWrite: 4, how: "before", kills: true }), [toMessage(late)]);
    expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1, provenThrough: "2026-01-02T09" });
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
    expect(await readProof(world, "10")).toMatchObject({ fillCount: { N: "3" } });
  });

  it("are proven again when a late fill has changed them", async () => {
    const world = await makeTradedWorld();
    await world.audit();
    const before = await readProof(world, "11");
    await world.book([world.history.add("late", "10:20:00.000")]);
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
    expect(await readProof(world, "10")).toMatchObject({ fillCount: { N: "3" }, state: { S: "proven" } });
    expect((await readProof(world, "11"))?.["hourVersion"]).not.toEqual(before?.["hourVersion"]);
  });

  it("keep the marks of their proof when the engine minutes have expired, so that neighbours still add up", async () => {
    const world = await makeTradedWorld();
    const minutes = ["2026-01-02T08:59", "2026-01-02T09:59", "2026-01-02T10:59", "2026-01-02T11:59"];
    for (const [index, minute] of minutes.entries()) await tellMid(world, minute, `0.43${index}`);
    await world.audit();
    for (const minute of minutes) {
      const Key = { pk: { S: `ENGINE#${world.market}` }, sk: { S: `MINUTE#${minute}` } };
      await table.client.send(new DeleteItemCommand({ TableName: TABLE_NAME, Key }));
    }
    await world.book([world.history.add("late", "10:02:00.000", { side: "sell", quantity: "7" })]);
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-02T11" });
    const proof = await readProof(world, "10");
    expect(proof).toMatchObject({ fillCount: { N: "3" }, openingMark: { N: "0.431" }, closingMark: { N: "0.432" } });
    expect(await readProof(world, "11")).toMatchObject({ openingMark: { N: "0.432" }, closingMark: { N: "0.433" } });
  });

  it("are looked at round and round, the oldest ones too", async () => {
    const world = makeAuditWorld(table, { startMs: Date.UTC(2026, 0, 6, 12, 10) });
    const days = ["02", "03", "04", "05", "06"];
    await world.book(days.map((day) => world.history.add(day, `2026-01-${day}T05:00:00.000Z`)));
    expect(await world.audit()).toMatchObject({ state: "clean", provenThrough: "2026-01-06T05" });
    await tamper(world, "HOUR#2026-01-02T05", { volume: "1", version: "99" });
    expect(await world.audit()).toMatchObject({ state: "different", identity: 1 });
    expect(await readControl(table, world.market)).toMatchObject({ state: "halted" });
  });
});

describe("an hour that is one unit off", () => {
  it("is an alarm, and halts its market by a word and an event that say why", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    expect(await world.audit()).toMatchObject({
      state: "different",
      identity: 1,
      reason: "hours whose PnL does not add up: 2026-01-02T11",
      cleanAt: undefined,
    });
    const reason =
      "the PnL of 2026-01-02T11 (ended 2026-01-02T12:00:00.000Z) does not add up: realised PnL of the hour, by its fills, must be 0.0228, was 0.022800000000000001";
    const word = await readControl(table, world.market);
    expect(word).toMatchObject({ state: "halted", by: "fill-audit", at: "2026-01-02T12:10:01.025Z" });
    expect(word?.["reason"]).toContain(reason);
    expect(world.announced).toEqual([
      {
        source: "flashmm.engine",
        detailType: "Risk Limit Breached",
        detail: {
          limit: `identity ${world.market}`,
          market: world.market,
          reason: expect.stringContaining(reason),
          by: "fill-audit",
        },
      },
    ]);
    expect(await readProof(world, "11")).toMatchObject({
      state: { S: "different" },
      faults: { L: expect.arrayContaining([{ S: expect.stringContaining("must be 0.0228") }]) },
    });
  });

  it("halts once: a resume holds, and only a further change halts again", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    await world.audit();
    world.clock.advance(60_000);
    const { control } = makeControl(table, [world.market]);
    const time = new Date(world.timing.epochMs()).toISOString();
    await applyRequest(control, makeRequest("resume", { time, detail: { market: world.market, reason: "looked" } }));
    for (let audit = 0; audit < 2; audit++) {
      world.clock.advance(300_000);
      expect(await world.audit()).toMatchObject({ state: "different", identity: 1 });
      expect(await readControl(table, world.market)).toMatchObject({ state: "running", reason: "looked" });
    }
    expect(world.announced).toHaveLength(1);
    await tamper(world, "HOUR#2026-01-02T11", { version: "77" });
    world.clock.advance(300_000);
    await world.audit();
    expect(await readControl(table, world.market)).toMatchObject({ state: "halted", by: "fill-audit" });
    expect(world.announced).toHaveLength(2);
  });

  it("is in order again once its item is right, and the audit is clean", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    await world.audit();
    await tamper(world, "HOUR#2026-01-02T11", { realizedPnl: "0.0228", version: "77" });
    expect(await world.audit()).toMatchObject({ state: "clean", identity: 0 });
  });

  it("is in order again when a rebuild has made the item right under the version it had", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    await world.audit();
    await tamper(world, "HOUR#2026-01-02T11", { realizedPnl: "0.0228" });
    expect(await world.audit()).toMatchObject({ state: "clean", identity: 0 });
    expect(await readProof(world, "11")).toMatchObject({ state: { S: "proven" }, faults: { L: [] } });
  });

  it("is forgotten when its item is gone, since no fill was in it", async () => {
    const world = await makeTradedWorld([9, 10, 12]);
    const key = toMarketKey(world.market, "HOUR#2026-01-02T11");
    const hour10 = await readItem(table, toMarketKey(world.market, "HOUR#2026-01-02T10"));
    await table.client.send(
      new PutItemCommand({ TableName: TABLE_NAME, Item: { ...hour10, ...key, hour: { S: "2026-01-02T11" } } }),
    );
    expect(await world.audit()).toMatchObject({ state: "different", identity: 1 });
    await table.client.send(new DeleteItemCommand({ TableName: TABLE_NAME, Key: key }));
    expect(await world.audit()).toMatchObject({ state: "clean", identity: 0 });
  });

  it("does not go over a word of an operator that came while the audit ran", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    const { control } = makeControl(table, [world.market]);
    const detail = { market: world.market, reason: "later" };
    const { page } = world.history;
    world.history.page = (cursor, limit) => {
      // Said by a clock a minute ahead of ours, after the audit has begun.
      void applyRequest(control, makeRequest("resume", { time: "2026-01-02T12:11:30Z", detail }));
      return page(cursor, limit);
    };
    await world.audit();
    expect(await readControl(table, world.market)).toMatchObject({ state: "running", reason: "later" });
    expect(world.lines).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ outcome: expect.objectContaining({ type: "outdated" }) }),
      }),
    );
  });

  it("halts past a word of a clock that leads, when the audit knew of it", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    const { control } = makeControl(table, [world.market]);
    await applyRequest(
      control,
      makeRequest("resume", { time: "2026-01-02T12:11:30Z", detail: { market: world.market } }),
    );
    await world.audit();
    expect(await readControl(table, world.market)).toMatchObject({ state: "halted", at: "2026-01-02T12:11:30.001Z" });
  });

  it("halts though the event cannot be sent", async () => {
    const world = await makeTradedWorld();
    await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
    world.auditor.bus.client.send = async () => {
      throw new Error("the bus is away");
    };
    expect(await world.audit()).toMatchObject({ state: "different", identity: 1 });
    expect(await readControl(table, world.market)).toMatchObject({ state: "halted" });
  });

  it("halts in the end, whichever write's process ends with it", async () => {
    // A write that never arrived is the write before it whose answer was lost, but for the first.
    for (const [atWrite, how] of [
      [1, "before"],
      [1, "after"],
      [2, "after"],
      [3, "after"],
    ] as const) {
      const world = await makeTradedWorld([11]);
      await tamper(world, "HOUR#2026-01-02T11", ONE_UNIT_OFF);
      await world.audit({ by: cloud.connect({ atWrite, how, kills: true }) }).catch(() => undefined);
      await world.audit();
      expect(await readControl(table, world.market), `write ${atWrite}`).toMatchObject({ state: "halted" });
      expect(await readProof(world, "11")).toMatchObject({ state: { S: "different" } });
    }
  });

  it("though only a fact is wrong is found", async () => {
    const world = await makeTradedWorld();
    const [first] = world.history.fills.filter(({ fillId }) => fillId.endsWith("s10"));
    if (first === undefined) throw new Error("a fill of ten o'clock");
    const key = FILL_PREFIX + toFillText({ venueTime: first.timestamp, fillId: first.fillId });
    await tamper(world, key, { fee: "0.001600000000000001" });
    // Both the fill and its hour.
    expect(await world.audit()).toMatchObject({ state: "different", different: 1, identity: 1 });
  });
});
