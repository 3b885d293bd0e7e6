/**
 * The orders of one market and what is proven of each. Owns every change of an order and what counts as proof; it never guesses an
 * outcome: an order is open until a fact from the venue ends it, and a fill is taken in any state. Which state follows which
 * fact is `order-states.ts`'s table.
 */
import { assert, assertNever } from "./assert.ts";
import type { Fill, OrderEvent, VenueOrder } from "./events.ts";
import { isDone, isOpen, type Order, STRAY_LEVEL } from "./order.ts";
import { type OrderFact, type OrderState, stateAfter } from "./order-states.ts";
import { OrderViews } from "./order-views.ts";
import { toLots } from "./units.ts";

/**
 * A placing is refused by the venue once its signature is 5 s old, by the venue's clock, which itself may be 5 s off ours
 * (CONTRACTS 3). So an order that the venue does not know 10 s after it was signed can not arrive any more: it ends.
 */
export const PLACING_LIFETIME_MS = 10_000;

/**
 * A venue that took a placing in time may still be long in carrying it out, or have forgotten it for a while (a lagging replica
 * answers). What ended by absence alone stays exposure for this long after it was sent, and one that rested must have been
 * absent for as long before it counts as gone.
 */
export const ABSENCE_PROOF_MS = 60_000;

/** An order may show in the list of open ones a little after it came to rest. */
const LIST_LAG_MS = 2_000;

/** A fill may show in the history, and an end in the list of open orders, a little after it happened. */
export const HISTORY_LAG_MS = 2_000;

/** Ended orders are kept this long for fills still on their way and for books that still show them. */
const ENDED_KEPT_MS = 60_000;
const ENDED_KEPT_MAX = 2_000;

/** What the venue listed as open, by a question asked at `askedMs` (monotonic). */
export type Listing = {
  readonly orders: readonly VenueOrder[];
  readonly askedMs: number;
  readonly at: OrderEvent["at"];
};

export class Orders {
  readonly #orders = new Map<string, Order>();
  readonly #views: OrderViews;
  /** How many are done, and the earliest moment at which one of them may be old enough to be forgotten. */
  #done = 0;
  #forgetDueMs = Number.POSITIVE_INFINITY;
  /** Walked anew by each reader: the map's own iterator is spent after the first, and would show the next one no order. */
  readonly #known: Iterable<Order> = { [Symbol.iterator]: () => this.#orders.values() };
  #contradictions = 0;

  /** An order matters at least for `recentMs` after its last change of state: as a duplicate, or as what a book may still show. */
  constructor(recentMs = 0) {
    this.#views = new OrderViews(recentMs);
  }

  /** Facts that contradict what was proven before, e.g. a rejection of an order that was seen live. */
  get contradictions(): number {
    return this.#contradictions;
  }

  /** Grows whenever an order is added, changed or no longer one that matters: what follows from them is the same until then. */
  get changes(): number {
    return this.#views.changes;
  }

  /** All that are not ended, in the order they were decided. */
  open(): readonly Order[] {
    return this.#views.open();
  }

  /** Open ones and those that ended a short while ago, in the order they were decided; may be walked as often as one likes. */
  known(): Iterable<Order> {
    return this.#known;
  }

  /**
   * Those among the known that may still rest or fill, or that changed within `recentMs`: the few that exposure, limits and books
   * have to do with. In no order; the same list until one of them changes.
   */
  mattering(): readonly Order[] {
    return this.#views.mattering();
  }

  find(clientOrderId: string): Order | undefined {
    return this.#orders.get(clientOrderId);
  }

  /** Takes note of a placing before it is sent: from here on it is exposure. Its id must be new. */
  decided(order: Pick<Order, "clientOrderId" | "market" | "side" | "level" | "price" | "size">, nowMs: number): void {
    assert(!this.#orders.has(order.clientOrderId), `a client order id must be new, was ${order.clientOrderId}`);
    this.#add(newOrder({ ...order, state: "intent", orderId: undefined }, nowMs));
  }

  cancelDecided(clientOrderId: string, nowMs: number): void {
    const order = this.#orders.get(clientOrderId);
    assert(order !== undefined, `an order to be cancelled must be known, was ${clientOrderId}`);
    this.#take(order, "cancel-decided", nowMs);
  }

  querySent(clientOrderId: string, nowMs: number): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined) this.#set(order, { queriedMs: nowMs });
  }

  /** Adds a fill of its order, in whatever state that is. Answers false when the order is not known here. */
  filled(fill: Pick<Fill, "clientOrderId" | "orderId" | "size">, nowMs: number): boolean {
    const order = this.#orders.get(fill.clientOrderId);
    if (order === undefined) return false;
    const filledBooked = toLots(order.filledBooked + fill.size);
    const isWhole = filledBooked >= order.size;
    const next = this.#take(order, isWhole ? "all-filled" : "part-filled", nowMs, {
      filledBooked,
      orderId: order.orderId ?? fill.orderId,
    });
    if (isWhole) this.#set(next, { isFillKnown: true });
    return true;
  }

  /**
   * The venue's history was read to its end by a reading that began at `askedMs`: every fill of an order that had ended well
   * before is booked. What the venue itself said of an order's fills stays exposure until they come, whatever the history shows.
   */
  fillsRead(askedMs: number): void {
    for (const order of this.#orders.values()) {
      if (isOpen(order) || askedMs < order.fillsProvableMs) continue;
      // What another start's order had filled before it was found is in the books by now, or was never ours to book.
      if (order.isAdopted)
        this.#set(order, { filledBooked: toLots(Math.max(order.filledBooked, order.filledReported)) });
      if (order.isFillKnown || !order.isEndConfirmed) continue;
      this.#set(this.#orders.get(order.clientOrderId) ?? order, { isFillKnown: true });
    }
  }

  /**
   * The venue listed its open orders: each is seen; one of ours that had ended here, or that this start never sent, is taken in as
   * `external`; what should be listed and is not has to be asked for. `isOurs` tells our orders by their id. Answers how many
   * were external.
   */
  listed({ orders, askedMs, at }: Listing, isOurs: (clientOrderId: string) => boolean): number {
    let externals = 0;
    const ids = new Set<string>();
    for (const seen of orders) {
      ids.add(seen.clientOrderId);
      const order = this.#orders.get(seen.clientOrderId);
      if (order === undefined) {
        if (!isOurs(seen.clientOrderId)) continue;
        this.#add(adopted(seen, at.monotonicMs));
        externals += 1;
        continue;
      }
      const wasOpen = isOpen(order);
      this.apply({ type: "order-seen", order: seen, at });
      if (this.#isListedAfterEnd(seen.clientOrderId, askedMs)) this.#takeBack(seen.clientOrderId, at.monotonicMs);
      const now = this.#orders.get(seen.clientOrderId);
      if (!wasOpen && now?.state === "external") externals += 1;
    }
    for (const order of this.open()) {
      if (ids.has(order.clientOrderId)) this.#set(order, { missingMs: undefined });
      else if (order.state !== "intent" && order.state !== "sent" && askedMs - order.changedMs >= LIST_LAG_MS) {
        // From the answer on: the question may have been asked again and again until one came.
        this.#set(order, { missingMs: order.missingMs ?? at.monotonicMs });
      }
    }
    this.#confirmEnds(ids, { askedMs, answeredMs: at.monotonicMs });
    return externals;
  }

  /** Takes a fact about an order. Answers the state before, or undefined when the order is not known here. */
  apply(event: OrderEvent): OrderState | undefined {
    const clientOrderId = event.type === "order-seen" ? event.order.clientOrderId : event.clientOrderId;
    const order = this.#orders.get(clientOrderId);
    if (order === undefined) return undefined;
    const fact = factOf(order, event);
    if (fact === undefined) {
      // Absent for the first time: what rested must stay so for a minute.
      if (event.type === "order-absent" && order.state === "cancel-unknown" && order.missingMs === undefined) {
        this.#set(order, { missingMs: event.at.monotonicMs });
      }
      return order.state;
    }
    const seen = event.type === "order-seen" ? event.order : undefined;
    const isShownOpen = seen !== undefined && isOpenStatus(seen.status);
    this.#take(order, fact, event.at.monotonicMs, {
      orderId: seen?.orderId ?? order.orderId,
      filledReported: toLots(Math.max(order.filledReported, seen?.filled ?? 0)),
      missingMs: isShownOpen ? undefined : order.missingMs,
      isFillKnown: order.isFillKnown || fact === "refused" || fact === "unsent" || (seen !== undefined && !isShownOpen),
    });
    return order.state;
  }

  /** Forgets orders that ended long ago and have no fill to come, up to the first that did not end long ago. */
  forget(nowMs: number): void {
    this.#views.settle(nowMs);
    if (nowMs <= this.#forgetDueMs && this.#done <= ENDED_KEPT_MAX) return;
    this.#forgetDueMs = Number.POSITIVE_INFINITY;
    for (const order of this.#orders.values()) {
      if (!isDone(order)) continue;
      const old = nowMs - order.changedMs > ENDED_KEPT_MS;
      if (!old && this.#done <= ENDED_KEPT_MAX) {
        this.#forgetDueMs = order.changedMs + ENDED_KEPT_MS;
        return;
      }
      this.#orders.delete(order.clientOrderId);
      this.#views.forgotten(order);
      this.#done -= 1;
    }
  }

  /** What the list lacks has ended indeed: a cancel may have been answered, and not carried out. */
  #confirmEnds(
    listedIds: ReadonlySet<string>,
    { askedMs, answeredMs }: { readonly askedMs: number; readonly answeredMs: number },
  ): void {
    for (const order of this.#orders.values()) {
      if (isOpen(order) || order.isFillKnown || order.isEndConfirmed || askedMs < order.fillsProvableMs) continue;
      if (listedIds.has(order.clientOrderId)) continue;
      // It may have rested, and filled, until just before the answer: only a history read well after that shows it all.
      this.#set(order, { isEndConfirmed: true, fillsProvableMs: answeredMs + HISTORY_LAG_MS });
    }
  }

  /** One that ended here and that a list asked well after that still shows open. */
  #isListedAfterEnd(clientOrderId: string, askedMs: number): boolean {
    const order = this.#orders.get(clientOrderId);
    return order !== undefined && !isOpen(order) && askedMs - order.changedMs >= LIST_LAG_MS;
  }

  #takeBack(clientOrderId: string, nowMs: number): void {
    const order = this.#orders.get(clientOrderId);
    if (order !== undefined) this.#take(order, "listed-after-end", nowMs);
  }

  /** The one place where a state changes: by the table, or not at all. */
  #take(order: Order, fact: OrderFact, nowMs: number, change: Partial<Order> = {}): Order {
    const next = stateAfter(order.state, fact);
    assert(next !== "bug", `an order that is ${order.state} can not be ${fact}: ${order.clientOrderId}`);
    if (next.isContradiction) this.#contradictions += 1;
    if (next.state === order.state) return this.#set(order, next.isContradiction ? {} : change);
    const isBack = !isOpen(order) && next.state === "external";
    return this.#set(order, {
      ...change,
      state: next.state,
      changedMs: nowMs,
      fillsProvableMs: Math.max(
        nowMs + HISTORY_LAG_MS,
        fact === "absence-proven" ? order.sentMs + ABSENCE_PROOF_MS : nowMs,
      ),
      // The venue's word on the order itself needs no second one.
      isEndConfirmed: fact !== "cancel-done",
      ...(isBack ? BACK : {}),
    });
  }

  #set(order: Order, change: Partial<Order>): Order {
    const changed = { ...order, ...change };
    this.#orders.set(order.clientOrderId, changed);
    this.#views.changed(order, changed, this.#orders);
    if (isDone(order)) this.#done -= 1;
    if (isDone(changed)) {
      this.#done += 1;
      this.#forgetDueMs = Math.min(this.#forgetDueMs, changed.changedMs + ENDED_KEPT_MS);
    }
    return changed;
  }

  #add(order: Order): void {
    this.#orders.set(order.clientOrderId, order);
    this.#views.added(order);
  }
}

/** What an order becomes that had ended and is there all the same. */
const BACK = {
  level: STRAY_LEVEL,
  isFillKnown: false,
  missingMs: undefined,
} as const;

/** What an event says in the words of the table; undefined when it proves nothing. */
function factOf(order: Order, event: OrderEvent): OrderFact | undefined {
  switch (event.type) {
    case "order-seen":
      return factSeen(event.order);
    case "order-sent":
      return "written";
    case "order-rejected":
      return "refused";
    case "order-unsent":
      return "unsent";
    case "place-unknown":
    case "cancel-unknown":
      return event.type;
    case "order-cancelled":
      return "cancel-done";
    case "order-absent":
      return isAbsenceProof(order, event.at.monotonicMs) ? "absence-proven" : undefined;
    default:
      return assertNever(event);
  }
}

function factSeen(seen: VenueOrder): OrderFact {
  switch (seen.status) {
    case "open":
      return seen.filled > 0 ? "seen-partially-filled" : "seen-open";
    case "partially_filled":
      return "seen-partially-filled";
    case "filled":
      return "seen-filled";
    case "cancelled":
      return "seen-cancelled";
    case "rejected":
      return "seen-rejected";
    default:
      return assertNever(seen.status);
  }
}

/** The venue knows no such order: proof only when the order can neither arrive any more nor have been overlooked. */
function isAbsenceProof(order: Order, nowMs: number): boolean {
  const askedMs = order.queriedMs ?? nowMs;
  if (order.state === "place-unknown") return askedMs - order.sentMs >= PLACING_LIFETIME_MS;
  const sinceMs = order.missingMs;
  return isOpen(order) && sinceMs !== undefined && askedMs - sinceMs >= ABSENCE_PROOF_MS;
}

function isOpenStatus(status: VenueOrder["status"]): boolean {
  return status === "open" || status === "partially_filled";
}

function newOrder(
  order: Pick<Order, "clientOrderId" | "market" | "side" | "level" | "price" | "size" | "state" | "orderId">,
  nowMs: number,
): Order {
  return {
    ...order,
    sentMs: nowMs,
    filledReported: toLots(0),
    filledBooked: toLots(0),
    isFillKnown: false,
    isAdopted: false,
    isEndConfirmed: false,
    fillsProvableMs: Number.POSITIVE_INFINITY,
    changedMs: nowMs,
    queriedMs: undefined,
    missingMs: undefined,
  };
}

/** An order of another start, as the venue shows it. What it has filled so far is the history's to tell. */
function adopted({ clientOrderId, orderId, market, side, price, size, filled }: VenueOrder, nowMs: number): Order {
  const order = newOrder(
    { clientOrderId, orderId, market, side, price, size, level: STRAY_LEVEL, state: "external" },
    nowMs,
  );
  return { ...order, filledReported: filled, isAdopted: true };
}
