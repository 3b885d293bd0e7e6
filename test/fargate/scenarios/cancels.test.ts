import { expect, it } from "vitest";
import type { FaultEffect } from "../../../sim/cambrian-api/faults.ts";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import {
  broughtBack,
  type HandMadeWorld,
  keepMoving,
  nextCancelled,
  quotingInFull,
  ROOMY,
  stateOf,
  TIGHT,
} from "./moving-market.ts";
import { endWell, logged } from "./scenario.ts";

const CANCEL_UNKNOWN = "The outcome of a cancel is unknown";

/** How often a cancel of that order has arrived. */
function timesCancelled({ record, exchange }: HandMadeWorld, clientOrderId: string): number {
  const path = `/v1/orders/${exchange.orderByClientId(clientOrderId)?.orderId}`;
  return record.arrivals("cancel").filter((arrival) => arrival.path === path).length;
}

/** Moves the mid down so that our bids are too generous, and answers one of them once its cancel was decided. */
async function bidBeingCancelled({ time, exchange }: HandMadeWorld, task: WorldTask, percent = -0.3): Promise<string> {
  exchange.hand(SYMBOL).jump(percent);
  const leaving = () => task.market()?.openOrders.find(({ side, state }) => side === "buy" && state === "cancel-sent");
  await time.until(() => leaving() !== undefined, "a bid is being cancelled", 5_000);
  return leaving()?.clientOrderId ?? "";
}

/** Trades on for a while, so that room taken wrongly would show, then ends. */
async function tradeOn(world: HandMadeWorld, task: WorldTask): Promise<void> {
  const rest = keepMoving(world);
  await world.time.pass(10_000);
  rest();
  world.api.faults.clear();
  await endWell(world, task);
}

it("cancel lost: both requests lost, the order is unknown, counts until the venue shows it, and is cancelled again", async () => {
  await using world = await startScenarioWorld({ seed: 201, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.streamMuted = true;
  task.links.venue.lose("request", "cancel", 8);
  const lost = await bidBeingCancelled(world, task);
  await time.until(() => stateOf(task, lost) === "cancel-unknown", "the cancel is unknown", 8_000);
  expect(exchange.orderByClientId(lost)?.status).toBe("open");
  const ids = logged(task, CANCEL_UNKNOWN).map(({ fields }) => fields["clientOrderId"]);
  expect(ids).toContain(lost);
  await time.until(() => exchange.orderByClientId(lost)?.status === "cancelled", "it is cancelled", 15_000);
  await tradeOn(world, task);
});

it("cancel lost: its replies lost, the order counts until the venue shows it cancelled", async () => {
  await using world = await startScenarioWorld({ seed: 205, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.streamMuted = true;
  task.links.venue.lose("reply", "cancel", 4);
  const lost = await bidBeingCancelled(world, task);
  await time.until(() => exchange.orderByClientId(lost)?.status === "cancelled", "it is cancelled", 1_000);
  await time.pass(1_500);
  expect(stateOf(task, lost)).toBe("cancel-sent");
  await time.until(() => stateOf(task, lost) === undefined, "its end is known", 10_000);
  await tradeOn(world, task);
});

const LIES: readonly (readonly [string, FaultEffect])[] = [
  ["answered cancelled, and ignored", { type: "cancel-ignored" }],
  ["answered 404, though the order is live", { type: "cancel-not-found" }],
  ["answered with the order, still open", { type: "cancel-shown" }],
];

it.each(LIES)(
  "cancel lost: %s, the order keeps its room and is cancelled again until it is gone",
  async (_, effect) => {
    await using world = await startScenarioWorld({ seed: 202, configured: TIGHT });
    const { time, api, exchange } = world;
    const task = await quotingInFull(world);
    api.faults.inject({ route: "cancel", when: "before", effect }, 2);
    const lost = await nextCancelled(world);
    expect(exchange.orderByClientId(lost)?.status).toBe("open");
    await time.until(() => timesCancelled(world, lost) >= 2, "it is cancelled again", 20_000);
    await time.until(() => exchange.orderByClientId(lost)?.status === "cancelled", "it is gone", 20_000);
    await tradeOn(world, task);
  },
);

it("cancel lost: answered cancelled, and ignored, while the price passes it: nothing of ours is placed that would meet it", async () => {
  await using world = await startScenarioWorld({ seed: 207, configured: ROOMY });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.inject({ route: "cancel", when: "before", effect: { type: "cancel-ignored" } }, 4);
  const lost = await bidBeingCancelled(world, task, -0.2);
  await time.until(() => stateOf(task, lost) === undefined, "it is believed cancelled", 1_000);
  const arrivedBefore = world.record.arrivals("place").length;
  exchange.hand(SYMBOL).jump(-0.4);
  expect(exchange.orderByClientId(lost)?.status).toBe("open");
  await time.until(() => stateOf(task, lost) === "cancel-sent", "the list shows it, and it is cancelled again", 10_000);
  await time.until(() => exchange.orderByClientId(lost)?.status === "cancelled", "it is gone", 3_000);
  const placed = world.record
    .arrivals("place")
    .slice(arrivedBefore)
    .flatMap(({ placing }) => placing ?? []);
  const ghost = Number(exchange.orderByClientId(lost)?.price);
  expect(placed.filter(({ side, price }) => side === "sell" && Number(price) <= ghost)).toEqual([]);
  expect(placed.length).toBeGreaterThan(0);
  await tradeOn(world, task);
});

it("fill during cancel: an order that fills while its cancel is on its way is booked, and is no loss of room", async () => {
  await using world = await startScenarioWorld({ seed: 203, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.inject({ route: "cancel", when: "before", effect: { type: "delay", delayMs: 700 } }, 8);
  const leaving = await bidBeingCancelled(world, task);
  await time.until(() => timesCancelled(world, leaving) === 1, "its cancel is at the venue", 1_000);
  const traded = exchange.hand(SYMBOL).hit("sell", "700");
  expect(traded).toBe("700");
  const status = exchange.orderByClientId(leaving)?.status;
  expect(["filled", "partially_filled"]).toContain(status);
  await time.until(() => task.market()?.position === "700", "the fills are booked", 3_000);
  await time.until(() => stateOf(task, leaving) === undefined, "it has ended", 10_000);
  expect(exchange.orderByClientId(leaving)?.status).toBe(status === "filled" ? "filled" : "cancelled");
  await tradeOn(world, task);
});

it('fill after "cancelled": the venue says cancelled and fills it all the same: its room was kept, the fill is booked', async () => {
  await using world = await startScenarioWorld({ seed: 204, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.inject({ route: "cancel", when: "before", effect: { type: "cancel-pretended" } });
  const ghost = await nextCancelled(world);
  await time.until(() => stateOf(task, ghost) === undefined, "it is believed cancelled", 3_000);
  await time.pass(1_500);
  expect(exchange.orderByClientId(ghost)?.status).toBe("open");
  const { side, price } = { side: "buy", price: null, ...exchange.orderByClientId(ghost) };
  exchange.hand(SYMBOL).hit(side === "buy" ? "sell" : "buy", "9000", price ?? undefined);
  expect(exchange.orderByClientId(ghost)?.status).toBe("filled");
  await time.until(() => task.market()?.fillCount === world.fills().length, "the fills are booked", 3_000);
  await broughtBack(world, task);
  await tradeOn(world, task);
});

/** Takers on both sides until ours have been hit some times; ends the moment the last fill has happened. */
async function taken({ time, exchange, fills }: HandMadeWorld): Promise<number> {
  for (let turn = 0; turn < 60 && fills().length < 6; turn += 1) {
    await time.pass(500);
    exchange.hand(SYMBOL).hit(turn % 2 === 0 ? "sell" : "buy", "120");
  }
  return fills().length;
}

it.each([
  [
    "told three times each, up to 3 s late and out of order",
    { streamFillCopies: 3, streamFillDelayMs: { low: 0, high: 3_000 } },
  ],
  ["left out of the stream, and only in the history", { streamFillsDropped: true }],
  ["told 8 s after they happened, when the history has shown them", { streamFillDelayMs: { low: 8_000, high: 8_500 } }],
] as const)("duplicate and late fills: %s, each is booked once and the room is never lent twice", async (_, faults) => {
  await using world = await startScenarioWorld({ seed: 206, configured: TIGHT });
  const { time, api } = world;
  const task = await quotingInFull(world);
  Object.assign(api.faults, faults);
  const rest = keepMoving(world, 1_100);
  const count = await taken(world);
  rest();
  expect(count).toBeGreaterThanOrEqual(6);
  expect(task.market()?.fillCount).toBeLessThan(count);
  await time.until(() => task.market()?.fillCount === count, "every fill is booked", 12_000);
  await time.pass(10_000);
  expect(task.market()?.fillCount).toBe(count);
  await tradeOn(world, task);
});
