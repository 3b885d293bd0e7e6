/**
 * From the runs to what is said of them: each measure as a mean over the seeds with its confidence interval, by regime and over all,
 * and who is ahead of whom. Pure; the pictures of it are `report.ts`'s.
 */
import { addMoments, sharpeOf } from "./measures.ts";
import { PROFIT_SECONDS, type RunFigures } from "./run-meter.ts";
import { type Estimate, estimate, meanOf } from "./statistics.ts";
import { isOurs } from "./strategies.ts";

export type RunRecord = {
  readonly strategy: string;
  /** A regime's name, or `tape`. */
  readonly market: string;
  readonly seed: number;
  readonly figures: RunFigures;
  readonly notes: readonly string[];
};

/** Each measure is of one run; undefined where it has no meaning there. */
const MEASURES = {
  pnlPerDay: ({ pnl, seconds }) => (pnl * 86_400) / seconds,
  pnlPerVolumeBps: ({ pnlPerVolumeBps }) => pnlPerVolumeBps,
  sharpe: ({ sharpe }) => sharpe,
  drawdownPercent: ({ drawdownPercent }) => drawdownPercent,
  volumePerDay: ({ volume, seconds }) => (volume * 86_400) / seconds,
  capturePerDay: ({ capture, seconds }) => (capture * 86_400) / seconds,
  inventoryPerDay: ({ inventory, seconds }) => (inventory * 86_400) / seconds,
  feesPerDay: ({ fees, seconds }) => (fees * 86_400) / seconds,
  spreadOthersBps: ({ spreadOthersBps }) => spreadOthersBps,
  spreadImprovementBps: ({ spreadImprovementBps }) => spreadImprovementBps,
  spreadImprovementPercent: ({ spreadImprovementPercent }) => spreadImprovementPercent,
  uptimePercent: ({ uptime }) => 100 * uptime,
  uptimeObligedPercent: ({ uptimeObliged }) => 100 * uptimeObliged,
  fillRatePercent: ({ fillRate }) => (fillRate === undefined ? undefined : 100 * fillRate),
  quoteToTrade: ({ quoteToTrade }) => quoteToTrade,
  captureBps: ({ captureBps }) => captureBps,
  markoutBps1: ({ markouts }) => markouts[0]?.mean,
  markoutBps5: ({ markouts }) => markouts[1]?.mean,
  markoutBps60: ({ markouts }) => markouts[2]?.mean,
  halfLifeSeconds: ({ halfLifeSeconds }) => halfLifeSeconds,
  inventoryPercent: ({ inventoryShare }) => 100 * inventoryShare,
} satisfies Readonly<Record<string, (figures: RunFigures) => number | undefined>>;

export type MeasureName = keyof typeof MEASURES;

export type MeasureSummary = Readonly<Record<MeasureName, Estimate | undefined>>;

/** `ours` against one other: on how many runs of a market it was ahead, and how its drawdown compares. */
export type Standing = {
  readonly ours: string;
  readonly other: string;
  readonly market: string;
  readonly runs: number;
  readonly aheadBySharpe: number;
  readonly aheadByPnlOverDrawdown: number;
  /** Mean drawdown over the other's, less 1, in percent; undefined where the other had none. */
  readonly drawdownMorePercent: number | undefined;
};

export type Summary = {
  readonly markets: readonly string[];
  readonly strategies: readonly string[];
  /** By market, then by strategy; `all` is over all markets of a seed. */
  readonly measures: Readonly<Record<string, Readonly<Record<string, MeasureSummary>>>>;
  readonly standings: readonly Standing[];
};

export const ALL = "all";

export function summarize(runs: readonly RunRecord[]): Summary {
  const markets = unique(runs.map(({ market }) => market));
  const strategies = unique(runs.map(({ strategy }) => strategy));
  const seeds = unique(runs.map(({ seed }) => seed));
  const measures: Record<string, Record<string, MeasureSummary>> = {};
  for (const market of markets) {
    measures[market] = byStrategy(strategies, (strategy) => {
      const own = runs.filter((run) => run.strategy === strategy && run.market === market);
      return summaryOf((measure) => own.map(({ figures }) => MEASURES[measure](figures)));
    });
  }
  if (markets.length > 1) {
    measures[ALL] = byStrategy(strategies, (strategy) => {
      const bySeed = seeds.map((seed) => runs.filter((run) => run.strategy === strategy && run.seed === seed));
      return summaryOf((measure) => bySeed.map((own) => overMarkets(own, measure)));
    });
  }
  return { markets, strategies, measures, standings: standingsOf({ runs, markets, strategies }) };
}

/** Over the markets of a seed: one Sharpe ratio of all their minutes, and the mean of every other measure. */
function overMarkets(runs: readonly RunRecord[], measure: MeasureName): number | undefined {
  if (measure === "sharpe") return sharpeOf(addMoments(runs.map(({ figures }) => figures.profits)), PROFIT_SECONDS);
  const values = defined(runs.map(({ figures }) => MEASURES[measure](figures)));
  return values.length === 0 ? undefined : meanOf(values);
}

function standingsOf(of: {
  readonly runs: readonly RunRecord[];
  readonly markets: readonly string[];
  readonly strategies: readonly string[];
}): readonly Standing[] {
  const standings: Standing[] = [];
  for (const ours of of.strategies.filter(isOurs)) {
    for (const other of of.strategies.filter((name) => name !== ours)) {
      for (const market of of.markets) {
        const within = of.runs.filter((run) => run.market === market);
        standings.push({ ours, other, market, ...compare(within, ours, other) });
      }
      if (of.markets.length > 1) standings.push({ ours, other, market: ALL, ...compare(of.runs, ours, other) });
    }
  }
  return standings;
}

function compare(runs: readonly RunRecord[], ours: string, other: string) {
  const pairs = runs
    .filter(({ strategy }) => strategy === ours)
    .flatMap((own) => {
      const against = runs.find(
        ({ strategy, market, seed }) => strategy === other && market === own.market && seed === own.seed,
      );
      return against === undefined ? [] : [{ own: own.figures, against: against.figures }];
    });
  const [own, against] = [
    meanOf(pairs.map((pair) => pair.own.drawdown)),
    meanOf(pairs.map((pair) => pair.against.drawdown)),
  ];
  return {
    runs: pairs.length,
    aheadBySharpe: pairs.filter((pair) => pair.own.sharpe > pair.against.sharpe).length,
    aheadByPnlOverDrawdown: pairs.filter((pair) => pnlOverDrawdown(pair.own) > pnlOverDrawdown(pair.against)).length,
    drawdownMorePercent: against > 0 ? 100 * (own / against - 1) : undefined,
  };
}

/** 0 for one that neither earned nor lost. */
function pnlOverDrawdown({ pnl, drawdown }: RunFigures): number {
  return pnl === 0 ? 0 : pnl / drawdown;
}

function summaryOf(valuesOf: (measure: MeasureName) => readonly (number | undefined)[]): MeasureSummary {
  const of = (measure: MeasureName) => estimate(defined(valuesOf(measure)));
  return {
    pnlPerDay: of("pnlPerDay"),
    pnlPerVolumeBps: of("pnlPerVolumeBps"),
    sharpe: of("sharpe"),
    drawdownPercent: of("drawdownPercent"),
    volumePerDay: of("volumePerDay"),
    capturePerDay: of("capturePerDay"),
    inventoryPerDay: of("inventoryPerDay"),
    feesPerDay: of("feesPerDay"),
    spreadOthersBps: of("spreadOthersBps"),
    spreadImprovementBps: of("spreadImprovementBps"),
    spreadImprovementPercent: of("spreadImprovementPercent"),
    uptimePercent: of("uptimePercent"),
    uptimeObligedPercent: of("uptimeObligedPercent"),
    fillRatePercent: of("fillRatePercent"),
    quoteToTrade: of("quoteToTrade"),
    captureBps: of("captureBps"),
    markoutBps1: of("markoutBps1"),
    markoutBps5: of("markoutBps5"),
    markoutBps60: of("markoutBps60"),
    halfLifeSeconds: of("halfLifeSeconds"),
    inventoryPercent: of("inventoryPercent"),
  };
}

function byStrategy(
  strategies: readonly string[],
  of: (strategy: string) => MeasureSummary,
): Readonly<Record<string, MeasureSummary>> {
  return Object.fromEntries(strategies.map((strategy) => [strategy, of(strategy)]));
}

function defined(values: readonly (number | undefined)[]): readonly number[] {
  return values.filter((value) => value !== undefined);
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
