/**
 * The fair price nobody sees: a seeded random walk with calm and busy spells and rare jumps, drawn back to its start.
 * Owns the hidden price; what traders make of it is `order-flow.ts`'s. A model value, so a float.
 */
import type { Rng } from "../../fargate/seams.ts";
import { nextBetween, nextNormal } from "./seeded-rng.ts";

export type Regime = "calm" | "busy";

/** Volatility in basis points per square root of a second, and how long a spell lasts on average. */
const REGIMES: Readonly<Record<Regime, { readonly volatilityBps: number; readonly meanMs: number }>> = {
  calm: { volatilityBps: 0.9, meanMs: 20_000 },
  busy: { volatilityBps: 2.6, meanMs: 7_000 },
};

const JUMP_MEAN_MS = 25_000;
const JUMP_BPS_MIN = 6;
const JUMP_BPS_MAX = 16;
/** The walk is drawn back by half in about three minutes, so that a long run stays where its market was set up. */
const REVERSION_PER_MS = Math.LN2 / 180_000;

export class PricePath {
  readonly #rng: Rng;
  readonly #startPrice: number;
  /** Logarithm of price over start price. */
  #offset = 0;
  #regime: Regime = "calm";

  /** `startPrice` in ticks, positive. */
  constructor(startPrice: number, rng: Rng) {
    this.#startPrice = startPrice;
    this.#rng = rng;
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
    const { volatilityBps, meanMs } = REGIMES[this.#regime];
    const shock = nextNormal(this.#rng) * volatilityBps * 1e-4 * Math.sqrt(elapsedMs / 1_000);
    const switches = this.#rng.next() < elapsedMs / meanMs;
    const jumps = this.#rng.next() < elapsedMs / JUMP_MEAN_MS;
    const jumpBps = nextBetween(this.#rng, JUMP_BPS_MIN, JUMP_BPS_MAX);
    const up = this.#rng.next() < 0.5;
    this.#offset += shock - this.#offset * REVERSION_PER_MS * elapsedMs;
    if (jumps) this.#offset += (up ? jumpBps : -jumpBps) * 1e-4;
    if (switches) this.#regime = this.#regime === "calm" ? "busy" : "calm";
  }
}
