import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditMarkets } from "../../../lambdas/fill-audit/audit-markets.ts";
import { type LedgerTable, readItem } from "../../../lambdas/ledger-table.ts";
import type { Measure } from "../../../lambdas/measure.ts";
import { auditPartition } from "../../../lambdas/proof-items.ts";
import { type LedgerCloud, startLedgerCloud } from "../fill-accounting/ledger-cloud.ts";
import { type AuditWorld, makeAuditWorld } from "./audit-world.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

const REQUEST = { graceMs: 120_000, restart: false };

/** Audits these worlds' markets as one function would; the first world's clock and log are its own. */
function makeAudit(worlds: readonly [AuditWorld, ...AuditWorld[]], by: LedgerTable = table) {
  const measured: { readonly name: string; readonly labels: object; readonly value: number }[] = [];
  const measure: Measure = (name, labels, value) => measured.push({ name, labels, value });
  const [first] = worlds;
  const ask: typeof first.auditor.client.ask = async (question, untilMs) => {
    const world = worlds.find(({ market }) => question.path.includes(encodeURIComponent(market)));
    return await (world ?? first).auditor.client.ask(question, untilMs);
  };
  const markets = worlds.map(({ market }) => market);
  const audit = { ...first.auditor, table: by, client: { ask }, markets, measure };
  const valuesOf = (name: string) => measured.filter((each) => each.name === name).map(({ value }) => value);
  return { audit, measured, valuesOf, run: (forMs = 60_000) => auditMarkets(audit, REQUEST, forMs) };
}

describe("an audit of all markets", () => {
  it("measures age, fills and each kind of difference, every one at every run", async () => {
    const world = makeAuditWorld(table);
    const { market } = world;
    await world.book([world.history.add("even", "11:10:00.000")]);
    world.history.add("lost", "11:20:00.000");
    const { measured, run, valuesOf } = makeAudit([world]);
    expect(await run()).toMatchObject([{ market, state: "repairing" }]);
    expect(measured).toEqual([
      { name: "flashmm_audit_checked_total", labels: { market }, value: 2 },
      { name: "flashmm_audit_age_seconds", labels: { market }, value: expect.any(Number) },
      { name: "flashmm_audit_differences_total", labels: { market, kind: "missing" }, value: 1 },
      { name: "flashmm_audit_differences_total", labels: { market, kind: "different" }, value: 0 },
      { name: "flashmm_audit_differences_total", labels: { market, kind: "unknown-to-venue" }, value: 0 },
      { name: "flashmm_audit_differences_total", labels: { market, kind: "identity" }, value: 0 },
    ]);
    await world.bookQueued();
    await run();
    world.clock.advance(300_000);
    world.api.faults.inject({ route: "fills", when: "before", effect: { type: "drop" } }, Number.POSITIVE_INFINITY);
    await run();
    const [sinceStart = 0, clean = 0, failed = 0] = valuesOf("flashmm_audit_age_seconds");
    // From the first audit on while none was clean; from the last clean one while none is. An audit takes a second or more.
    expect([sinceStart, clean, failed].map(Math.floor)).toEqual([1, 2, 306]);
    expect(valuesOf("flashmm_audit_checked_total")).toEqual([2, 0, 0]);
  });

  it("goes on past a market whose venue fails", async () => {
    const [broken, whole] = [makeAuditWorld(table), makeAuditWorld(table)];
    broken.api.faults.inject({ route: "fills", when: "before", effect: { type: "drop" } }, Number.POSITIVE_INFINITY);
    const words = await makeAudit([broken, whole]).run();
    expect(Object.fromEntries(words.map(({ market, state }) => [market, state]))).toEqual({
      [broken.market]: "failed",
      [whole.market]: "clean",
    });
  });

  it("goes on past a market whose items cannot be read, says so of it, and fails in the end", async () => {
    const [broken, whole] = [makeAuditWorld(table), makeAuditWorld(table)];
    await broken.book([broken.history.add("even", "11:10:00.000")]);
    await broken.audit();
    const faulty = cloud.connect();
    const state = JSON.stringify({ pk: { S: auditPartition(broken.market) }, sk: { S: "CURSOR" } });
    faulty.client.middlewareStack.add((next) => async (args) => {
      if ("Key" in args.input && JSON.stringify(args.input.Key) === state) throw new Error("the item is malformed");
      return await next(args);
    });
    const { run, valuesOf } = makeAudit([broken, whole], faulty);
    await expect(run()).rejects.toThrow("1 markets could not be audited");
    const latest = await readItem(table, { pk: { S: auditPartition(broken.market) }, sk: { S: "LATEST" } });
    expect(latest).toMatchObject({
      state: { S: "failed" },
      reason: { S: "the item is malformed" },
      cleanAt: { S: "2026-01-02T12:00:00.000Z" },
      checkedTotal: { N: "1" },
    });
    expect(valuesOf("flashmm_audit_age_seconds")).toHaveLength(2);
  });

  it("shares the time out: a market with a long history leaves the others theirs", async () => {
    const [long, short] = [makeAuditWorld(table, { pageFills: 1 }), makeAuditWorld(table)];
    await long.book(
      Array.from({ length: 40 }, (_, index) => long.history.add(`${index}`, `11:10:${String(10 + index)}.000`)),
    );
    const { run } = makeAudit([long, short]);
    const words = new Map((await run()).map((word) => [word.market, word]));
    expect(words.get(long.market)).toMatchObject({ state: "repairing", complete: false });
    expect(words.get(short.market)).toMatchObject({ state: "clean", complete: true });
    expect(long.timing.monotonicMs()).toBeLessThan(60_000);
  });
});
