/**
 * A market whose price moves to and fro, so that quotes are moved in it all the time, and limits so tight that the orders wanted
 * fill them exactly. Owns the moves and the finding of the order that a fault hit; no fault.
 */
import type { RouteName } from "../../../sim/cambrian-api/routes.ts";
import type { HandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { type ScenarioWorld, SYMBOL, type TaskSettings } from "../../../sim/world/scenario-world.ts";
import type { ArrivalEntry, VenueEntry } from "../../../sim/world/venue-record.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { JITTER, liveOrders, startQuoting, withMarket } from "./scenario.ts";

export type HandMadeWorld = ScenarioWorld<HandMadeExchange>;

/** Two levels of 500 a side, and room for nothing else: one order that is not counted breaks the limit. */
export const TIGHT = withMarket({ limits: { position: "1000", startSizePercent: 100 } });

/** Room for each order and the one that takes its place, so that quotes that are too shy move as well. */
export const ROOMY = withMarket({ limits: { position: "2000", startSizePercent: 100 } });

/** Two levels a side. */
const ALL_ORDERS = 4;

/** A task of which every order wanted stands, over a line with jitter from then on. */
export async function quotingInFull(world: HandMadeWorld, settings?: TaskSettings): Promise<WorldTask> {
  const task = await startQuoting(world, settings);
  await world.time.until(() => liveOrders(world).length === ALL_ORDERS, "every order stands", 30_000);
  task.links.venue.latency = JITTER;
  return task;
}

/** In percent of the mid; a tick of `plain-config.json` is 0.024 %. They bring the mid back to where it was, all but a hair. */
const STEPS = [0.1, -0.15, 0.2, -0.1, -0.2, 0.15, -0.1, 0.1];

/** Moves the mid every `everyMs` until the returned function is called. */
export function keepMoving({ time, exchange }: HandMadeWorld, everyMs = 600): () => void {
  let cancel = time.after(everyMs, step);
  let turn = 0;
  function step(): void {
    exchange.hand(SYMBOL).jump(STEPS[turn % STEPS.length] ?? 0);
    turn += 1;
    cancel = time.after(everyMs, step);
  }
  return () => cancel();
}

/** Takers bring the position back from its limit, where one side may not stand. */
export async function broughtBack({ time, exchange }: HandMadeWorld, task: WorldTask): Promise<void> {
  const hand = exchange.hand(SYMBOL);
  const position = () => Number(task.market()?.position);
  for (let turn = 0; turn < 60 && Math.abs(position()) > 500; turn += 1) {
    hand.refill();
    await time.pass(1_000);
    hand.hit(position() > 0 ? "buy" : "sell", "200");
  }
}

/** Lets the mid move until a request of that kind has arrived; answers the first one that arrives from now on. */
export async function nextArrival(world: HandMadeWorld, route: RouteName): Promise<ArrivalEntry> {
  const before = world.record.arrivals(route).length;
  const rest = keepMoving(world);
  await world.time.until(() => world.record.arrivals(route).length > before, `a ${route} arrives`, 30_000);
  rest();
  const arrival = world.record.arrivals(route)[before];
  if (arrival === undefined) throw new Error(`a ${route} must have arrived`);
  return arrival;
}

/** Client order id of the next placing that arrives. */
export async function nextPlaced(world: HandMadeWorld): Promise<string> {
  const { placing } = await nextArrival(world, "place");
  if (placing === undefined) throw new Error("a placing must be readable");
  return placing.clientOrderId;
}

/** Client order id of the order that the next cancel is for. */
export async function nextCancelled(world: HandMadeWorld): Promise<string> {
  const { path } = await nextArrival(world, "cancel");
  const order = world.exchange.order(path.slice("/v1/orders/".length));
  if (order === undefined) throw new Error(`a cancel must be of an order, was ${path}`);
  return order.clientOrderId;
}

/** Where the task believes an order to stand; undefined once it has ended. */
export function stateOf(task: WorldTask, clientOrderId: string): string | undefined {
  return task.market()?.openOrders.find((order) => order.clientOrderId === clientOrderId)?.state;
}

/** How the venue ended a request: the answer's status, `dropped`, `silence`, or undefined while it has not. */
export function endOf({ record }: HandMadeWorld, number: number): number | string | undefined {
  return record.entries.find((entry): entry is VenueEntry & { type: "left" } => isEnd(entry, number))?.status;
}

function isEnd(entry: VenueEntry, number: number): boolean {
  return entry.type === "left" && entry.number === number;
}

/** How often an order's placing has arrived. */
export function timesPlaced({ record }: HandMadeWorld, clientOrderId: string): number {
  return record.arrivals("place").filter(({ placing }) => placing?.clientOrderId === clientOrderId).length;
}
