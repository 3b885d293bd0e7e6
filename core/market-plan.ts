/**
 * What one market would send now, in two parts: what must go, and once that is out what else is wanted. Owns the shapes and what has
 * been missed of each quote; what goes into a plan is the order diff's, what of it is sent the engine's.
 */
import { MissedWorth, type WeighedChange } from "./execution/change-worth.ts";
import type { LastDecision } from "./execution/last-decision.ts";
import type { OrderDiff } from "./execution/order-diff.ts";
import type { MarketOrders } from "./market-orders.ts";
import { isQueryDue, type Order } from "./order.ts";

/** An order whose id at the venue is known. */
export type CancellableOrder = {
  readonly market: string;
  readonly clientOrderId: string;
  readonly orderId: string;
};

/** To be cancelled whatever it costs, the most dangerous first. */
export type Removals = readonly { readonly order: CancellableOrder; readonly dangerBps: number }[];

/** Placings still have to pass `admit`. */
export type Wishes = {
  readonly queries: readonly Order[];
  readonly changes: readonly PossibleChange[];
};

type PossibleChange = WeighedChange & { readonly order: CancellableOrder | undefined };

export class MarketPlan {
  readonly #sent: MarketOrders;
  readonly #decision: LastDecision;
  readonly #missed = new MissedWorth();

  constructor(sent: MarketOrders, decision: LastDecision) {
    this.#sent = sent;
    this.#decision = decision;
  }

  removalsOf(diff: OrderDiff): Removals {
    const removals: { readonly order: CancellableOrder; readonly dangerBps: number }[] = [];
    for (const { order, dangerBps } of diff.removals) if (hasId(order)) removals.push({ order, dangerBps });
    return removals;
  }

  /** `open` are the orders that the diff was made of, at `nowMs` (monotonic). */
  wishesOf(diff: OrderDiff, open: readonly Order[], nowMs: number): Wishes {
    const queries: Order[] = [];
    for (const order of open) if (isQueryDue(order, nowMs)) queries.push(order);
    const changes: PossibleChange[] = [];
    for (const change of this.#missed.weigh(diff.changes, nowMs)) {
      if (this.#isPossible(change, nowMs)) changes.push(change);
    }
    return { queries, changes };
  }

  #isPossible(change: WeighedChange, nowMs: number): change is PossibleChange {
    if (this.#sent.isPaused(change.quote, nowMs)) {
      this.#decision.waits(change.quote, "venue-refused");
      return false;
    }
    return change.order === undefined || hasId(change.order);
  }
}

function hasId(order: Order): order is Order & CancellableOrder {
  return order.orderId !== undefined;
}
