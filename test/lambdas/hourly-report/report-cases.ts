/** Figures of reports to draw and to tell: one market, twelve, a loss, an hour without a fill, and one of everything. */
import { emptyBooks } from "../../../core/accounting/pnl.ts";
import { MONEY_DECIMALS, parseScaled } from "../../../core/decimal.ts";
import type { Rng } from "../../../fargate/seams.ts";
import type { MarketFigures } from "../../../lambdas/hourly-report/market-figures.ts";
import { hourPeriod } from "../../../lambdas/hourly-report/period.ts";
import { type ReportFigures, reportFigures } from "../../../lambdas/hourly-report/report-figures.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

const PERIOD = hourPeriod("2026-01-02T03");

export const money = (text: string) => parseScaled(text, MONEY_DECIMALS, "amount");

type Case = {
  readonly market: string;
  readonly pnl: string;
  readonly volume: string;
  readonly fills: number;
  readonly improvementBps: number;
  readonly othersBps: number;
  readonly placed: number;
  readonly filled: number;
  readonly cancelled: number;
  readonly minutes?: number;
};

/** A market whose profit wanders to its end. */
export function makeMarket(given: Case): MarketFigures {
  const [base = "", quote = ""] = given.market.split("/");
  const minutes = given.minutes ?? 60;
  const pnl = money(given.pnl);
  const steps = wander(minutes === 0 ? 0 : PERIOD.points, makeSeededRng(given.placed, given.market));
  const series = Array.from({ length: PERIOD.points }, (_, index) => ({
    pnl: (pnl * BigInt(Math.round(1_000 * (steps[index] ?? 0)))) / 1_000n,
    position: 0n,
  }));
  return {
    market: given.market,
    assets: { base, quote },
    isAudited: true,
    closing: emptyBooks(),
    series,
    realizedPnl: (pnl * 3n) / 4n,
    unrealizedChange: pnl - (pnl * 3n) / 4n,
    volume: money(given.volume),
    fees: 0n,
    fillCount: given.fills,
    ordersPlaced: given.placed,
    ordersFilled: given.filled,
    ordersCancelled: given.cancelled,
    improvementBps: given.improvementBps * minutes,
    othersBps: given.othersBps * minutes,
    spreadMinutes: minutes,
    twoSidedSeconds: 59.2 * minutes,
  };
}

/** A random walk from 0 to 1. */
function wander(length: number, rng: Rng): readonly number[] {
  let height = 0;
  const walk = Array.from({ length }, () => {
    height += (rng.next() - 0.5) * 0.22;
    return height;
  });
  return walk.map((step, index) => step + ((index + 1) / length) * (1 - height));
}

const SEI: Case = {
  market: "SEI/USDC",
  pnl: "12.3456",
  volume: "18234.5",
  fills: 312,
  improvementBps: 8.4,
  othersBps: 21.2,
  placed: 2_840,
  filled: 211,
  cancelled: 2_625,
};

const TWELVE = ["SEI", "ATOM", "OSMO", "TIA", "ETH", "BTC", "INJ", "DYDX", "AKT", "KUJI", "STRD", "USDT"].map(
  (base, index) => ({
    market: `${base}/USDC`,
    pnl: `${(index - 4) * 3}.25`,
    volume: `${Math.round(240_000 / (index + 1) ** 1.4)}.5`,
    fills: 400 - 30 * index,
    improvementBps: 1.5 + ((index * 7) % 12) * 1.3,
    othersBps: 24 + index,
    placed: 3_000 - 200 * index,
    filled: 220 - 15 * index,
    cancelled: 2_770 - 184 * index,
  }),
);

const of = (cases: readonly Case[]): ReportFigures => reportFigures(PERIOD, cases.map(makeMarket));

export const CASES = {
  "one-market": of([SEI]),
  "twelve-markets": of(TWELVE),
  "negative-pnl": of([
    { ...SEI, pnl: "-41.0875" },
    { ...SEI, market: "ATOM/USDC", pnl: "3.2", volume: "951.25" },
  ]),
  "zero-fills": of([{ ...SEI, pnl: "0", volume: "0", fills: 0, filled: 0, cancelled: 2_836 }]),
  mixed: of([
    SEI,
    { ...SEI, market: "ETH/USDC", pnl: "-9.81", volume: "104250", improvementBps: 0.42, othersBps: 0.9, placed: 5_120 },
    { ...SEI, market: "BTC/USDC", pnl: "0", volume: "0", fills: 0, placed: 0, filled: 0, cancelled: 0, minutes: 0 },
    { ...SEI, market: "TIA/USDC", pnl: "1.5", volume: "0.42", improvementBps: -1.25, othersBps: 30 },
  ]),
} as const satisfies Readonly<Record<string, ReportFigures>>;
