/** The summary as text of at most 100 columns. Owns the picture; the figures are `summary.ts`'s. */
import type { RegimeName } from "./regimes.ts";
import { type Estimate, wilson95 } from "./statistics.ts";
import { ALL, type MeasureName, type MeasureSummary, type RunRecord, type Standing, type Summary } from "./summary.ts";

type Column = { readonly title: string; readonly measure: MeasureName; readonly digits: number };

const TABLES: readonly { readonly title: string; readonly columns: readonly Column[] }[] = [
  {
    title: "money",
    columns: [
      { title: "PnL a day", measure: "pnlPerDay", digits: 1 },
      { title: "per volume bps", measure: "pnlPerVolumeBps", digits: 2 },
      { title: "Sharpe a year", measure: "sharpe", digits: 0 },
      { title: "drawdown %", measure: "drawdownPercent", digits: 2 },
    ],
  },
  {
    title: "made of, a day",
    columns: [
      { title: "edge at fills", measure: "capturePerDay", digits: 1 },
      { title: "inventory", measure: "inventoryPerDay", digits: 1 },
      { title: "fees", measure: "feesPerDay", digits: 1 },
      { title: "volume", measure: "volumePerDay", digits: 0 },
    ],
  },
  {
    title: "quotes",
    columns: [
      { title: "improves bps", measure: "spreadImprovementBps", digits: 2 },
      { title: "improves %", measure: "spreadImprovementPercent", digits: 1 },
      { title: "two-sided %", measure: "uptimePercent", digits: 1 },
      { title: "within 100bps %", measure: "uptimeObligedPercent", digits: 1 },
    ],
  },
  {
    title: "flow",
    columns: [
      { title: "edge bps", measure: "captureBps", digits: 2 },
      { title: "markout 1s", measure: "markoutBps1", digits: 2 },
      { title: "markout 5s", measure: "markoutBps5", digits: 2 },
      { title: "markout 60s", measure: "markoutBps60", digits: 2 },
    ],
  },
  {
    title: "orders and inventory",
    columns: [
      { title: "fill rate %", measure: "fillRatePercent", digits: 1 },
      { title: "quotes a trade", measure: "quoteToTrade", digits: 1 },
      { title: "half-life s", measure: "halfLifeSeconds", digits: 0 },
      { title: "inventory %", measure: "inventoryPercent", digits: 0 },
    ],
  },
];

const NAME_WIDTH = 24;
const CELL_WIDTH = 19;

/** Tables by market, then who is ahead, then what the runs had to say. */
export function reportText(summary: Summary, runs: readonly RunRecord[]): string {
  const markets = Object.entries(summary.measures);
  return [
    ...markets.flatMap(([market, byStrategy]) => marketText(market, byStrategy)),
    ...standingsText(summary.standings),
    ...faultsText(runs),
    ...notesText(runs),
  ].join("\n");
}

type HowMade = {
  readonly hours: number;
  readonly seeds: readonly number[];
  readonly regimes: readonly RegimeName[];
  readonly tape: string | undefined;
  readonly roundTripMs: number;
};

/** What the runs were on, in one line. */
export function madeText({ hours, seeds, regimes, tape, roundTripMs }: HowMade): string {
  const where =
    tape === undefined
      ? `${hours} h each of ${regimes.join(", ")}, seeds ${seeds[0]} to ${seeds.at(-1)}`
      : `the tape ${tape}, once each`;
  return `${where}; ${roundTripMs} ms from a request to its answer`;
}

/** How the runs were made, above the tables. */
export function headText(of: HowMade): string {
  return [
    `Compared on ${madeText(of)}.`,
    "A cell is the mean over the seeds and half its 95 % confidence interval (Student's t). Amounts in quote currency.",
    "",
  ].join("\n");
}

function marketText(market: string, byStrategy: Readonly<Record<string, MeasureSummary>>): string[] {
  const others = Object.values(byStrategy)[0]?.spreadOthersBps;
  const spread = others === undefined ? "" : ` (spread of the others: ${others.mean.toFixed(1)} bps)`;
  const title = market === ALL ? "all markets, a mean over them for each seed" : market;
  return [
    `=== ${title}${spread}`,
    "",
    ...TABLES.flatMap((table) => [
      table.title.padEnd(NAME_WIDTH) + table.columns.map((column) => column.title.padStart(CELL_WIDTH)).join(""),
      ...Object.entries(byStrategy).map(
        ([strategy, measures]) =>
          nameCell(strategy) +
          table.columns.map(({ measure, digits }) => cell(measures[measure], digits).padStart(CELL_WIDTH)).join(""),
      ),
      "",
    ]),
  ];
}

function cell(value: Estimate | undefined, digits: number): string {
  if (value === undefined) return "–";
  const mean = value.mean.toFixed(digits);
  return value.half === undefined ? mean : `${mean} ± ${value.half.toFixed(digits)}`;
}

function standingsText(standings: readonly Standing[]): string[] {
  if (standings.length === 0) return [];
  const rows = standings.map(({ ours, other, market, runs, aheadBySharpe, aheadByPnlOverDrawdown, ...rest }) => {
    const { low, high } = wilson95(aheadBySharpe, runs);
    const interval = `${percent(aheadBySharpe / runs)} (${percent(low)}–${percent(high)})`;
    const more = rest.drawdownMorePercent;
    return (
      `${nameCell(ours, 12)}${nameCell(other)}${market.padEnd(10)}` +
      interval.padStart(18) +
      percent(aheadByPnlOverDrawdown / runs).padStart(16) +
      (more === undefined ? "–" : `${more >= 0 ? "+" : ""}${more.toFixed(0)} %`).padStart(16)
    );
  });
  return [
    "=== who is ahead in risk-adjusted PnL: share of the runs (95 % interval by Wilson)",
    "",
    `${"ahead".padEnd(12)}${"of".padEnd(NAME_WIDTH)}${"on".padEnd(10)}${"by Sharpe".padStart(18)}` +
      `${"by PnL/drawdown".padStart(16)}${"drawdown vs it".padStart(16)}`,
    ...rows,
    "",
  ];
}

/** Limits that a competitor broke, which none should. */
function faultsText(runs: readonly RunRecord[]): string[] {
  const faults = runs.filter(({ figures }) => figures.overRequests + figures.overPosition > 0);
  if (faults.length === 0) return [];
  return [
    "=== limits broken",
    ...faults.map(
      ({ strategy, market, seed, figures }) =>
        `${nameCell(strategy)}${market} ${seed}: ${figures.overRequests} requests, ${figures.overPosition} positions`,
    ),
    "",
  ];
}

/** What the runs had to say, those of the first seed as an example of each. */
function notesText(runs: readonly RunRecord[]): string[] {
  const seed = runs[0]?.seed;
  const noted = runs.filter((run) => run.seed === seed && run.notes.length > 0);
  if (noted.length === 0) return [];
  return [
    `=== notes of the runs of seed ${seed}`,
    ...noted.flatMap(({ strategy, market, notes }) =>
      notes.map((note) => `${nameCell(strategy)}${market.padEnd(10)} ${note}`.slice(0, 100)),
    ),
    "",
  ];
}

function nameCell(name: string, width = NAME_WIDTH): string {
  const short = name.length < width ? name : `…${name.slice(-(width - 2))}`;
  return short.padEnd(width);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
