import { expect, it } from "vitest";
import { OrderCounts } from "../../core/order-counts.ts";
import type { OrderState } from "../../core/order-states.ts";

/** Counts of a bid that went through these states. */
function countsOf(...states: readonly OrderState[]) {
  const counts = new OrderCounts();
  for (const [index, to] of states.entries()) counts.changed(states[index - 1] ?? to, to, "buy");
  return counts.bySide.buy;
}

it.each<[readonly OrderState[], object]>([
  [["intent", "sent", "live", "cancel-sent", "cancelled"], { placed: 1, cancelled: 1, rejected: 0 }],
  [["intent", "denied"], { placed: 0, cancelled: 0, rejected: 0 }],
  [["intent", "rejected"], { placed: 1, cancelled: 0, rejected: 1 }],
  [
    ["intent", "place-unknown", "rejected", "external", "cancel-sent", "cancelled"],
    { placed: 1, cancelled: 1, rejected: 1 },
  ],
  [["live", "live", "partially-filled", "filled"], { placed: 0, cancelled: 0, rejected: 0 }],
])("an order that goes through %j counts %o", (states, counts) => {
  expect(countsOf(...states)).toEqual({ ...counts, filled: 0 });
});

it("an order filled completely counts on its side", () => {
  const counts = new OrderCounts();
  counts.filled("sell");
  expect(counts.bySide).toMatchObject({ buy: { filled: 0 }, sell: { filled: 1 } });
});
