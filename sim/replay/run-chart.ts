/**
 * The picture of one run over time: price with our quotes and fills, profit, position, and the spread with and without us. Owns the
 * drawing alone; between two samples, fills are drawn at their mean price and spreads as their mean over the time.
 */
import type { EChartsCoreOption } from "echarts/core";
import { type Market, priceToNumber, sizeToNumber } from "../../core/market.ts";
import type { Side } from "../../core/units.ts";
import type { RunSample } from "../compare/run-meter.ts";
import { amount, durationText, type PlayedRun } from "./quality-report.ts";

export const RUN_CHART_SIZE = { width: 1_600, height: 1_300 } as const;

type Point = readonly [atMs: number, value: number | null];

const COLOR = {
  buy: "#0f9d76",
  sell: "#d9485f",
  mid: "#1f2937",
  profit: "#2563eb",
  position: "#8b5cf6",
  others: "#94a3b8",
  self: "#f59e0b",
  text: "#111827",
  muted: "#6b7280",
  line: "#e5e7eb",
} as const;

/** A flat bar: what a line's own legend symbol adds is a circle that the line does not have. */
const LINE_ICON = "path://M0,4 h22 v3 h-22 z";

/** Into so many windows of time fills and spreads are put together at most. */
const FILL_WINDOWS_MAX = 260;
const SPREAD_WINDOWS_MAX = 130;

/** More marks of a side than this hide the price behind them unless they are small. */
const MARKS_LARGE_MAX = 130;

const DAY_MS = 86_400_000;

const LEFT = 110;
const RIGHT = 60;

/** Top and height of each panel; its title stands above it. */
const PANELS = [
  { top: 150, height: 430 },
  { top: 655, height: 150 },
  { top: 880, height: 130 },
  { top: 1_085, height: 150 },
] as const;

export function runChart(run: PlayedRun & { readonly samples: readonly RunSample[] }): EChartsCoreOption {
  const { market, samples, startMs } = run;
  const at = (atMs: number) => startMs + atMs;
  const endMs = at(samples.at(-1)?.atMs ?? 1_000);
  const titles = [
    `Price, ${market.quote}`,
    `Profit and loss, ${market.quote}`,
    `Position, ${market.base}`,
    "Spread, bps of the mid",
  ];
  return {
    useUTC: true,
    backgroundColor: "#ffffff",
    title: [headline(run), ...titles.map((text, panel) => panelTitle(text, panel))],
    legend: [legend(["mid", "our bid", "our ask", "bought", "sold"], 0), legend(["others alone", "with us"], 3)],
    grid: PANELS.map(({ top, height }) => ({ left: LEFT, right: RIGHT, top, height })),
    xAxis: PANELS.map((_, panel) => timeAxis(panel, { min: startMs, max: endMs })),
    yAxis: PANELS.map((_, panel) => valueAxis(panel)),
    series: [
      ...priceSeries(market, samples, at),
      area(
        "PnL",
        1,
        COLOR.profit,
        samples.map(({ atMs, pnl }) => [at(atMs), pnl] as const),
      ),
      area("position", 2, COLOR.position, positions(market, samples, at), "end"),
      area("others alone", 3, COLOR.others, spreads(samples, at, "othersBpsMs"), "end"),
      line("with us", 3, COLOR.self, spreads(samples, at, "selfBpsMs"), { step: "end" }),
    ],
  };
}

function headline({ market, startMs, figures }: PlayedRun) {
  const { pnl, pnlPerVolumeBps, volume, fills, spreadImprovementPercent, uptime } = figures;
  const parts = [
    `PnL ${amount(pnl)} ${market.quote}`,
    ...(pnlPerVolumeBps === undefined ? [] : [`${pnlPerVolumeBps.toFixed(2)} bps of ${amount(volume)}`]),
    `${fills} fills`,
    ...(spreadImprovementPercent === undefined ? [] : [`spread improved by ${spreadImprovementPercent.toFixed(1)} %`]),
    `two-sided ${(100 * uptime).toFixed(1)} % of the time`,
  ];
  const start = new Date(startMs).toISOString().slice(0, 19).replace("T", " ");
  return {
    text: `${market.symbol}: ${durationText(figures.seconds)} from ${start} UTC`,
    subtext: parts.join("   ·   "),
    left: LEFT - 60,
    top: 24,
    itemGap: 12,
    textStyle: { fontSize: 30, fontWeight: 700, color: COLOR.text },
    subtextStyle: { fontSize: 18, color: COLOR.muted },
  };
}

function panelTitle(text: string, panel: number) {
  const { top } = panelOf(panel);
  const textStyle = { fontSize: 17, fontWeight: 700, color: COLOR.text };
  return { text, left: LEFT - 60, top: top - 40, textStyle };
}

function legend(names: readonly string[], panel: number) {
  const { top } = panelOf(panel);
  const textStyle = { fontSize: 16, color: COLOR.muted };
  const data = names.map((name) => (name === "bought" || name === "sold" ? { name } : { name, icon: LINE_ICON }));
  return { data, right: RIGHT, top: top - 42, itemWidth: 22, itemGap: 20, textStyle };
}

function timeAxis(panel: number, range: { readonly min: number; readonly max: number }) {
  const isLast = panel === PANELS.length - 1;
  return {
    type: "time",
    gridIndex: panel,
    ...range,
    axisLine: { onZero: false, lineStyle: { color: COLOR.line } },
    axisTick: { show: isLast },
    axisLabel: {
      show: isLast,
      fontSize: 15,
      color: COLOR.muted,
      hideOverlap: true,
      formatter: range.max - range.min > DAY_MS ? "{MM}-{dd} {HH}:{mm}" : "{HH}:{mm}:{ss}",
    },
    splitLine: { show: true, lineStyle: { color: "#f3f4f6" } },
  };
}

function valueAxis(panel: number) {
  return {
    type: "value",
    gridIndex: panel,
    scale: panel === 0,
    splitNumber: panel === 0 ? 6 : 3,
    axisLabel: { fontSize: 15, color: COLOR.muted },
    splitLine: { lineStyle: { color: COLOR.line } },
  };
}

function priceSeries(market: Market, samples: readonly RunSample[], at: (atMs: number) => number) {
  const price = (ticks: number | undefined) => (ticks === undefined ? null : priceToNumber(market, ticks));
  const points = (of: (sample: RunSample) => number | undefined): readonly Point[] =>
    samples.map((sample) => [at(sample.atMs), price(of(sample))]);
  return [
    line(
      "our bid",
      0,
      COLOR.buy,
      points(({ own }) => own.bid),
      { step: "end", opacity: 0.55 },
    ),
    line(
      "our ask",
      0,
      COLOR.sell,
      points(({ own }) => own.ask),
      { step: "end", opacity: 0.55 },
    ),
    line(
      "mid",
      0,
      COLOR.mid,
      points(({ mid }) => mid),
    ),
    marks("bought", COLOR.buy, fillPoints(samples, "buy", at, price), 0),
    marks("sold", COLOR.sell, fillPoints(samples, "sell", at, price), 180),
  ];
}

/** The mean price of one side's fills, by windows of time. */
function fillPoints(
  samples: readonly RunSample[],
  side: Side,
  at: (atMs: number) => number,
  price: (ticks: number | undefined) => number | null,
): readonly Point[] {
  const ends = windowEnds(samples, FILL_WINDOWS_MAX);
  return ends.flatMap(({ atMs, traded }, index) => {
    const before = ends[index - 1]?.traded[side] ?? { size: 0, value: 0 };
    const size = traded[side].size - before.size;
    return size > 0 ? [[at(atMs), price((traded[side].value - before.value) / size)] as const] : [];
  });
}

function positions(market: Market, samples: readonly RunSample[], at: (atMs: number) => number): readonly Point[] {
  return samples.map(({ atMs, position }) => [at(atMs), sizeToNumber(market, position)]);
}

/** The mean over the measured time, by windows of it; a hole where none was measured. */
function spreads(
  samples: readonly RunSample[],
  at: (atMs: number) => number,
  sum: "othersBpsMs" | "selfBpsMs",
): readonly Point[] {
  const ends = windowEnds(samples, SPREAD_WINDOWS_MAX);
  return ends.slice(0, -1).map(({ atMs, spreads: from }, index) => {
    const to = ends[index + 1]?.spreads ?? from;
    const elapsedMs = to.measuredMs - from.measuredMs;
    return [at(atMs), elapsedMs > 0 ? (to[sum] - from[sum]) / elapsedMs : null];
  });
}

/** Equally spaced samples, at most so many and one; the last window may be shorter, and ends with the run. */
function windowEnds(samples: readonly RunSample[], windowsMax: number): readonly RunSample[] {
  const every = Math.ceil(samples.length / windowsMax);
  return samples.filter((_, index) => index % every === 0 || index === samples.length - 1);
}

function line(
  name: string,
  panel: number,
  color: string,
  data: readonly Point[],
  style: { readonly step?: "end"; readonly opacity?: number } = {},
) {
  const { step, opacity = 1 } = style;
  return {
    name,
    type: "line",
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: [...data],
    showSymbol: false,
    connectNulls: false,
    color,
    lineStyle: { width: 2, color, opacity },
    ...(step === undefined ? {} : { step }),
  };
}

function area(name: string, panel: number, color: string, data: readonly Point[], step?: "end") {
  return { ...line(name, panel, color, data, step === undefined ? {} : { step }), areaStyle: { color, opacity: 0.12 } };
}

/** Points alone: a line of no width. */
function marks(name: string, color: string, data: readonly Point[], symbolRotate: number) {
  return {
    ...line(name, 0, color, data),
    showSymbol: true,
    showAllSymbol: true,
    symbol: "triangle",
    symbolRotate,
    symbolSize: data.length > MARKS_LARGE_MAX ? 6 : 13,
    lineStyle: { width: 0 },
    itemStyle: { color, borderColor: "#ffffff", borderWidth: 1 },
    z: 5,
  };
}

function panelOf(panel: number) {
  return PANELS[panel] ?? PANELS[0];
}
