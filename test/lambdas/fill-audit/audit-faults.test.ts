import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadState } from "../../../lambdas/fill-audit/audit-items.ts";
import { type LedgerTable, readItem } from "../../../lambdas/ledger-table.ts";
import { auditPartition } from "../../../lambdas/proof-items.ts";
import type { FaultEffect } from "../../../sim/cambrian-api/faults.ts";
import { expectBooks } from "../fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud } from "../fill-accounting/ledger-cloud.ts";
import { type AuditWorld, makeAuditWorld, toMessage } from "./audit-world.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

/** One fill that both have, one that the ledger lacks. */
async function makeUnevenWorld(): Promise<AuditWorld> {
  const world = makeAuditWorld(table);
  await world.book([world.history.add("even", "11:10:00.000")]);
  world.history.add("lost", "11:20:00.000");
  return world;
}

describe("a venue that", () => {
  const effects: readonly (readonly [string, FaultEffect])[] = [
    ["resets the connection", { type: "drop" }],
    ["says nothing", { type: "silence" }],
    ["answers 500", { type: "status", status: 500 }],
    ["answers with a page of HTML", { type: "status", status: 502, html: true }],
    ["answers with garbage", { type: "garbage" }],
    ["asks for a pause", { type: "status", status: 429, retryAfterSeconds: 2 }],
  ];

  it.each(effects)("%s once is asked again", async (_what, effect) => {
    const world = await makeUnevenWorld();
    world.api.faults.inject({ route: "fills", when: "before", effect });
    expect(await world.audit()).toMatchObject({ state: "repairing", missing: 1, checked: 2 });
  });

  it.each(effects)("%s for ever makes the audit fail, which is not clean and loses no place", async (_what, effect) => {
    const world = await makeUnevenWorld();
    await world.audit();
    await world.bookQueued();
    const clean = await world.audit();
    expect(clean.state).toBe("clean");
    world.clock.advance(300_000);
    await world.book([world.history.add("next", "12:01:00.000")]);
    world.api.faults.inject({ route: "fills", when: "before", effect }, Number.POSITIVE_INFINITY);
    const { cleanAt, checkedThrough, checkedTotal } = clean;
    expect(await world.audit()).toMatchObject({
      state: "failed",
      complete: false,
      cleanAt,
      checkedThrough,
      checkedTotal,
    });
    expect(await readItem(table, { pk: { S: auditPartition(world.market) }, sk: { S: "LATEST" } })).toMatchObject({
      state: { S: "failed" },
      reason: { S: expect.stringContaining("/v1/fills?market_id=") },
      cleanAt: { S: cleanAt },
    });
    world.api.faults.clear();
    world.clock.advance(300_000);
    expect(await world.audit()).toMatchObject({ state: "clean", checkedTotal: 3 });
  });

  it("fails in the middle of its history is read on from there", async () => {
    const world = makeAuditWorld(table, { pageFills: 1 });
    await world.book(["11:10:00.000", "11:11:00.000", "11:12:00.000"].map((at) => world.history.add(at, at)));
    const { page } = world.history;
    world.history.page = (cursor, limit) => {
      if (cursor?.includes("11:11") === true) throw new Error("a bug of the venue's");
      return page(cursor, limit);
    };
    expect(await world.audit()).toMatchObject({ state: "failed", checked: 2, checkedTotal: 2 });
    world.history.page = page;
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 1, checkedTotal: 3 });
  });

  it("takes an old cursor no more is read again from the beginning, and nothing is counted twice", async () => {
    const world = await makeUnevenWorld();
    await world.audit();
    await world.bookQueued();
    await world.audit();
    world.history.forgetCursors();
    expect(await world.audit()).toMatchObject({ state: "failed", checkedTotal: 2 });
    expect(await world.audit()).toMatchObject({ state: "clean", checked: 2, checkedTotal: 2, checkedFrom: undefined });
  });
});

describe("a fill of the venue's that cannot be read", () => {
  it.each([
    ["price", { price: "NaN" }],
    ["time", { timestamp: "2026-01-02 11:15:00" }],
    ["market", { market: "ETH/USDC" }],
    ["liquidity", { liquidity: "auction" as "maker" }],
    ["size", { quantity: "-1" }],
  ])("for its %s is one that differs, and stops no other", async (_what, fields) => {
    const world = await makeUnevenWorld();
    const odd = world.history.add("odd", "11:15:00.000", fields);
    expect(await world.audit()).toMatchObject({ state: "different", different: 1, missing: 1, complete: true });
    expect(world.queued).toMatchObject([{ fillId: `${world.market}-lost` }]);
    expect(world.lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        fields: expect.objectContaining({
          fillId: odd.fillId,
          reason: expect.stringContaining("the venue's copy cannot be read"),
        }),
      }),
    );
  });

  it("stands until the venue shows it otherwise", async () => {
    const world = await makeUnevenWorld();
    const odd = world.history.add("odd", "11:50:00.000", { price: "NaN" });
    await world.audit();
    await world.bookQueued();
    expect(await world.audit()).toMatchObject({ state: "different", different: 1, missing: 0 });
    world.history.fills.splice(world.history.fills.indexOf(odd), 1, { ...odd, price: "0.42" });
    expect(await world.audit({ restart: true })).toMatchObject({ state: "repairing", different: 0, missing: 1 });
  });
});

describe("a table that fails", () => {
  /** Audits over a connection with the fault, then until all is told; answers how many writes the first audit made. */
  async function run(fault: Parameters<LedgerCloud["connect"]>[0]): Promise<number> {
    const world = await makeUnevenWorld();
    const faulty = cloud.connect(fault);
    const first = await world.audit({ by: faulty }).catch((error: unknown) => error);
    const what = `write ${fault?.atWrite} ${fault?.how}`;
    if (fault?.kills === true) expect(first, what).toBeInstanceOf(Error);
    const second = await world.audit();
    expect(second, what).toMatchObject({ state: "repairing", missing: 1, checkedTotal: 2, cleanAt: undefined });
    await world.bookQueued();
    await expectBooks(table, world.market, world.history.fills.map(toMessage));
    const third = await world.audit();
    expect(third, what).toMatchObject({ state: "clean", missing: 0, checkedTotal: 2 });
    const latest = await readItem(table, { pk: { S: auditPartition(world.market) }, sk: { S: "LATEST" } });
    expect(latest, what).toMatchObject({ state: { S: "clean" }, checkedAt: { S: third.checkedAt } });
    return faulty.count.writes;
  }

  it("at any write, its answer lost or the process ended with it, leaves a state that the next audit goes on from", async () => {
    const writes = await run(undefined);
    expect(writes).toBe(3);
    // A write that never arrived is the write before it whose answer was lost, but for the first.
    await run({ atWrite: 1, how: "before", kills: true });
    for (let atWrite = 1; atWrite <= writes; atWrite++) await run({ atWrite, how: "after", kills: true });
  });

  it("and takes the state twice, as a try again of the SDK may, shows no other audit", async () => {
    await run({ atWrite: 1, how: "twice", kills: false });
  });

  it("before anything is known fails the audit", async () => {
    const world = await makeUnevenWorld();
    const dead = cloud.connect({ atWrite: 1, how: "before", kills: true });
    await world.audit({ by: dead }).catch(() => undefined);
    await expect(world.audit({ by: dead })).rejects.toThrow("the process has ended");
    expect((await loadState(table, world.market))?.version).toBeUndefined();
  });
});

it("two audits at once count each fill once, and both tell the truth", async () => {
  const world = await makeUnevenWorld();
  const words = await Promise.all([world.audit(), world.audit(), world.audit({ by: cloud.connect() })]);
  for (const word of words) expect(word).toMatchObject({ state: "repairing", missing: 1, checkedTotal: 2 });
  expect((await loadState(table, world.market))?.version).toBe(3);
  await world.bookQueued();
  await expectBooks(table, world.market, world.history.fills.map(toMessage));
  expect(await world.audit()).toMatchObject({ state: "clean", checkedTotal: 2 });
});
