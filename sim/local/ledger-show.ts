/**
 * The books of a market as a person reads them: position, cost, profit, the newest hours, the audit's last word. Owns the reading of
 * what is shown and its form; amounts are rounded for the table of hours alone.
 */
import { GetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { HourFigures } from "../../core/accounting/hourly.ts";
import type { Books } from "../../core/accounting/pnl.ts";
import { divideHalfEven, formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import { splitSymbol } from "../../core/messages.ts";
import { HOUR_PREFIX, type Item } from "../../lambdas/ledger-items.ts";
import { type LedgerTable, readNewestHours, readPosition } from "../../lambdas/ledger-table.ts";

/** What the fill audit wrote down (`AUDIT#<market>`), as far as it is shown. */
type Audit = {
  readonly state: string;
  readonly checkedAt: string | undefined;
  readonly cleanAt: string | undefined;
  /** Since when everything was compared, older history included. */
  readonly againSince: string | undefined;
  readonly checkedTotal: number;
  readonly missing: number;
  readonly different: number;
  readonly unknownToVenue: number;
};

export type ShownLedger = {
  readonly market: string;
  /** Undefined when nothing has been booked. */
  readonly books: Books | undefined;
  readonly version: number;
  readonly pending: number;
  /** Oldest first, each with the audit's mark: `proven`, `different`, or empty. */
  readonly hours: readonly (HourFigures & { readonly audit: string })[];
  readonly audit: Audit | undefined;
};

export async function readShown(table: LedgerTable, market: string, hours: number): Promise<ShownLedger> {
  const position = await readPosition(table, market);
  const newest = hours === 0 ? [] : await readNewestHours(table, market, hours);
  const marks = await readHourMarks(table, market, newest[0]?.hour);
  return {
    market,
    books: position === undefined || position.version === 0 ? undefined : position.state.books,
    version: position?.version ?? 0,
    pending: position?.pending.size ?? 0,
    hours: newest.map((hour) => ({ ...hour, audit: marks.get(hour.hour) ?? "" })),
    audit: await readAudit(table, market),
  };
}

/** For programs: amounts as decimal text. */
export function shownJson({ market, books, version, pending, hours, audit }: ShownLedger) {
  return {
    market,
    version,
    pending,
    books: books === undefined ? null : toTexts(books),
    hours: hours.map(toTexts),
    audit: audit ?? null,
  };
}

export function shownText({ market, books, version, pending, hours, audit }: ShownLedger): string {
  if (books === undefined) {
    return `${market}: no fill has been booked${pending > 0 ? `, ${pending} on their way` : ""}`;
  }
  const { base, quote } = splitSymbol(market);
  const amounts = [
    ["position", books.position, base],
    ["average cost", books.averageCost, quote],
    ["realised PnL", books.realizedPnl, quote],
    ["fees", books.fees, quote],
    ["volume", books.volume, quote],
  ] as const;
  const shown = alignPoints(amounts.map(([, amount]) => formatScaled(amount, MONEY_DECIMALS)));
  const lines = amounts.map(([name, , asset], index) => `  ${name.padEnd(NAME_WIDTH)}${shown[index]} ${asset}`);
  const inAssets = Object.entries(books.feesByAsset).filter(([asset]) => asset !== quote);
  const feeParts = inAssets.map(([asset, fee]) => `${formatScaled(fee, MONEY_DECIMALS)} ${asset}`);
  const last = books.lastFill === undefined ? "" : `, the last at ${books.lastFill.venueTime}`;
  return [
    `${market}   books of version ${version}`,
    ...lines,
    ...(feeParts.length === 0 ? [] : [`  ${"fees paid in".padEnd(NAME_WIDTH)}${feeParts.join(", ")}`]),
    `  ${"fills".padEnd(NAME_WIDTH)}${books.fillCount}${last}`,
    ...(pending === 0 ? [] : [`  ${"on their way".padEnd(NAME_WIDTH)}${pending}`]),
    ...auditLines(audit),
    ...hoursTable(hours, quote),
  ].join("\n");
}

const NAME_WIDTH = 14;

function auditLines(audit: Audit | undefined): readonly string[] {
  const line = (name: string, text: string) => `  ${name.padEnd(NAME_WIDTH)}${text}`;
  if (audit === undefined) return [line("audit", "has not looked yet")];
  const clean = audit.cleanAt === undefined ? "never clean" : `clean at ${audit.cleanAt}`;
  const found = `${audit.missing} missing, ${audit.different} different, ${audit.unknownToVenue} unknown to the venue`;
  return [
    line("audit", `${audit.state} at ${audit.checkedAt ?? "?"}${audit.state === "clean" ? "" : `, ${clean}`}`),
    line("", `${audit.checkedTotal} fills checked, ${found}`),
    line(
      "",
      audit.againSince === undefined ? "never all of them again" : `all of them again since ${audit.againSince}`,
    ),
  ];
}

type Column = {
  readonly head: string;
  readonly decimals: number;
  amount(hour: HourFigures): bigint;
};

const COLUMNS: readonly Column[] = [
  { head: "volume", decimals: 2, amount: (hour) => hour.volume },
  { head: "bought", decimals: 2, amount: (hour) => hour.buyVolume },
  { head: "sold", decimals: 2, amount: (hour) => hour.sellVolume },
  { head: "fees", decimals: 6, amount: (hour) => hour.fees },
  { head: "realised PnL", decimals: 6, amount: (hour) => hour.realizedPnl },
];

/** One row an hour and their sum; every column as wide as it must be. */
function hoursTable(hours: ShownLedger["hours"], quote: string): readonly string[] {
  if (hours.length === 0) return [];
  const cells = COLUMNS.map(({ head, decimals, amount }) => {
    const amounts = hours.map(amount);
    const texts = [...amounts, amounts.reduce((sum, each) => sum + each, 0n)].map((each) => fixed(each, decimals));
    return [head, ...texts];
  });
  const counts = hours.map((hour) => hour.fillCount);
  const fills = ["fills", ...[...counts, counts.reduce((sum, each) => sum + each, 0)].map(String)];
  const names = [
    "hour (UTC)",
    ...hours.map((hour) => hour.hour),
    hours.length === 1 ? "1 hour" : `${hours.length} hours`,
  ];
  const marks = ["audit", ...hours.map((hour) => hour.audit), ""];
  const rows = names.map((name, row) => {
    const numbers = [fills, ...cells].map((column) => (column[row] ?? "").padStart(widthOf(column)));
    return `  ${name.padEnd(widthOf(names))}  ${numbers.join("  ")}  ${marks[row] ?? ""}`.trimEnd();
  });
  return ["", `  amounts in ${quote}`, ...rows];
}

function widthOf(column: readonly string[]): number {
  return Math.max(...column.map((cell) => cell.length));
}

/** Rounded half to even to a fixed number of decimals. */
function fixed(amount: bigint, decimals: number): string {
  const rounded = divideHalfEven(amount, 10n ** BigInt(MONEY_DECIMALS - decimals));
  const text = formatScaled(rounded, decimals);
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole}.${fraction.padEnd(decimals, "0")}`;
}

/** Pads decimal texts so that their points stand under each other. */
function alignPoints(texts: readonly string[]): readonly string[] {
  const parts = texts.map((text) => text.split("."));
  const wholeWidth = Math.max(...parts.map(([whole = ""]) => whole.length));
  const fractionWidth = Math.max(...parts.map(([, fraction = ""]) => fraction.length));
  return parts.map(([whole = "", fraction]) => {
    const tail = fraction === undefined ? "" : `.${fraction}`;
    return `${whole.padStart(wholeWidth)}${tail.padEnd(fractionWidth === 0 ? 0 : fractionWidth + 1)}`;
  });
}

/** Every amount as decimal text, nested ones included. */
function toTexts(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toText(each)]));
}

function toText(value: unknown): unknown {
  if (typeof value === "bigint") return formatScaled(value, MONEY_DECIMALS);
  return typeof value === "object" && value !== null ? toTexts(value) : value;
}

async function readAudit(table: LedgerTable, market: string): Promise<Audit | undefined> {
  const Key = { pk: { S: `AUDIT#${market}` }, sk: { S: "LATEST" } };
  const { Item: item } = await table.client.send(
    new GetItemCommand({ TableName: table.tableName, Key, ConsistentRead: true }),
  );
  if (item === undefined) return undefined;
  return {
    state: item["state"]?.S ?? "unknown",
    checkedAt: item["checkedAt"]?.S,
    cleanAt: item["cleanAt"]?.S,
    againSince: item["againSince"]?.S,
    checkedTotal: countOf(item, "checkedTotal"),
    missing: countOf(item, "missing"),
    different: countOf(item, "different"),
    unknownToVenue: countOf(item, "unknownToVenue"),
  };
}

/** What the audit says of each hour from `from` on. */
async function readHourMarks(table: LedgerTable, market: string, from: string | undefined) {
  const marks = new Map<string, string>();
  if (from === undefined) return marks;
  let start: Item | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: {
          ":pk": { S: `AUDIT#${market}` },
          ":from": { S: HOUR_PREFIX + from },
          ":to": { S: `${HOUR_PREFIX}:` },
        },
        ...(start === undefined ? {} : { ExclusiveStartKey: { ...start } }),
      }),
    );
    for (const item of page.Items ?? []) {
      marks.set((item["sk"]?.S ?? "").slice(HOUR_PREFIX.length), item["state"]?.S ?? "");
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return marks;
}

function countOf(item: Item, name: string): number {
  return Number(item[name]?.N ?? 0);
}
