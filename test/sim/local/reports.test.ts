import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { emptyBooks } from "../../../core/accounting/pnl.ts";
import { readRunBooks, reportFaults } from "../../../sim/local/report-check.ts";
import {
  type LocalReport,
  LocalReports,
  type LocalReportsOptions,
  reportLine,
  reportText,
} from "../../../sim/local/reports.ts";
import { deliverAll } from "../../lambdas/fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../../lambdas/fill-accounting/ledger-cloud.ts";
import { makeMessage } from "../../lambdas/fill-accounting/make-messages.ts";
import { makeDrivenClock } from "../exchange/driven-clock.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Lets everything that is due at once come to pass. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

type Asked = { readonly folder: string; readonly detail: unknown };

type Answer = Awaited<ReturnType<LocalReportsOptions["cloud"]["invoke"]>>;

/** `invoke` answers the n-th call of a function, counted from 1. */
type Parts = {
  readonly log?: LocalReportsOptions["log"];
  readonly invoke?: (folder: string, count: number) => Promise<Answer>;
};

function makeReports(states: string[], { log = quiet, invoke }: Parts = {}) {
  const clock = makeDrivenClock(Date.UTC(2026, 0, 2, 3, 4, 20));
  const asked: Asked[] = [];
  const told: LocalReport[] = [];
  const reports = new LocalReports({
    clock,
    log,
    folder: "/nowhere",
    hourMs: 60_000,
    onReport: (report) => told.push(report),
    cloud: {
      s3Url: "http://127.0.0.1:9",
      buckets: ["reports"],
      invoke: async (folder, event) => {
        asked.push(Object.assign({ folder, detail: undefined }, event));
        if (invoke !== undefined) return await invoke(folder, asked.length);
        const id = `report-${asked.length}`;
        return { kind: "returned", value: { id, state: states.shift() ?? "posted", text: "words" } };
      },
    },
  });
  return { clock, asked, told, reports };
}

const audit = (graceSeconds: number): Asked => ({ folder: "fill-audit", detail: { graceSeconds } });

describe("a local run's reports", () => {
  test("come after the end of each whole hour of theirs, the audit first", async () => {
    const { clock, asked, told } = makeReports([]);
    clock.advance(107_999);
    await settle();
    expect(asked).toEqual([]);
    clock.advance(1);
    await settle();
    const report = (from: string, to: string): Asked => ({
      folder: "hourly-report",
      detail: { from: `2026-01-02T${from}`, to: `2026-01-02T${to}` },
    });
    expect(asked).toEqual([audit(5), report("03:05", "03:06")]);
    clock.advance(60_000);
    await settle();
    expect(asked.slice(2)).toEqual([audit(5), report("03:06", "03:07")]);
    expect(told.map(({ id }) => id)).toEqual(["report-2", "report-4"]);
  });

  test("are asked for again where they were refused, three times at most", async () => {
    // Answers of the audit stand among them.
    const { clock, asked, told } = makeReports(["", "skipped", "", "skipped", "", "skipped"]);
    clock.advance(108_000);
    for (let look = 0; look < 10; look++) {
      await settle();
      clock.advance(5_000);
    }
    expect(asked.filter(({ folder }) => folder === "hourly-report")).toHaveLength(3);
    expect(told).toHaveLength(1);
  });

  test("go on after a round that fails, and after a chart that cannot be copied", async () => {
    const errors: string[] = [];
    const { clock, told } = makeReports([], {
      log: { ...quiet, error: (message: string) => errors.push(message) },
      invoke: async (folder, count) => {
        if (count === 1) throw new Error("the audit is gone");
        return { kind: "returned", value: { id: folder, state: "posted", text: "words", chartKey: "no-such-chart" } };
      },
    });
    clock.advance(108_000);
    await settle();
    expect(errors).toEqual(["report was not made"]);
    expect(told).toEqual([]);
    clock.advance(60_000);
    await vi.waitFor(
      () => expect(told).toEqual([expect.objectContaining({ state: "posted", chart: undefined })]),
      10_000,
    );
    expect(errors).toEqual(["report was not made", "chart was not copied"]);
  });

  test("are all waited for at the end, also where one outlasts the next", async () => {
    const slow = Promise.withResolvers<void>();
    const { clock, reports, told } = makeReports([], {
      invoke: async (folder, count) => {
        if (count === 1) await slow.promise;
        return { kind: "returned", value: { id: `${folder} ${count}`, state: "posted", text: "words" } };
      },
    });
    clock.advance(108_000);
    await settle();
    clock.advance(60_000);
    await settle();
    expect(told.map(({ id }) => id)).toEqual(["hourly-report 3"]);
    let isStopped = false;
    const stopping = reports.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    slow.resolve();
    await stopping;
    expect(told.map(({ id }) => id)).toEqual(["hourly-report 3", "hourly-report 4"]);
  });

  test("end with one of the whole run, to the second, after which none comes", async () => {
    const { clock, asked, reports } = makeReports([]);
    clock.advance(30_250);
    const last = reports.last();
    await settle();
    clock.advance(751);
    expect(await last).toMatchObject({ state: "posted", text: "words" });
    expect(asked).toEqual([
      audit(0),
      { folder: "hourly-report", detail: { from: "2026-01-02T03:04", to: "2026-01-02T03:04:51" } },
    ]);
    clock.advance(600_000);
    await settle();
    expect(asked).toHaveLength(2);
  });

  test("are told with what became of them", () => {
    const report = { id: "a_b", state: "waiting", text: "one\n\ntwo", reason: undefined, chart: "c.png" };
    expect(reportLine(report)).toBe("report of a to b: not posted, since the last post is too near, chart c.png");
    expect(reportText({ ...report, state: "posted" })).toBe(
      "The report of this run, posted, chart c.png:\n\n  one\n\n  two",
    );
    const refused = { ...report, text: undefined, state: "skipped", reason: "refused: no fill", chart: undefined };
    expect(reportText(refused)).toBe("The report of this run, skipped (refused: no fill):");
  });
});

describe("the last report and the ledger", () => {
  const market = "RPT/USDC";
  const report = { id: "2026-01-02T03:00_2026-01-02T04:00", state: "posted", text: "words", reason: "", chart: "" };
  let cloud: LedgerCloud;
  let ledger: { readonly dynamodbUrl: string; readonly tableName: string };
  beforeAll(async () => {
    cloud = await startLedgerCloud();
    ledger = { dynamodbUrl: cloud.endpoint, tableName: TABLE_NAME };
  });
  afterAll(() => cloud.close());

  const write = async (figures: Readonly<Record<string, string>>) => {
    const { client, tableName } = cloud.connect();
    const numbers = Object.fromEntries(Object.entries(figures).map(([name, text]) => [name, { N: text }]));
    const key = { pk: { S: "REPORT" }, sk: { S: report.id } };
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { ...numbers, from: { S: "2026-01-02T03:00:00.000Z" }, ...key },
      }),
    );
  };

  test("are compared by what the run changed, and each difference is said", async () => {
    const before = new Map([[market, emptyBooks()]]);
    const message = { market, price: "0.5", size: "10", fee: "0.25" };
    await deliverAll(cloud.connect(), [
      makeMessage({ ...message, fillId: "RPT-1", venueTime: "2026-01-02T03:10:00.000Z" }),
    ]);
    expect(await reportFaults(ledger, report, before)).toEqual([`the report ${report.id} must be stored, was absent`]);
    await write({ realizedPnl: "-0.25", volume: "5", fees: "0.25", fillCount: "1" });
    expect(await reportFaults(ledger, report, before)).toEqual([]);
    await write({ realizedPnl: "-0.25", volume: "5.000000000000000001", fees: "0.25", fillCount: "2" });
    expect(await reportFaults(ledger, report, before)).toEqual([
      "volume of the report is 5.000000000000000001, in the ledger 5",
      "fill count of the report is 2, in the ledger 1",
    ]);
    // A refused report has no figures; and what an earlier run traded in the first minute is nobody's fault.
    expect(await reportFaults(ledger, { ...report, text: undefined }, before)).toEqual([]);
    expect(await reportFaults(ledger, report, await readRunBooks(ledger, [market]))).toEqual([]);
  });
});
