/**
 * What one market would send now, in two parts: what must go, and once that is out what else is wanted. Owns the shapes and what has
 * been missed of each quote; what goes into a plan is the order diff's, what of it is sent the engine's.
 */
import { MissedWorth } from "./execution/change-worth.ts";
import type { LastDecision } from "./execution/last-decision.ts";
import type { Change, OrderDiff, Removal } from "./execution/order-diff.ts";
import type { MarketOrders } from "./market-orders.ts";
import { type CancellableOrder, hasId, isQueryDue, type Order } from "./order.ts";

/** To be cancelled whatever it costs, the most dangerous first. */
export type Removals = readonly (Removal & { readonly order: CancellableOrder })[];

/** Placings still have to pass `admit`. */
export type Wishes = {
  readonly queries: readonly Order[];
  readonly changes: PossibleChange[];
};

export type PossibleChange = Change & { readonly order: CancellableOrder | undefined };

const NO_QUERIES: readonly Order[] = [];

export class MarketPlan {
  readonly #sent: MarketOrders;
  readonly #decision: LastDecision;
  readonly #missed = new MissedWorth();

  constructor(sent: MarketOrders, decision: LastDecision) {
    this.#sent = sent;
    this.#decision = decision;
  }

  removalsOf({ removals }: OrderDiff): Removals {
    return removals.every(isRemovable) ? removals : removals.filter(isRemovable);
  }

  /** `open` are the orders that the diff was made of, at `nowMs` (monotonic). */
  wishesOf(diff: OrderDiff, open: readonly Order[], nowMs: number): Wishes {
    const isAnyDue = open.some((order) => isQueryDue(order, nowMs));
    const queries = isAnyDue ? open.filter((order) => isQueryDue(order, nowMs)) : NO_QUERIES;
    const isPossible = (change: Change): change is PossibleChange => this.#isPossible(change, nowMs);
    const weighed = this.#missed.weigh(diff.changes, nowMs);
    const changes = weighed.every(isPossible) ? weighed : weighed.filter(isPossible);
    return { queries, changes };
  }

  #isPossible(change: Change, nowMs: number): boolean {
    if (this.#sent.isPaused(change.quote, nowMs)) {
      this.#decision.waits(change.quote, "venue-refused");
      return false;
    }
    return change.order === undefined || hasId(change.order);
  }
}

function isRemovable(removal: Removal): removal is Removals[number] {
  return hasId(removal.order);
}
