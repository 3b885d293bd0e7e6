/**
 * The traders around us: noise takers, informed takers who hit quotes that are stale against the fair price, and a wide
 * competing maker whose spread is the one to improve. Owns their behaviour; the book they trade in is the engine's.
 */
import { type Market, priceToNumber, sizeToNumber } from "../../core/market.ts";
import { type Side, type Ticks, toLots, toTicks } from "../../core/units.ts";
import type { Rng } from "../../fargate/seams.ts";
import type { MatchingEngine } from "./matching-engine.ts";
import type { PricePath } from "./price-path.ts";
import { nextBetween, nextNormal } from "./seeded-rng.ts";

/** Half-spread of the competing maker: 8 to 10 ticks of 0.0001 around 0.4215. */
const MAKER_HALF_SPREAD_BPS = { low: 20, high: 24 };
const MAKER_LEVELS = 12;
const MAKER_SPACING_BPS = { low: 3, high: 8 };
const MAKER_REQUOTE_MS = { low: 200, high: 400 };
/** A level of the competing maker over a typical noise order: large, so that one taker hardly tilts the book. */
const MAKER_SIZE_FACTOR = { low: 28, high: 36 };
const NOISE_PER_SECOND = { calm: 3.2, busy: 5 };
/** A noise taker pays at most this much over the fair price. */
const NOISE_REACH_BPS = 35;
const NOISE_SIZE_MAX_FACTOR = 4;
const INFORMED_PER_SECOND = 4;
/** What a stale quote must give an informed taker, over the fair price. */
const INFORMED_EDGE_BPS = 1.5;
const INFORMED_SIZE_FACTOR = 5;
/** A noise order is worth about 50 in quote currency, whatever the market. */
const NOISE_NOTIONAL = 50;

const NOISE = "noise";
const INFORMED = "informed";
const COMPETITOR = "competitor";

export class OrderFlow {
  readonly #engine: MatchingEngine;
  readonly #path: PricePath;
  readonly #rng: Rng;
  readonly #typicalLots: number;
  #makerOrders: string[] = [];
  #untilRequoteMs = 0;
  /** Nobody acts; the quotes that stand are left standing. */
  paused = false;
  /** Where the competing maker has no quotes. */
  absent: Side | "both" | undefined;
  #orders = 0;

  constructor(input: {
    readonly market: Market;
    readonly engine: MatchingEngine;
    readonly path: PricePath;
    readonly rng: Rng;
  }) {
    this.#engine = input.engine;
    this.#path = input.path;
    this.#rng = input.rng;
    const lotValue = priceToNumber(input.market, input.path.price) * sizeToNumber(input.market, 1);
    this.#typicalLots = Math.max(1, NOISE_NOTIONAL / lotValue);
  }

  /** Lets the traders act for `elapsedMs` of market time (at most some 100 ms, since each kind acts at most once). */
  step(elapsedMs: number): void {
    if (this.paused) return;
    this.#untilRequoteMs -= elapsedMs;
    if (this.#untilRequoteMs <= 0) this.requote();
    if (this.#rng.next() < (INFORMED_PER_SECOND * elapsedMs) / 1_000) this.#takeStaleQuotes();
    if (this.#rng.next() < (NOISE_PER_SECOND[this.#path.regime] * elapsedMs) / 1_000) this.#takeAtRandom();
  }

  /** The competing maker takes its quotes away and sets them anew around the fair price. */
  requote(): void {
    for (const orderId of this.#makerOrders) this.#engine.cancel(orderId);
    this.#makerOrders = [];
    const halfSpread = this.#path.price * nextBetween(this.#rng, MAKER_HALF_SPREAD_BPS.low, MAKER_HALF_SPREAD_BPS.high);
    for (const side of ["buy", "sell"] as const) {
      if (this.absent !== side && this.absent !== "both") this.#quoteSide(side, Math.max(1, halfSpread * 1e-4));
    }
    this.#untilRequoteMs = nextBetween(this.#rng, MAKER_REQUOTE_MS.low, MAKER_REQUOTE_MS.high);
  }

  #quoteSide(side: Side, halfSpreadTicks: number): void {
    const fair = this.#path.price;
    const sign = side === "buy" ? -1 : 1;
    let price = side === "buy" ? Math.floor(fair - halfSpreadTicks) : Math.ceil(fair + halfSpreadTicks);
    // A maker slides behind a quote it would cross: hitting stale quotes is the informed takers' part.
    if (side === "buy") price = Math.min(price, (this.#engine.best("sell") ?? Number.POSITIVE_INFINITY) - 1);
    else price = Math.max(price, (this.#engine.best("buy") ?? 0) + 1);
    for (let level = 0; level < MAKER_LEVELS && price > 0; level += 1) {
      const factor = nextBetween(this.#rng, MAKER_SIZE_FACTOR.low, MAKER_SIZE_FACTOR.high) * (1 + level / 4);
      const orderId = this.#nextOrderId();
      const size = toLots(Math.max(1, Math.round(this.#typicalLots * factor)));
      const order = {
        orderId,
        owner: COMPETITOR,
        side,
        price: toTicks(price),
        size,
        timeInForce: "post_only",
      } as const;
      if (this.#engine.place(order).type === "resting") this.#makerOrders.push(orderId);
      const spacing = fair * nextBetween(this.#rng, MAKER_SPACING_BPS.low, MAKER_SPACING_BPS.high) * 1e-4;
      price += sign * Math.max(1, Math.round(spacing));
    }
  }

  #takeAtRandom(): void {
    const side: Side = this.#rng.next() < 0.5 ? "buy" : "sell";
    const factor = Math.min(Math.exp(0.6 * nextNormal(this.#rng)), NOISE_SIZE_MAX_FACTOR);
    const reach = this.#path.price * (1 + (side === "buy" ? 1 : -1) * NOISE_REACH_BPS * 1e-4);
    this.#take({ owner: NOISE, side, price: Math.max(1, Math.round(reach)), lots: this.#typicalLots * factor });
  }

  #takeStaleQuotes(): void {
    const fair = this.#path.price;
    const buyUpTo = Math.floor(fair * (1 - INFORMED_EDGE_BPS * 1e-4));
    const sellDownTo = Math.ceil(fair * (1 + INFORMED_EDGE_BPS * 1e-4));
    const lots = this.#typicalLots * INFORMED_SIZE_FACTOR;
    if (isAtMost(this.#engine.best("sell"), buyUpTo)) {
      this.#take({ owner: INFORMED, side: "buy", price: buyUpTo, lots });
    } else if (isAtLeast(this.#engine.best("buy"), sellDownTo)) {
      this.#take({ owner: INFORMED, side: "sell", price: sellDownTo, lots });
    }
  }

  #take(order: { readonly owner: string; readonly side: Side; readonly price: number; readonly lots: number }): void {
    this.#engine.place({
      orderId: this.#nextOrderId(),
      owner: order.owner,
      side: order.side,
      price: toTicks(order.price),
      size: toLots(Math.max(1, Math.round(order.lots))),
      timeInForce: "ioc",
    });
  }

  #nextOrderId(): string {
    this.#orders += 1;
    return `B-${this.#orders}`;
  }
}

function isAtMost(price: Ticks | undefined, limit: number): boolean {
  return price !== undefined && price <= limit;
}

function isAtLeast(price: Ticks | undefined, limit: number): boolean {
  return price !== undefined && price >= limit;
}
