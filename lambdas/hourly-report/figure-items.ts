/** The figures of a report as they are stored: in its item, for programs, and in full beside the chart. Owns both forms. */
import { formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import type { Item } from "../ledger-items.ts";
import type { Sums } from "./market-figures.ts";
import type { Ratios, ReportFigures } from "./report-figures.ts";

/** Figures of the whole report, as attributes. Amounts are DynamoDB numbers of the quote asset; ratios in percent. */
export function figureAttributes(figures: ReportFigures): Item {
  const { period, quote, markets, isAudited } = figures;
  const numbers = Object.entries(plainFigures(figures)).flatMap(([name, value]) =>
    value === null ? [] : [[name, { N: String(value) }] as const],
  );
  return {
    ...Object.fromEntries(numbers),
    from: { S: period.from },
    quote: { S: quote },
    isAudited: { BOOL: isAudited },
    markets: { S: markets.map(({ market }) => market).join(",") },
  };
}

/** Everything, with each market's own figures and its series. Amounts are decimal strings. */
export function figuresJson(figures: ReportFigures): string {
  const { period, quote, markets, series } = figures;
  const whole = {
    from: period.from,
    to: period.to,
    quote,
    isAudited: figures.isAudited,
    ...plainFigures(figures),
    seriesStepSeconds: period.stepMs / 1_000,
    pnlSeries: series.map(({ pnl }) => toText(pnl)),
    markets: markets.map((market) => ({
      market: market.market,
      isAudited: market.isAudited,
      ...plainFigures(market),
      position: toText(market.closing.position),
      pnlSeries: market.series.map(({ pnl }) => toText(pnl)),
      positionSeries: market.series.map(({ position }) => toText(position)),
    })),
  };
  return `${JSON.stringify(whole, null, 1)}\n`;
}

function plainFigures(figures: Sums & Ratios) {
  return {
    pnl: toText(figures.pnl),
    realizedPnl: toText(figures.realizedPnl),
    unrealizedChange: toText(figures.unrealizedChange),
    volume: toText(figures.volume),
    fees: toText(figures.fees),
    fillCount: figures.fillCount,
    ordersPlaced: figures.ordersPlaced,
    ordersFilled: figures.ordersFilled,
    ordersCancelled: figures.ordersCancelled,
    spreadImprovementPercent: rounded(figures.spreadImprovementPercent),
    spreadImprovementBps: rounded(figures.spreadImprovementBps),
    fillRatePercent: rounded(figures.fillRatePercent),
    uptimePercent: rounded(figures.uptimePercent),
  };
}

/** Millionths, as the minutes are told; nothing where it is not known. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(6));
}

function toText(amount: bigint): string {
  return formatScaled(amount, MONEY_DECIMALS);
}
