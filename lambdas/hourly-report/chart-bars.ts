/** A panel of one bar a market, best first, its value at its end. Owns how many fit at which size of letters. */
import { formatAxis } from "./amounts.ts";
import { COLORS, PANELS, type Panel } from "./chart-panels.ts";

export type Bar = { readonly name: string; readonly value: number; readonly label: string };

/** Widths in pixels: of a letter as a part of its size, which Inter's capitals come to, and around the plot. */
const LETTER = 0.68;
const HEAD = 70;
const FOOT = 16;
const AXIS = 34;

export function barsPanel(options: {
  readonly index: 1 | 3;
  readonly bars: readonly Bar[];
  readonly color: string;
  readonly unit: string;
}) {
  const panel: Panel = PANELS[options.index];
  const bars = options.bars.toSorted((a, b) => b.value - a.value);
  const fontSize = bars.length <= 6 ? 21 : bars.length <= 9 ? 19 : 17;
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length)) * fontSize * LETTER;
  const names = widest(bars.map(({ name }) => name));
  const labels = widest(bars.map(({ label }) => label));
  // The axis under many bars would take the room of one; their ends say the values.
  const hasAxis = bars.length <= 6;
  const height = panel.height - HEAD - FOOT - (hasAxis ? AXIS : 0);
  const left = panel.left + 20 + names + 10;
  return {
    grid: { left, top: panel.top + HEAD, width: panel.left + panel.width - left - labels - 22, height },
    xAxis: {
      type: "value",
      splitNumber: 3,
      // The longest bar takes all the room: what is behind it is for its value.
      max: (extent: { readonly max: number }) => Math.max(extent.max, 0),
      axisLabel: { show: hasAxis, showMaxLabel: false, fontSize: 18, color: COLORS.faint, formatter: formatAxis },
      splitLine: { showMaxLine: false, lineStyle: { color: COLORS.line } },
      // Nothing has no scale.
      ...(bars.every(({ value }) => value === 0) ? { min: 0, max: 1, splitNumber: 1, interval: 1 } : {}),
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: bars.map(({ name }) => name),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: COLORS.faint, width: 2 } },
      axisLabel: { fontSize, color: COLORS.text, margin: 10, interval: 0 },
    },
    series: {
      type: "bar",
      barMaxWidth: 46,
      barCategoryGap: "28%",
      itemStyle: { color: options.color, borderRadius: 4 },
      data: bars.map(({ value, label }) => ({
        value,
        label: { show: true, position: "right", fontSize, color: COLORS.text, formatter: () => label },
      })),
    },
  };
}
