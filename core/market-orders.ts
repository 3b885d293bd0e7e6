/**
 * What one market does with its orders: names and numbers those it places, counts how they end, lets a refused slot rest, and knows
 * what of them may stand in a book. Owns those counts and pauses; what is proven of an order is `orders.ts`'s.
 */
import { assert } from "./assert.ts";
import type { CancelOrder, PlaceOrder, QueryOrder } from "./commands.ts";
import type { Fill, OpenOrdersRead, OrderEvent } from "./events.ts";
import type { OwnSize } from "./market-data/book.ts";
import { type CancellableOrder, epochOf, isOpen, type Order, OWN_PREFIX, remainingOf } from "./order.ts";
import { type CountsBySide, OrderCounts } from "./order-counts.ts";
import { Orders } from "./orders.ts";
import type { Quote } from "./quoting/strategy.ts";
import type { Instant, Side } from "./units.ts";

/** After the venue refused a slot's order, that slot waits: the same quote would be refused again at once. */
const REJECTED_PAUSE_MS = 500;

/** An order that ended may still stand in books published a little later; it counts as ours for so long. */
const ENDED_SHOWN_MS = 500;

const CLIENT_ORDER_ID_MAX = 36;

export class MarketOrders {
  readonly orders: Orders;
  readonly #symbol: string;
  readonly #epoch: number;
  readonly #counts = new OrderCounts();
  readonly #pausedUntilMs = new Map<string, number>();
  #pausesEndMs = Number.NEGATIVE_INFINITY;
  /** Orders named like ours found open at the venue that this engine did not believe to be, since the start. */
  #straysSeen = 0;
  #nextOrderNumber = 1;
  /** Own sizes as they were after so many changes of orders, at that moment, and when the first of the ended ones in them had ended. */
  #own: readonly OwnSize[] = [];
  #ownChanges = -1;
  #ownMs = Number.POSITIVE_INFINITY;
  #ownEndedMs = Number.POSITIVE_INFINITY;

  /** Each order is remembered for at least `duplicateMs` after it was sent, as one that another may be a duplicate of. */
  constructor(symbol: string, epoch: number, duplicateMs: number) {
    this.#symbol = symbol;
    this.#epoch = epoch;
    this.orders = new Orders(Math.max(duplicateMs, ENDED_SHOWN_MS));
  }

  get counts(): CountsBySide {
    return this.#counts.bySide;
  }

  get straysSeen(): number {
    return this.#straysSeen;
  }

  /** The venue has just refused this slot's order. */
  isPaused(quote: Quote, nowMs: number): boolean {
    if (nowMs >= this.#pausesEndMs) return false;
    return (this.#pausedUntilMs.get(slotOf(quote)) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  apply(event: OrderEvent): void {
    const id = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const before = this.orders.apply(event);
    const order = this.orders.find(id);
    if (before === undefined || order === undefined || order.state === before) return;
    this.#counts.changed(before, order.state, order.side);
    if (order.state === "rejected" || order.state === "denied") {
      this.#pausesEndMs = Math.max(this.#pausesEndMs, event.at.monotonicMs + REJECTED_PAUSE_MS);
      this.#pausedUntilMs.set(slotOf(order), event.at.monotonicMs + REJECTED_PAUSE_MS);
    }
  }

  /** A new fill of one of our orders, which was `before`. */
  filled(fill: Fill, before: Order, nowMs: number): void {
    this.orders.filled(fill, nowMs);
    this.#counts.changed(before.state, this.orders.find(fill.clientOrderId)?.state ?? before.state, fill.side);
    if (before.filledBooked < before.size && before.filledBooked + fill.size >= before.size) {
      this.#counts.filled(fill.side);
    }
  }

  /** Answers the name of an order of a later start, if the venue lists one. */
  openOrdersRead({ market, orders, askedMs, at }: OpenOrdersRead): string | undefined {
    const listed = orders.filter((order) => order.market === market);
    const isOurs = (id: string) => id.startsWith(OWN_PREFIX) && epochOf(id) <= this.#epoch;
    this.#straysSeen += this.orders.listed({ orders: listed, askedMs, at }, isOurs);
    return listed.find(({ clientOrderId }) => epochOf(clientOrderId) > this.#epoch)?.clientOrderId;
  }

  place(quote: Quote, requestId: number, now: Instant): PlaceOrder {
    const market = this.#symbol;
    const slot = `${quote.side === "buy" ? "b" : "s"}${quote.level}`;
    const clientOrderId = `${OWN_PREFIX}${this.#epoch}-${market.replace("/", "")}-${slot}-${this.#nextOrderNumber}`;
    assert(
      clientOrderId.length <= CLIENT_ORDER_ID_MAX,
      `client order id ${clientOrderId} is over ${CLIENT_ORDER_ID_MAX}`,
    );
    this.#nextOrderNumber += 1;
    const order = { clientOrderId, market, side: quote.side, price: quote.price, size: quote.size };
    this.orders.decided({ ...order, level: quote.level }, now.monotonicMs);
    return { type: "place-order", requestId, ...order };
  }

  cancel({ market, clientOrderId, orderId }: CancellableOrder, requestId: number, now: Instant): CancelOrder {
    this.orders.cancelDecided(clientOrderId, now.monotonicMs);
    return { type: "cancel-order", requestId, market, clientOrderId, orderId };
  }

  query(order: Order, requestId: number, now: Instant): QueryOrder {
    this.orders.querySent(order.clientOrderId, now.monotonicMs);
    return { type: "query-order", requestId, market: order.market, clientOrderId: order.clientOrderId };
  }

  /** Own sizes that may stand in the newest book; the same list until an order or the time changes it. */
  ownSizes(nowMs: number): readonly OwnSize[] {
    const { changes } = this.orders;
    const isSame = changes === this.#ownChanges && nowMs >= this.#ownMs && nowMs - this.#ownEndedMs <= ENDED_SHOWN_MS;
    if (!isSame) {
      this.#own = this.#ownSizesAt(nowMs);
      this.#ownChanges = changes;
      this.#ownMs = nowMs;
    }
    return this.#own;
  }

  #ownSizesAt(nowMs: number): readonly OwnSize[] {
    const own: OwnSize[] = [];
    this.#ownEndedMs = Number.POSITIVE_INFINITY;
    for (const order of this.orders.mattering()) {
      if (isOpen(order)) {
        own.push({ side: order.side, price: order.price, size: remainingOf(order) });
      } else if (
        (order.state === "filled" || order.state === "cancelled") &&
        nowMs - order.changedMs <= ENDED_SHOWN_MS
      ) {
        own.push({ side: order.side, price: order.price, size: order.size });
        this.#ownEndedMs = Math.min(this.#ownEndedMs, order.changedMs);
      }
    }
    return own;
  }
}

function slotOf(quote: { readonly side: Side; readonly level: number }): string {
  return `${quote.side}${quote.level}`;
}
