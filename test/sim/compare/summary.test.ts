import { expect, test } from "vitest";
import { toLots } from "../../../core/units.ts";
import { headText, reportText } from "../../../sim/compare/report.ts";
import { type RunFigures, RunMeter } from "../../../sim/compare/run-meter.ts";
import { SIMULATED_MARKET } from "../../../sim/compare/simulated-stage.ts";
import { type RunRecord, summarize } from "../../../sim/compare/summary.ts";

/** The figures of a run in which nothing happened, with some of them set. */
function figuresOf(changes: Partial<RunFigures>): RunFigures {
  const meter = new RunMeter({ market: SIMULATED_MARKET, capital: 1_000, positionMax: toLots(100) });
  return { ...meter.finish(3_600_000), ...changes };
}

function run(strategy: string, market: string, seed: number, changes: Partial<RunFigures>): RunRecord {
  return { strategy, market, seed, figures: figuresOf(changes), notes: [] };
}

const moments = (sum: number, sumOfSquares: number) => ({ count: 2, sum, sumOfSquares });

const RUNS = [
  run("ours", "calm", 1, { pnl: 10, sharpe: 5, drawdown: 2, profits: moments(4, 10) }),
  run("fixed-spread", "calm", 1, { pnl: 8, sharpe: 4, drawdown: 1, profits: moments(2, 4) }),
  run("ours", "thin", 1, { pnl: 2, sharpe: 1, drawdown: 4, profits: moments(0, 2) }),
  run("fixed-spread", "thin", 1, { pnl: 3, sharpe: 2, drawdown: 2, profits: moments(1, 1) }),
  run("ours", "calm", 2, { pnl: 20, sharpe: 7, drawdown: 2, profits: moments(6, 20) }),
  run("fixed-spread", "calm", 2, { pnl: 5, sharpe: 6, drawdown: 1, profits: moments(2, 4) }),
];

test("a measure is the mean over the seeds, and over all markets a mean of each seed's", () => {
  const { measures } = summarize(RUNS);
  // 10 and 20 an hour are 240 and 480 a day.
  expect(measures["calm"]?.["ours"]?.pnlPerDay?.mean).toBeCloseTo(360, 9);
  expect(measures["calm"]?.["ours"]?.pnlPerDay?.half).toBeCloseTo(12.706 * 120, 6);
  // Seed 1: (240 + 48) / 2; seed 2: 480.
  expect(measures["all"]?.["ours"]?.pnlPerDay?.mean).toBeCloseTo((144 + 480) / 2, 9);
  expect(measures["calm"]?.["ours"]?.markoutBps1).toBeUndefined();
});

test("the Sharpe ratio over all markets is of all their minutes together", () => {
  const { measures } = summarize(RUNS.filter(({ seed }) => seed === 1));
  // Four minutes: sum 4, squares 12: mean 1, variance (12 − 4) / 3.
  const expected = (1 / Math.sqrt(8 / 3)) * Math.sqrt(525_600);
  expect(measures["all"]?.["ours"]?.sharpe?.mean).toBeCloseTo(expected, 9);
});

test("who is ahead is counted run by run", () => {
  const { standings } = summarize(RUNS);
  expect(standings.map(({ market, runs, aheadBySharpe }) => [market, runs, aheadBySharpe])).toEqual([
    ["calm", 2, 2],
    ["thin", 1, 0],
    ["all", 3, 2],
  ]);
  // PnL over drawdown: 5 to 8, 10 to 5, 0.5 to 1.5.
  expect(standings.map(({ aheadByPnlOverDrawdown }) => aheadByPnlOverDrawdown)).toEqual([1, 0, 1]);
  // Drawdowns of 2 and 2 to 1 and 1; 4 to 2; 8 to 4 in all.
  expect(standings.map(({ drawdownMorePercent }) => drawdownMorePercent)).toEqual([100, 100, 100]);
});

test("against one that never fell a drawdown has no ratio", () => {
  const [standing] = summarize([
    run("ours", "calm", 1, { drawdown: 1 }),
    run("hummingbot-pmm", "calm", 1, {}),
  ]).standings;
  expect(standing?.drawdownMorePercent).toBeUndefined();
  expect(standing?.aheadBySharpe).toBe(0);
});

test("the report fits 100 columns, and tells of limits that were broken", () => {
  const long = run(`ours@/a/very/long/path/to/some/other/configuration.json`, "calm", 1, { overRequests: 3 });
  const runs = [...RUNS, { ...long, notes: [`7 s not quoted: ${"x".repeat(200)}`] }];
  const text = reportText(summarize(runs), runs);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(text).toContain("3 requests, 0 positions");
  expect(text).toContain("=== calm");
  expect(text).toContain("=== all markets");
  const head = headText({ hours: 2, seeds: [1, 2], regimes: ["calm"], tape: undefined, roundTripMs: 5 });
  expect(head).toContain("2 h each of calm, seeds 1 to 2; 5 ms");
});
