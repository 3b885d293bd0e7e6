import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FillMarkout } from "../../core/accounting/markout.ts";
import { formatScaled, parseScaled } from "../../core/decimal.ts";
import type { FillMessage } from "../../core/messages.ts";
import { encodeMarkouts } from "../../fargate/minute-item.ts";
import { EXPORT_COLUMNS, type ExportRow, exportRows } from "../../lambdas/ledger-export.ts";
import { type LedgerTable, readPosition } from "../../lambdas/ledger-table.ts";
import { deliverAll } from "./fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud } from "./fill-accounting/ledger-cloud.ts";
import { factName, makeHistory, putItem, spoil } from "./made-ledger.ts";

const MARKET = "SEI/USDC";
const WHOLE = { from: undefined, to: undefined };

let cloud: LedgerCloud;
let table: LedgerTable;
let history: readonly FillMessage[] = [];
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
  history = makeHistory(MARKET);
  await deliverAll(table, history);
});
afterAll(async () => await cloud.close());

async function rowsOf(range: Parameters<typeof exportRows>[2]): Promise<ExportRow[]> {
  const rows: ExportRow[] = [];
  for await (const row of exportRows(table, MARKET, range)) rows.push(row);
  return rows;
}

describe("the rows of an export", () => {
  it("say what the venue said, in its order, and end with the books", async () => {
    const rows = await rowsOf(WHOLE);
    expect(rows.map((row) => row.fillId)).toEqual(history.map((fill) => fill.fillId));
    expect(Object.keys(rows[0] ?? {})).toEqual([...EXPORT_COLUMNS]);
    for (const [index, { market: _market, version: _version, engineId: _engineId, ...said }] of history.entries()) {
      expect(rows[index]).toMatchObject(said);
    }
    const books = (await readPosition(table, MARKET))!.state.books;
    const text = (amount: bigint) => formatScaled(amount, 18);
    expect(rows.at(-1)).toMatchObject({
      position: text(books.position),
      averageCost: text(books.averageCost),
      realizedPnl: text(books.realizedPnl),
    });
  });

  it("run on by average cost and by FIFO, by hand", async () => {
    // buy 0.4213 × 40 and 0.4216 × 7 (fee 0.01 SEI), sell 0.4301 × 100, sell 0.43 × 3 (a rebate): flipped at the third.
    const rows = (await rowsOf(WHOLE)).slice(0, 4);
    expect(rows.map((row) => row.position)).toEqual(["40", "47", "-53", "-56"]);
    expect(rows.map((row) => row.spreadCapture)).toEqual(["0.006", "-0.00105", "0.865", "0.02565"]);
    // 0.0016; then 0.01 × 0.4216; then 40 × 0.0088 + 7 × 0.0085 − 0.0017; then the rebate of 0.0002.
    const fifo = ["-0.0016", "-0.005816", "0.403984", "0.404184"];
    expect(rows.map((row) => row.realizedPnlFifo)).toEqual(fifo);
    // The third fill closed everything that was bought, so that both ways have realised the same but for the average's rounding.
    for (const [index, row] of rows.entries()) {
      const difference = parseScaled(row.realizedPnl, 18, "pnl") - parseScaled(fifo[index], 18, "pnl");
      expect(difference < 60n && difference > -60n).toBe(true);
    }
  });

  it.each([
    ["2026-01-02T04:00:00.000Z", undefined, [4, 5, 6, 7]],
    [undefined, "2026-01-02T04:00:00.000Z", [0, 1, 2, 3]],
    ["2026-01-02T03:10:00.000Z", "2026-01-02T03:10:00.001Z", [0, 1]],
    ["2026-01-03T00:00:00.000Z", undefined, []],
  ])("from %s to %s are those of the whole history", async (from, to, picked) => {
    const whole = await rowsOf(WHOLE);
    expect(await rowsOf({ from, to })).toEqual(picked.map((index) => whole[index]));
  });

  it("tell the mids after a fill where the task kept them", async () => {
    const markout = (fill: FillMessage, mids: FillMarkout["mids"]): FillMarkout => ({
      fillId: fill.fillId,
      venueTime: fill.venueTime,
      side: "buy",
      level: 0,
      price: 1n,
      size: 1n,
      midAtFill: 1n,
      mids,
    });
    const mid = (text: string) => parseScaled(text, 18, "mid");
    const [, , , last] = history;
    const items = [
      { minute: "2026-01-02T03:11", fill: markout(history[0]!, [mid("0.42"), mid("0.421"), undefined]) },
      // Finished in the next hour.
      { minute: "2026-01-02T04:01", fill: markout(last!, [mid("0.43"), mid("0.4301"), mid("0.4302")]) },
    ];
    for (const { minute, fill } of items) {
      const fills = encodeMarkouts([fill]);
      await putItem(table, { pk: { S: `ENGINE#${MARKET}` }, sk: { S: `MARKOUTS#${minute}#1` }, fills });
    }
    const rows = await rowsOf({ from: undefined, to: "2026-01-02T04:00:00.000Z" });
    expect(rows.map((row) => [row.mid1s, row.mid5s, row.mid60s])).toEqual([
      ["0.42", "0.421", ""],
      ["", "", ""],
      ["", "", ""],
      ["0.43", "0.4301", "0.4302"],
    ]);
  });

  it("stop at a fact that cannot be read, by name", async () => {
    await spoil(table, MARKET, { sk: factName(history[7]!), path: "size", value: { N: "-1" } });
    await expect(rowsOf(WHOLE)).rejects.toThrow(
      `${MARKET} ${factName(history[7]!)} must be a fact that can be read, was "size must be above 0, was`,
    );
  });
});
