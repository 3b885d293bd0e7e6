import { expect, test } from "vitest";
import type { BookFault } from "../../sim/sei-node/book-fault.ts";
import {
  enginesFigures,
  exchangesFigures,
  quotesBothSides,
  SYMBOL,
  startTaskWorld,
  type TaskWorld,
  until,
  type WorldTask,
} from "./task-world.ts";

async function startQuoting(world: TaskWorld): Promise<WorldTask> {
  const run = world.makeTask();
  await run.task.start();
  await quotesBothSides(world, run);
  return run;
}

/** Stops, and expects what every run must come to, whatever went wrong in it. */
async function expectGoodEnd(world: TaskWorld, run: WorldTask): Promise<void> {
  expect(await run.stop()).toEqual({ faults: [] });
  expect(world.exchange.openOrders()).toEqual([]);
  expect(enginesFigures(run.market())).toEqual(exchangesFigures(world));
  expect(new Set(world.queue.fillIds())).toEqual(new Set(world.fills().map((fill) => fill.fillId)));
  expect(world.api.stats()).toMatchObject({ refusedForRate: 0, refusedForPlacements: 0 });
  expect(run.crashes).toEqual([]);
}

/** Waits for a moment in which engine and exchange show the same open orders. */
async function agreesOnOpenOrders(world: TaskWorld, run: WorldTask): Promise<void> {
  const sorted = (ids: readonly (string | null)[]) => [...ids].sort().join();
  const agree = () => {
    const ours = run.market()?.openOrders ?? [];
    const theirs = world.exchange.openOrders(SYMBOL).map((order) => order.orderId);
    return (
      ours.every((order) => order.state === "live") && sorted(ours.map((order) => order.orderId)) === sorted(theirs)
    );
  };
  await until(agree, "engine and exchange show the same open orders");
}

test("when the primary endpoint dies all quotes are pulled, a backup is in use within 5 s, and quotes come back", async () => {
  await using world = await startTaskWorld({ pace: 1 });
  const run = await startQuoting(world);
  const [primary] = world.node.endpoints;
  expect(run.task.state().feed).toMatchObject({ status: "connected", endpoint: primary?.wsUrl });

  const diedMs = performance.now();
  await primary?.die();
  await until(() => world.openSides().size === 0, "every quote is pulled", 1_500);
  expect(run.task.state().feed.status).not.toBe("connected");
  expect(run.market()?.quoting).toBe(false);
  expect(run.market()?.reasons.join()).toContain(`market data lost from ${primary?.wsUrl}`);
  expect(run.task.health().healthy).toBe(false);

  await until(() => run.task.state().feed.status === "connected", "a backup is in use", 5_000);
  expect(performance.now() - diedMs).toBeLessThan(5_000);
  expect(run.task.state().feed).toMatchObject({
    endpoint: world.node.endpoints[1]?.wsUrl,
    failovers: 1,
    reconnects: 1,
  });
  await quotesBothSides(world, run, 2_000);
  expect(run.task.health().healthy).toBe(true);
  await expectGoodEnd(world, run);
});

test("a frame that makes no sense is counted by its kind, and the quotes live on", async () => {
  await using world = await startTaskWorld();
  const run = await startQuoting(world);
  const cases: readonly { readonly fault: BookFault; readonly error?: string; readonly malformed: number }[] = [
    { fault: { type: "not-json" }, error: "sei websocket malformed-frame", malformed: 1 },
    { fault: { type: "cut-json" }, error: "sei websocket malformed-frame", malformed: 1 },
    { fault: { type: "wrong-types" }, error: "sei websocket malformed-event", malformed: 1 },
    { fault: { type: "nan-price" }, error: "sei websocket malformed-event", malformed: 1 },
    { fault: { type: "bids-not-json" }, error: "sei websocket malformed-event", malformed: 1 },
    { fault: { type: "sequence-repeat" }, error: "sei websocket repeated-book", malformed: 0 },
    { fault: { type: "sequence-step-back", by: 3 }, error: "sei websocket repeated-book", malformed: 0 },
    { fault: { type: "sequence-gap", by: 5 }, malformed: 0 },
    { fault: { type: "crossed" }, error: "sei websocket crossed-book", malformed: 0 },
  ];
  for (const { fault, error, malformed } of cases) {
    const before = run.task.state();
    expect(world.node.endpoints[0]?.disturbNextBook(SYMBOL, fault), fault.type).toBe(1);
    const counted = () => {
      const { errors, feed } = run.task.state();
      const gaps = feed.sequenceGaps - before.feed.sequenceGaps;
      return error === undefined ? gaps === 1 : (errors[error] ?? 0) === (before.errors[error] ?? 0) + 1;
    };
    await until(counted, `${fault.type} is counted`);
    expect(run.task.state().feed.malformed - before.feed.malformed, fault.type).toBe(malformed);
    const { events } = run.task.state().feed;
    await until(() => run.task.state().feed.events > events, `events come after ${fault.type}`);
    await quotesBothSides(world, run);
  }
  // A book that could not be read is missing from the sequence, five times here.
  expect(run.task.state().feed).toMatchObject({ status: "connected", reconnects: 0, failovers: 0, sequenceGaps: 6 });
  await expectGoodEnd(world, run);
});

test("a halted market is not quoted, and is again when it opens", async () => {
  await using world = await startTaskWorld();
  const run = await startQuoting(world);
  world.exchange.setMarketStatus(SYMBOL, "halted");
  await until(() => world.openSides().size === 0, "every quote is pulled");
  expect(run.market()?.reasons).toEqual(["the venue has halted the market"]);
  world.exchange.setMarketStatus(SYMBOL, "open");
  await quotesBothSides(world, run);
  await expectGoodEnd(world, run);
});

test.each(["before", "after"] as const)(
  "a placing whose answer is lost %s it took effect leaves no second order in its slot and is resolved by a query",
  async (when) => {
    await using world = await startTaskWorld({ pace: 8 });
    // Without the stream only a query can tell what became of it.
    world.api.faults.streamMuted = true;
    const run = world.makeTask();
    await run.task.start();
    await until(() => world.openSides().size === 2, "both sides are quoted");
    world.api.faults.inject({ route: "place", when, effect: { type: "drop" } });
    // The state itself may be over within milliseconds: the log keeps it.
    const unknown = () => run.records.find(({ message }) => message === "The outcome of a placing is unknown");
    await until(() => unknown() !== undefined, "the outcome of a placing is unknown");
    const lost = String(unknown()?.fields["clientOrderId"]);
    expect(run.task.state().errors[`order placement ${SYMBOL}`]).toBe(1);

    const stateOf = () => run.market()?.openOrders.find((order) => order.clientOrderId === lost)?.state;
    await until(() => stateOf() !== "place-unknown", "its fate is proven", 10_000);
    const sentOf = run.requests.map(({ method, url, body }) => {
      const sent: { client_order_id?: string } = method === "POST" ? JSON.parse(body ?? "") : {};
      return { placed: sent.client_order_id, asked: url.includes(`client_order_id=${lost}`) };
    });
    const from = sentOf.findIndex(({ placed }) => placed === lost);
    const askedAt = sentOf.findIndex(({ asked }, index) => index > from && asked);
    expect(askedAt).toBeGreaterThan(from);
    const slot = lost.split("-").slice(0, 4).join("-");
    const before = sentOf.slice(from + 1, askedAt).filter(({ placed }) => placed?.startsWith(`${slot}-`));
    expect(before).toEqual([]);
    if (when === "before") expect(world.exchange.orderByClientId(lost)).toBeUndefined();

    await until(() => world.openSides().size === 2, "both sides are quoted again");
    await agreesOnOpenOrders(world, run);
    await expectGoodEnd(world, run);
  },
);

test("with failing cancels and a stream that leaves fills out, the books agree at the end by the venue's history", async () => {
  await using world = await startTaskWorld({ speed: 3 });
  const run = await startQuoting(world);
  world.api.faults.streamFillsDropped = true;
  for (const when of ["before", "after"] as const) {
    world.api.faults.inject({ route: "cancel", when, effect: { type: "status", status: 503 } }, 2);
  }
  const failed = () => world.api.stats().byStatus["503"] ?? 0;
  await until(() => failed() >= 4 && world.fills().length >= 5, "cancels have failed and fills have happened", 12_000);
  expect(run.task.state().errors[`order cancellation ${SYMBOL}`]).toBeGreaterThanOrEqual(1);
  await quotesBothSides(world, run);
  await agreesOnOpenOrders(world, run);
  await expectGoodEnd(world, run);
});

test("with a mute stream and lost answers of every kind, the books agree at the end", async () => {
  await using world = await startTaskWorld({ speed: 3, seed: 11 });
  const run = await startQuoting(world);
  world.api.faults.streamMuted = true;
  const lost = () => {
    const { byStatus } = world.api.stats();
    return (byStatus["dropped"] ?? 0) + (byStatus["500"] ?? 0);
  };
  // One route after the other: five failures in a row would open the circuit breaker, which is another story.
  for (const [index, route] of (["place", "cancel", "fills"] as const).entries()) {
    world.api.faults.inject({ route, when: "after", effect: { type: "drop" } });
    world.api.faults.inject({ route, when: "after", effect: { type: "status", status: 500 } });
    await until(() => lost() === 2 * (index + 1), `two answers to ${route} are lost`, 10_000);
    await until(() => run.market()?.ordersUnknown === 0, "every order's fate is proven", 10_000);
  }
  await until(() => world.fills().length >= 5, "fills have happened", 12_000);
  world.api.faults.dropStreams();
  world.api.faults.clear();
  await until(() => run.task.state().venue.streamConnected, "the stream is back");
  await quotesBothSides(world, run);
  await agreesOnOpenOrders(world, run);
  await expectGoodEnd(world, run);
});
