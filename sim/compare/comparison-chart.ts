/**
 * The comparison as one picture: by market, what each strategy earned a day, and on which share of the runs ours was ahead of it by
 * Sharpe ratio, each with its 95 % interval. Where a share says nothing, the Sharpe ratio stands in its place. Owns the drawing; the
 * figures are `summary.ts`'s.
 */
import type { EChartsCoreOption } from "echarts/core";
import type { ChartSize } from "../../lambdas/chart-png.ts";
import { type Estimate, wilson95 } from "./statistics.ts";
import { isOurs } from "./strategies.ts";
import { ALL, type Summary } from "./summary.ts";

/** A dot and its whisker. */
type Dot = { readonly name: string; readonly value: number; readonly low: number; readonly high: number };

/** The goal of `docs/quoting.md`: ahead on at least so many of the runs. */
const GOAL_PERCENT = 80;

const COLOR = {
  ours: "#2563eb",
  other: "#94a3b8",
  ahead: "#0f9d76",
  behind: "#d9485f",
  text: "#111827",
  muted: "#6b7280",
  line: "#e5e7eb",
} as const;

const WIDTH = 1_600;
const HEAD = 120;
const ROW_HEIGHT = 30;
const ROWS_PADDING = 90;
const COLUMNS = [
  { left: 290, width: 690 },
  { left: 1_050, width: 490 },
] as const;

/** `made` says in one line what the runs were on. */
export function comparisonChart(
  summary: Summary,
  made: string,
): {
  readonly option: EChartsCoreOption;
  readonly size: ChartSize;
} {
  const { measures, strategies } = summary;
  const markets = Object.keys(measures);
  const panelHeight = strategies.length * ROW_HEIGHT;
  const tops = markets.map((_, index) => HEAD + index * (panelHeight + ROWS_PADDING) + 40);
  const panels = markets.flatMap((market, row) => {
    const top = tops[row] ?? HEAD;
    return [profitPanel(summary, market, top), aheadPanel(summary, market, top)];
  });
  return {
    size: { width: WIDTH, height: HEAD + markets.length * (panelHeight + ROWS_PADDING) + 10 },
    option: {
      backgroundColor: "#ffffff",
      title: [headline(summary, made), ...panels.map(({ heading }) => heading)],
      grid: panels.map(({ top, column }) => ({ ...COLUMNS[column], top, height: panelHeight })),
      xAxis: panels.map((panel, gridIndex) => valueAxis(panel, gridIndex)),
      yAxis: panels.map(({ column }, gridIndex) => nameAxis(strategies, gridIndex, column)),
      series: panels.flatMap((panel, index) => dotSeries(panel, index)),
    },
  };
}

type Panel = {
  readonly heading: object;
  readonly top: number;
  readonly column: 0 | 1;
  readonly dots: readonly Dot[];
  readonly colorOf: (dot: Dot) => string;
  /** Percent where a share is shown. */
  readonly isShare: boolean;
};

function profitPanel({ measures, markets }: Summary, market: string, top: number): Panel {
  const named = market === ALL ? `all ${markets.length} markets` : market;
  const byStrategy = measures[market] ?? {};
  const dots = Object.entries(byStrategy).flatMap(([name, { pnlPerDay }]) => toDot(name, pnlPerDay));
  const spread = Object.values(byStrategy)[0]?.spreadOthersBps;
  const subtext =
    spread === undefined ? "" : `, the others' spread is ${spread.mean.toFixed(spread.mean < 1 ? 2 : 0)} bps`;
  return {
    heading: heading(`${named}: PnL a day${subtext}`, top, 0),
    top,
    column: 0,
    dots,
    colorOf: byOwner,
    isShare: false,
  };
}

function aheadPanel(summary: Summary, market: string, top: number): Panel {
  const standings = summary.standings.filter((standing) => standing.market === market);
  const [first] = standings;
  const ours = first?.ours;
  if (first === undefined || first.runs < 2) return sharpePanel(summary, market, top);
  const dots = standings
    .filter((standing) => standing.ours === ours)
    .map(({ other, runs, aheadBySharpe }) => {
      const { low, high } = wilson95(aheadBySharpe, runs);
      return { name: other, value: (100 * aheadBySharpe) / runs, low: 100 * low, high: 100 * high };
    });
  const colorOf = ({ value }: Dot) => (value >= GOAL_PERCENT ? COLOR.ahead : COLOR.behind);
  const title = `${ours} ahead by Sharpe, % of ${first.runs} runs`;
  return { heading: heading(title, top, 1), top, column: 1, dots, colorOf, isShare: true };
}

function sharpePanel({ measures }: Summary, market: string, top: number): Panel {
  const dots = Object.entries(measures[market] ?? {}).flatMap(([name, { sharpe }]) => toDot(name, sharpe));
  return { heading: heading("Sharpe ratio a year", top, 1), top, column: 1, dots, colorOf: byOwner, isShare: false };
}

function toDot(name: string, estimate: Estimate | undefined): readonly Dot[] {
  if (estimate === undefined) return [];
  const { mean, half = 0 } = estimate;
  return [{ name, value: mean, low: mean - half, high: mean + half }];
}

function byOwner({ name }: Dot): string {
  return isOurs(name) ? COLOR.ours : COLOR.other;
}

function headline({ measures }: Summary, made: string) {
  const all = Object.values(measures).flatMap((byStrategy) => Object.values(byStrategy));
  const hasWhiskers = all.some(({ pnlPerDay }) => pnlPerDay?.half !== undefined);
  return {
    text: "Strategies side by side on the same markets",
    subtext: hasWhiskers ? `${made}; whiskers are 95 % intervals` : made,
    left: 50,
    top: 28,
    itemGap: 12,
    textStyle: { fontSize: 30, fontWeight: 700, color: COLOR.text },
    subtextStyle: { fontSize: 17, color: COLOR.muted },
  };
}

function heading(text: string, top: number, column: 0 | 1) {
  const { left } = COLUMNS[column];
  return { text, left: left - 5, top: top - 38, textStyle: { fontSize: 17, fontWeight: 700, color: COLOR.text } };
}

function valueAxis({ isShare }: Panel, gridIndex: number) {
  return {
    type: "value",
    gridIndex,
    ...(isShare ? { min: 0, max: 100, interval: 20 } : { splitNumber: 5 }),
    axisLabel: { fontSize: 14, color: COLOR.muted, hideOverlap: true },
    splitLine: { lineStyle: { color: COLOR.line } },
  };
}

/** The rows are the same in both columns, so the second one needs no names. */
function nameAxis(strategies: readonly string[], gridIndex: number, column: 0 | 1) {
  return {
    type: "category",
    gridIndex,
    inverse: true,
    data: [...strategies],
    axisTick: { show: false },
    axisLine: { show: column === 1, lineStyle: { color: COLOR.line } },
    axisLabel: {
      show: column === 0,
      margin: 18,
      fontSize: 15,
      color: COLOR.text,
      width: 220,
      overflow: "truncate",
    },
    splitLine: { show: true, lineStyle: { color: "#f3f4f6" } },
  };
}

/** A line of its own for each whisker, since a line has one colour, and a dot on it. */
function dotSeries(panel: Panel, index: number): readonly object[] {
  const { dots, colorOf, isShare } = panel;
  const of = { type: "line", xAxisIndex: index, yAxisIndex: index } as const;
  const goal = {
    silent: true,
    symbol: "none",
    label: { show: false },
    lineStyle: { color: COLOR.muted, type: "dashed", width: 1.5 },
    data: [{ xAxis: GOAL_PERCENT }],
  };
  return dots.flatMap((dot, at) => {
    const color = colorOf(dot);
    const whisker = { ...of, showSymbol: false, lineStyle: { color, width: 3, opacity: 0.55 }, color };
    const mark = isShare && at === 0 ? { markLine: goal } : {};
    return [
      {
        ...whisker,
        data: [
          [dot.low, dot.name],
          [dot.high, dot.name],
        ],
        z: 3,
      },
      { ...of, data: [[dot.value, dot.name]], symbol: "circle", symbolSize: 12, color, z: 4, ...mark },
    ];
  });
}
