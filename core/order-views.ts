/**
 * The orders that a decision has to do with, kept at hand while the table of all changes: the open ones, and those that can still matter.
 * Owns these two choices and the count of changes; the orders and what is proven of them are `orders.ts`'s.
 */
import { isDone, isOpen, mayRest, type Order } from "./order.ts";

export class OrderViews {
  /** In the order they were decided. */
  #open = new Map<string, Order>();
  /** `#open` as a list, until one of them changes. */
  #openList: readonly Order[] | undefined = [];
  /** Those that can still matter, as a list until one of them changes, and the earliest moment at which one of them may not any more. */
  readonly #mattering = new Map<string, Order>();
  #matteringList: readonly Order[] | undefined = [];
  #settledDueMs = Number.POSITIVE_INFINITY;
  readonly #recentMs: number;
  #changes = 0;

  /** An order matters at least for `recentMs` after its last change of state. */
  constructor(recentMs: number) {
    this.#recentMs = recentMs;
  }

  /** Grows whenever an order is added, changed or no longer one that matters. */
  get changes(): number {
    return this.#changes;
  }

  open(): readonly Order[] {
    this.#openList ??= [...this.#open.values()];
    return this.#openList;
  }

  mattering(): readonly Order[] {
    this.#matteringList ??= [...this.#mattering.values()];
    return this.#matteringList;
  }

  /** A new order is open, whatever it is. */
  added(order: Order): void {
    this.#noteChange();
    this.#mattering.set(order.clientOrderId, order);
    this.#open.set(order.clientOrderId, order);
    this.#openList = undefined;
  }

  /** `all` are the orders of the table, `after` among them. */
  changed(before: Order, after: Order, all: ReadonlyMap<string, Order>): void {
    this.#noteChange();
    this.#mattering.set(after.clientOrderId, after);
    if (isSettled(after)) this.#settledDueMs = Math.min(this.#settledDueMs, after.changedMs + this.#recentMs);
    this.#noteOpen(before, after, all);
  }

  /** It had ended, and the table holds it no more. */
  forgotten({ clientOrderId }: Order): void {
    if (this.#mattering.delete(clientOrderId)) this.#noteChange();
  }

  /** Takes out of `mattering` what neither may rest nor fill any more and has not changed for long enough. */
  settle(nowMs: number): void {
    if (nowMs <= this.#settledDueMs) return;
    this.#settledDueMs = Number.POSITIVE_INFINITY;
    for (const order of this.#mattering.values()) {
      if (!isSettled(order)) continue;
      const dueMs = order.changedMs + this.#recentMs;
      if (nowMs > dueMs) this.forgotten(order);
      else this.#settledDueMs = Math.min(this.#settledDueMs, dueMs);
    }
  }

  #noteChange(): void {
    this.#changes += 1;
    this.#matteringList = undefined;
  }

  #noteOpen(before: Order, after: Order, all: ReadonlyMap<string, Order>): void {
    const { clientOrderId } = after;
    const [wasOpen, isOpenNow] = [isOpen(before), isOpen(after)];
    if (!wasOpen && !isOpenNow) return;
    this.#openList = undefined;
    if (!isOpenNow) this.#open.delete(clientOrderId);
    else if (wasOpen) this.#open.set(clientOrderId, after);
    // One that had ended is back in its old place among the others, which happens hardly ever.
    else this.#open = new Map([...all].filter(([, order]) => isOpen(order)));
  }
}

/** Nothing of it can rest or fill any more, as far as is proven. */
function isSettled(order: Order): boolean {
  return isDone(order) && !mayRest(order);
}
