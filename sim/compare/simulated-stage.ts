/**
 * A market of simulated traders in virtual time: hidden price, traders, order book. Traders act on a grid, orders of the competitor
 * meet the book at the moment they arrive, and the book is shown block by block. Everything that is drawn depends on seed and regime
 * alone, never on the competitor's orders, so that each competitor meets the same price and the same arrivals.
 */
import { assert } from "../../core/assert.ts";
import { type Market, makeMarket, parsePrice } from "../../core/market.ts";
import type { Rng } from "../../fargate/seams.ts";
import type { EnteringOrder, EntryResult } from "../exchange/market-place.ts";
import { VISIBLE_LEVELS } from "../exchange/market-place.ts";
import { type Match, MatchingEngine } from "../exchange/matching-engine.ts";
import { OrderFlow } from "../exchange/order-flow.ts";
import { PricePath } from "../exchange/price-path.ts";
import { makeSeededRng, nextBetween } from "../exchange/seeded-rng.ts";
import type { Regime } from "./regimes.ts";
import type { Stage, StageListener } from "./stage.ts";

/** As in `config/local.json`; the price of the local run's market. */
export const SIMULATED_MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
export const START_PRICE = parsePrice(SIMULATED_MARKET, "0.4215", "start price");

/** Traders act this often, as in the local run. */
export const STEP_MS = 40;
/** From one shown book to the next: a block of Sei takes about 400 ms, and its nodes send what is pending sooner. */
const BLOCK_MS = { low: 100, high: 400 };

const OURS = "ours";

export class SimulatedStage implements Stage {
  readonly market: Market = SIMULATED_MARKET;
  readonly #engine = new MatchingEngine((match) => this.#matched(match));
  readonly #path: PricePath;
  /** The same walk, seen late by the competing maker (undefined where it is not late) and early by the takers who know more. */
  readonly #late: PricePath | undefined;
  readonly #early: PricePath;
  readonly #lateSteps: number;
  readonly #flow: OrderFlow;
  readonly #blocks: Rng;
  #listener: StageListener | undefined;
  #steps = 0;
  #stepMs = STEP_MS;
  #blockMs: number;

  constructor({ seed, regime }: { readonly seed: number; readonly regime: Regime }) {
    const rng = (stream: string) => makeSeededRng(seed, `${regime.name} ${stream}`);
    const walk = () => new PricePath(START_PRICE, rng("path"), regime.path);
    this.#path = walk();
    this.#lateSteps = Math.round(regime.makerLagMs / STEP_MS);
    this.#late = this.#lateSteps > 0 ? walk() : undefined;
    this.#early = walk();
    for (let ms = 0; ms < regime.foresight.ms; ms += STEP_MS) this.#early.advance(STEP_MS);
    this.#flow = new OrderFlow({
      market: this.market,
      engine: this.#engine,
      path: this.#path,
      rng: rng("flow"),
      parameters: regime.flow,
      foresight: { view: this.#early, share: regime.foresight.share },
      ...(this.#late === undefined ? {} : { makerView: this.#late }),
    });
    this.#blocks = rng("blocks");
    this.#blockMs = nextBetween(this.#blocks, BLOCK_MS.low, BLOCK_MS.high);
    this.#flow.requote();
  }

  /** The fair price nobody sees, in ticks. */
  get fairPrice(): number {
    return this.#path.price;
  }

  get nextMs(): number {
    return Math.min(this.#stepMs, this.#blockMs);
  }

  listen(listener: StageListener): void {
    this.#listener = listener;
  }

  advance(): void {
    if (this.#stepMs <= this.#blockMs) this.#step();
    else this.#publish();
  }

  place(order: EnteringOrder): EntryResult {
    return this.#engine.place({ ...order, owner: OURS });
  }

  cancel(orderId: string): void {
    this.#engine.cancel(orderId);
  }

  #step(): void {
    this.#steps += 1;
    this.#stepMs += STEP_MS;
    this.#path.advance(STEP_MS);
    this.#early.advance(STEP_MS);
    if (this.#steps > this.#lateSteps) this.#late?.advance(STEP_MS);
    this.#flow.step(STEP_MS);
  }

  #publish(): void {
    this.#blockMs += nextBetween(this.#blocks, BLOCK_MS.low, BLOCK_MS.high);
    assert(this.#listener !== undefined, "a stage must have its listener before it moves");
    this.#listener.book(this.#engine.levels(VISIBLE_LEVELS));
  }

  #matched({ price, size, aggressor, makerOrderId, makerOwner, takerOrderId, takerOwner }: Match): void {
    this.#listener?.print({ price, size, aggressor });
    if (makerOwner === OURS) this.#listener?.ownMatch({ orderId: makerOrderId, price, size, liquidity: "maker" });
    if (takerOwner === OURS) this.#listener?.ownMatch({ orderId: takerOrderId, price, size, liquidity: "taker" });
  }
}
