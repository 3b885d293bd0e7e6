/** How many orders were placed, and how they ended, by side. Owns the counts; the states are `orders.ts`'s. */
import type { OrderState } from "./order-states.ts";
import type { Side } from "./units.ts";

export type CountsOfSide = {
  readonly placed: number;
  readonly cancelled: number;
  readonly rejected: number;
  readonly filled: number;
};
export type CountsBySide = Readonly<Record<Side, CountsOfSide>>;

export class OrderCounts {
  readonly #counts = { buy: emptyCounts(), sell: emptyCounts() };

  get bySide(): CountsBySide {
    return this.#counts;
  }

  /** An order was filled completely, by the fills themselves. */
  filled(side: Side): void {
    this.#counts[side].filled += 1;
  }

  /** An order's state changed. It counts as placed once it has left: one held back before that never was a placing. */
  changed(from: OrderState, to: OrderState, side: Side): void {
    if (from === to) return;
    if (from === "intent" && to !== "denied") this.#counts[side].placed += 1;
    if (to === "cancelled") this.#counts[side].cancelled += 1;
    if (to === "rejected") this.#counts[side].rejected += 1;
  }
}

function emptyCounts(): { placed: number; cancelled: number; rejected: number; filled: number } {
  return { placed: 0, cancelled: 0, rejected: 0, filled: 0 };
}
