/** The ledger command as a person starts it, against a table behind a real socket. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMarkets } from "../../../lambdas/ledger-streams.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import { openAws, openLocal } from "../../../sim/local/ledger-place.ts";
import { startTableServer } from "../../../sim/local/table-server.ts";
import { COMPILE_CACHE } from "../../compile-cache.ts";
import { deliverAll } from "../../lambdas/fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../../lambdas/fill-accounting/ledger-cloud.ts";
import { makeMessage } from "../../lambdas/fill-accounting/make-messages.ts";
import { makeHistory, putItem, spoil } from "../../lambdas/made-ledger.ts";

const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "flashmm-ledger-"));
const SEI = "SEI/USDC";
const ETH = "ETH/USDC";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
  writeFileSync(join(folder, "cloud.json"), JSON.stringify({ dynamodbUrl: cloud.endpoint, tableName: TABLE_NAME }));
  await deliverAll(table, makeHistory(SEI));
  await deliverAll(table, [makeMessage({ market: ETH, fillId: 'odd,"id"', price: "1800.5", size: "0.004" })]);
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

function ledger(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: root, env: { ...COMPILE_CACHE, PATH: process.env["PATH"], HOME: folder, ...env } };
  return new Promise<{ readonly code: unknown; readonly said: string; readonly complained: string }>((settle) => {
    execFile(process.execPath, ["sim/local/ledger.ts", ...args], options, (error, said, complained) => {
      settle({ code: error?.code ?? 0, said, complained });
    });
  });
}

const local = (...args: readonly string[]) => ledger([...args, "--data-dir", folder]);

describe("npm run ledger", () => {
  test("shows every market of a run, its figures under each other, with the audit's word", async () => {
    const audit = { state: { S: "proven" } };
    await putItem(table, { pk: { S: `AUDIT#${SEI}` }, sk: { S: "HOUR#2026-01-02T03" }, ...audit });
    await putItem(table, {
      pk: { S: `AUDIT#${SEI}` },
      sk: { S: "LATEST" },
      state: { S: "repairing" },
      checkedAt: { S: "2026-01-02T06:00:00.000Z" },
      cleanAt: { S: "2026-01-02T05:55:00.000Z" },
      againSince: { S: "2026-01-02T05:10:00.000Z" },
      checkedTotal: { N: "9" },
      missing: { N: "1" },
      different: { N: "0" },
      unknownToVenue: { N: "0" },
    });
    const { code, said } = await local("show", "--hours", "2");
    expect(code).toBe(0);
    expect(said).toBe(`ETH/USDC   books of version 1
  position         0.004  ETH
  average cost  1800.5    USDC
  realised PnL    -0.0016 USDC
  fees             0.0016 USDC
  volume           7.202  USDC
  fills         1, the last at 2026-01-02T03:04:05.678Z
  audit         has not looked yet

  amounts in USDC
  hour (UTC)     fills  volume  bought  sold      fees  realised PnL  audit
  2026-01-02T03      1    7.20    7.20  0.00  0.001600     -0.001600
  1 hour             1    7.20    7.20  0.00  0.001600     -0.001600

SEI/USDC   books of version 3
  position      12                    SEI
  average cost   0.41545              USDC
  realised PnL   1.520583999999999982 USDC
  fees           0.008116             USDC
  volume        96.2657               USDC
  fees paid in  0.01 SEI, 0.002 ATOM
  fills         8, the last at 2026-01-02T05:31:02.125Z
  audit         repairing at 2026-01-02T06:00:00.000Z, clean at 2026-01-02T05:55:00.000Z
                9 fills checked, 1 missing, 0 different, 0 unknown to the venue
                all of them again since 2026-01-02T05:10:00.000Z

  amounts in USDC
  hour (UTC)     fills  volume  bought  sold      fees  realised PnL  audit
  2026-01-02T04      2   27.53   27.53  0.00  0.000000      1.063700
  2026-01-02T05      2    4.63    2.52  2.10  0.000800      0.052700
  2 hours            4   32.16   30.06  2.10  0.000800      1.116400
`);
  });

  test("verifies, rebuilds and verifies again, and its exit code says how it went", async () => {
    await spoil(table, SEI, { sk: "POSITION", path: "realizedPnl", value: { N: "1.520583999999999983" } });
    const wrong = await local("verify");
    expect(wrong).toEqual({
      code: 2,
      said: `ETH/USDC: facts 1, lost 0, doubled 0, drift 0 units
  1 hour, books of version 1, 0 on their way, 0 kept aside: proven
SEI/USDC: facts 8, lost 0, doubled 0, drift 1 units
  3 hours, books of version 3, 0 on their way, 0 kept aside: 1 difference:
  ✗ POSITION realizedPnl must be 1.520583999999999982, was 1.520583999999999983
  what the facts can mend: npm run ledger -- rebuild --market SEI/USDC
`,
      complained: "",
    });
    expect(await local("rebuild", "--market", SEI)).toEqual({
      code: 0,
      said: `SEI/USDC: the books are the fold of 8 facts again
  ✗ POSITION realizedPnl must be 1.520583999999999982, was 1.520583999999999983
  written again: POSITION
`,
      complained: "",
    });
    const proven = await local("verify", "--market", SEI, "--json");
    expect(proven.code).toBe(0);
    expect(JSON.parse(proven.said)).toMatchObject([
      { market: SEI, facts: 8, driftUnits: "0", isProven: true, differences: [] },
    ]);
  });

  test("exports CSV as RFC 4180 has it, to the output or to a file that is whole", async () => {
    const { code, said } = await local("export", "--market", ETH);
    expect(code).toBe(0);
    const [head, row, rest] = said.split("\r\n");
    expect(head).toMatch(/^venueTime,fillId,.*,realizedPnl,realizedPnlFifo,mid1s,mid5s,mid60s$/);
    expect(row).toMatch(/^2026-01-02T03:04:05.678Z,"odd,""id""",.*,0.004,1800.5,-0.0016,-0.0016,,,$/);
    expect(rest).toBe("");
    const out = join(folder, "fills.csv");
    const written = await local("export", "--market", SEI, "--from", "2026-01-02T05:00Z", "--out", out);
    expect(written).toMatchObject({ code: 0, said: `2 fills of SEI/USDC written to ${out}\n` });
    expect(readFileSync(out, "utf8").split("\r\n")).toHaveLength(4);
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("speaks to the table that the environment and the SDK's own variables name", async () => {
    const aws = { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
    const env = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: cloud.endpoint, TABLE_NAME, MARKETS: `${ETH}, NEW/USDC` };
    const shown = await ledger(["show", "--json"], env);
    expect(JSON.parse(shown.said)).toMatchObject([
      { market: ETH, books: { position: "0.004", averageCost: "1800.5", fillCount: 1 }, hours: [{ fees: "0.0016" }] },
      { market: "NEW/USDC", books: null, hours: [], audit: null },
    ]);
    const unknown = await ledger(["verify"], { ...env, TABLE_NAME: "other" });
    expect(unknown).toMatchObject({ code: 1, said: "", complained: expect.stringMatching(/^verify of table other: /) });
  });

  test("is told what was wrong: bad usage by 64, a table that does not answer by 1", async () => {
    expect(await ledger(["prove"])).toEqual({
      code: 64,
      said: "",
      complained: 'the action must be show, verify, rebuild or export, was "prove"\n',
    });
    const dead = mkdtempSync(join(folder, "dead-"));
    writeFileSync(join(dead, "cloud.json"), '{"dynamodbUrl":"http://127.0.0.1:1","tableName":"ledger"}');
    const answer = await ledger(["show", "--data-dir", dead]);
    expect(answer).toMatchObject({ code: 1, said: "" });
    expect(answer.complained).toMatch(/^show of table ledger of the run in .*ECONNREFUSED/);
  });
});

describe("the place of a ledger", () => {
  test("is not guessed", async () => {
    const empty = mkdtempSync(join(folder, "empty-"));
    await expect(openLocal(empty)).rejects.toThrow(`--data-dir must be the folder of a local run, was "${empty}"`);
    expect(() => openAws({})).toThrow("TABLE_NAME must be set in the environment, or --data-dir given for a local run");
    expect(() => openAws({ TABLE_NAME, MARKETS: "SEI" })).toThrow(
      'MARKETS must be symbols such as SEI/USDC, was "SEI"',
    );
  });

  test("is also the folder of a run that has ended, or was killed and left its address behind", async () => {
    const ended = mkdtempSync(join(folder, "ended-"));
    mkdirSync(join(ended, "tables"));
    const server = await startTableServer(join(ended, "tables"));
    const keySchema = [
      { AttributeName: "pk", KeyType: "HASH" as const },
      { AttributeName: "sk", KeyType: "RANGE" as const },
    ];
    const attributes = ["pk", "sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const }));
    await server.create([{ name: "own", keySchema, attributes }]);
    await server.stop();
    writeFileSync(join(ended, "cloud.json"), `{"dynamodbUrl":"${server.url}","tableName":"own"}`);
    const place = await openLocal(ended);
    expect(place.name).toBe(`table own of the run that ended in ${ended}`);
    expect(await findMarkets(place.table)).toEqual([]);
    await place.close();
  });
});
