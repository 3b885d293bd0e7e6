/**
 * What a report has to say of an hour, from the venue's own record of fills and the minutes in the table (CONTRACTS 5): the lines of its text,
 * made anew. Owns this arithmetic, which is none of the product's: profit is cash and position at a mark, not average cost.
 */
import { parseScaled } from "../../../core/decimal.ts";
import { type EngineMinute, readMinutes } from "../../../lambdas/engine-items.ts";
import { formatAmount, formatPercent } from "../../../lambdas/hourly-report/amounts.ts";
import { hourPeriod } from "../../../lambdas/hourly-report/period.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import type { ExchangeFill } from "../../exchange/account-records.ts";

const DECIMALS = 18;
const ONE = 10n ** 18n;
/** The ledger divides at 18 decimals, and fills of an hour are some hundreds. */
const ROUNDING = 10n ** 6n;
const SECONDS = 3_600;

export type MarketTruth = { readonly fills: readonly ExchangeFill[]; readonly minutes: readonly EngineMinute[] };

/** Everything of a market from the world's beginning to the hour's end. */
export async function readTruth(
  table: LedgerTable,
  fills: readonly ExchangeFill[],
  { market, hour }: { readonly market: string; readonly hour: string },
): Promise<MarketTruth> {
  const { to } = hourPeriod(hour);
  const lastMinute = new Date(Date.parse(to) - 1).toISOString().slice(0, 16);
  const minutes = await readMinutes(table, market, { from: "2000-01-01T00:00", to: lastMinute });
  return { fills: fills.filter(({ timestamp }) => timestamp < to), minutes };
}

/** The lines that the text must have, each with the spellings that are right; those of minutes only where `hasAllMinutes`. */
export function expectedLines(
  hour: string,
  markets: readonly MarketTruth[],
  hasAllMinutes: boolean,
): readonly (readonly string[])[] {
  const { from } = hourPeriod(hour);
  const volume = sumOf(markets, ({ fills }) =>
    sumOf(
      fills.filter(({ timestamp }) => timestamp >= from),
      worthOf,
    ),
  );
  const lines = [[`📊 Volume ${formatAmount(volume)} USDC`]];
  if (!hasAllMinutes) return lines;
  const pnl = sumOf(markets, (market) => profitOf(market, from));
  const own = markets.flatMap(({ minutes }) => minutes.filter(({ minute }) => minute >= from.slice(0, 16)));
  const count = (read: (minute: EngineMinute) => number) => own.reduce((sum, minute) => sum + read(minute), 0);
  const placed = count(({ ordersPlaced }) => ordersPlaced);
  const others = count(({ spreads }) => spreads?.othersBps ?? 0);
  const improved = count(({ spreads }) => spreads?.improvementBps ?? 0);
  const uptime = (100 * count(({ twoSidedSeconds }) => twoSidedSeconds)) / (SECONDS * markets.length);
  const fillRate = placed > 0 ? (100 * count(({ ordersFilled }) => ordersFilled)) / placed : undefined;
  const profits = [pnl - ROUNDING, pnl, pnl + ROUNDING].map((each) => formatAmount(each, { signed: true }));
  return [
    ...lines,
    profits.map((each) => `💰 PnL ${each} USDC`),
    percentLine("📈 Spread improvement", others > 0 ? (100 * improved) / others : undefined),
    percentLine("🎯 Fill rate", fillRate),
    percentLine("⏱️ Uptime", uptime),
  ];
}

/** Sums of floating-point numbers may differ in their last digits. */
function percentLine(name: string, percent: number | undefined): readonly string[] {
  const near = percent === undefined ? [undefined] : [percent - 1e-9, percent, percent + 1e-9];
  return near.map((each) => `${name} ${formatPercent(each)}`);
}

/** What the account was worth more at the hour's end than at its beginning, each at the last mid before. */
function profitOf({ fills, minutes }: MarketTruth, from: string): bigint {
  const earlier = fills.filter(({ timestamp }) => timestamp < from);
  const marks = minutes.flatMap(({ minute, marked }) => (marked === undefined ? [] : [{ minute, mid: marked.mid }]));
  const opening = marks.findLast(({ minute }) => minute < from.slice(0, 16))?.mid;
  return worthAt(fills, marks.at(-1)?.mid) - worthAt(earlier, opening);
}

/** Cash, less fees, and the position at the mark; 10^-18 quote. */
function worthAt(fills: readonly ExchangeFill[], mark: bigint | undefined): bigint {
  const position = sumOf(fills, ({ side, quantity }) => signOf(side) * scaled(quantity));
  const cash = sumOf(fills, (fill) => -signOf(fill.side) * worthOf(fill) - feeOf(fill));
  return cash + ((mark ?? 0n) * position) / ONE;
}

function worthOf({ price, quantity }: ExchangeFill): bigint {
  return (scaled(price) * scaled(quantity)) / ONE;
}

function feeOf({ fee, feeAsset, market, price }: ExchangeFill): bigint {
  return market.startsWith(`${feeAsset}/`) ? (scaled(fee) * scaled(price)) / ONE : scaled(fee);
}

function signOf(side: "buy" | "sell"): bigint {
  return side === "buy" ? 1n : -1n;
}

function scaled(text: string): bigint {
  return parseScaled(text, DECIMALS, "amount");
}

function sumOf<Item>(items: readonly Item[], read: (item: Item) => bigint): bigint {
  return items.reduce((sum, item) => sum + read(item), 0n);
}
