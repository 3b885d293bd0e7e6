/**
 * Hummingbot's pure market making, as published: hummingbot/hummingbot `hummingbot/strategy/pure_market_making/pure_market_making.pyx`
 * at 3e14792a, `c_tick` and what it calls: `c_create_base_proposal`, `c_apply_order_optimization`, `c_apply_budget_constraint`,
 * `c_filter_out_takers`, `c_cancel_active_orders_on_max_age_limit`, `c_cancel_active_orders`, `c_cancel_orders_below_min_spread`,
 * `c_to_create_orders`. Written anew from that description. Inventory skew, ping-pong, hanging orders, price bands and transaction
 * costs are off by default and left out. Ticks once a second, as Hummingbot's clock.
 */
import type { BookUpdate, Fill, TradePrint, VenueOrder } from "../../../core/events.ts";
import { type Instant, toLots, toTicks } from "../../../core/units.ts";
import type { Answer, Competitor, Terms } from "../competitor.ts";
import { isWithinTolerance, jumpPrices, type Proposal, quantized, shownMid, withinRoom } from "./hummingbot-prices.ts";
import { type ClientOrder, OrderClient } from "./order-client.ts";
import { RefreshTimers } from "./refresh-timers.ts";

export type PmmParameters = {
  /** `bid_spread` and `ask_spread`, and `order_level_spread`: shares of the mid. */
  readonly spread: number;
  readonly levelSpread: number;
  readonly levels: number;
  readonly refreshSeconds: number;
  /** `order_refresh_tolerance_pct` as a share; below 0 the orders are always replaced. */
  readonly refreshTolerance: number;
  readonly filledDelaySeconds: number;
  readonly maxOrderAgeSeconds: number;
  /** `minimum_spread` as a share: orders nearer to the mid are cancelled; −1 never. */
  readonly minimumSpread: number;
  /** `order_optimization_enabled`. */
  readonly isOptimized: boolean;
};

/**
 * The defaults of `pure_market_making_config_map.py` at 30be9730; spread and refresh time have none there, and are those of the
 * controller that replaces the strategy (`controllers/generic/pmm_v1.py` at 285c6d10: spreads 0.01, refresh 30 s).
 */
export const PMM_DEFAULTS: PmmParameters = {
  spread: 0.01,
  levelSpread: 0.01,
  levels: 1,
  refreshSeconds: 30,
  refreshTolerance: 0,
  filledDelaySeconds: 60,
  maxOrderAgeSeconds: 1_800,
  minimumSpread: -1,
  isOptimized: false,
};

/** Requests that wait are tried again this often, as by Hummingbot's throttler. */
const WAKE_MS = 100;

export class HummingbotPmm implements Competitor {
  readonly wakeMs = WAKE_MS;
  readonly #parameters: PmmParameters;
  readonly #terms: Terms;
  readonly #client: OrderClient;
  readonly #timers: RefreshTimers;
  #book: BookUpdate | undefined;
  #second = 0;

  constructor(parameters: PmmParameters, terms: Terms) {
    this.#parameters = parameters;
    this.#terms = terms;
    this.#client = new OrderClient(terms);
    this.#timers = new RefreshTimers(parameters);
  }

  book(book: BookUpdate): void {
    this.#book = book;
  }

  trade(_: TradePrint): void {}

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
    return [];
  }

  #tick(book: BookUpdate, second: number, now: Instant): void {
    const mid = shownMid(book);
    if (mid === undefined) return;
    const proposal = this.#timers.mayPropose(second) ? this.#propose(book, mid) : undefined;
    const { maxOrderAgeSeconds, minimumSpread } = this.#parameters;
    const isTooOld = ({ createdMs }: ClientOrder) => now.monotonicMs - createdMs > maxOrderAgeSeconds * 1_000;
    const active = this.#client.active();
    if (active.some(isTooOld)) for (const order of active) this.#client.cancel(order);
    if (this.#timers.mayCancel(second)) this.#cancelUnlessClose(proposal);
    for (const order of this.#client.active()) {
      const spread = ((order.side === "buy" ? -1 : 1) * (order.price - mid)) / mid;
      if (spread < minimumSpread) this.#client.cancel(order);
    }
    const isFree = this.#client.cancelsInFlight === 0 && this.#client.active().length === 0;
    if (proposal !== undefined && isFree && this.#timers.mayCreate(second)) this.#create(proposal, second, now);
  }

  #propose(book: BookUpdate, mid: number): Proposal {
    const proposal = pmmProposal(mid, this.#parameters, this.#terms.orderSize);
    if (this.#parameters.isOptimized) optimize(proposal, book, this.#client.active(), this.#parameters.levelSpread);
    const topAsk = book.asks.prices[0] ?? Number.POSITIVE_INFINITY;
    const topBid = book.bids.prices[0] ?? 0;
    return {
      buys: withinRoom(proposal.buys, this.#client.room("buy")).filter(({ price }) => price < topAsk),
      sells: withinRoom(proposal.sells, this.#client.room("sell")).filter(({ price }) => price > topBid),
    };
  }

  #cancelUnlessClose(proposal: Proposal | undefined): void {
    const active = this.#client.active();
    const { refreshTolerance } = this.#parameters;
    const prices = (side: "buy" | "sell") => active.filter((order) => order.side === side).map(({ price }) => price);
    const isClose =
      proposal !== undefined &&
      refreshTolerance >= 0 &&
      isWithinTolerance(prices("buy"), pricesOf(proposal.buys), refreshTolerance) &&
      isWithinTolerance(prices("sell"), pricesOf(proposal.sells), refreshTolerance);
    if (!isClose) for (const order of active) this.#client.cancel(order);
  }

  #create({ buys, sells }: Proposal, second: number, now: Instant): void {
    for (const { price, size } of buys) {
      this.#client.place({ side: "buy", price: toTicks(quantized(price)), size: toLots(size) }, now);
    }
    for (const { price, size } of sells) {
      this.#client.place({ side: "sell", price: toTicks(quantized(price)), size: toLots(size) }, now);
    }
    if (buys.length + sells.length > 0) this.#timers.created(second);
  }
}

/** `c_create_base_proposal`: around the mid (ticks), level by level. */
export function pmmProposal(
  mid: number,
  { spread, levelSpread, levels }: Pick<PmmParameters, "spread" | "levelSpread" | "levels">,
  orderSize: number,
): Proposal {
  const at = (sign: number) =>
    Array.from({ length: levels }, (_, level) => ({
      price: quantized(mid * (1 + sign * (spread + level * levelSpread))),
      size: orderSize,
    }));
  return { buys: at(-1), sells: at(1) };
}

/** `c_apply_order_optimization`: the first level is brought back to a tick before the best others, further ones laid from it. */
function optimize(proposal: Proposal, book: BookUpdate, active: readonly ClientOrder[], levelSpread: number): void {
  const { aboveBid, belowAsk } = jumpPrices(book, active);
  const [bid, ask] = [proposal.buys[0], proposal.sells[0]];
  if (bid !== undefined && aboveBid !== undefined) {
    const first = Math.min(bid.price, aboveBid);
    for (const [level, order] of proposal.buys.entries()) order.price = first * (1 - levelSpread * level);
  }
  if (ask !== undefined && belowAsk !== undefined) {
    const first = Math.max(ask.price, belowAsk);
    for (const [level, order] of proposal.sells.entries()) order.price = first * (1 + levelSpread * level);
  }
}

function pricesOf(orders: Proposal["buys"]): readonly number[] {
  return orders.map(({ price }) => price);
}
