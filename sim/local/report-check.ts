/** Whether the report of a whole run says what the ledger says. Owns the comparison; both are read anew, in other ways than the report was. */
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type Books, emptyBooks } from "../../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import { readAmount, readCount } from "../../lambdas/ledger-items.ts";
import { type LedgerTable, readBooks } from "../../lambdas/ledger-table.ts";
import type { LocalCloud } from "./cloud.ts";
import { localClientSettings } from "./local-client.ts";
import type { LocalReport } from "./reports.ts";

type Ledger = Pick<LocalCloud, "dynamodbUrl" | "tableName">;

/** Every market's books of a moment. */
export type RunBooks = ReadonlyMap<string, Books>;

export async function readRunBooks(ledger: Ledger, markets: readonly string[]): Promise<RunBooks> {
  return await withTable(ledger, async (table) => {
    const books = await Promise.all(markets.map(async (market) => [market, await readBooks(table, market)] as const));
    return new Map(books);
  });
}

/** What the report says otherwise than the books, which were `before` when the run began: a sentence each. */
export async function reportFaults(ledger: Ledger, report: LocalReport, before: RunBooks): Promise<readonly string[]> {
  if (report.text === undefined) return [];
  const after = await readRunBooks(ledger, [...before.keys()]);
  const item = await withTable(ledger, async ({ client, tableName }) => {
    const Key = { pk: { S: "REPORT" }, sk: { S: report.id } };
    return (await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item;
  });
  if (item === undefined) return [`the report ${report.id} must be stored, was absent`];
  const from = item["from"]?.S ?? "";
  // A report begins with a whole minute: what an earlier run traded in it is in the report, and not of this run.
  if ([...before.values()].some(({ lastFill }) => lastFill !== undefined && lastFill.venueTime >= from)) return [];
  const change = (read: (books: Books) => bigint) =>
    [...after].reduce((sum, [market, books]) => sum + read(books) - read(before.get(market) ?? emptyBooks()), 0n);
  const compared = [
    ["realised PnL", change(({ realizedPnl }) => realizedPnl), readAmount(item, "realizedPnl")],
    ["volume", change(({ volume }) => volume), readAmount(item, "volume")],
    ["fees", change(({ fees }) => fees), readAmount(item, "fees")],
    ["fill count", change(({ fillCount }) => BigInt(fillCount)), BigInt(readCount(item, "fillCount"))],
  ] as const;
  return compared.flatMap(([what, expected, was]) =>
    expected === was ? [] : [`${what} of the report is ${toText(what, was)}, in the ledger ${toText(what, expected)}`],
  );
}

function toText(what: string, value: bigint): string {
  return what === "fill count" ? `${value}` : formatScaled(value, MONEY_DECIMALS);
}

async function withTable<Value>(ledger: Ledger, act: (table: LedgerTable) => Promise<Value>): Promise<Value> {
  const client = new DynamoDBClient(localClientSettings(ledger.dynamodbUrl));
  try {
    return await act({ client, tableName: ledger.tableName });
  } finally {
    client.destroy();
  }
}
