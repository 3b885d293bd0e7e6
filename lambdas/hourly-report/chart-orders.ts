/** The panel of what became of the orders: filled, cancelled, or else refused by the venue or still open at the end. Owns the donut and the list beside it. */
import { formatCount, formatPercent } from "./amounts.ts";
import { COLORS, PANELS } from "./chart-panels.ts";
import type { ReportFigures } from "./report-figures.ts";

const [, , PANEL] = PANELS;
const CENTER = { x: PANEL.left + 168, y: PANEL.top + 202 };
const LIST = { left: PANEL.left + 322, top: PANEL.top + 106, step: 68 };
const RADIUS = { inner: 84, outer: 124 };

export function ordersPanel({ ordersPlaced, ordersFilled, ordersCancelled, fillRatePercent }: ReportFigures) {
  // Orders of the minutes before may end in this period: what is left is never less than none.
  const others = Math.max(0, ordersPlaced - ordersFilled - ordersCancelled);
  const parts = [
    { name: "Filled", value: ordersFilled, color: COLORS.green },
    { name: "Cancelled", value: ordersCancelled, color: COLORS.sky },
    { name: "Open or refused", value: others, color: COLORS.orange },
  ];
  const isEmpty = parts.every(({ value }) => value === 0);
  const slices = parts.filter(({ value }) => value > 0);
  return {
    series: {
      type: "pie",
      center: [CENTER.x, CENTER.y],
      radius: [RADIUS.inner, RADIUS.outer],
      // A part that is there is seen, however small.
      minAngle: 5,
      itemStyle: slices.length > 1 ? { borderColor: COLORS.card, borderWidth: 3 } : {},
      label: { show: false },
      labelLine: { show: false },
      data: isEmpty
        ? [{ value: 1, itemStyle: { color: COLORS.line } }]
        : slices.map(({ value, color }) => ({ value, itemStyle: { color } })),
    },
    marks: parts.map(({ color }, index) => ({
      type: "rect",
      left: LIST.left,
      top: LIST.top + 8 + index * LIST.step,
      shape: { width: 20, height: 20, r: 5 },
      style: { fill: color },
    })),
    titles: [
      {
        left: CENTER.x - 5,
        top: CENTER.y - 40,
        textAlign: "center",
        text: formatPercent(fillRatePercent),
        subtext: "fill rate",
        itemGap: 2,
        textStyle: { fontSize: 36, fontWeight: 700, color: COLORS.text },
        subtextStyle: { fontSize: 21, color: COLORS.faint },
      },
      ...parts.map(({ name, value }, index) => ({
        left: LIST.left + 27,
        top: LIST.top - 2 + index * LIST.step,
        text: formatCount(value),
        subtext: name,
        itemGap: 1,
        textStyle: { fontSize: 26, fontWeight: 700, color: COLORS.text },
        subtextStyle: { fontSize: 20, color: COLORS.faint },
      })),
    ],
  };
}
