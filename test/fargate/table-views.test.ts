/** What others write into the table, as the task shows it: written by their own code, read by the task's. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readChart } from "../../fargate/report-view.ts";
import { TableViews } from "../../fargate/table-views.ts";
import { writeWord } from "../../lambdas/fill-audit/audit-items.ts";
import { storeDryRun, storeReport } from "../../lambdas/hourly-report/report-items.ts";
import { makeMemoryTableHost, type TableHost } from "../../sim/world/table-host.ts";
import { makeDrivenClock } from "../sim/exchange/driven-clock.ts";

const NOW = "2026-01-02T12:05:00.000Z";
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

let host: TableHost;
let folder: string;
let views: TableViews;
let warnings: string[];
let clock: ReturnType<typeof makeDrivenClock>;
beforeEach(() => {
  host = makeMemoryTableHost();
  folder = mkdtempSync(join(tmpdir(), "flashmm-charts-"));
  warnings = [];
  clock = makeDrivenClock();
  views = makeViews(host.tableName);
});
afterEach(() => {
  views.stop();
  rmSync(folder, { recursive: true, force: true });
});

function makeViews(tableName: string): TableViews {
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: (message: string) => void warnings.push(message), error: ignore };
  const markets = ["SEI/USDC", "ATOM/USDC"];
  const metrics = { set: ignore };
  return new TableViews({ client: host.client, tableName, markets, reportsFolder: folder, clock, log, metrics });
}

/** A chart is looked for in a real folder: how many turns that takes is the machine's to say. */
const settled = async (test: () => boolean) => {
  for (let turn = 0; turn < 200_000 && !test(); turn++) await new Promise((resolve) => setImmediate(resolve));
};

const report = (id: string) => ({
  id,
  state: "dry-run" as const,
  to: NOW,
  madeAt: NOW,
  text: "FlashMM made the market",
  altText: "three panels",
  chartKey: `reports/${id}.png`,
  reason: undefined,
  tweetId: undefined,
  postedAt: undefined,
  mayBePosted: false,
});

test("the audit's last word and the newest reports are shown as those who wrote them said", async () => {
  const word = {
    market: "SEI/USDC",
    state: "different" as const,
    checkedFrom: undefined,
    checkedThrough: "2026-01-02T12:00:00.000Z",
    checked: 3,
    checkedTotal: 1_234,
    checkedAgain: 1_000,
    againThrough: undefined,
    againSince: "2026-01-01T12:00:00.000Z",
    missing: 1,
    different: 2,
    unknownToVenue: 0,
    identity: 1,
    provenThrough: "2026-01-02T10",
    complete: true,
    cleanAt: "2026-01-02T11:55:00.000Z",
    checkedAt: NOW,
    reason: "one fill is missing",
  };
  await writeWord(host, word, 1);
  for (let hour = 3; hour < 11; hour++) {
    await storeReport(host, report(`2026-01-02T${String(hour).padStart(2, "0")}`), {});
  }
  const posted = { ...report("2026-01-02T11"), state: "posted" as const, postedAt: NOW };
  await storeReport(host, posted, {});
  await storeDryRun(host, posted, {});
  writeFileSync(join(folder, "2026-01-02T11.png"), PNG);

  expect(views.state()).toEqual({ integrations: null, audits: null, reports: null });
  views.start();
  await settled(() => views.state().reports !== null && views.state().audits !== null);
  const { audits, reports } = views.state();
  expect(audits).toEqual([
    {
      market: "SEI/USDC",
      state: "different",
      checkedAtMs: Date.parse(NOW),
      checkedThroughMs: Date.parse("2026-01-02T12:00:00.000Z"),
      againSinceMs: Date.parse("2026-01-01T12:00:00.000Z"),
      cleanAtMs: Date.parse("2026-01-02T11:55:00.000Z"),
      provenThrough: "2026-01-02T10",
      checkedTotal: 1_234,
      missing: 1,
      different: 2,
      unknownToVenue: 0,
      unprovenHours: 1,
      reason: "one fill is missing",
    },
  ]);
  expect(reports?.map(({ id }) => id)).toEqual(
    [11, 10, 9, 8, 7, 6].map((hour) => `2026-01-02T${hour < 10 ? "0" : ""}${hour}`),
  );
  expect(reports?.[0]).toEqual({
    id: "2026-01-02T11",
    state: "posted",
    text: "FlashMM made the market",
    altText: "three panels",
    reason: null,
    postedAtMs: Date.parse(NOW),
    hasChart: true,
  });
  expect(reports?.[1]).toMatchObject({ hasChart: false, state: "dry-run" });
});

test("an item that says nothing of what is shown shows as not known, and one with another key is passed over", async () => {
  const put = async (pk: string, sk: string, item: Readonly<Record<string, AttributeValue>> = {}) => {
    const Item = { ...item, pk: { S: pk }, sk: { S: sk } };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item }));
  };
  await put("AUDIT#ATOM/USDC", "LATEST", { checkedAt: { S: "yesterday" }, missing: { N: "-3" } });
  await put("REPORT", "2026-01-02T11", { text: { S: `${"a".repeat(999)}\ud83d\udc19` } });
  await put("REPORT", "2026-01-02T11/../../key");
  views.start();
  await settled(() => views.state().reports !== null && views.state().audits !== null);
  const { audits, reports } = views.state();
  expect(audits).toMatchObject([
    { market: "ATOM/USDC", state: "unknown", checkedAtMs: null, missing: 0, reason: null },
  ]);
  expect(reports).toMatchObject([{ id: "2026-01-02T11", state: "unknown", hasChart: false }]);
  expect(reports?.[0]?.text).toBe(`${"a".repeat(999)}\ufffd`);
});

test("a table that cannot be read is told once a view, and tried again", async () => {
  views = makeViews("nowhere");
  views.start();
  await settled(() => warnings.length === 3);
  clock.advance(15_000);
  await settled(() => false);
  expect(views.state()).toEqual({ integrations: null, audits: null, reports: null });
  expect([...warnings].sort()).toEqual([
    "the audit items cannot be read, the last ones are shown",
    "the health items cannot be read, the last ones are shown",
    "the reports cannot be read, the last ones are shown",
  ]);
});

test("a chart is read by a report's id, and only a PNG is one", async () => {
  const span = "2026-01-02T03:04_2026-01-02T03:07:12";
  writeFileSync(join(folder, "2026-01-02T03-04_2026-01-02T03-07-12.png"), PNG);
  writeFileSync(join(folder, "2026-01-02T04.png"), "<svg/>");
  writeFileSync(join(folder, "secret.png"), PNG);
  expect(await readChart(folder, span)).toEqual(PNG);
  for (const id of ["2026-01-02T04", "2026-01-02T05", "secret", "../charts/2026-01-02T03", ""]) {
    expect(await readChart(folder, id)).toBeUndefined();
  }
  expect(await readChart(undefined, span)).toBeUndefined();
});
