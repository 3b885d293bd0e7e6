/**
 * The risk of all markets of a shard together: loss, worst-case value, funds, orders in flight. Owns these sums; a single
 * market's limits are the gate's.
 */
import type { Books } from "../accounting/pnl.ts";
import { MONEY_DECIMALS } from "../decimal.ts";
import type { Market } from "../market.ts";
import { sizeToMoney, tickLotMoney } from "../market.ts";
import { isInFlight, type Order, remainingOf } from "../order.ts";
import type { Orders } from "../orders.ts";
import type { Quote } from "../quoting/strategy.ts";
import type { Instant, Lots } from "../units.ts";
import { toLots } from "../units.ts";
import { type Commitment, Funds } from "./funds.ts";
import { type Exposure, type ShardView, withQuote } from "./gate.ts";
import type { ShardLimits } from "./limits.ts";
import { type LossSnapshot, LossWatch } from "./loss-watch.ts";

/** What one market adds. Amounts are integers of 10^-18; `mark` is what a unit of base is worth now. */
export type MarketRisk = Commitment &
  OrderRisk & {
    readonly mark: bigint;
    /** What the exposure is worth at the mark, at worst. */
    readonly worstValue: bigint;
  };

/** What its orders do of that. */
type OrderRisk = {
  readonly exposure: Exposure;
  readonly buyValue: bigint;
  readonly sellSize: bigint;
  readonly inFlight: number;
};

/** Profit is judged this often: bigint sums on every book would cost the hot path, and no limit needs them sooner. */
const LOSS_INTERVAL_MS = 50;

const ONE = 10n ** BigInt(MONEY_DECIMALS);

export class ShardRisk {
  readonly funds = new Funds();
  readonly loss: LossWatch;
  readonly #limits: ShardLimits;
  readonly #inFlightMax: number;
  #lossDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly limits: ShardLimits;
    readonly inFlightMax: number;
    readonly loss: LossSnapshot | undefined;
  }) {
    this.#limits = options.limits;
    this.#inFlightMax = options.inFlightMax;
    this.loss = new LossWatch(options.limits, options.loss);
  }

  /** Judges the profit of all markets, when it is due; or takes the market whose holding has no price yet, so that it is not known. */
  recordLoss(profit: () => bigint | { readonly unpriced: string }, now: Instant): void {
    if (now.monotonicMs < this.#lossDueMs) return;
    this.#lossDueMs = now.monotonicMs + LOSS_INTERVAL_MS;
    const known = profit();
    if (typeof known === "bigint") this.loss.record(known, now);
    else this.loss.unpriced(known.unpriced);
  }

  /** What the gate must know of the whole shard to judge one quote of `mine`, with which so many cancels would be in flight. */
  view(quote: Quote, mine: MarketRisk, all: readonly MarketRisk[], cancels: number): ShardView {
    const worst = worstValueOf(mine, withQuote(mine.exposure, quote));
    const adds = worst > mine.worstValue;
    let exposureValue = worst;
    let inFlight = cancels;
    for (const risk of all) {
      if (adds && risk.market !== mine.market) exposureValue += risk.worstValue;
      inFlight += risk.inFlight;
    }
    const { side } = quote;
    const amount = side === "buy" ? notionalOf(mine.market, quote) : sizeToMoney(mine.market, quote.size);
    return {
      exposureValue: adds ? exposureValue : 0n,
      exposureValueMax: this.#limits.exposureValue,
      inFlight,
      inFlightMax: this.#inFlightMax,
      isCovered: this.funds.covers({ side, market: mine.market, amount }, all),
    };
  }
}

/**
 * What one market adds, for a decision that asks after each of its orders. Owns the walk over its orders, made anew when one of them or the
 * position has changed.
 */
export class RiskOfMarket {
  readonly #market: Market;
  readonly #orders: Orders;
  #orderRisk: OrderRisk | undefined;
  #changes = -1;
  #position = 0;

  constructor(market: Market, orders: Orders) {
    this.#market = market;
    this.#orders = orders;
  }

  at(mark: bigint, position: Lots, books: Books): MarketRisk {
    const { changes } = this.#orders;
    if (this.#orderRisk === undefined || this.#changes !== changes || this.#position !== position) {
      this.#orderRisk = orderRisk(this.#market, position, this.#orders.mattering());
      this.#changes = changes;
      this.#position = position;
    }
    const { exposure, buyValue, sellSize, inFlight } = this.#orderRisk;
    const market = this.#market;
    const worstValue = worstValueOf({ market, mark }, exposure);
    return { market, books, mark, worstValue, exposure, buyValue, sellSize, inFlight };
  }
}

/** Price × size, an integer of 10^-18 quote currency. */
export function notionalOf(market: Market, quote: Pick<Quote, "price" | "size">): bigint {
  const product = quote.price * quote.size;
  const lots = Number.isSafeInteger(product) ? BigInt(product) : BigInt(quote.price) * BigInt(quote.size);
  return lots * tickLotMoney(market);
}

/**
 * What the orders of a market may still do and cost: the worst cases of its position with every order not proven dead, unknown ones in
 * full; what they may still buy and sell; how many are in flight. One walk, made anew after each order of a decision, so it adds in
 * numbers as long as they are exact.
 */
export function orderRisk(market: Market, position: Lots, orders: Iterable<Order>): OrderRisk {
  let buys = 0;
  let sells = 0;
  let buyTickLots = 0;
  let buyTickLotsBeyond = 0n;
  let inFlight = 0;
  for (const order of orders) {
    if (isInFlight(order)) inFlight += 1;
    const size = remainingOf(order);
    if (size === 0) continue;
    if (order.side === "sell") {
      sells += size;
      continue;
    }
    buys += size;
    const sum = buyTickLots + order.price * size;
    if (Number.isSafeInteger(sum)) buyTickLots = sum;
    else buyTickLotsBeyond += BigInt(order.price) * BigInt(size);
  }
  return {
    exposure: { long: toLots(position + buys), short: toLots(position - sells) },
    buyValue: (BigInt(buyTickLots) + buyTickLotsBeyond) * tickLotMoney(market),
    sellSize: sizeToMoney(market, toLots(sells)),
    inFlight,
  };
}

function worstValueOf({ market, mark }: Pick<MarketRisk, "market" | "mark">, { long, short }: Exposure): bigint {
  const lots = toLots(Math.max(Math.abs(long), Math.abs(short)));
  return (sizeToMoney(market, lots) * mark) / ONE;
}
