/** The three plots of a market: PnL, position, spreads. Owns the points it has and the canvases it draws them on. */
import { byId, children, element, setText } from "/elements.js";
import { amount, NOTHING, timeOfDay } from "/format.js";
import uPlot from "/uplot.js";

/** As many as the task keeps: half an hour. */
const POINTS_MAX = 1_800;

const HEIGHT = 168;

const PLOTS = [
  {
    name: "pnl",
    title: "PnL",
    decimals: 4,
    sign: true,
    range: aroundZero,
    lines: [
      { label: "realised", colour: "--line-second", dash: [5, 4], of: (point) => point.realizedPnl },
      { label: "total", colour: "--line-first", fill: "--line-first-soft", of: (point) => point.totalPnl },
    ],
  },
  {
    name: "position",
    title: "Position",
    decimals: 4,
    sign: true,
    range: aroundZero,
    lines: [
      {
        label: "position",
        colour: "--line-first",
        fill: "--line-first-soft",
        stepped: true,
        of: (point) => point.position,
      },
    ],
  },
  {
    name: "spread",
    title: "Spread",
    decimals: 1,
    sign: false,
    range: fromZero,
    between: "--between-soft",
    lines: [
      { label: "without us", colour: "--line-second", dash: [5, 4], of: (point) => point.spreadOthersBps },
      { label: "with us", colour: "--line-first", of: (point) => point.spreadSelfBps },
    ],
  },
];

let points = [];
let drawn = [];

/** When the newest point was taken, in epoch milliseconds; 0 without one. */
export function newestAtMs() {
  return points.at(-1)?.atMs ?? 0;
}

/** Adds points that follow those it has, and draws. */
export function addPoints(more) {
  if (more.length === 0) return;
  points = [...points, ...more].slice(-POINTS_MAX);
  draw();
}

/** Forgets all points: another market, or another task. */
export function clearPoints() {
  points = [];
  draw();
}

/** Makes the plots, and again whenever the colours change; keeps them as wide as their cards. */
export function startPlots() {
  build();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  const observer = new ResizeObserver(() => {
    for (const { plot, host } of drawn) if (plot.width !== host.clientWidth) plot.setSize(sizeOf(host));
  });
  for (const { name } of PLOTS) observer.observe(byId(`plot-${name}`));
}

function build() {
  for (const { plot } of drawn) plot.destroy();
  drawn = PLOTS.map((spec) => {
    const host = byId(`plot-${spec.name}`);
    return { spec, host, plot: new uPlot(optionsOf(spec, host), dataOf(spec), host) };
  });
  draw();
}

function draw() {
  for (const { spec, plot, host } of drawn) {
    plot.setData(dataOf(spec));
    writeLegend(spec, plot.cursor.idx);
    const last = points.at(-1);
    const now = spec.lines.map((line) => `${line.label} ${figure(spec, last && line.of(last))}`).join(", ");
    const label = `${spec.title} over time, ${points.length} points; now ${now}`;
    if (host.getAttribute("aria-label") !== label) host.setAttribute("aria-label", label);
  }
}

function dataOf(spec) {
  return [points.map((point) => point.atMs / 1_000), ...spec.lines.map((line) => points.map(line.of))];
}

function optionsOf(spec, host) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false } };
  return {
    ...sizeOf(host),
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "flashmm" } },
    scales: { y: { range: spec.range } },
    axes: [
      { ...axis, size: 26, space: 70, values: timesOfDay, font: "11px system-ui, sans-serif" },
      { ...axis, size: 54, font: "11px system-ui, sans-serif" },
    ],
    series: [{}, ...spec.lines.map((line) => seriesOf(line, colour))],
    ...(spec.between === undefined ? {} : { bands: [{ series: [1, 2], fill: colour(spec.between) }] }),
    hooks: { setCursor: [(plot) => writeLegend(spec, plot.cursor.idx)] },
  };
}

function seriesOf(line, colour) {
  return {
    label: line.label,
    stroke: colour(line.colour),
    width: 1.75,
    points: { show: false },
    ...(line.dash === undefined ? {} : { dash: line.dash }),
    ...(line.fill === undefined ? {} : { fill: colour(line.fill) }),
    ...(line.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
  };
}

/** The figures under the cursor, or the newest ones without a cursor. */
function writeLegend(spec, index) {
  const point = index === null || index === undefined ? points.at(-1) : points[index];
  const host = byId(`legend-${spec.name}`);
  const entries = children(host, spec.lines.length + 1, () =>
    element("span", "entry", element("i", "key"), element("span", "label"), element("b", "value")),
  );
  for (const [at, line] of spec.lines.entries()) {
    const [key, label, value] = entries[at].children;
    key.className = `key ${line.colour.slice(2)}${line.dash === undefined ? "" : " dashed"}`;
    setText(label, line.label);
    setText(value, figure(spec, point && line.of(point)));
  }
  const when = entries[spec.lines.length];
  when.className = "entry when";
  setText(when.children[1], point === undefined ? "" : `${timeOfDay(point.atMs)} UTC`);
}

function figure(spec, value) {
  return value === undefined || value === null ? NOTHING : amount(value, { decimals: spec.decimals, sign: spec.sign });
}

/** The axis in hours and minutes, with seconds where the marks are closer than a minute. */
function timesOfDay(_plot, marks, _axis, _space, step) {
  return marks.map((seconds) => timeOfDay(seconds * 1_000).slice(0, step < 60 ? 8 : 5));
}

function sizeOf(host) {
  return { width: Math.max(host.clientWidth, 120), height: HEIGHT };
}

function aroundZero(_plot, least, most) {
  const low = Math.min(least ?? 0, 0);
  const high = Math.max(most ?? 0, 0);
  const margin = (high - low || 1) * 0.08;
  return [low < 0 ? low - margin : low, high > 0 || low === 0 ? high + margin : high];
}

function fromZero(_plot, _least, most) {
  return [0, (most ?? 0) > 0 ? most * 1.12 : 1];
}
