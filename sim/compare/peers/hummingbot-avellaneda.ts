/**
 * Hummingbot's Avellaneda market making, as published: hummingbot/hummingbot
 * `hummingbot/strategy/avellaneda_market_making/avellaneda_market_making.pyx`: `process_tick`,
 * `c_calculate_reserved_price_and_optimal_spread` in its infinite timeframe (τ = 1) with σ, not σ², in both places as its current
 * version has it, `_create_proposal_based_on_order_levels`, `c_apply_order_amount_eta_transformation`, `c_apply_order_optimization`,
 * `c_cancel_active_orders`; defaults of `avellaneda_market_making_config_map_pydantic.py` at 836833a5. Written anew from that
 * description. It does not start before both estimators have filled their buffers. Ticks once a second. Prices in quote currency.
 */
import type { BookUpdate, Fill, TradePrint, VenueOrder } from "../../../core/events.ts";
import { priceToNumber, sizeToNumber } from "../../../core/market.ts";
import { type Instant, toLots, toTicks } from "../../../core/units.ts";
import type { Answer, Competitor, Terms } from "../competitor.ts";
import { isWithinTolerance, jumpPrices, type Proposal, quantized, shownMid, withinRoom } from "./hummingbot-prices.ts";
import { OrderClient } from "./order-client.ts";
import { RefreshTimers } from "./refresh-timers.ts";
import { type Fit, InstantVolatility, TradingIntensity } from "./trading-intensity.ts";

export type AvellanedaParameters = {
  /** `risk_factor`, γ. */
  readonly gamma: number;
  /** `order_amount_shape_factor`, η. */
  readonly eta: number;
  /** `min_spread` as a share of the mid. */
  readonly minSpread: number;
  readonly isOptimized: boolean;
  readonly levels: number;
  /** `level_distances`: percent of half the optimal spread. */
  readonly levelDistances: number;
  readonly refreshSeconds: number;
  readonly refreshTolerance: number;
  readonly filledDelaySeconds: number;
  /** `volatility_buffer_size` and `trading_intensity_buffer_size`. */
  readonly bufferSize: number;
};

/** `order_refresh_time` has no default; 30 s is the pure market making controller's. */
export const AVELLANEDA_DEFAULTS: AvellanedaParameters = {
  gamma: 1,
  eta: 0,
  minSpread: 0,
  isOptimized: true,
  levels: 1,
  levelDistances: 0,
  refreshSeconds: 30,
  refreshTolerance: 0,
  filledDelaySeconds: 60,
  bufferSize: 200,
};

const WAKE_MS = 100;

export class HummingbotAvellaneda implements Competitor {
  readonly wakeMs = WAKE_MS;
  readonly #parameters: AvellanedaParameters;
  readonly #terms: Terms;
  readonly #client: OrderClient;
  readonly #timers: RefreshTimers;
  readonly #volatility: InstantVolatility;
  readonly #intensity: TradingIntensity;
  #book: BookUpdate | undefined;
  #second = 0;
  #readySecond: number | undefined;

  constructor(parameters: AvellanedaParameters, terms: Terms) {
    this.#parameters = parameters;
    this.#terms = terms;
    this.#client = new OrderClient(terms);
    this.#timers = new RefreshTimers(parameters);
    this.#volatility = new InstantVolatility(parameters.bufferSize);
    this.#intensity = new TradingIntensity(parameters.bufferSize);
  }

  book(book: BookUpdate): void {
    this.#book = book;
  }

  trade({ at, price, size }: TradePrint): void {
    const { market } = this.#terms;
    this.#intensity.trade({
      ms: at.monotonicMs,
      price: priceToNumber(market, price),
      amount: sizeToNumber(market, size),
    });
  }

  orderSeen(_: VenueOrder): void {}

  fill(fill: Fill, now: Instant): void {
    if (this.#client.fill(fill).isComplete) this.#timers.filled(now.monotonicMs / 1_000);
  }

  answer(answer: Answer, now: Instant): void {
    this.#client.answer(answer, now);
  }

  turn(now: Instant): void {
    const second = Math.floor(now.monotonicMs / 1_000);
    if (second > this.#second && this.#book !== undefined) this.#tick(this.#book, second, now);
    this.#second = second;
    this.#client.flush(now);
  }

  notes(): readonly string[] {
    return [this.#readySecond === undefined ? "never ready" : `ready after ${this.#readySecond} s`];
  }

  #tick(book: BookUpdate, second: number, now: Instant): void {
    const midTicks = shownMid(book);
    if (midTicks === undefined) return;
    const mid = priceToNumber(this.#terms.market, midTicks);
    this.#volatility.add(mid);
    this.#intensity.calculate(second, mid);
    if (!this.#volatility.isFull || !this.#intensity.isFull) return;
    this.#readySecond ??= second;
    if (!this.#timers.mayPropose(second)) return;
    const proposal = this.#propose(book, mid);
    if (proposal === undefined) return;
    if (this.#timers.mayCancel(second)) this.#cancelUnlessClose(proposal, second);
    const isFree = this.#client.cancelsInFlight === 0 && this.#client.active().length === 0;
    if (isFree && this.#timers.mayCreate(second)) this.#create(proposal, second, now);
  }

  /** Undefined while there is no fit, or no price above 0. */
  #propose(book: BookUpdate, mid: number): Proposal | undefined {
    const { gamma, minSpread, eta, levels, levelDistances, isOptimized } = this.#parameters;
    const { market, orderSize } = this.#terms;
    const spreadTicks = (book.asks.prices[0] ?? 0) - (book.bids.prices[0] ?? 0);
    const volatility = this.#volatility.value || priceToNumber(market, spreadTicks) / 2;
    const q = this.#inventory(mid);
    const optimal = avellanedaQuotes({ mid, q, gamma, volatility, fit: this.#intensity.fit, minSpread });
    if (optimal === undefined || optimal.bid <= 0 || optimal.ask <= 0) return undefined;
    const tick = priceToNumber(market, 1);
    const step = (optimal.spread / 2 / 100) * levelDistances;
    const at = (price: number, sign: number, factor: number) =>
      Array.from({ length: levels }, (_, level) => ({
        price: quantized((price + sign * step * level) / tick),
        size: Math.floor(orderSize * factor),
      }));
    const proposal: Proposal = {
      buys: at(optimal.bid, -1, q > 0 ? Math.exp(-eta * q) : 1),
      sells: at(optimal.ask, 1, q < 0 ? Math.exp(eta * q) : 1),
    };
    if (isOptimized) {
      const { aboveBid, belowAsk } = jumpPrices(book, this.#client.active());
      for (const order of proposal.buys) order.price = Math.min(order.price, aboveBid ?? order.price);
      for (const order of proposal.sells) order.price = Math.max(order.price, belowAsk ?? order.price);
    }
    return {
      buys: withinRoom(proposal.buys, this.#client.room("buy")),
      sells: withinRoom(proposal.sells, this.#client.room("sell")),
    };
  }

  /**
   * q: the base held beyond its target over the whole portfolio, in base. The portfolio is what the position limit makes of it: as much
   * base as may be sold and quote for as much as may be bought, with a target of one half, so that q is from −0.5 to 0.5.
   */
  #inventory(mid: number): number {
    const { market, positionMax } = this.#terms;
    const limit = sizeToNumber(market, positionMax);
    const position = sizeToNumber(market, this.#client.position);
    const base = limit + position;
    const quote = (limit - position) * mid;
    const inventory = base + quote / mid;
    return (base - inventory / 2) / inventory;
  }

  #cancelUnlessClose(proposal: Proposal, second: number): void {
    const active = this.#client.active();
    if (active.length === 0) return;
    const prices = (side: "buy" | "sell") => active.filter((order) => order.side === side).map(({ price }) => price);
    const proposed = (orders: Proposal["buys"]) => orders.map(({ price }) => price);
    const { refreshTolerance } = this.#parameters;
    const isClose =
      isWithinTolerance(prices("buy"), proposed(proposal.buys), refreshTolerance) &&
      isWithinTolerance(prices("sell"), proposed(proposal.sells), refreshTolerance);
    if (isClose) this.#timers.created(second);
    else for (const order of active) this.#client.cancel(order);
  }

  #create({ buys, sells }: Proposal, second: number, now: Instant): void {
    for (const { price, size } of buys) {
      this.#client.place({ side: "buy", price: toTicks(price), size: toLots(size) }, now);
    }
    for (const { price, size } of sells) {
      this.#client.place({ side: "sell", price: toTicks(price), size: toLots(size) }, now);
    }
    if (buys.length + sells.length > 0) this.#timers.created(second);
  }
}

/**
 * r = P − q·γ·σ·τ and δ = γ·σ·τ + (2/γ)·ln(1 + γ/κ) with τ = 1: ask = max(r + δ/2, P + minimum/2), bid = min(r − δ/2, P − minimum/2).
 * Undefined while α, κ or σ is 0.
 */
export function avellanedaQuotes(input: {
  readonly mid: number;
  readonly q: number;
  readonly gamma: number;
  readonly volatility: number;
  readonly fit: Fit;
  readonly minSpread: number;
}): { readonly bid: number; readonly ask: number; readonly spread: number } | undefined {
  const { mid, q, gamma, volatility, fit, minSpread } = input;
  if (fit.alpha === 0 || fit.kappa <= 0 || volatility === 0) return undefined;
  const reserved = mid - q * gamma * volatility;
  const spread = gamma * volatility + (2 / gamma) * Math.log(1 + gamma / fit.kappa);
  const minimum = mid * minSpread;
  return {
    bid: Math.min(reserved - spread / 2, mid - minimum / 2),
    ask: Math.max(reserved + spread / 2, mid + minimum / 2),
    spread,
  };
}
