/**
 * The image of a report: four panels of 1200×800, made to be read on a phone. Owns what is drawn and how it looks; pixels are
 * `chart-png.ts`'s. The font has Latin letters alone.
 */
import { CHART_FONT, type ChartSize } from "../chart-png.ts";
import { formatAmount, formatAxis, formatBps, formatCount, formatPercent, toNumber } from "./amounts.ts";
import { barsPanel } from "./chart-bars.ts";
import { ordersPanel } from "./chart-orders.ts";
import { COLORS, PANELS, type Panel, panelCard, panelHead } from "./chart-panels.ts";
import { type Period, periodTitle, pointTime } from "./period.ts";
import type { ReportFigures } from "./report-figures.ts";

export const REPORT_SIZE: ChartSize = { width: 1200, height: 800 };

/** More bars than this would be too thin to read: those of most volume are drawn. */
const MARKETS_MAX = 12;

/** The whole chart, as `chartPng` takes it. */
export function reportChart(figures: ReportFigures) {
  const { quote, pnl, volume } = figures;
  const drawn = figures.markets
    .toSorted((a, b) => (a.volume === b.volume ? (a.market < b.market ? -1 : 1) : a.volume > b.volume ? -1 : 1))
    .slice(0, MARKETS_MAX);
  const improvement = barsPanel({
    index: 1,
    bars: drawn.map(({ market, spreadImprovementBps: bps }) => ({
      name: market,
      value: bps ?? 0,
      label: bps === undefined ? "not measured" : formatBps(bps),
    })),
    color: COLORS.green,
    unit: "bps",
  });
  const volumes = barsPanel({
    index: 3,
    bars: drawn.map((market) => ({
      name: market.market,
      value: toNumber(market.volume),
      label: formatAmount(market.volume),
    })),
    color: COLORS.blue,
    unit: quote,
  });
  const profit = profitPanel(figures);
  const orders = ordersPanel(figures);
  const heads = [
    [`PnL (${quote})`, formatAmount(pnl, { signed: true })],
    ["Spread improvement (bps)", formatPercent(figures.spreadImprovementPercent)],
    ["Orders by outcome", `${formatCount(figures.ordersPlaced)} placed`],
    [`Volume (${quote})`, formatAmount(volume)],
  ] as const;
  return {
    backgroundColor: COLORS.page,
    textStyle: { fontFamily: CHART_FONT, color: COLORS.text },
    graphic: [...PANELS.map(panelCard), ...orders.marks],
    title: [
      ...header(figures, drawn.length),
      ...PANELS.flatMap((panel, index) => panelHead(panel, heads[index] ?? ["", ""])),
      ...orders.titles,
    ],
    grid: [profit.grid, improvement.grid, volumes.grid],
    xAxis: [profit.xAxis, { ...improvement.xAxis, gridIndex: 1 }, { ...volumes.xAxis, gridIndex: 2 }],
    yAxis: [profit.yAxis, { ...improvement.yAxis, gridIndex: 1 }, { ...volumes.yAxis, gridIndex: 2 }],
    series: [
      profit.series,
      { ...improvement.series, xAxisIndex: 1, yAxisIndex: 1 },
      { ...volumes.series, xAxisIndex: 2, yAxisIndex: 2 },
      orders.series,
    ],
  };
}

function header(figures: ReportFigures, drawn: number) {
  const { markets } = figures;
  const [only] = markets;
  const count = drawn < markets.length ? `${markets.length} markets, ${drawn} shown` : `${markets.length} markets`;
  const which = markets.length === 1 && only !== undefined ? only.market : count;
  return [
    {
      left: 28,
      top: 18,
      text: periodTitle(figures.period),
      textStyle: { fontSize: 34, fontWeight: 700, color: COLORS.text },
    },
    {
      left: REPORT_SIZE.width - 34,
      textAlign: "right",
      top: 24,
      text: `FlashMM · ${which}`,
      textStyle: { fontSize: 26, fontWeight: 400, color: COLORS.faint },
    },
  ];
}

/** Profit since the period began. */
function profitPanel({ series, period }: ReportFigures) {
  const [panel] = PANELS;
  const points = [0, ...series.map(({ pnl }) => toNumber(pnl))];
  const isLoss = (points.at(-1) ?? 0) < 0;
  const color = isLoss ? COLORS.vermilion : COLORS.blue;
  return {
    grid: { ...inside(panel), left: panel.left + 86, width: panel.width - 86 - 46, bottom: undefined },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: points.map((_, index) => clockOf(pointTime(period, index))),
      axisTick: { show: false },
      axisLine: { onZero: false, lineStyle: { color: COLORS.line, width: 2 } },
      axisLabel: {
        fontSize: 20,
        color: COLORS.faint,
        margin: 12,
        interval: (index: number) => index % pointsApart(period) === 0,
      },
    },
    yAxis: {
      type: "value",
      scale: true,
      splitNumber: 4,
      ...(points.every((point) => point === 0) ? { min: -1, max: 1 } : {}),
      axisLabel: { fontSize: 20, color: COLORS.faint, formatter: formatAxis },
      splitLine: { lineStyle: { color: COLORS.line } },
    },
    series: {
      type: "line",
      data: points,
      symbol: "none",
      lineStyle: { width: 5, color },
      areaStyle: { color, opacity: 0.14 },
      markLine: {
        symbol: "none",
        silent: true,
        label: { show: false },
        lineStyle: { type: "solid", width: 2, color: COLORS.faint },
        data: [{ yAxis: 0 }],
      },
    },
  };
}

/** Points between the labels of the time: at most five labels, at times people name. */
function pointsApart({ seconds, stepMs }: Period): number {
  const apart = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600].find(
    (step) => seconds / step <= 4,
  );
  return (1_000 * (apart ?? 43_200)) / stepMs;
}

/** `03:04`, with its seconds where it has some. */
function clockOf(time: string): string {
  return time.slice(11, time.slice(17, 19) === "00" ? 16 : 19);
}

/** A panel's room for its plot, below its head. */
function inside({ left, top, width, height }: Panel) {
  return { left: left + 24, top: top + 74, width: width - 48, height: height - 74 - 52 };
}
