import { expect, test } from "vitest";
import { toLots } from "../../../core/units.ts";
import { chartPng } from "../../../lambdas/chart-png.ts";
import { comparisonChart } from "../../../sim/compare/comparison-chart.ts";
import { type RunFigures, RunMeter } from "../../../sim/compare/run-meter.ts";
import { SIMULATED_MARKET } from "../../../sim/compare/simulated-stage.ts";
import { summarize } from "../../../sim/compare/summary.ts";

function run(strategy: string, market: string, seed: number, changes: Partial<RunFigures>) {
  const meter = new RunMeter({ market: SIMULATED_MARKET, capital: 1_000, positionMax: toLots(100) });
  return { strategy, market, seed, figures: { ...meter.finish(86_400_000), ...changes }, notes: [] };
}

/** The points of every dot and whisker, by what is on the title line of its panel. */
function pointsOf(option: ReturnType<typeof comparisonChart>["option"]): Readonly<Record<string, readonly unknown[]>> {
  const { title, series } = option;
  if (!Array.isArray(title) || !Array.isArray(series)) throw new Error("a chart must have titles and series");
  const panels = title.slice(1).map(({ text }: { readonly text: string }, index) => {
    const own = series.filter(({ xAxisIndex }: { readonly xAxisIndex: number }) => xAxisIndex === index);
    return [text, own.flatMap(({ data }: { readonly data: readonly unknown[] }) => data)] as const;
  });
  return Object.fromEntries(panels);
}

test("each market shows what was earned a day and who is ahead, with intervals", () => {
  const runs = [
    run("ours", "calm", 1, { pnl: 10, sharpe: 5 }),
    run("fixed-spread", "calm", 1, { pnl: 8, sharpe: 6 }),
    run("ours", "calm", 2, { pnl: 20, sharpe: 7 }),
    run("fixed-spread", "calm", 2, { pnl: 8, sharpe: 6 }),
  ];
  const points = pointsOf(comparisonChart(summarize(runs), "by hand").option);
  expect(Object.keys(points)).toEqual(["calm: PnL a day", "ours ahead by Sharpe, % of 2 runs"]);
  // Student's t of one degree of freedom, 12.706, times the standard error of 10 and 20, which is 5.
  expect(points["calm: PnL a day"]).toEqual([
    [15 - 63.53, "ours"],
    [15 + 63.53, "ours"],
    [15, "ours"],
    [8, "fixed-spread"],
    [8, "fixed-spread"],
    [8, "fixed-spread"],
  ]);
  const [low, high, share] = points["ours ahead by Sharpe, % of 2 runs"] ?? [];
  // One of two, by Wilson: 9.5 % to 90.5 %.
  expect(low).toEqual([expect.closeTo(9.45, 1), "fixed-spread"]);
  expect(high).toEqual([expect.closeTo(90.55, 1), "fixed-spread"]);
  expect(share).toEqual([50, "fixed-spread"]);
});

test("of one run each the Sharpe ratios are shown, since a share of one says nothing", async () => {
  const runs = [run("ours", "tape", 0, { pnl: -1, sharpe: -3 }), run("fixed-spread", "tape", 0, { pnl: 0, sharpe: 0 })];
  const { option, size } = comparisonChart(summarize(runs), "the tape t.gz");
  expect(pointsOf(option)["Sharpe ratio a year"]).toContainEqual([-3, "ours"]);
  const png = await chartPng(option, size);
  expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
});
