/**
 * The traders around us: noise takers, informed takers who hit quotes that are stale against the fair price, and a wide
 * competing maker whose spread is the one to improve. Owns their behaviour; the book they trade in is the engine's.
 */
import { type Market, priceToNumber, sizeToNumber } from "../../core/market.ts";
import { type Side, type Ticks, toLots, toTicks } from "../../core/units.ts";
import type { Rng } from "../../fargate/seams.ts";
import type { MatchingEngine } from "./matching-engine.ts";
import type { PricePath, Regime } from "./price-path.ts";
import { nextBetween, nextNormal } from "./seeded-rng.ts";

type Range = { readonly low: number; readonly high: number };

export type FlowParameters = {
  readonly maker: {
    /** Half-spread, and distance from one level to the next, in basis points of the fair price. */
    readonly halfSpreadBps: Range;
    readonly spacingBps: Range;
    readonly levels: number;
    readonly requoteMs: Range;
    /** The first level over a typical noise order; each further one is a quarter larger. */
    readonly sizeFactor: Range;
  };
  readonly noise: {
    /** Orders a second. */
    readonly perSecond: Readonly<Record<Regime, number>>;
    /** A noise taker pays at most this much over the fair price. */
    readonly reachBps: number;
    /** Median size, in quote currency, whatever the market; sizes are log-normal, cut at `sizeMaxFactor` medians. */
    readonly notional: number;
    readonly sizeLogDeviation: number;
    readonly sizeMaxFactor: number;
  };
  readonly informed: {
    /** How often one looks, a second. */
    readonly perSecond: number;
    /** What a stale quote must give, over the fair price. */
    readonly edgeBps: number;
    /** Size over a typical noise order. */
    readonly sizeFactor: number;
  };
};

/** The local run's traders. */
export const LOCAL_FLOW: FlowParameters = {
  // 8 to 10 ticks of 0.0001 around 0.4215; levels so large that one taker hardly tilts the book.
  maker: {
    halfSpreadBps: { low: 20, high: 24 },
    spacingBps: { low: 3, high: 8 },
    levels: 12,
    requoteMs: { low: 200, high: 400 },
    sizeFactor: { low: 28, high: 36 },
  },
  noise: {
    perSecond: { calm: 3.2, busy: 5 },
    reachBps: 35,
    notional: 50,
    sizeLogDeviation: 0.6,
    sizeMaxFactor: 4,
  },
  informed: { perSecond: 4, edgeBps: 1.5, sizeFactor: 5 },
};

/** What traders need of a market: its book as they see it, and the way into it. */
export type TradersBook = Pick<MatchingEngine, "place" | "cancel" | "best">;

/** What a trader takes the fair price to be. */
type PriceView = Pick<PricePath, "price">;

const NOISE = "noise";
const INFORMED = "informed";
const COMPETITOR = "competitor";

export class OrderFlow {
  readonly #engine: TradersBook;
  readonly #path: PricePath;
  readonly #makerView: PriceView;
  readonly #foresight: { readonly view: PriceView; readonly share: number } | undefined;
  readonly #parameters: FlowParameters;
  readonly #rng: Rng;
  readonly #typicalLots: number;
  #makerOrders: string[] = [];
  #untilRequoteMs = 0;
  /** Nobody acts; the quotes that stand are left standing. */
  paused = false;
  /** Where the competing maker has no quotes. */
  absent: Side | "both" | undefined;
  #orders = 0;

  /**
   * The competing maker quotes around `makerView` (the fair price itself where left out; one that lags makes its quotes stale), and
   * `share` of the noise takers take the side that `foresight` knows to win.
   */
  constructor(input: {
    readonly market: Market;
    readonly engine: TradersBook;
    readonly path: PricePath;
    readonly rng: Rng;
    readonly parameters?: FlowParameters;
    readonly makerView?: PriceView;
    readonly foresight?: { readonly view: PriceView; readonly share: number };
  }) {
    this.#engine = input.engine;
    this.#path = input.path;
    this.#makerView = input.makerView ?? input.path;
    this.#foresight = input.foresight;
    this.#parameters = input.parameters ?? LOCAL_FLOW;
    this.#rng = input.rng;
    const lotValue = priceToNumber(input.market, input.path.price) * sizeToNumber(input.market, 1);
    this.#typicalLots = Math.max(1, this.#parameters.noise.notional / lotValue);
  }

  /** Lets the traders act for `elapsedMs` of market time (at most some 100 ms, since each kind acts at most once). */
  step(elapsedMs: number): void {
    if (this.paused) return;
    this.#untilRequoteMs -= elapsedMs;
    if (this.#untilRequoteMs <= 0) this.requote();
    const { informed, noise } = this.#parameters;
    if (this.#rng.next() < (informed.perSecond * elapsedMs) / 1_000) this.#takeStaleQuotes();
    if (this.#rng.next() < (noise.perSecond[this.#path.regime] * elapsedMs) / 1_000) this.#takeAtRandom();
  }

  /** The competing maker takes its quotes away and sets them anew around the fair price. */
  requote(): void {
    for (const orderId of this.#makerOrders) this.#engine.cancel(orderId);
    this.#makerOrders = [];
    const { halfSpreadBps, requoteMs } = this.#parameters.maker;
    const halfSpread = this.#makerView.price * nextBetween(this.#rng, halfSpreadBps.low, halfSpreadBps.high);
    for (const side of ["buy", "sell"] as const) {
      if (this.absent !== side && this.absent !== "both") this.#quoteSide(side, Math.max(1, halfSpread * 1e-4));
    }
    this.#untilRequoteMs = nextBetween(this.#rng, requoteMs.low, requoteMs.high);
  }

  #quoteSide(side: Side, halfSpreadTicks: number): void {
    const { levels, spacingBps, sizeFactor } = this.#parameters.maker;
    const fair = this.#makerView.price;
    const sign = side === "buy" ? -1 : 1;
    let price = side === "buy" ? Math.floor(fair - halfSpreadTicks) : Math.ceil(fair + halfSpreadTicks);
    // A maker slides behind a quote it would cross: hitting stale quotes is the informed takers' part.
    if (side === "buy") price = Math.min(price, (this.#engine.best("sell") ?? Number.POSITIVE_INFINITY) - 1);
    else price = Math.max(price, (this.#engine.best("buy") ?? 0) + 1);
    for (let level = 0; level < levels && price > 0; level += 1) {
      const factor = nextBetween(this.#rng, sizeFactor.low, sizeFactor.high) * (1 + level / 4);
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
      const spacing = fair * nextBetween(this.#rng, spacingBps.low, spacingBps.high) * 1e-4;
      price += sign * Math.max(1, Math.round(spacing));
    }
  }

  #takeAtRandom(): void {
    const { reachBps, sizeLogDeviation, sizeMaxFactor } = this.#parameters.noise;
    const drawn: Side = this.#rng.next() < 0.5 ? "buy" : "sell";
    const factor = Math.min(Math.exp(sizeLogDeviation * nextNormal(this.#rng)), sizeMaxFactor);
    const side = this.#foreseen() ?? drawn;
    const reach = this.#path.price * (1 + (side === "buy" ? 1 : -1) * reachBps * 1e-4);
    this.#take({ owner: NOISE, side, price: Math.max(1, Math.round(reach)), lots: this.#typicalLots * factor });
  }

  /** The side that will have been right, for one who knows it; always the same count of numbers is drawn. */
  #foreseen(): Side | undefined {
    if (this.#foresight === undefined || this.#rng.next() >= this.#foresight.share) return undefined;
    return this.#foresight.view.price >= this.#path.price ? "buy" : "sell";
  }

  #takeStaleQuotes(): void {
    const { edgeBps, sizeFactor } = this.#parameters.informed;
    const fair = this.#path.price;
    const buyUpTo = Math.floor(fair * (1 - edgeBps * 1e-4));
    const sellDownTo = Math.ceil(fair * (1 + edgeBps * 1e-4));
    const lots = this.#typicalLots * sizeFactor;
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
