/**
 * Draws the chart of an hour's report in a process of its own, once cold and some times warm, and says in milliseconds what that took as one
 * line of JSON. Owns the figures that are drawn: one market whose profit wanders.
 */
import type { ReportFigures } from "../../lambdas/hourly-report/report-figures.ts";

/** `load` is the loading of the libraries that draw, `cold` the first drawing after it. */
export type ReportTimes = { readonly load: number; readonly cold: number; readonly warm: readonly number[] };

const WARM_DRAWINGS = 10;

const startMs = performance.now();
const { drawReport } = await import("../../lambdas/hourly-report/draw-report.ts");
const { hourPeriod } = await import("../../lambdas/hourly-report/period.ts");
const { reportFigures } = await import("../../lambdas/hourly-report/report-figures.ts");
const load = performance.now() - startMs;
const figures = makeFigures();
const cold = await timed();
const warm: number[] = [];
for (let drawing = 0; drawing < WARM_DRAWINGS; drawing += 1) warm.push(await timed());
const times: ReportTimes = { load, cold, warm };
process.stdout.write(`${JSON.stringify(times)}\n`);

async function timed(): Promise<number> {
  const beganMs = performance.now();
  await drawReport(figures);
  return performance.now() - beganMs;
}

function makeFigures(): ReportFigures {
  const period = hourPeriod("2026-01-02T03");
  const unit = 10n ** 18n;
  const pnlAt = (index: number) => (BigInt(Math.round(1_000 * Math.sin(index / 7) + 40 * index)) * unit) / 200n;
  const pnl = pnlAt(period.points - 1);
  return reportFigures(period, [
    {
      market: "SEI/USDC",
      assets: { base: "SEI", quote: "USDC" },
      isAudited: true,
      closing: { position: 0n },
      series: Array.from({ length: period.points }, (_, index) => ({ pnl: pnlAt(index), position: 0n })),
      realizedPnl: pnl,
      unrealizedChange: 0n,
      volume: 18_234n * unit,
      fees: 0n,
      fillCount: 312,
      ordersPlaced: 2_840,
      ordersFilled: 211,
      ordersCancelled: 2_625,
      improvementBps: 504,
      othersBps: 1_272,
      spreadMinutes: 60,
      twoSidedSeconds: 3_552,
    },
  ]);
}
