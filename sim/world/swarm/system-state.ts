/** In what state the system is, in one word: for counting which faults have met it in which. Owns the words. */
import { isUnknown } from "../../../core/order.ts";
import type { Healing } from "./liveness.ts";

export const SYSTEM_STATES = [
  "no task",
  "frozen",
  "two tasks",
  "waiting",
  "starting",
  "stopping",
  "unknown orders",
  "circuit open",
  "halted",
  "pulled",
  "quoting",
] as const;

export type SystemState = (typeof SYSTEM_STATES)[number];

export function systemState({
  world,
  service,
  checks,
  shape,
}: Pick<Healing, "world" | "service" | "checks" | "shape">): SystemState {
  const [task, second] = service.tasks;
  if (task === undefined) return "no task";
  if (task.process.state === "frozen") return "frozen";
  if (second !== undefined) return "two tasks";
  const { engine, venue, epoch, phase } = task.task.charge;
  if (epoch === null) return "waiting";
  if (phase === "starting" || engine === undefined) return "starting";
  if (phase === "stopping") return "stopping";
  if (engine.markets.some(({ orders }) => orders.open().some(isUnknown))) return "unknown orders";
  if ((venue?.state().circuit ?? 0) !== 0) return "circuit open";
  if (shape.markets.some(({ symbol }) => checks.isHalted(symbol))) return "halted";
  const isQuoting = shape.markets.some(({ symbol }) => world.exchange.openOrders(symbol).length > 0);
  return isQuoting ? "quoting" : "pulled";
}
