/**
 * One order of ours: the record, and what follows from it alone: whether it is open, unknown, in flight, what of it may still
 * fill, and when the venue must be asked. Owns no change; `orders.ts` does.
 */
import type { OrderState } from "./order-states.ts";
import type { Lots, Side, Ticks } from "./units.ts";
import { toLots } from "./units.ts";

export type Order = {
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  /** Distance from the top of our quotes, 0 first; `STRAY_LEVEL` for an order that belongs to no quote. */
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
  /**
   * A reading of the fill history that began at this monotonic moment or later shows all that an ended order filled, and a list of
   * open orders asked then shows that it has ended.
   */
  readonly fillsProvableMs: number;
  /** Found at the venue: what it had filled before may be in the books, may come as fills, or may never. */
  readonly isAdopted: boolean;
  /** Its end is proven by more than the answer to a cancel, which may be given and not carried out. */
  readonly isEndConfirmed: boolean;
  /** Monotonic moment of the last change of state. */
  readonly changedMs: number;
  /** Monotonic moment of the last query for it; undefined when none was sent. */
  readonly queriedMs: number | undefined;
  /** Since when the venue's list of open orders has lacked it although it should rest; undefined while nothing speaks against it. */
  readonly missingMs: number | undefined;
};

/** An order whose id at the venue is known. */
export type CancellableOrder = Pick<Order, "market" | "clientOrderId"> & { readonly orderId: string };

/** Client order ids of FlashMM (CONTRACTS 3: `fm-<epoch>-…`), of this start or any other. */
export const OWN_PREFIX = "fm-";

/** The level of an order that was found at the venue: no quote is wanted there, so it is cancelled. */
export const STRAY_LEVEL = -1;

/** An order of unproven fate, or one unanswered for longer than an answer takes, is asked for this often. */
const QUERY_INTERVAL_MS = 1_000;
const ANSWER_OVERDUE_MS = 2_000;

export function hasId(order: Order): order is Order & CancellableOrder {
  return order.orderId !== undefined;
}

export function isOpen({ state }: Order): boolean {
  return state !== "filled" && state !== "cancelled" && state !== "rejected" && state !== "denied";
}

/**
 * Rests or may come to rest: also one that ended by absence alone, as long as the venue may be slow to carry it out, and one that
 * ended by a cancel's answer alone, which may not have been carried out.
 */
export function mayRest(order: Order): boolean {
  const isEndDoubtful = order.state === "rejected" || !order.isEndConfirmed;
  return isOpen(order) || (!order.isFillKnown && isEndDoubtful);
}

/** Proven to rest, and not being cancelled. */
export function isResting({ state }: Order): boolean {
  return state === "live" || state === "partially-filled";
}

export function isUnknown({ state }: Order): boolean {
  return state === "place-unknown" || state === "cancel-unknown";
}

/** Decided or sent and not answered, or of unproven fate: each takes one of the venue's placements in flight. */
export function isInFlight(order: Order): boolean {
  return order.state === "intent" || order.state === "sent" || order.state === "cancel-sent" || isUnknown(order);
}

/**
 * What may still come as fills: all that is not booked of an open order, or of one that ended in a way that does not say how
 * much it filled; of any other ended one, the fills reported but not yet received.
 */
export function remainingOf(order: Order): Lots {
  if (isOpen(order) || !order.isFillKnown) return toLots(Math.max(0, order.size - order.filledBooked));
  return toLots(Math.max(0, order.filledReported - order.filledBooked));
}

/** Whether the venue should be asked for this order now. */
export function isQueryDue(order: Order, nowMs: number): boolean {
  const isUnanswered = order.state === "intent" || order.state === "sent" || order.state === "cancel-sent";
  const isDue =
    isUnknown(order) ||
    (isOpen(order) && order.missingMs !== undefined) ||
    (isUnanswered && nowMs - order.changedMs > ANSWER_OVERDUE_MS);
  return isDue && nowMs - (order.queriedMs ?? Number.NEGATIVE_INFINITY) >= QUERY_INTERVAL_MS;
}

/** Ended, and no fill of it to come. */
export function isDone(order: Order): boolean {
  return !isOpen(order) && remainingOf(order) === 0;
}

/** The epoch in a client order id of ours; 0 where it has none, so that it counts as an earlier start's. */
export function epochOf(clientOrderId: string): number {
  return Number(/^fm-(\d{1,15})-/.exec(clientOrderId)?.[1] ?? 0);
}
