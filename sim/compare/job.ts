/**
 * One run as a worker is given it: plain data in, plain data out. Owns what a run is made of: the settings from the configuration, the
 * stage, and the terms that are the same for everybody.
 */
import { readFileSync } from "node:fs";
import { assert } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";
import { priceToNumber, sizeToNumber } from "../../core/market.ts";
import type { StrategyParameters } from "../../core/quoting/parameters.ts";
import { toLots } from "../../core/units.ts";
import { configFileSchema, type MarketFile, marketFileSchema } from "../../fargate/config-schema.ts";
import { toMarketSettings, toShardLimits } from "../../fargate/market-settings.ts";
import { describeTape, readTape, type TapeFiles } from "../exchange/tape.ts";
import type { TapeLine } from "../exchange/tape-line.ts";
import { tapeMarkets } from "../local/run-markets.ts";
import type { OursSettings } from "./ours.ts";
import { type RegimeName, regimeOf } from "./regimes.ts";
import { type RunOutcome, type RunSettings, runCompetitor } from "./run-competitor.ts";
import { SIMULATED_MARKET, SimulatedStage, START_PRICE } from "./simulated-stage.ts";
import type { Stage } from "./stage.ts";
import { configFileOf, makeCompetitor } from "./strategies.ts";
import { TapeStage } from "./tape-stage.ts";

export type JobMarket =
  | { readonly type: "simulated"; readonly regime: RegimeName; readonly seed: number }
  /** Of the tape's market `symbol`, its first where left out. */
  | { readonly type: "tape"; readonly files: TapeFiles; readonly symbol?: string };

export type Job = {
  readonly strategy: string;
  readonly market: JobMarket;
  /** Configuration of ours; the terms of all come from its first market. */
  readonly config: string;
  readonly hours: number;
  /** From a request's send to its answer, half each way; shown books take half of it too. */
  readonly roundTripMs: number;
};

/** Where simulated runs begin in time: any day will do, and the same one for all. 2 January 2026, 00:00 UTC. */
const EPOCH_MS = 1_767_312_000_000;

const HOUR_MS = 3_600_000;

type Prepared = {
  readonly stage: Stage;
  readonly epochMs: number;
  readonly lengthMs: number;
  /** In ticks, for the value of the position limit. */
  readonly price: number;
};

/** `onSample` is told of the run once a second of its time. */
export async function runJob(job: Job, onSample?: RunSettings["onSample"]): Promise<RunOutcome> {
  // The terms of all are those of the common configuration; only the settings of ours may be another file's.
  const common = await readSettings(job.config, job.market);
  const own = await readSettings(configFileOf(job.strategy, job.config), job.market);
  const { strategy, limits } = common.market;
  const { stage, epochMs, lengthMs, price } = await prepare(job.market, common);
  const halfMs = job.roundTripMs / 2;
  return runCompetitor(makeCompetitor(job.strategy, own), {
    stage,
    epochMs,
    onSample,
    durationMs: Math.min(job.hours * HOUR_MS, lengthMs),
    latency: { feedMs: halfMs, outMs: halfMs, backMs: halfMs },
    // As much base as may be sold and as much quote as may be bought for: what an account needs for its position limit.
    capital: 2 * sizeToNumber(stage.market, limits.position) * priceToNumber(stage.market, price),
    terms: {
      orderSize: strategy.orderSize,
      positionMax: limits.position,
      levels: strategy.levels,
      levelSpacingBps: strategy.levelSpacingBps,
      halfSpreadBps: halfSpreadOf(strategy),
      requests: { perSecond: own.requestsPerSecond, placementsInFlight: own.placementsInFlight },
    },
  });
}

/** What a maker with a fixed spread quotes at: the configured distance, or the one that stands until a market is measured. */
function halfSpreadOf(strategy: StrategyParameters): number {
  return strategy.type === "pure-market-making" ? strategy.halfSpreadBps : strategy.warmUpHalfSpreadBps;
}

/** Throws `InputError` on a file that is no configuration. */
export async function readSettings(file: string, where: JobMarket): Promise<OursSettings> {
  const config = readConfig(file);
  const market = await marketOf(config.markets, where, file);
  return {
    market: toMarketSettings(market),
    limits: toShardLimits(config),
    requestsPerSecond: config.cambrian.requestsPerSecond,
    placementsInFlight: config.cambrian.placementsInFlight,
  };
}

function readConfig(file: string) {
  const expected = "a configuration file as config/local.json";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new InputError({ what: file, expected, was: cause instanceof Error ? cause.message : String(cause), cause });
  }
  const parsed = configFileSchema.safeParse(toJson(text, file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError({ what: `${file}: ${issue?.path.join(".") ?? ""}`, expected, was: issue?.message });
}

function toJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError({ what: file, expected: "JSON", was: text.slice(0, 40), cause });
  }
}

/**
 * The first market of the file. On a tape it is the tape's: as the file has it, or where it has not, the first one carried over at the
 * same value of its sizes and at the tape's own spread.
 */
async function marketOf(markets: readonly MarketFile[], where: JobMarket, file: string): Promise<MarketFile> {
  const [first] = markets;
  assert(first !== undefined, "a checked configuration must have a market");
  if (where.type === "tape") {
    const described = await describeTape(...where.files);
    const symbol = where.symbol ?? described.markets[0]?.symbol;
    if (symbol === undefined) {
      throw new InputError({ what: "markets of the tape", expected: "at least one", was: described.markets });
    }
    const own = markets.find((market) => market.symbol === symbol);
    if (own !== undefined && described.markets.some((market) => market.symbol === symbol)) return own;
    const [scaled] = tapeMarkets([first], described, [symbol]).files;
    return marketFileSchema.parse(scaled);
  }
  const { symbol, tick, lot } = SIMULATED_MARKET;
  const fits = first.tickSize === tick.text && first.lotSize === lot.text && first.symbol === symbol;
  if (fits) return first;
  const expected = `${symbol} with tick ${tick.text} and lot ${lot.text}, as the simulated market`;
  throw new InputError({ what: `${file}: markets[0]`, expected, was: first.symbol });
}

async function prepare(where: JobMarket, { market: { market } }: OursSettings): Promise<Prepared> {
  if (where.type === "simulated") {
    const stage = new SimulatedStage({ seed: where.seed, regime: regimeOf(where.regime) });
    return { stage, epochMs: EPOCH_MS, lengthMs: Number.POSITIVE_INFINITY, price: START_PRICE };
  }
  const lines: TapeLine[] = [];
  for await (const line of readTape(...where.files)) lines.push(line);
  const startMs = lines[0]?.atMs ?? 0;
  const described = (await describeTape(...where.files)).markets.find(({ symbol }) => symbol === market.symbol);
  const tickSize = priceToNumber(market, toLots(1));
  return {
    stage: new TapeStage({ market, lines }),
    epochMs: startMs,
    lengthMs: (lines.at(-1)?.atMs ?? startMs) - startMs,
    price: Number(described?.medianMid ?? 0) / tickSize,
  };
}
