import { expect, it } from "vitest";
import type { FaultEffect } from "../../../sim/cambrian-api/faults.ts";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import {
  endOf,
  type HandMadeWorld,
  keepMoving,
  nextArrival,
  nextPlaced,
  quotingInFull,
  ROOMY,
  stateOf,
  TIGHT,
  timesPlaced,
} from "./moving-market.ts";
import { endWell, liveOrders, logged } from "./scenario.ts";

const UNKNOWN = "The outcome of a placing is unknown";

/** Proven to rest, though it may be on its way out again. */
function isResting(task: WorldTask, clientOrderId: string): boolean {
  return ["live", "cancel-sent"].includes(stateOf(task, clientOrderId) ?? "");
}

/** It was taken by the venue, which shows it only later; it is unknown meanwhile, and then found, without a second placing. */
async function expectFound(world: HandMadeWorld, task: WorldTask, lost: string): Promise<void> {
  const { time, api, exchange } = world;
  api.faults.orders.hide(lost);
  await time.until(() => stateOf(task, lost) === "place-unknown", "it is unknown", 5_000);
  expect(task.market()?.ordersUnknown).toBe(1);
  expect(exchange.orderByClientId(lost)?.status).toBe("open");
  expect(logged(task, UNKNOWN).map(({ fields }) => fields["clientOrderId"])).toEqual([lost]);
  await time.pass(3_000);
  expect(stateOf(task, lost)).toBe("place-unknown");
  api.faults.orders.show(lost);
  await time.until(() => isResting(task, lost), "it is found", 5_000);
  const rest = keepMoving(world);
  await time.pass(5_000);
  rest();
  expect(timesPlaced(world, lost)).toBe(1);
  api.faults.clear();
  await endWell(world, task);
}

it("accepted-then-time-out: the order is unknown, counts in full, is asked for and found, and placed once", async () => {
  await using world = await startScenarioWorld({ seed: 101, configured: TIGHT });
  const task = await quotingInFull(world);
  world.api.faults.streamMuted = true;
  world.api.faults.inject({ route: "place", when: "after", effect: { type: "silence" } });
  const lost = await nextPlaced(world);
  await expectFound(world, task, lost);
});

it("accepted-then-time-out: the stream shows the order before the time-out, and the time-out takes nothing back", async () => {
  await using world = await startScenarioWorld({ seed: 107, configured: TIGHT });
  const { time, api } = world;
  const task = await quotingInFull(world);
  api.faults.inject({ route: "place", when: "after", effect: { type: "silence" } });
  const lost = await nextPlaced(world);
  await time.until(() => isResting(task, lost), "the stream shows it", 1_000);
  await time.until(() => logged(task, UNKNOWN).length === 1, "the time-out", 3_000);
  expect(stateOf(task, lost)).not.toBe("place-unknown");
  expect(task.market()?.ordersUnknown).toBe(0);
  await endWell(world, task);
});

const ERRORS: readonly (readonly [string, FaultEffect])[] = [
  ["500", { type: "status", status: 500 }],
  ["a 502 page of HTML", { type: "status", status: 502, html: true }],
  ["503 with Retry-After", { type: "status", status: 503, retryAfterSeconds: 2 }],
  ["200 with garbage", { type: "garbage" }],
  ["408", { type: "status", status: 408 }],
  ["a 400 page of HTML", { type: "status", status: 400, html: true }],
  ["a reset connection", { type: "drop" }],
];

it.each(ERRORS)(
  "error reply while accepted: after %s the order is found and counted, and placed once",
  async (_, effect) => {
    await using world = await startScenarioWorld({ seed: 102, configured: TIGHT });
    const task = await quotingInFull(world);
    world.api.faults.streamMuted = true;
    world.api.faults.inject({ route: "place", when: "after", effect });
    const lost = await nextPlaced(world);
    await expectFound(world, task, lost);
  },
);

it("error reply while accepted: an order that fills before it is found is booked once", async () => {
  // The next placing of this seed is of the best level, which a taker meets first.
  await using world = await startScenarioWorld({ seed: 109, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  api.faults.streamMuted = true;
  api.faults.inject({ route: "place", when: "after", effect: { type: "status", status: 500 } });
  const { placing } = await nextArrival(world, "place");
  const lost = placing?.clientOrderId ?? "";
  exchange.hand(SYMBOL).hit(placing?.side === "buy" ? "sell" : "buy", "500");
  expect(exchange.orderByClientId(lost)?.status).toBe("filled");
  await time.until(() => stateOf(task, lost) === "place-unknown", "it is unknown", 5_000);
  await time.until(() => stateOf(task, lost) === undefined, "it is found", 5_000);
  await time.until(() => task.market()?.fillCount === 1, "its fill is booked", 10_000);
  api.faults.clear();
  await endWell(world, task);
});

it("order answered after 45 s: it is found long before, and its late answer changes nothing", async () => {
  await using world = await startScenarioWorld({ seed: 104, configured: TIGHT });
  const { time, api } = world;
  const task = await quotingInFull(world);
  api.faults.streamMuted = true;
  api.faults.inject({ route: "place", when: "after", effect: { type: "delay", delayMs: 45_000 } });
  const { number, placing } = await nextArrival(world, "place");
  const lost = placing?.clientOrderId ?? "";
  api.faults.orders.hide(lost);
  await time.until(() => stateOf(task, lost) === "place-unknown", "it is unknown", 5_000);
  api.faults.orders.show(lost);
  await time.until(() => isResting(task, lost), "it is found", 5_000);
  api.faults.streamMuted = false;
  const rest = keepMoving(world, 2_000);
  await time.until(() => endOf(world, number) === 201, "the answer comes", 46_000);
  rest();
  await time.pass(1_000);
  expect(timesPlaced(world, lost)).toBe(1);
  await endWell(world, task);
});

/** Where its room is all there is, nothing takes it; where there is room enough, what would meet it is held back. */
it.each([
  ["the price stays", TIGHT, 0, "cancelled", "position"],
  ["the price runs away from it", TIGHT, 0.6, "cancelled", "position"],
  ["the price passes it, and quotes of the other side would meet it", ROOMY, -0.6, "rejected", "self-match"],
] as const)(
  "order answered after 45 s, carried out only then: it counts until it comes, while %s",
  async (_, configured, percent, end, reason) => {
    await using world = await startScenarioWorld({ seed: 105, configured });
    const { time, api, exchange } = world;
    const task = await quotingInFull(world);
    api.faults.inject({ route: "place", when: "before", effect: { type: "delay", delayMs: 45_000 } });
    const { placing, atMs } = await nextArrival(world, "place");
    const late = placing?.clientOrderId ?? "";
    await time.until(() => stateOf(task, late) === "place-unknown", "it is unknown", 5_000);
    await time.until(() => stateOf(task, late) === undefined, "it can not arrive any more", 12_000);
    expect(exchange.orderByClientId(late)).toBeUndefined();
    exchange.hand(SYMBOL).jump(placing?.side === "buy" ? percent : -percent);
    await time.until(() => exchange.orderByClientId(late) !== undefined, "it is carried out", 40_000);
    expect(time.nowMs - atMs).toBeGreaterThan(44_000);
    expect(task.market()?.denials[reason]).toBeGreaterThan(0);
    await time.until(() => exchange.orderByClientId(late)?.status === end, `it is ${end}`, 10_000);
    expect(timesPlaced(world, late)).toBe(1);
    await endWell(world, task);
  },
);

type Meanwhile = (world: HandMadeWorld) => void;

const MEANWHILE: readonly (readonly [string, Meanwhile, string])[] = [
  ["rests on", () => undefined, "open"],
  ["is filled meanwhile, and that is booked", ({ exchange }) => exchange.hand(SYMBOL).hit("sell", "500"), "filled"],
  ["is cancelled when the price turns against it", ({ exchange }) => exchange.hand(SYMBOL).jump(-0.4), "cancelled"],
];

it.each(MEANWHILE)("venue forgets an order for 30 s: it stays counted and %s", async (_, act, end) => {
  await using world = await startScenarioWorld({ seed: 106, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  const [best] = liveOrders(world)
    .filter(({ side }) => side === "buy")
    .toSorted((a, b) => Number(b.price) - Number(a.price));
  const hidden = best?.clientOrderId ?? "";
  const asked = () => world.record.arrivals("orders").filter(({ path }) => path.endsWith(hidden)).length;
  api.faults.orders.hide(hidden);
  await time.pass(12_000);
  expect(asked()).toBeGreaterThan(2);
  expect(stateOf(task, hidden)).toBe("live");
  act(world);
  await time.pass(18_000);
  expect(exchange.orderByClientId(hidden)?.status).toBe(end);
  if (end === "open") expect(stateOf(task, hidden)).toBe("live");
  else await time.until(() => stateOf(task, hidden) === undefined, "its end is known");
  expect(task.market()?.fillCount).toBe(end === "filled" ? 1 : 0);
  api.faults.orders.show(hidden);
  await time.pass(6_000);
  const before = asked();
  await time.pass(3_000);
  expect(asked()).toBe(before);
  await endWell(world, task);
});
