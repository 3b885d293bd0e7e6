import { expect, test } from "vitest";
import type { Exchange } from "../../sim/exchange/exchange.ts";
import { type ScenarioWorld, startTradedWorld } from "../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../sim/world/world-task.ts";
import { endWell, logged, startQuoting, stopped, untilQuoting } from "./scenarios/scenario.ts";
import {
  enginesFigures,
  exchangesFigures,
  quotesBothSides,
  SYMBOL,
  startTaskWorld,
  type TaskWorld,
  until,
} from "./task-world.ts";

/** The state at the end that every run must come to. */
function expectAgreement(world: TaskWorld, market: Parameters<typeof enginesFigures>[0]): void {
  expect(enginesFigures(market)).toEqual(exchangesFigures(world));
  expect(new Set(world.queue.fillIds())).toEqual(new Set(world.fills().map((fill) => fill.fillId)));
}

function stepOf(task: WorldTask, step: string) {
  return task.state().startup.find((each) => each.step === step);
}

test("over real sockets a task starts step by step, quotes both sides, books its fills, and a stop leaves nothing behind", async () => {
  await using world = await startTaskWorld({ speed: 2 });
  const run = world.makeTask();
  const shown: string[] = [];
  const started = run.task.start();
  const seen = () => {
    const running = run.task.state().startup.find((step) => step.state === "running")?.step;
    if (running !== undefined && shown.at(-1) !== running) shown.push(running);
    return run.task.state().phase === "running";
  };
  await until(seen, "the start is done");
  expect(await started).toBe(true);
  const steps = run.task.state().startup;
  expect(steps.map((step) => step.state)).toEqual(steps.map(() => "done"));
  expect(steps.map((step) => step.step)).toEqual([
    "check configuration, limits and secrets",
    "read the control items",
    "win the lease",
    "load the books and the risk",
    "keep quiet",
    "end our open orders",
    "catch up with the venue's fills",
    "agree on balances and positions",
    "have fresh market data",
    "quote",
  ]);
  expect(steps.slice(0, 8).map((step) => step.detail)).toEqual([
    expect.stringMatching(/^stage local, shard main, 1 market, limits [0-9a-f]{12}, every secret present$/),
    "SEI/USDC running",
    "epoch 1",
    "SEI/USDC 0 fills",
    "not needed: nobody placed orders, or all were proven ended",
    "ended: SEI/USDC 0",
    "fills known: SEI/USDC 0",
    "SEI/USDC agrees",
  ]);
  expect(shown.length).toBeGreaterThan(1);

  await quotesBothSides(world, run);
  expect(run.task.health()).toEqual({ healthy: true, reasons: [] });
  const fills = () => world.fills().length;
  await until(() => fills() >= 5 && run.market()?.fillCount === fills(), "five fills are booked", 10_000);

  expect(await run.stop()).toEqual({ faults: [] });
  expect(world.exchange.openOrders()).toEqual([]);
  expectAgreement(world, run.market());
  expect(run.task.state()).toMatchObject({ phase: "stopping", epoch: 1, fills: { outbox: 0, sendFailures: 0 } });
  expect(world.api.stats()).toMatchObject({ refusedForRate: 0, refusedForPlacements: 0, refusedForSignature: 0 });
  expect(run.crashes).toEqual([]);
});

/** An order of the account's that no task has placed. */
function placeByHand({ exchange }: ScenarioWorld<Exchange>, clientOrderId: string, price: string, quantity = "10") {
  return exchange.place({
    market: SYMBOL,
    side: "buy",
    orderType: "limit",
    price,
    quantity,
    timeInForce: price === "0.5" ? "ioc" : "gtc",
    clientOrderId,
  });
}

test("after a stop nothing more is sent", async () => {
  await using world = await startTradedWorld({ seed: 21 });
  const task = await startQuoting(world);
  expect(await stopped(world, task)).toEqual([]);
  const sent = task.requests.length;
  await world.time.pass(60_000);
  expect(task.requests.length).toBe(sent);
  await world.check();
});

test("orders of an earlier start are ended at the start, and a stranger's order is left alone", async () => {
  await using world = await startTradedWorld({ seed: 22 });
  const { exchange } = world;
  const ours = Array.from({ length: 12 }, (_, index) => `fm-1-SEIUSDC-b0-${900 + index}`);
  for (const [index, id] of ours.entries()) placeByHand(world, id, `0.30${String(index).padStart(2, "0")}`);
  placeByHand(world, "by-hand-1", "0.2999");
  const strangers = () => exchange.openOrders().filter((order) => !order.clientOrderId.startsWith("fm-"));

  const task = await startQuoting(world);
  expect(stepOf(task, "end our open orders")).toMatchObject({ state: "done", detail: "ended: SEI/USDC 12" });
  for (const id of ours) expect(exchange.orderByClientId(id)?.status).toBe("cancelled");
  expect(strangers()).toMatchObject([{ clientOrderId: "by-hand-1", status: "open" }]);

  await endWell(world, task);
  expect(exchange.openOrders()).toEqual(strangers());
  expect(strangers()).toMatchObject([{ clientOrderId: "by-hand-1", status: "open" }]);
  expect(world.api.stats().refusedForRate).toBe(0);
});

test("fills that happened while no task ran are booked and on the queue after the next start", async () => {
  await using world = await startTradedWorld({ seed: 23 });
  const first = await startQuoting(world);
  expect(await stopped(world, first)).toEqual([]);
  const before = enginesFigures(first.market());

  const missed = "fm-1-SEIUSDC-b0-900";
  expect(placeByHand(world, missed, "0.5", "77")).toMatchObject({ type: "placed", order: { status: "filled" } });

  const second = world.makeTask();
  const started = second.start();
  const hasCaughtUp = () => stepOf(second, "catch up with the venue's fills")?.state === "done";
  await world.time.until(hasCaughtUp, "the second task has caught up");
  expect(enginesFigures(second.market()).position).toBe(before.position + 77n * 10n ** 18n);
  expect(await world.time.settled(started, "the start")).toBe(true);
  expect(second.state().epoch).toBe(2);
  // The account holds what the history explains.
  expect(stepOf(second, "agree on balances and positions")?.detail).toBe("SEI/USDC agrees");
  first.process.crash();
  await endWell(world, second);
  expect(world.fills().map(({ clientOrderId }) => clientOrderId)).toContain(missed);
});

test("a start without its table shows the step and why, is not healthy, and stops cleanly when asked", async () => {
  await using world = await startTradedWorld({ seed: 24 });
  const task = world.makeTask();
  task.links.table.reachability = "refused";
  const started = task.start();
  await world.time.until(() => stepOf(task, "read the control items")?.detail !== "", "the step shows its reason");
  const { phase, startup, epoch, feed, markets } = task.state();
  expect({ phase, epoch, markets }).toEqual({ phase: "starting", epoch: null, markets: [] });
  expect(startup[1]).toMatchObject({ state: "running", detail: expect.stringContaining("connection was refused") });
  expect(startup.slice(2).every((step) => step.state === "waiting")).toBe(true);
  expect(feed).toMatchObject({ status: "connecting", endpoint: world.node.endpoints[0]?.wsUrl });
  expect(task.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
  expect(await stopped(world, task)).toEqual([]);
  expect(await started).toBe(false);
  expect(task.requests).toEqual([]);
});

test("a start waits for a table that comes late", async () => {
  await using world = await startTradedWorld({ seed: 25 });
  const task = world.makeTask();
  task.links.table.reachability = "refused";
  const started = task.start();
  const failed = () => logged(task, "start-up step does not hold yet").length;
  await world.time.until(() => failed() === 3, "three tries have failed");
  task.links.table.reachability = "up";
  expect(await world.time.settled(started, "the start")).toBe(true);
  await untilQuoting(world, task);
  expect(failed()).toBe(3);
});

test.each([
  { when: "on its way", delayMs: 700, requestTimeoutMs: 2_000 },
  { when: "of unknown outcome", delayMs: 1_200, requestTimeoutMs: 500 },
])("a placing still $when when the stop begins leaves no order behind", async ({ delayMs, requestTimeoutMs }) => {
  await using world = await startTradedWorld({
    seed: 26,
    configured: (config) => ({ ...config, cambrian: { ...config.cambrian, requestTimeoutMs } }),
  });
  const task = world.makeTask();
  world.api.faults.inject({ route: "place", when: "before", effect: { type: "delay", delayMs } }, 4);
  void task.start();
  const arrived = () => world.record.arrivals("place");
  await world.time.until(() => arrived().length > 0, "a placing has arrived");
  expect(await stopped(world, task)).toEqual([]);
  expect(world.exchange.openOrders()).toEqual([]);
  // Whatever was still to arrive has arrived: the exchange knows each order that was sent.
  await world.time.pass(5_000);
  for (const { placing } of arrived()) {
    expect(world.exchange.orderByClientId(placing?.clientOrderId ?? "")?.status).toMatch(/cancelled|filled|rejected/);
  }
  await world.check();
});
