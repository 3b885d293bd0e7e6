/**
 * The fair price nobody sees: a seeded random walk with calm and busy spells, jumps, a pull back to its start and, where asked for,
 * a trend. Owns the hidden price; what traders make of it is `order-flow.ts`'s. A model value, so a float.
 */
import type { Rng } from "../../fargate/seams.ts";
import { nextBetween, nextNormal } from "./seeded-rng.ts";

export type Regime = "calm" | "busy";

export type PathParameters = {
  /** Volatility in basis points per square root of a second, and how long a spell lasts on average. */
  readonly spells: Readonly<Record<Regime, { readonly volatilityBps: number; readonly meanMs: number }>>;
  /** One on average each `meanMs`, its size uniform between the two, up as often as down. */
  readonly jumps: { readonly meanMs: number; readonly bpsMin: number; readonly bpsMax: number };
  /** How long the walk takes to be drawn back by half; `Infinity` leaves it where it went. */
  readonly reversionHalfLifeMs: number;
  /** A steady drift whose direction turns at random, on average after `meanMs`. */
  readonly trend?: { readonly bpsPerSecond: number; readonly meanMs: number };
};

/** The local run's market. Drawn back by half in about three minutes, so that a long run stays where its market was set up. */
export const LOCAL_PATH: PathParameters = {
  spells: {
    calm: { volatilityBps: 0.9, meanMs: 20_000 },
    busy: { volatilityBps: 2.6, meanMs: 7_000 },
  },
  jumps: { meanMs: 25_000, bpsMin: 6, bpsMax: 16 },
  reversionHalfLifeMs: 180_000,
};

export class PricePath {
  readonly #rng: Rng;
  readonly #startPrice: number;
  readonly #parameters: PathParameters;
  readonly #reversionPerMs: number;
  /** Logarithm of price over start price. */
  #offset = 0;
  #regime: Regime = "calm";
  #trendSign = 1;

  /** `startPrice` in ticks, positive. */
  constructor(startPrice: number, rng: Rng, parameters = LOCAL_PATH) {
    this.#startPrice = startPrice;
    this.#rng = rng;
    this.#parameters = parameters;
    this.#reversionPerMs = Math.LN2 / parameters.reversionHalfLifeMs;
    if (parameters.trend !== undefined && rng.next() < 0.5) this.#trendSign = -1;
  }

  /** The fair price in ticks, not rounded. */
  get price(): number {
    return this.#startPrice * Math.exp(this.#offset);
  }

  get regime(): Regime {
    return this.#regime;
  }

  /** A shock: the price moves by so many percent at once, and is drawn back from there as ever. */
  jump(percent: number): void {
    this.#offset += Math.log(1 + percent / 100);
  }

  /** Moves the price on by `elapsedMs` of market time. Draws a fixed count of numbers, so the path depends on the seed alone. */
  advance(elapsedMs: number): void {
    const { spells, jumps, trend } = this.#parameters;
    const { volatilityBps, meanMs } = spells[this.#regime];
    const shock = nextNormal(this.#rng) * volatilityBps * 1e-4 * Math.sqrt(elapsedMs / 1_000);
    const switches = this.#rng.next() < elapsedMs / meanMs;
    const isJump = this.#rng.next() < elapsedMs / jumps.meanMs;
    const jumpBps = nextBetween(this.#rng, jumps.bpsMin, jumps.bpsMax);
    const up = this.#rng.next() < 0.5;
    this.#offset += shock - this.#offset * this.#reversionPerMs * elapsedMs;
    if (isJump) this.#offset += (up ? jumpBps : -jumpBps) * 1e-4;
    if (switches) this.#regime = this.#regime === "calm" ? "busy" : "calm";
    if (trend === undefined) return;
    if (this.#rng.next() < elapsedMs / trend.meanMs) this.#trendSign = -this.#trendSign;
    this.#offset += this.#trendSign * trend.bpsPerSecond * 1e-4 * (elapsedMs / 1_000);
  }
}
