/**
 * The quoting of one market: what it has measured (fair value, volatility, intensity, one-sided flow, last fills) and the strategy
 * that makes quotes of it. Owns those measurements over a change of the parameters; books, orders and limits are the engine's.
 */
import type { BookUpdate, TradePrint } from "../events.ts";
import {
  depthWithoutOwn,
  type OthersDepth,
  type OwnSize,
  type PriceLevel,
  type TopOfBook,
  topWithoutOwn,
} from "../market-data/book.ts";
import type { Lots, Side, Ticks } from "../units.ts";
import { avellanedaStoikov } from "./avellaneda-stoikov.ts";
import { FairValue, type FairValueReading, midOf, withoutReference } from "./fair-value.ts";
import { FlowGuard } from "./flow-guard.ts";
import { Intensity, type IntensityReading } from "./intensity.ts";
import {
  type FairValueParameters,
  INTENSITY_DEFAULTS,
  type PerSide,
  type StrategyParameters,
  VOLATILITY_DEFAULTS,
} from "./parameters.ts";
import { pureMarketMaking } from "./pure-market-making.ts";
import type { MarkoutStatistics, SideInput, StrategyInput, StrategyOutput } from "./strategy.ts";
import { Volatility } from "./volatility.ts";

/** A book as the intensity is told of it. */
type Ground = { mid: number; lastBid: number; lastAsk: number; nowMs: number };

export type QuoterInput = {
  /** Position as a share of its limit, −1 (short) to 1 (long). */
  readonly inventory: number;
  /** Of each side's fills; undefined while there are too few. */
  readonly markouts: PerSide<MarkoutStatistics | undefined>;
  readonly nowMs: number;
  /** A new book waits for its answer: what these quotes do not go by is measured in a later turn. */
  readonly isBusy?: boolean;
};

/** What the quotes go by, for people. */
export type QuoterView = {
  readonly fairValue: FairValueReading;
  /** In ticks per square root of a second; undefined until it is known. */
  readonly volatility: number | undefined;
  readonly intensity: IntensityReading;
  readonly pausedSides: readonly Side[];
};

/** No moment, no price: it is never asked for. */
const UNKNOWN = Number.NaN;

/** Levels that are looked through for a size worth improving on. */
const RIVAL_LEVELS = 20;

/** The microprice, as old as the risk gate lets a book become. */
const FAIR_VALUE_DEFAULTS: FairValueParameters = { source: "microprice", levels: 1, ageMs: Number.POSITIVE_INFINITY };

export class Quoter {
  #parameters: StrategyParameters;
  #fairValue: FairValue;
  #volatility: Volatility;
  #intensity: Intensity;
  /** What the intensity has not been told yet: the newest book, filled anew by each, and until when (monotonic) time has passed since. */
  readonly #unmeasured: Ground = { mid: UNKNOWN, lastBid: UNKNOWN, lastAsk: UNKNOWN, nowMs: UNKNOWN };
  #isUnmeasured = false;
  #passedMs = UNKNOWN;
  #flowGuard: FlowGuard;
  #others: TopOfBook = { bid: undefined, ask: undefined };
  #rivals: TopOfBook = { bid: undefined, ask: undefined };
  readonly #lastFillMs: Record<Side, number | undefined> = { buy: undefined, sell: undefined };
  readonly #input = emptyInput();

  constructor(parameters: StrategyParameters) {
    this.#parameters = parameters;
    this.#fairValue = new FairValue(parameters.fairValue ?? FAIR_VALUE_DEFAULTS);
    this.#volatility = new Volatility(parameters.volatility ?? VOLATILITY_DEFAULTS);
    this.#intensity = new Intensity(intensityOf(parameters));
    this.#flowGuard = new FlowGuard(parameters.flowGuard);
  }

  get parameters(): StrategyParameters {
    return this.#parameters;
  }

  /** From the next decision on; what was measured stays, but for the ratio to a reference market that is another one now. */
  configure(parameters: StrategyParameters): void {
    const isSameReference = parameters.fairValue?.reference?.market === this.#parameters.fairValue?.reference?.market;
    const { state } = this.#fairValue;
    this.#parameters = parameters;
    this.#fairValue = new FairValue(
      parameters.fairValue ?? FAIR_VALUE_DEFAULTS,
      isSameReference ? state : withoutReference(state),
    );
    this.#volatility = new Volatility(parameters.volatility ?? VOLATILITY_DEFAULTS, this.#volatility.state);
    this.#intensity = new Intensity(intensityOf(parameters), this.#settledIntensity.state);
    this.#flowGuard = new FlowGuard(parameters.flowGuard, this.#flowGuard.state);
  }

  /** A book that is believed, our sizes that may stand in it, and its top without them. */
  bookSeen(book: BookUpdate, own: readonly OwnSize[], others = topWithoutOwn(book, own)): void {
    const nowMs = book.at.monotonicMs;
    const { fairValue, improve } = this.#parameters;
    const levels = improve?.behindSize === undefined ? (fairValue?.levels ?? 1) : RIVAL_LEVELS;
    this.#others = others;
    this.#rivals = others;
    if (levels === 1) this.#fairValue.topSeen(others, nowMs);
    else {
      const depth = depthWithoutOwn(book, own, levels);
      if (improve?.behindSize !== undefined) this.#rivals = rivalsOf(depth, improve.behindSize);
      this.#fairValue.bookSeen(depth, nowMs);
    }
    const mid = midOf(this.#others);
    const lastBid = book.bids.prices.at(-1);
    const lastAsk = book.asks.prices.at(-1);
    if (mid === undefined || lastBid === undefined || lastAsk === undefined) {
      this.pause();
      return;
    }
    this.#volatility.record(mid, nowMs);
    this.settle();
    this.#isUnmeasured = true;
    const unmeasured = this.#unmeasured;
    unmeasured.mid = mid;
    unmeasured.lastBid = lastBid;
    unmeasured.lastAsk = lastAsk;
    unmeasured.nowMs = nowMs;
  }

  /** Counts the newest book for the intensity, where that is still to be done. */
  settle(): void {
    if (this.#isUnmeasured) this.#intensity.bookSeen(this.#unmeasured, this.#unmeasured.nowMs);
    this.#isUnmeasured = false;
    if (!Number.isNaN(this.#passedMs)) this.#intensity.pass(this.#passedMs);
    this.#passedMs = UNKNOWN;
  }

  get #settledIntensity(): Intensity {
    this.settle();
    return this.#intensity;
  }

  tradeSeen({ price, aggressor, at }: TradePrint): void {
    this.#settledIntensity.tradeSeen(price, aggressor, at.monotonicMs);
  }

  /** The price of what `fairValue.reference` follows, `ageMs` old at `nowMs`. */
  referenceSeen(price: number, nowMs: number, ageMs = 0): void {
    this.#fairValue.referenceSeen(price, nowMs, ageMs);
  }

  /** A fill of ours, once. */
  fillSeen(
    { side, price, size }: { readonly side: Side; readonly price: Ticks; readonly size: Lots },
    nowMs: number,
  ): void {
    this.#lastFillMs[side] = nowMs;
    this.#flowGuard.record({ side, price, size, ms: nowMs });
  }

  /** No data, or none that is believed: nothing is measured until the next book. */
  pause(): void {
    this.#volatility.pause();
    this.#settledIntensity.pause();
  }

  wanted({ inventory, markouts, nowMs, isBusy = false }: QuoterInput): StrategyOutput {
    const fairValue = this.#fairValue.read(nowMs).ticks;
    if (fairValue === undefined) return NO_FAIR_VALUE;
    const input = this.#input;
    input.fairValue = fairValue;
    input.others = this.#others;
    input.rivals = this.#rivals;
    input.inventory = inventory;
    input.volatility = this.#volatility.ticksPerRootSecond;
    input.intensity = this.#arrivals(nowMs, isBusy);
    input.buy.lastFillMs = this.#lastFillMs.buy;
    input.buy.isPaused = this.#flowGuard.isPaused("buy", nowMs);
    input.buy.markout = markouts.buy;
    input.sell.lastFillMs = this.#lastFillMs.sell;
    input.sell.isPaused = this.#flowGuard.isPaused("sell", nowMs);
    input.sell.markout = markouts.sell;
    input.nowMs = nowMs;
    input.before = quotesOf(this.#parameters, input);
    return input.before;
  }

  view(nowMs: number): QuoterView {
    const sides: readonly Side[] = ["buy", "sell"];
    return {
      fairValue: this.#fairValue.read(nowMs),
      volatility: this.#volatility.ticksPerRootSecond,
      intensity: this.#settledIntensity.read(nowMs),
      pausedSides: sides.filter((side) => this.#flowGuard.isPaused(side, nowMs)),
    };
  }

  /** A fit takes as long as several decisions, and pure market making does not look at it. */
  #arrivals(nowMs: number, isBusy: boolean): IntensityReading {
    const isUsed = this.#parameters.type !== "pure-market-making";
    if (isUsed || !isBusy) return this.#settledIntensity.read(nowMs);
    if (!Number.isNaN(this.#passedMs)) this.settle();
    this.#passedMs = nowMs;
    return this.#intensity.last;
  }
}

type Room<Data> = { -readonly [Key in keyof Data]: Data[Key] };

/** Made once and filled anew for each decision, since no strategy keeps what it is shown. */
function emptyInput(): Room<Omit<StrategyInput, Side>> & Record<Side, Room<SideInput>> {
  const nothing = { bid: undefined, ask: undefined };
  return {
    fairValue: Number.NaN,
    others: nothing,
    rivals: nothing,
    inventory: Number.NaN,
    volatility: undefined,
    intensity: { isFitted: false, note: "few-trades" },
    buy: { lastFillMs: undefined, isPaused: false, markout: undefined },
    sell: { lastFillMs: undefined, isPaused: false, markout: undefined },
    nowMs: Number.NaN,
    before: NO_FAIR_VALUE,
  };
}

const NO_FAIR_VALUE: StrategyOutput = {
  quotes: [],
  notes: [
    { side: "buy", level: undefined, reason: "no-fair-value" },
    { side: "sell", level: undefined, reason: "no-fair-value" },
  ],
};

/** The quotes of the strategy that the parameters name. */
export function quotesOf(parameters: StrategyParameters, input: StrategyInput): StrategyOutput {
  switch (parameters.type) {
    case "pure-market-making":
      return pureMarketMaking(parameters, input);
    case "avellaneda-stoikov":
      return avellanedaStoikov(parameters, input);
  }
}

function intensityOf(parameters: StrategyParameters) {
  return parameters.type === "avellaneda-stoikov" ? (parameters.intensity ?? INTENSITY_DEFAULTS) : INTENSITY_DEFAULTS;
}

/** The first level of either side by which at least `size` stands; undefined where the depth looked at does not come to it. */
function rivalsOf({ bids, asks }: OthersDepth, size: Lots): TopOfBook {
  return { bid: rivalOf(bids, size), ask: rivalOf(asks, size) };
}

function rivalOf(levels: readonly PriceLevel[], size: number): PriceLevel | undefined {
  let sum = 0;
  for (const level of levels) {
    sum += level.size;
    if (sum >= size) return level;
  }
  return undefined;
}
