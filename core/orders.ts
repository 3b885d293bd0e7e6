/**
 * Our orders and what is proven of each. Owns the states and the exposure they make; it never guesses an outcome:
 * an order is open until a fact from the venue ends it, and a fill is taken in any state.
 */
import { assertNever } from "./assert.ts";
import type { OrderEvent, VenueOrder } from "./events.ts";
import type { Lots, Side, Ticks } from "./units.ts";
import { toLots } from "./units.ts";

/**
 * - `sent`: the placing is on its way and unanswered.
 * - `live`: proven to rest at the venue.
 * - `cancel-sent`: the cancel is on its way; it may still fill.
 * - `place-unknown`, `cancel-unknown`: the answer was lost; the order counts in full until the venue proves its fate.
 * - `filled`, `cancelled`, `rejected`: ended, proven.
 */
export type OrderState =
  | "sent"
  | "live"
  | "cancel-sent"
  | "place-unknown"
  | "cancel-unknown"
  | "filled"
  | "cancelled"
  | "rejected";

export type Order = {
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  /** Distance from the top of our quotes, 0 first. */
  readonly level: number;
  readonly price: Ticks;
  readonly size: Lots;
  readonly sentMs: number;
  readonly orderId: string | undefined;
  readonly state: OrderState;
  /** Cumulative, as the venue's order states said, and as the fills received add up to. */
  readonly filledReported: Lots;
  readonly filledBooked: Lots;
  /** Whether it is proven how much of it filled in all: only then is the rest of an ended order no exposure. */
  readonly isFillKnown: boolean;
  /** Monotonic moment of the last change of state. */
  readonly changedMs: number;
  /** Monotonic moment of the last query for it; undefined when none was sent. */
  readonly queriedMs: number | undefined;
  /** Since when the venue's list of open orders has lacked it although it should rest; undefined while nothing speaks against it. */
  readonly missingMs: number | undefined;
};

/** Client order ids of FlashMM (CONTRACTS 3: `fm-<epoch>-…`), of this start or any other. */
export const OWN_PREFIX = "fm-";

/**
 * A placing is refused by the venue once its signature is 5 s old, by the venue's clock, which itself may be 5 s off ours
 * (CONTRACTS 3). So an order that the venue does not know 10 s after it was signed can never arrive: that is proof.
 */
export const PLACING_LIFETIME_MS = 10_000;

/**
 * A venue may forget an order for a moment (a lagging replica answers the query). One whose cancel is unknown or that is missing
 * among the open ones, and which the venue has not known for so long, rests no more; what it filled is still to be proven.
 */
const FORGOTTEN_MS = 30_000;

/** An order may show in the list of open ones a little after it came to rest. */
const LIST_LAG_MS = 2_000;

/** A fill may show in the history a little after it happened. */
const HISTORY_LAG_MS = 2_000;

/** Ended orders are kept this long for fills still on their way and for books that still show them. */
const ENDED_KEPT_MS = 60_000;
const ENDED_KEPT_MAX = 2_000;

export function isOpen(order: Order): boolean {
  return order.state !== "filled" && order.state !== "cancelled" && order.state !== "rejected";
}

export function isUnknown(order: Order): boolean {
  return order.state === "place-unknown" || order.state === "cancel-unknown";
}

/**
 * What may still come as fills: all that is not booked of an open order, or of one that ended in a way that does not say how
 * much it filled; of any other ended one, the fills reported but not yet received.
 */
export function remainingOf(order: Order): Lots {
  if (order.state === "rejected") return toLots(0);
  if (isOpen(order) || !order.isFillKnown) return toLots(Math.max(0, order.size - order.filledBooked));
  return toLots(Math.max(0, order.filledReported - order.filledBooked));
}

/** An order of unproven fate, or a placing unanswered for longer than an answer takes, is asked for this often. */
const QUERY_INTERVAL_MS = 1_000;
const ANSWER_OVERDUE_MS = 3_000;

/** Whether the venue should be asked for this order now. */
export function isQueryDue(order: Order, nowMs: number): boolean {
  const overdue =
    isUnknown(order) ||
    order.missingMs !== undefined ||
    ((order.state === "sent" || order.state === "cancel-sent") && nowMs - order.changedMs > ANSWER_OVERDUE_MS);
  return overdue && nowMs - (order.queriedMs ?? Number.NEGATIVE_INFINITY) >= QUERY_INTERVAL_MS;
}

/** The orders of one market. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  #contradictions = 0;

  /** Facts that contradict what was proven before, e.g. a rejection of an order that was seen live. */
  get contradictions(): number {
    return this.#contradictions;
  }

  /** All that are not ended, in the order they were sent. */
  open(): readonly Order[] {
    const open: Order[] = [];
    for (const order of this.#orders.values()) if (isOpen(order)) open.push(order);
    return open;
  }

  /** Open ones and those that ended a short while ago, in the order they were sent. */
  known(): Iterable<Order> {
    return this.#orders.values();
  }

  find(clientOrderId: string): Order | undefined {
    return this.#orders.get(clientOrderId);
  }

  /** Takes note of a placing before it is sent: from here on it is exposure. */
  sent(order: Pick<Order, "clientOrderId" | "market" | "side" | "level" | "price" | "size">, nowMs: number): void {
    this.#orders.set(order.clientOrderId, {
      ...order,
      sentMs: nowMs,
      orderId: undefined,
      state: "sent",
      filledReported: toLots(0),
      filledBooked: toLots(0),
      isFillKnown: false,
      changedMs: nowMs,
      queriedMs: undefined,
      missingMs: undefined,
    });
  }

  cancelSent(clientOrderId: string, nowMs: number): void {
    this.#change(clientOrderId, { state: "cancel-sent", changedMs: nowMs });
  }

  querySent(clientOrderId: string, nowMs: number): void {
    this.#change(clientOrderId, { queriedMs: nowMs });
  }

  /** Adds a fill of this order, in whatever state it is. Answers false when the order is not known here. */
  filled(clientOrderId: string, size: Lots, nowMs: number): boolean {
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) return false;
    const filledBooked = toLots(order.filledBooked + size);
    const isComplete = isOpen(order) && filledBooked >= order.size;
    this.#change(clientOrderId, {
      filledBooked,
      ...(isComplete ? { state: "filled", isFillKnown: true, changedMs: nowMs } : {}),
    });
    return true;
  }

  /**
   * The venue's history was read to its end by a reading that began at `askedMs`: every fill of an order that had ended well
   * before is booked. What the venue itself said of an order's fills stays exposure until they come, whatever the history shows.
   */
  fillsRead(askedMs: number): void {
    for (const order of this.#orders.values()) {
      if (isOpen(order) || order.isFillKnown || askedMs - order.changedMs < HISTORY_LAG_MS) continue;
      this.#change(order.clientOrderId, { isFillKnown: true });
    }
  }

  /** Whether an order listed as open, by a question asked at `askedMs`, is one that this engine takes for ended or never sent. */
  isStray(clientOrderId: string, askedMs: number): boolean {
    const order = this.#orders.get(clientOrderId);
    return order === undefined || (!isOpen(order) && askedMs - order.changedMs >= LIST_LAG_MS);
  }

  /** The venue listed its open orders, asked at `askedMs`: what should be among them and is not has to be asked for. */
  openOrdersRead(listed: ReadonlySet<string>, askedMs: number): void {
    for (const order of this.open()) {
      if (listed.has(order.clientOrderId)) this.#change(order.clientOrderId, { missingMs: undefined });
      else if (order.state !== "sent" && askedMs - order.changedMs >= LIST_LAG_MS) {
        this.#change(order.clientOrderId, { missingMs: order.missingMs ?? askedMs });
      }
    }
  }

  /** Takes a fact about an order. Answers the state before, or undefined when the order is not known here. */
  apply(event: OrderEvent): OrderState | undefined {
    const clientOrderId = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) return undefined;
    const next = stateAfter(order, event);
    if (next === "contradiction") {
      this.#contradictions += 1;
      return order.state;
    }
    const seen = event.type === "order-seen" ? event.order : undefined;
    this.#change(clientOrderId, {
      state: next,
      orderId: seen?.orderId ?? order.orderId,
      filledReported: toLots(Math.max(order.filledReported, seen?.filled ?? 0)),
      missingMs: seen !== undefined && isOpenStatus(seen.status) ? undefined : order.missingMs,
      isFillKnown: order.isFillKnown || (seen !== undefined && !isOpenStatus(seen.status)),
      changedMs: next === order.state ? order.changedMs : event.at.monotonicMs,
    });
    return order.state;
  }

  /** Forgets orders that ended long ago and have no fill to come. */
  forget(nowMs: number): void {
    let ended = 0;
    for (const order of this.#orders.values()) if (isDone(order)) ended += 1;
    for (const order of this.#orders.values()) {
      if (!isDone(order)) continue;
      const old = nowMs - order.changedMs > ENDED_KEPT_MS;
      if (!old && ended <= ENDED_KEPT_MAX) return;
      this.#orders.delete(order.clientOrderId);
      ended -= 1;
    }
  }

  #change(clientOrderId: string, change: Partial<Order>): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined) this.#orders.set(clientOrderId, { ...order, ...change });
  }
}

/** The state an order has after a fact, or `contradiction` when the fact cannot be true of an order in that state. */
function stateAfter(order: Order, event: OrderEvent): OrderState | "contradiction" {
  switch (event.type) {
    case "order-seen":
      return stateSeen(order, event.order);
    case "order-rejected":
    case "order-unsent":
      return order.state === "sent" || order.state === "place-unknown" || order.state === "rejected"
        ? "rejected"
        : "contradiction";
    case "place-unknown":
      return order.state === "sent" ? "place-unknown" : order.state;
    case "cancel-unknown":
      return order.state === "cancel-sent" ? "cancel-unknown" : order.state;
    case "order-cancelled":
      return isOpen(order) ? "cancelled" : order.state;
    case "order-absent":
      return stateAbsent(order, event.at.monotonicMs);
    default:
      return assertNever(event);
  }
}

function stateSeen(order: Order, seen: VenueOrder): OrderState | "contradiction" {
  if (!isOpen(order)) return order.state;
  switch (seen.status) {
    case "open":
    case "partially_filled":
      return order.state === "cancel-sent" ? "cancel-sent" : "live";
    case "filled":
      return "filled";
    case "cancelled":
      return "cancelled";
    case "rejected":
      return order.orderId === undefined || order.state === "place-unknown" ? "rejected" : "contradiction";
    default:
      return assertNever(seen.status);
  }
}

/** The venue knows no such order: proof only when the order can neither arrive any more nor have been overlooked. */
function stateAbsent(order: Order, nowMs: number): OrderState {
  const askedMs = order.queriedMs ?? nowMs;
  if (order.state === "place-unknown" && askedMs - order.sentMs >= PLACING_LIFETIME_MS) return "rejected";
  const isForgotten = (sinceMs: number | undefined) => sinceMs !== undefined && askedMs - sinceMs >= FORGOTTEN_MS;
  if (order.state === "cancel-unknown" && isForgotten(order.changedMs)) return "cancelled";
  if (isOpen(order) && isForgotten(order.missingMs)) return "cancelled";
  return order.state;
}

function isOpenStatus(status: VenueOrder["status"]): boolean {
  return status === "open" || status === "partially_filled";
}

function isDone(order: Order): boolean {
  return !isOpen(order) && remainingOf(order) === 0;
}
