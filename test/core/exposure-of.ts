/** The worst cases that the gate is shown, of orders in any market. */
import type { Order } from "../../core/order.ts";
import type { Exposure } from "../../core/risk/gate.ts";
import { orderRisk } from "../../core/risk/shard-risk.ts";
import type { Lots } from "../../core/units.ts";
import { settings } from "./desk.ts";

export function exposureOf(position: Lots, orders: Iterable<Order>): Exposure {
  return orderRisk(settings.market, position, orders).exposure;
}
