/**
 * One market of a played tape: the tape's book stands around our orders, and its trades meet them (CONTRACTS 10).
 * Owns our resting orders and their place in the queue; the tape itself is not changed by us.
 */
import { assert } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";
import { type Market, parsePrice, parseSize } from "../../core/market.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import { type Lots, oppositeOf, type Side, type Ticks, toLots } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";
import { type MarketEventHub, toBookEvent, toStatusEvent, toTradeEvent } from "./market-events.ts";
import type {
  BookLevels,
  EnteringOrder,
  EntryResult,
  MarketPlace,
  MarketStatus,
  OwnMatch,
  PriceLevel,
} from "./market-place.ts";
import { VISIBLE_LEVELS } from "./market-place.ts";
import { reaches } from "./matching-engine.ts";

const LEVELS_READ_MAX = 1_000;

/**
 * `ahead` is what was displayed at the order's price when it came and has not traded since; for an order that was here
 * before any book, what the first book displays.
 */
type QueuedOrder = {
  readonly orderId: string;
  readonly side: Side;
  readonly price: Ticks;
  remaining: Lots;
  ahead: Lots;
};

export class TapeMarket implements MarketPlace {
  readonly #market: Market;
  readonly #clock: Clock;
  readonly #hub: MarketEventHub;
  readonly #onOwnMatch: (match: OwnMatch) => void;
  /** Ours, in the order they came. */
  #orders: readonly QueuedOrder[] = [];
  /** The tape's last book, less what our own takers took of it since. */
  #outside: { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] } | undefined;
  #status: MarketStatus = "open";
  #revision = 0;
  #publishedRevision = 0;

  constructor(input: {
    readonly market: Market;
    readonly clock: Clock;
    readonly hub: MarketEventHub;
    readonly onOwnMatch: (match: OwnMatch) => void;
  }) {
    this.#market = input.market;
    this.#clock = input.clock;
    this.#hub = input.hub;
    this.#onOwnMatch = input.onOwnMatch;
  }

  /** Plays one event of the tape, and publishes what the market then shows, at the clock's time. Throws `InputError`. */
  play(event: WireEvent): void {
    switch (event.type) {
      case "OrderBookUpdate":
        this.#playBook(event);
        return;
      case "Trade":
        this.#playTrade(event);
        return;
      case "MarketStatus":
        this.setStatus(event.attributes["status"] === "halted" ? "halted" : "open");
        return;
    }
  }

  /** Publishes the book if it changed since it last was. */
  publishBook(): void {
    const book = this.book();
    if (book === undefined || this.#revision === this.#publishedRevision) return;
    this.#publishedRevision = this.#revision;
    this.#hub.publish(toBookEvent(this.#market, book, this.#clock.now().epochMs));
  }

  /**
   * Takes what the tape displays, then rests. An order of ours never meets another of ours: what would is cancelled.
   */
  place(order: EnteringOrder): EntryResult {
    const opposite = this.#displayed(oppositeOf(order.side));
    const best = opposite[0];
    const own = this.#bestOwn(oppositeOf(order.side));
    const crosses = best !== undefined && reaches(order, best.price);
    const meetsOwn = own !== undefined && reaches(order, own);
    if (order.timeInForce === "post_only" && (crosses || meetsOwn)) return { type: "rejected", reason: "would-cross" };
    const within = opposite.filter((level) => reaches(order, level.price) && !isBehind(own, level.price, order.side));
    const available = within.reduce((sum, level) => sum + level.size, 0);
    if (order.timeInForce === "fok" && available < order.size) return { type: "rejected", reason: "cannot-fill-whole" };
    const left = toLots(order.size - this.#take(order, within));
    const restingKind = order.timeInForce === "gtc" || order.timeInForce === "post_only";
    if (left === 0 || order.price === undefined || !restingKind || meetsOwn) return { type: "ended" };
    this.restore({ ...order, price: order.price, size: left });
    return { type: "resting" };
  }

  restore(order: EnteringOrder & { readonly price: Ticks }): void {
    const { orderId, side, price } = order;
    const ahead = this.#displayedAt(side, price);
    this.#orders = [...this.#orders, { orderId, side, price, remaining: order.size, ahead }];
    this.#revision += 1;
  }

  cancel(orderId: string): void {
    this.#orders = this.#orders.filter((order) => order.orderId !== orderId);
    this.#revision += 1;
  }

  /** The tape's book with ours in it. An order of ours that the tape has moved through is not shown: no displayed book is crossed by us. */
  book(): BookLevels | undefined {
    if (this.#outside === undefined) return undefined;
    return { bids: this.#merged("buy"), asks: this.#merged("sell") };
  }

  status(): MarketStatus {
    return this.#status;
  }

  setStatus(status: MarketStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#hub.publish(toStatusEvent(this.#market, status, this.#clock.now().epochMs));
  }

  #playBook(event: WireEvent): void {
    const isFirst = this.#outside === undefined;
    this.#outside = {
      bids: this.#readLevels(event.attributes["bids"], "bids"),
      asks: this.#readLevels(event.attributes["asks"], "asks"),
    };
    if (isFirst) for (const order of this.#orders) order.ahead = this.#displayedAt(order.side, order.price);
    this.#revision += 1;
    this.publishBook();
  }

  #playTrade(event: WireEvent): void {
    const { trade_id: tradeId, side } = event.attributes;
    const price = parsePrice(this.#market, event.attributes["price"], "price");
    const size = parseSize(this.#market, event.attributes["quantity"], "quantity");
    if (tradeId === undefined || (side !== "buy" && side !== "sell")) {
      throw new InputError({ what: "trade", expected: "with a trade_id and a side", was: event.attributes });
    }
    const epochMs = this.#clock.now().epochMs;
    this.#hub.publish(toTradeEvent(this.#market, { tradeId, price, size, aggressor: side, epochMs }));
    this.#meet({ price, size, aggressor: side });
  }

  /** Lets a trade of the tape meet our orders: best price first, then as they came; never for more than its own size. */
  #meet(trade: { readonly price: Ticks; readonly size: Lots; readonly aggressor: Side }): void {
    const through = this.#orders.filter((order) => isThrough(order, trade.price));
    const sign = (order: QueuedOrder): number => (order.side === "buy" ? -1 : 1);
    let left: number = trade.size;
    for (const order of through.toSorted((a, b) => (a.price - b.price) * sign(a))) {
      left -= this.#fill(order, left);
    }
    // What came to this price: it went to those displayed before us first, then to ours as they came.
    const reachedPrice = left;
    for (const order of this.#orders) {
      if (order.price !== trade.price || order.side === trade.aggressor) continue;
      const past = Math.max(0, reachedPrice - order.ahead);
      order.ahead = toLots(Math.max(0, order.ahead - reachedPrice));
      left -= this.#fill(order, Math.min(left, past - (reachedPrice - left)));
    }
    this.#orders = this.#orders.filter((order) => order.remaining > 0);
  }

  /** Fills an order by at most `available`; what was filled. */
  #fill(order: QueuedOrder, available: number): number {
    const size = Math.min(order.remaining, available);
    if (size <= 0) return 0;
    order.remaining = toLots(order.remaining - size);
    this.#revision += 1;
    this.#onOwnMatch({ orderId: order.orderId, price: order.price, size: toLots(size), liquidity: "maker" });
    return size;
  }

  /** Takes from displayed levels, best first; what was taken. It stays taken until the tape shows its next book. */
  #take(order: EnteringOrder, within: readonly PriceLevel[]): number {
    let taken = 0;
    for (const level of within) {
      const size = toLots(Math.min(order.size - taken, level.size));
      if (size === 0) break;
      taken += size;
      this.#removeDisplayed(oppositeOf(order.side), level.price, size);
      this.#onOwnMatch({ orderId: order.orderId, price: level.price, size, liquidity: "taker" });
    }
    return taken;
  }

  #removeDisplayed(side: Side, price: Ticks, size: Lots): void {
    assert(this.#outside !== undefined, "a displayed level must be of a book");
    const levels = this.#displayed(side).flatMap((level) => {
      if (level.price !== price) return [level];
      return level.size > size ? [{ price, size: toLots(level.size - size) }] : [];
    });
    this.#outside = side === "buy" ? { ...this.#outside, bids: levels } : { ...this.#outside, asks: levels };
    this.#revision += 1;
  }

  #displayed(side: Side): readonly PriceLevel[] {
    return (side === "buy" ? this.#outside?.bids : this.#outside?.asks) ?? [];
  }

  #displayedAt(side: Side, price: Ticks): Lots {
    return this.#displayed(side).find((level) => level.price === price)?.size ?? toLots(0);
  }

  /** The best price of our own resting orders of a side. */
  #bestOwn(side: Side): Ticks | undefined {
    return this.#orders
      .filter((order) => order.side === side)
      .map((order) => order.price)
      .reduce<Ticks | undefined>((best, price) => (isBehind(best, price, oppositeOf(side)) ? best : price), undefined);
  }

  #merged(side: Side): readonly PriceLevel[] {
    const sizes = new Map<Ticks, number>(this.#displayed(side).map((level) => [level.price, level.size]));
    const outsideBest = this.#displayed(oppositeOf(side))[0]?.price;
    for (const order of this.#orders) {
      const hidden = outsideBest !== undefined && reaches(order, outsideBest);
      if (order.side === side && !hidden) sizes.set(order.price, (sizes.get(order.price) ?? 0) + order.remaining);
    }
    const sign = side === "buy" ? -1 : 1;
    return [...sizes]
      .map(([price, size]) => ({ price, size: toLots(size) }))
      .sort((a, b) => (a.price - b.price) * sign)
      .slice(0, VISIBLE_LEVELS);
  }

  #readLevels(text: string | undefined, what: string): readonly PriceLevel[] {
    const pairs: unknown = JSON.parse(text ?? "null");
    if (!Array.isArray(pairs) || pairs.length > LEVELS_READ_MAX) {
      throw new InputError({ what, expected: `a list of at most ${LEVELS_READ_MAX} levels`, was: text });
    }
    return pairs.map((pair: unknown, index) => {
      const [price, size] = Array.isArray(pair) ? pair : [];
      return {
        price: parsePrice(this.#market, price, `${what}[${index}].price`),
        size: parseSize(this.#market, size, `${what}[${index}].size`),
      };
    });
  }
}

/** True when a trade at `price` went beyond an order's own price: whoever sold below our bid would have met it first. */
function isThrough(order: QueuedOrder, price: Ticks): boolean {
  return order.side === "buy" ? price < order.price : price > order.price;
}

/** True when, to a taker of `side`, `price` is no better than `best`; false where there is no best. */
function isBehind(best: Ticks | undefined, price: Ticks, side: Side): boolean {
  if (best === undefined) return false;
  return side === "buy" ? price >= best : price <= best;
}
