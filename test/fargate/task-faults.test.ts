import { expect, test } from "vitest";
import type { TradedExchange } from "../../sim/exchange/exchange.ts";
import type { BookFault } from "../../sim/sei-node/book-fault.ts";
import { type ScenarioWorld, SYMBOL, startTradedWorld } from "../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../sim/world/world-task.ts";
import { endWell, isTwoSided, liveOrders, logged, startQuoting, untilQuoting } from "./scenarios/scenario.ts";

type World = ScenarioWorld<TradedExchange>;

/** The price wanders and jumps: within this there are placings, cancels and fills of every kind. */
const SOON_MS = 300_000;

/** Waits until engine and exchange show the same open orders, and ends as every run must, whatever went wrong in it. */
async function endInAgreement(world: World, task: WorldTask): Promise<void> {
  const sorted = (ids: readonly (string | null)[]) => [...ids].sort().join();
  const agree = () => {
    const ours = task.market()?.openOrders ?? [];
    const theirs = world.exchange.openOrders(SYMBOL).map(({ orderId }) => orderId);
    return ours.every(({ state }) => state === "live") && sorted(ours.map(({ orderId }) => orderId)) === sorted(theirs);
  };
  await world.time.until(agree, "engine and exchange show the same open orders", SOON_MS);
  await endWell(world, task);
  expect(world.exchange.openOrders()).toEqual([]);
  expect(world.api.stats()).toMatchObject({ refusedForRate: 0, refusedForPlacements: 0 });
}

test("when the primary endpoint dies all quotes are pulled, a backup is in use within 5 s, and quotes come back", async () => {
  await using world = await startTradedWorld({ seed: 7 });
  const { time, node } = world;
  const task = await startQuoting(world);
  const [primary, backup] = node.endpoints;
  expect(task.state().feed).toMatchObject({ status: "connected", endpoint: primary?.wsUrl });

  const diedMs = time.nowMs;
  await primary?.die();
  await time.until(() => liveOrders(world).length === 0, "every quote is pulled", 1_500);
  expect(task.state().feed.status).not.toBe("connected");
  expect(task.market()?.quoting).toBe(false);
  expect(task.market()?.reasons.join()).toContain(`market data lost from ${primary?.wsUrl}`);
  expect(task.task.health().healthy).toBe(false);

  await time.until(() => task.state().feed.status === "connected", "a backup is in use", 5_000);
  expect(time.nowMs - diedMs).toBeLessThan(5_000);
  expect(task.state().feed).toMatchObject({ endpoint: backup?.wsUrl, failovers: 1, reconnects: 1 });
  await time.until(() => task.market()?.quoting === true && isTwoSided(world), "both sides are quoted", 3_000);
  expect(task.task.health().healthy).toBe(true);
  await endInAgreement(world, task);
});

test.each<{ fault: BookFault; error?: string; malformed: number; gaps: number }>([
  { fault: { type: "not-json" }, error: "sei websocket malformed-frame", malformed: 1, gaps: 1 },
  { fault: { type: "cut-json" }, error: "sei websocket malformed-frame", malformed: 1, gaps: 1 },
  { fault: { type: "wrong-types" }, error: "sei websocket malformed-event", malformed: 1, gaps: 1 },
  { fault: { type: "nan-price" }, error: "sei websocket malformed-event", malformed: 1, gaps: 1 },
  { fault: { type: "bids-not-json" }, error: "sei websocket malformed-event", malformed: 1, gaps: 1 },
  { fault: { type: "sequence-repeat" }, error: "sei websocket repeated-book", malformed: 0, gaps: 0 },
  { fault: { type: "sequence-step-back", by: 3 }, error: "sei websocket repeated-book", malformed: 0, gaps: 0 },
  { fault: { type: "sequence-gap", by: 5 }, malformed: 0, gaps: 1 },
  { fault: { type: "crossed" }, error: "sei websocket crossed-book", malformed: 0, gaps: 0 },
])(
  "a book that is $fault.type is counted by its kind, and the quotes live on",
  async ({ fault, error, malformed, gaps }) => {
    await using world = await startTradedWorld({ seed: 8 });
    const task = await startQuoting(world);
    const before = task.state();
    expect(world.node.endpoints[0]?.disturbNextBook(SYMBOL, fault)).toBe(1);
    await world.time.pass(2_000);
    const { errors, feed } = task.state();
    if (error !== undefined) expect(errors[error]).toBe((before.errors[error] ?? 0) + 1);
    expect(feed.malformed - before.feed.malformed).toBe(malformed);
    // A book that could not be read is missing from the sequence.
    expect(feed.sequenceGaps - before.feed.sequenceGaps).toBe(gaps);
    expect(feed).toMatchObject({ status: "connected", reconnects: 0, failovers: 0 });
    await endInAgreement(world, task);
  },
);

test("a halted market is not quoted, and is again when it opens", async () => {
  await using world = await startTradedWorld({ seed: 9 });
  const task = await startQuoting(world);
  world.exchange.setMarketStatus(SYMBOL, "halted");
  await world.time.until(() => liveOrders(world).length === 0, "every quote is pulled", 3_000);
  expect(task.market()?.reasons).toEqual(["the venue has halted the market"]);
  await world.time.pass(5_000);
  expect(liveOrders(world)).toEqual([]);
  world.exchange.setMarketStatus(SYMBOL, "open");
  await endInAgreement(world, task);
});

test.each(["before", "after"] as const)(
  "a placing whose answer is lost %s it took effect leaves no second order in its slot and is resolved by a query",
  async (when) => {
    await using world = await startTradedWorld({ seed: 10 });
    const { time, api, exchange } = world;
    // Without the stream only a query can tell what became of it.
    api.faults.streamMuted = true;
    const task = await startQuoting(world);
    api.faults.inject({ route: "place", when, effect: { type: "drop" } });
    const unknown = () => logged(task, "The outcome of a placing is unknown")[0];
    await time.until(() => unknown() !== undefined, "the outcome of a placing is unknown", SOON_MS);
    const lost = String(unknown()?.fields["clientOrderId"]);
    expect(task.state().errors[`order placement ${SYMBOL}`]).toBe(1);

    const stateOf = () => task.market()?.openOrders.find(({ clientOrderId }) => clientOrderId === lost)?.state;
    await time.until(() => stateOf() !== "place-unknown", "its fate is proven", 15_000);
    const sentOf = task.requests.map(({ method, url, body }) => {
      const sent: { client_order_id?: string } = method === "POST" ? JSON.parse(String(body)) : {};
      return { placed: sent.client_order_id, asked: url.includes(`client_order_id=${lost}`) };
    });
    const from = sentOf.findIndex(({ placed }) => placed === lost);
    const askedAt = sentOf.findIndex(({ asked }, index) => index > from && asked);
    expect(askedAt).toBeGreaterThan(from);
    const slot = lost.split("-").slice(0, 4).join("-");
    const before = sentOf.slice(from + 1, askedAt).filter(({ placed }) => placed?.startsWith(`${slot}-`));
    expect(before).toEqual([]);
    if (when === "before") expect(exchange.orderByClientId(lost)).toBeUndefined();
    else expect(exchange.orderByClientId(lost)).toBeDefined();
    await endInAgreement(world, task);
  },
);

test("with failing cancels and a stream that leaves fills out, the books agree at the end by the venue's history", async () => {
  await using world = await startTradedWorld({ seed: 12 });
  const { time, api } = world;
  const task = await startQuoting(world);
  api.faults.streamFillsDropped = true;
  for (const when of ["before", "after"] as const) {
    api.faults.inject({ route: "cancel", when, effect: { type: "status", status: 503 } }, 2);
  }
  const failed = () => api.stats().byStatus["503"] ?? 0;
  await time.until(
    () => failed() >= 4 && world.fills().length >= 5,
    "cancels have failed, fills have happened",
    SOON_MS,
  );
  expect(task.state().errors[`order cancellation ${SYMBOL}`]).toBeGreaterThanOrEqual(1);
  await endInAgreement(world, task);
});

test("with a mute stream and lost answers of every kind, the books agree at the end", async () => {
  await using world = await startTradedWorld({ seed: 11 });
  const { time, api } = world;
  const task = await startQuoting(world);
  api.faults.streamMuted = true;
  const lost = () => {
    const { byStatus } = api.stats();
    return (byStatus["dropped"] ?? 0) + (byStatus["500"] ?? 0);
  };
  // One route after the other: five failures in a row would open the circuit breaker, which is another story.
  for (const [index, route] of (["place", "cancel", "fills"] as const).entries()) {
    api.faults.inject({ route, when: "after", effect: { type: "drop" } });
    api.faults.inject({ route, when: "after", effect: { type: "status", status: 500 } });
    await time.until(() => lost() === 2 * (index + 1), `two answers to ${route} are lost`, SOON_MS);
    await time.until(() => task.market()?.ordersUnknown === 0, "every order's fate is proven", 15_000);
  }
  await time.until(() => world.fills().length >= 5, "fills have happened", SOON_MS);
  api.faults.dropStreams();
  api.faults.clear();
  await time.until(() => task.state().venue.streamConnected, "the stream is back", 30_000);
  await untilQuoting(world, task);
  await endInAgreement(world, task);
});
