/**
 * Hummingbot's estimators. Trading intensity after hummingbot/hummingbot
 * `hummingbot/strategy/__utils__/trailing_indicators/trading_intensity.pyx`: the distance of each public trade from the mid of the
 * last second before it, volumes added up by distance over the last N seconds that had a trade, and α·e^(−κ·δ) fitted to them by
 * least squares with α, κ ≥ 0, not divided by time and not censored by depth. Volatility after `instant_volatility.py`:
 * √(Σ(ΔP)² / N) over N prices, one a second. Distances and prices in quote currency.
 *
 * The original fits by scipy's `curve_fit` (`dogbox`), starting from the last values; here κ is searched by the golden section around
 * the last value, with α given by it. Both go for the least squares; where they have several minima they may differ.
 */

export class InstantVolatility {
  readonly #length: number;
  readonly #prices: number[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  add(price: number): void {
    this.#prices.push(price);
    if (this.#prices.length > this.#length) this.#prices.shift();
  }

  get isFull(): boolean {
    return this.#prices.length === this.#length;
  }

  get value(): number {
    let sum = 0;
    for (let i = 1; i < this.#prices.length; i += 1) {
      sum += ((this.#prices[i] ?? 0) - (this.#prices[i - 1] ?? 0)) ** 2;
    }
    return this.#prices.length === 0 ? 0 : Math.sqrt(sum / this.#prices.length);
  }
}

type Sample = { readonly distance: number; readonly amount: number };

export class TradingIntensity {
  readonly #length: number;
  #pending: { readonly ms: number; readonly price: number; readonly amount: number }[] = [];
  /** Mids by second, newest first, as far back as the last trade that was placed needed. */
  #mids: { readonly second: number; readonly mid: number }[] = [];
  /** By the second that had trades. */
  readonly #samples = new Map<number, Sample[]>();
  #fit: Fit = { alpha: 0, kappa: 0 };

  constructor(length: number) {
    this.#length = length;
  }

  get isFull(): boolean {
    return this.#samples.size === this.#length;
  }

  get fit(): Fit {
    return this.#fit;
  }

  trade(trade: { readonly ms: number; readonly price: number; readonly amount: number }): void {
    this.#pending.push(trade);
  }

  /** A second has passed; its mid. */
  calculate(second: number, mid: number): void {
    this.#mids.unshift({ second, mid });
    let newestUsed: number | undefined;
    for (const { ms, price, amount } of this.#pending) {
      const index = this.#mids.findIndex((each) => each.second * 1_000 < ms);
      const before = this.#mids[index];
      if (before === undefined) continue;
      newestUsed = Math.min(newestUsed ?? index, index);
      const samples = this.#samples.get(before.second + 1) ?? [];
      samples.push({ distance: Math.abs(price - before.mid), amount });
      this.#samples.set(before.second + 1, samples);
    }
    const hadTrades = this.#pending.length > 0;
    this.#pending = [];
    if (newestUsed !== undefined) this.#mids = this.#mids.slice(0, newestUsed + 1);
    for (const key of this.#samples.keys()) {
      if (this.#samples.size <= this.#length) break;
      this.#samples.delete(key);
    }
    // The original fits every second; without a new trade it would start from the minimum it has found.
    if (this.isFull && (hadTrades || this.#fit.kappa === 0)) this.#estimate();
  }

  #estimate(): void {
    const amounts = new Map<number, number>();
    for (const samples of this.#samples.values()) {
      for (const { distance, amount } of samples) {
        // Sums of binary fractions: the same distance may differ in its last digits.
        const key = Math.round(distance * 1e9) / 1e9;
        amounts.set(key, (amounts.get(key) ?? 0) + amount);
      }
    }
    this.#fit = fitIntensity([...amounts], this.#fit) ?? this.#fit;
  }
}

export type Fit = { readonly alpha: number; readonly kappa: number };

const GOLDEN = (Math.sqrt(5) - 1) / 2;
const SEARCH_STEPS = 40;
/** The search goes this far from the last κ, both ways; the first one over all there may be. */
const SEARCH_FACTOR = 8;
const GRID_STEPS = 60;

/** Least squares of α·e^(−κ·δ) through `[δ, amount]` points, α and κ at least 0; undefined for fewer than two points. */
export function fitIntensity(points: readonly (readonly [number, number])[], last: Fit): Fit | undefined {
  if (points.length < 2) return undefined;
  const widest = Math.max(...points.map(([distance]) => distance));
  if (widest <= 0) return undefined;
  const errorAt = (logKappa: number) => errorOf(points, Math.exp(logKappa));
  const [low, high] = last.kappa > 0 ? around(last.kappa) : bestOfGrid(widest, errorAt);
  const kappa = Math.exp(goldenSection(low, high, errorAt));
  const flat = errorOf(points, 0);
  const best = flat <= errorOf(points, kappa) ? 0 : kappa;
  return { kappa: best, alpha: alphaAt(points, best) };
}

function around(kappa: number): [number, number] {
  return [Math.log(kappa / SEARCH_FACTOR), Math.log(kappa * SEARCH_FACTOR)];
}

/** Where the coarse minimum lies: from a curve that is flat over all distances to one that has gone within a hundredth of them. */
function bestOfGrid(widest: number, errorAt: (logKappa: number) => number): [number, number] {
  const [from, to] = [Math.log(0.01 / widest), Math.log(1_000 / widest)];
  const step = (to - from) / GRID_STEPS;
  let best = from;
  for (let i = 0; i <= GRID_STEPS; i += 1) {
    const at = from + i * step;
    if (errorAt(at) < errorAt(best)) best = at;
  }
  return [best - step, best + step];
}

function goldenSection(from: number, to: number, errorAt: (at: number) => number): number {
  let [low, high] = [from, to];
  let left = high - GOLDEN * (high - low);
  let right = low + GOLDEN * (high - low);
  let [leftError, rightError] = [errorAt(left), errorAt(right)];
  for (let i = 0; i < SEARCH_STEPS; i += 1) {
    if (leftError <= rightError) {
      high = right;
      [right, rightError] = [left, leftError];
      left = high - GOLDEN * (high - low);
      leftError = errorAt(left);
    } else {
      low = left;
      [left, leftError] = [right, rightError];
      right = low + GOLDEN * (high - low);
      rightError = errorAt(right);
    }
  }
  return (low + high) / 2;
}

/** The best α for a κ is linear: Σ y·e / Σ e². */
function alphaAt(points: readonly (readonly [number, number])[], kappa: number): number {
  let dot = 0;
  let square = 0;
  for (const [distance, amount] of points) {
    const decay = Math.exp(-kappa * distance);
    dot += amount * decay;
    square += decay * decay;
  }
  return square > 0 ? Math.max(0, dot / square) : 0;
}

function errorOf(points: readonly (readonly [number, number])[], kappa: number): number {
  const alpha = alphaAt(points, kappa);
  let error = 0;
  for (const [distance, amount] of points) error += (amount - alpha * Math.exp(-kappa * distance)) ** 2;
  return error;
}
