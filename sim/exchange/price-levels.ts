/** One side of a book as a list of price levels, best first, and within a level first come, first served. Owns where an order goes in and out. */
import { assert } from "../../core/assert.ts";
import type { Side, Ticks } from "../../core/units.ts";

type Resting = { readonly side: Side; readonly price: Ticks };

export type Level<Order> = { readonly price: Ticks; readonly orders: Order[] };

/** The last of its price from now on. */
export function restIn<Order extends Resting>(levels: Level<Order>[], order: Order): void {
  const sign = order.side === "buy" ? 1 : -1;
  const at = levels.findIndex((level) => (order.price - level.price) * sign >= 0);
  const level = levels[at];
  if (level?.price === order.price) level.orders.push(order);
  else levels.splice(at < 0 ? levels.length : at, 0, { price: order.price, orders: [order] });
}

/** The order must rest there. */
export function takeFrom<Order extends Resting>(levels: Level<Order>[], order: Order): void {
  const index = levels.findIndex((level) => level.price === order.price);
  const level = levels[index];
  const at = level?.orders.indexOf(order) ?? -1;
  assert(level !== undefined && at >= 0, "an order that is taken out must rest in its level");
  level.orders.splice(at, 1);
  if (level.orders.length === 0) levels.splice(index, 1);
}
