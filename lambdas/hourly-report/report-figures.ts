/** The figures of a report in all: sums over its markets, and the ratios of CONTRACTS 5. Owns no reading, and no words. */
import type { MarketFigures, SeriesPoint, Sums } from "./market-figures.ts";
import type { Period } from "./period.ts";

export type Ratios = {
  readonly pnl: bigint;
  /** 100 × Σ improvement / Σ others' spread; undefined where no spread was measured. */
  readonly spreadImprovementPercent: number | undefined;
  /** Mean over the measured minutes, basis points. */
  readonly spreadImprovementBps: number | undefined;
  /** 100 × orders filled / orders placed; undefined where none was placed. */
  readonly fillRatePercent: number | undefined;
  /** 100 × seconds with both sides quoted / seconds of the period, over all markets. */
  readonly uptimePercent: number;
};

export type ReportFigures = Sums &
  Ratios & {
    readonly period: Period;
    /** The one asset that all amounts are in. */
    readonly quote: string;
    readonly markets: readonly (MarketFigures & Ratios)[];
    /** Whether every market's are. */
    readonly isAudited: boolean;
    /** Profit of all markets at each point of the period. */
    readonly series: readonly Pick<SeriesPoint, "pnl">[];
  };

/** Adds markets up; they must have one quote asset, and there must be one at least. */
export function reportFigures(period: Period, markets: readonly MarketFigures[]): ReportFigures {
  const amount = (read: (sums: Sums) => bigint) => markets.reduce((total, market) => total + read(market), 0n);
  const count = (read: (sums: Sums) => number) => markets.reduce((total, market) => total + read(market), 0);
  const sums: Sums = {
    realizedPnl: amount(({ realizedPnl }) => realizedPnl),
    unrealizedChange: amount(({ unrealizedChange }) => unrealizedChange),
    volume: amount(({ volume }) => volume),
    fees: amount(({ fees }) => fees),
    fillCount: count(({ fillCount }) => fillCount),
    ordersPlaced: count(({ ordersPlaced }) => ordersPlaced),
    ordersFilled: count(({ ordersFilled }) => ordersFilled),
    ordersCancelled: count(({ ordersCancelled }) => ordersCancelled),
    improvementBps: count(({ improvementBps }) => improvementBps),
    othersBps: count(({ othersBps }) => othersBps),
    spreadMinutes: count(({ spreadMinutes }) => spreadMinutes),
    twoSidedSeconds: count(({ twoSidedSeconds }) => twoSidedSeconds),
  };
  return {
    ...sums,
    ...ratiosOf(sums, period.seconds * markets.length),
    period,
    quote: markets[0]?.assets.quote ?? "",
    isAudited: markets.every(({ isAudited }) => isAudited),
    markets: markets.map((market) => ({ ...market, ...ratiosOf(market, period.seconds) })),
    series: Array.from({ length: period.points }, (_, index) => ({
      pnl: markets.reduce((total, { series }) => total + (series[index]?.pnl ?? 0n), 0n),
    })),
  };
}

function ratiosOf(sums: Sums, seconds: number): Ratios {
  const { improvementBps, othersBps, spreadMinutes, ordersFilled, ordersPlaced } = sums;
  return {
    pnl: sums.realizedPnl + sums.unrealizedChange,
    spreadImprovementPercent: othersBps > 0 ? (100 * improvementBps) / othersBps : undefined,
    spreadImprovementBps: spreadMinutes > 0 ? improvementBps / spreadMinutes : undefined,
    fillRatePercent: ordersPlaced > 0 ? (100 * ordersFilled) / ordersPlaced : undefined,
    uptimePercent: (100 * sums.twoSidedSeconds) / seconds,
  };
}
