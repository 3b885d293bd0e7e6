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

/** Placings still have to pass `admit`. Good until the market's next wishes. */
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
  /** Of the wishes under way. */
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(sent: MarketOrders, decision: LastDecision) {
    this.#sent = sent;
    this.#decision = decision;
  }

  removalsOf({ removals }: OrderDiff): Removals {
    return removals.every(isRemovable) ? removals : removals.filter(isRemovable);
  }

  /** `open` are the orders that the diff was made of, at `nowMs` (monotonic). */
  wishesOf(diff: OrderDiff, open: readonly Order[], nowMs: number): Wishes {
    this.#nowMs = nowMs;
    const weighed = this.#missed.weigh(diff.changes, nowMs);
    const changes = weighed.every(this.#isPossible) ? weighed : weighed.filter(this.#isPossible);
    return { queries: dueOf(open, nowMs), changes };
  }

  /** Asked of each change of each decision: made once. */
  readonly #isPossible = (change: Change): change is PossibleChange => {
    if (this.#sent.isPaused(change.quote, this.#nowMs)) {
      this.#decision.waits(change.quote, "venue-refused");
      return false;
    }
    return change.order === undefined || hasId(change.order);
  };
}

/** Those that must be asked for; mostly there are none, and no list is made. */
function dueOf(open: readonly Order[], nowMs: number): readonly Order[] {
  let due: Order[] | undefined;
  for (const order of open) {
    if (!isQueryDue(order, nowMs)) continue;
    due ??= [];
    due.push(order);
  }
  return due ?? NO_QUERIES;
}

function isRemovable(removal: Removal): removal is Removals[number] {
  return hasId(removal.order);
}
