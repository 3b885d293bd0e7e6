/**
 * How often takers come, and how deep they reach: λ(δ) = A·e^(−kδ) arrivals a second on each side that trade beyond the
 * distance δ from the mid (Avellaneda & Stoikov 2008, "High-frequency trading in a limit order book", eq. 11), fitted from the
 * public trades. Owns the counts; the mid and the ends of the displayed book are told to it.
 */
import type { Side } from "../units.ts";
import type { IntensityParameters } from "./parameters.ts";

/** Why there is no fit, or why the newest one was not taken. */
export type IntensityNote = "few-trades" | "one-depth" | "not-falling";

export type IntensityReading =
  | {
      readonly isFitted: true;
      /** A: per second and side, at the mid. */
      readonly arrivalsPerSecond: number;
      /** k: per tick. */
      readonly decayPerTick: number;
      /** Why this is an earlier fit, no older than a half-life; undefined when it is the newest. */
      readonly note: IntensityNote | undefined;
    }
  | { readonly isFitted: false; readonly note: IntensityNote };

/** Trades of one step of time are one arrival, as deep as the deepest of them (100 ms as in hftbacktest's GLFT example). */
const STEP_MS = 100;

/** Without a book for so long nothing is known of the market: no further step counts. */
const STEPS_MAX = 100;

const FIT_INTERVAL_MS = 1_000;
const FADE_STEPS = FIT_INTERVAL_MS / STEP_MS;

/** Distances are counted in bins of a multiple of half a tick: mids have halves. */
const BINS = 128;
const BIN_TICKS_MIN = 0.5;

/** Past this share of trades beyond the last bin the bins are doubled. */
const BEYOND_SHARE_MAX = 0.05;

/** A distance counts in the fit while so many trades reached beyond it, and while not nearly every step saw one. */
const EDGE_TRADES_MIN = 5;
const EDGE_SHARE_MAX = 0.95;
const EDGES_MIN = 3;

/** Inside the others' spread nothing trades, so λ is flat there: the fit begins where it falls below this share of the start. */
const PLATEAU_SHARE = 0.9;

/** What outlives a change of the parameters. Times are monotonic, distances in ticks. */
export type IntensityState = {
  readonly binTicks: number;
  /** Steps of a side by how deep its trades reached, and by how deep the displayed book did; halved each half-life. */
  readonly reached: readonly number[];
  readonly shown: readonly number[];
  readonly fit: Fit | undefined;
};

type Fit = { readonly arrivalsPerSecond: number; readonly decayPerTick: number; readonly ms: number };

/** The market as a step finds it: the mid, and how far from it the displayed book ends, all in ticks. Made once, and filled anew by each book. */
type Ground = { isKnown: boolean; mid: number; bidEnd: number; askEnd: number };

const NOT_FITTED: IntensityReading = { isFitted: false, note: "few-trades" };

function unknownGround(): Ground {
  return { isKnown: false, mid: Number.NaN, bidEnd: Number.NaN, askEnd: Number.NaN };
}

/**
 * Per step of time and side: was there a trade, and how far from the mid that stood when the step began did it go? The share p of
 * steps that went beyond δ is 1 − e^(−λ(δ)·step) for Poisson arrivals, so λ(δ) = −ln(1 − p) / step. A step counts at δ only
 * where the displayed book went beyond δ: past its end nothing can be seen to trade (censoring). ln λ(δ) = ln A − k·δ is fitted
 * by least squares, weighted by the trades behind each point.
 */
export class Intensity {
  readonly #parameters: IntensityParameters;
  #binTicks: number;
  #reached: number[];
  #shown: number[];
  #fit: Fit | undefined;
  #note: IntensityNote | undefined = "few-trades";
  #step = Number.NEGATIVE_INFINITY;
  readonly #ground = unknownGround();
  readonly #newest = unknownGround();
  #deepestBuy = 0;
  #deepestSell = 0;
  #fittedMs = Number.NEGATIVE_INFINITY;
  #fadedStep: number | undefined;
  #last: IntensityReading = NOT_FITTED;

  constructor(parameters: IntensityParameters, state?: IntensityState) {
    this.#parameters = parameters;
    this.#binTicks = state?.binTicks ?? BIN_TICKS_MIN;
    this.#reached = [...(state?.reached ?? emptyBins())];
    this.#shown = [...(state?.shown ?? emptyBins())];
    this.#fit = state?.fit;
  }

  get state(): IntensityState {
    return { binTicks: this.#binTicks, reached: [...this.#reached], shown: [...this.#shown], fit: this.#fit };
  }

  /** A believed book at `nowMs` (monotonic): the others' mid and the last prices it displays, in ticks. */
  bookSeen(book: { readonly mid: number; readonly lastBid: number; readonly lastAsk: number }, nowMs: number): void {
    this.#advance(nowMs);
    const { mid, lastBid, lastAsk } = book;
    const newest = this.#newest;
    newest.isKnown = true;
    newest.mid = mid;
    newest.bidEnd = mid - lastBid;
    newest.askEnd = lastAsk - mid;
  }

  /** A trade between anybody; one on the wrong side of the mid of its step tells nothing of a quote's distance. */
  tradeSeen(price: number, aggressor: Side, nowMs: number): void {
    this.#advance(nowMs);
    const { isKnown, mid, bidEnd, askEnd } = this.#ground;
    if (!isKnown) return;
    if (aggressor === "buy") this.#deepestBuy = Math.max(this.#deepestBuy, Math.min(price - mid, askEnd));
    else this.#deepestSell = Math.max(this.#deepestSell, Math.min(mid - price, bidEnd));
  }

  /** The data stopped, or are not believed: no time counts until the next book. */
  pause(): void {
    this.#newest.isKnown = false;
    this.#ground.isKnown = false;
    this.#deepestBuy = 0;
    this.#deepestSell = 0;
  }

  /** The last reading, whatever has come since. */
  get last(): IntensityReading {
    return this.#last;
  }

  /** Time passes as if it were read. */
  pass(nowMs: number): void {
    this.#advance(nowMs);
  }

  /** The newest fit, made anew at most once a second; one that fails leaves the one before it, for a half-life. */
  read(nowMs: number): IntensityReading {
    this.#advance(nowMs);
    if (nowMs - this.#fittedMs >= FIT_INTERVAL_MS) this.#refit(nowMs);
    this.#last = this.#readingAt(nowMs);
    return this.#last;
  }

  #readingAt(nowMs: number): IntensityReading {
    const fit = this.#fit;
    const isOld = fit !== undefined && nowMs - fit.ms > this.#parameters.halfLifeSeconds * 1_000;
    const last = this.#last;
    // The same object as long as it says the same: it is read in each decision.
    if (fit === undefined || isOld) {
      const note = this.#note ?? "few-trades";
      return !last.isFitted && last.note === note ? last : { isFitted: false, note };
    }
    const { arrivalsPerSecond, decayPerTick } = fit;
    const isSame =
      last.isFitted &&
      last.note === this.#note &&
      last.arrivalsPerSecond === arrivalsPerSecond &&
      last.decayPerTick === decayPerTick;
    return isSame ? last : { isFitted: true, arrivalsPerSecond, decayPerTick, note: this.#note };
  }

  /** Closes the steps that ended before `nowMs`. Within a step the mid is that of its start: a trade and the book it left come together. */
  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    if (step <= this.#step) return;
    const steps = Math.min(step - this.#step, STEPS_MAX);
    this.#step = step;
    this.#fadedStep ??= step;
    if (step - this.#fadedStep >= FADE_STEPS) this.#fade(step - this.#fadedStep);
    const [ground, newest] = [this.#ground, this.#newest];
    if (ground.isKnown) {
      this.#count(this.#reached, this.#deepestBuy, 1);
      this.#count(this.#reached, this.#deepestSell, 1);
      this.#countShown(ground, 1);
      if (newest.isKnown) this.#countShown(newest, steps - 1);
    }
    this.#deepestBuy = 0;
    this.#deepestSell = 0;
    ground.isKnown = newest.isKnown;
    ground.mid = newest.mid;
    ground.bidEnd = newest.bidEnd;
    ground.askEnd = newest.askEnd;
  }

  #countShown({ bidEnd, askEnd }: Ground, steps: number): void {
    this.#count(this.#shown, bidEnd, steps);
    this.#count(this.#shown, askEnd, steps);
  }

  /** Bin i holds what went beyond i bins, but not beyond i + 1; the last all that went further. */
  #count(bins: number[], distance: number, steps: number): void {
    if (distance <= 0) return;
    const bin = Math.min(Math.ceil(distance / this.#binTicks) - 1, BINS);
    bins[bin] = (bins[bin] ?? 0) + steps;
  }

  #refit(nowMs: number): void {
    this.#fittedMs = nowMs;
    const fitted = fitOf(edgesOf(this.#reached, this.#shown, this.#binTicks), this.#parameters.tradesMin);
    if (typeof fitted === "string") this.#note = fitted;
    else {
      this.#note = undefined;
      this.#fit = { ...fitted, ms: nowMs };
    }
    this.#fitBins();
  }

  #fade(steps: number): void {
    this.#fadedStep = this.#step;
    const seconds = (steps * STEP_MS) / 1_000;
    const kept = 2 ** (-seconds / this.#parameters.halfLifeSeconds);
    for (let i = 0; i <= BINS; i += 1) {
      this.#reached[i] = (this.#reached[i] ?? 0) * kept;
      this.#shown[i] = (this.#shown[i] ?? 0) * kept;
    }
  }

  /** Bins that are too narrow are doubled; where nearly all fell into the first few, counting begins anew with narrower ones. */
  #fitBins(): void {
    const trades = sumFrom(this.#reached, 0);
    if (trades < this.#parameters.tradesMin) return;
    if (sumFrom(this.#reached, BINS) > BEYOND_SHARE_MAX * trades) {
      this.#binTicks *= 2;
      this.#reached = pairsOf(this.#reached);
      this.#shown = pairsOf(this.#shown);
    } else if (this.#binTicks > BIN_TICKS_MIN && sumFrom(this.#reached, EDGES_MIN) < EDGE_TRADES_MIN) {
      this.#binTicks = Math.max(BIN_TICKS_MIN, this.#binTicks / 16);
      this.#reached = emptyBins();
      this.#shown = emptyBins();
    }
  }
}

/** A distance from the mid, the arrivals a second that went beyond it, and the trades this is known from. */
type Edge = { readonly ticks: number; readonly perSecond: number; readonly trades: number };

function edgesOf(reached: readonly number[], shown: readonly number[], binTicks: number): readonly Edge[] {
  const edges: Edge[] = [];
  let trades = 0;
  let steps = 0;
  for (let i = BINS; i >= 0; i -= 1) {
    trades += reached[i] ?? 0;
    steps += shown[i] ?? 0;
    const share = steps > 0 ? trades / steps : 0;
    if (trades < EDGE_TRADES_MIN || share > EDGE_SHARE_MAX) continue;
    edges.push({ ticks: i * binTicks, perSecond: (-Math.log1p(-share) * 1_000) / STEP_MS, trades });
  }
  return edges.reverse();
}

/** The weighted least-squares line through (δ, ln λ), beyond the plateau inside the spread. */
function fitOf(edges: readonly Edge[], tradesMin: number): Omit<Fit, "ms"> | IntensityNote {
  const nearest = edges[0];
  if (nearest === undefined || nearest.trades < tradesMin) return "few-trades";
  const start = edges.findLastIndex((edge) => edge.perSecond >= PLATEAU_SHARE * nearest.perSecond);
  const points = edges.slice(start);
  if (points.length < EDGES_MIN) return "one-depth";
  let weights = 0;
  let meanX = 0;
  let meanY = 0;
  for (const { ticks, perSecond, trades } of points) {
    weights += trades;
    meanX += trades * ticks;
    meanY += trades * Math.log(perSecond);
  }
  meanX /= weights;
  meanY /= weights;
  let covariance = 0;
  let variance = 0;
  for (const { ticks, perSecond, trades } of points) {
    covariance += trades * (ticks - meanX) * (Math.log(perSecond) - meanY);
    variance += trades * (ticks - meanX) ** 2;
  }
  const slope = covariance / variance;
  if (!(slope < 0)) return "not-falling";
  return { arrivalsPerSecond: Math.exp(meanY - slope * meanX), decayPerTick: -slope };
}

function sumFrom(bins: readonly number[], from: number): number {
  let sum = 0;
  for (let i = from; i <= BINS; i += 1) sum += bins[i] ?? 0;
  return sum;
}

/** The same counts in bins of twice the width; what went beyond the last counts as having gone just beyond the old end. */
function pairsOf(bins: readonly number[]): number[] {
  const pairs = emptyBins();
  for (let i = 0; i <= BINS; i += 1) pairs[i >> 1] = (pairs[i >> 1] ?? 0) + (bins[i] ?? 0);
  return pairs;
}

function emptyBins(): number[] {
  return new Array<number>(BINS + 1).fill(0);
}
