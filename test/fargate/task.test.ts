import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
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

test("a task starts step by step, quotes both sides, books its fills, and a stop leaves nothing behind", async () => {
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
    "take a new epoch and load the books",
    "end our open orders",
    "catch up with the venue's fills",
    "read the balances",
    "have fresh market data",
    "quote",
  ]);
  expect(steps[0]?.detail).toBe("epoch 1, SEI/USDC 0 fills");
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

test("after a stop nothing more is sent", async () => {
  await using world = await startTaskWorld();
  const run = world.makeTask();
  await run.task.start();
  await quotesBothSides(world, run);
  await run.stop();
  const sent = run.requests.length;
  let books = 0;
  world.exchange.subscribe(() => {
    books += 1;
  });
  await until(() => books >= 10, "ten more books have come");
  expect(run.requests.length).toBe(sent);
});

test("orders of an earlier start are ended at the start, and a stranger's order is left alone", async () => {
  await using world = await startTaskWorld();
  const place = (clientOrderId: string, price: string) =>
    world.exchange.place({
      market: SYMBOL,
      side: "buy",
      orderType: "limit",
      price,
      quantity: "10",
      timeInForce: "gtc",
      clientOrderId,
    });
  const ours = Array.from({ length: 12 }, (_, index) => `fm-1-SEIUSDC-b0-${900 + index}`);
  for (const [index, id] of ours.entries()) place(id, `0.30${String(index).padStart(2, "0")}`);
  place("by-hand-1", "0.2999");
  const strangers = () => world.exchange.openOrders().filter((order) => !order.clientOrderId.startsWith("fm-"));

  const run = world.makeTask();
  await run.task.start();
  expect(run.task.state().startup[1]).toMatchObject({ state: "done", detail: "ended: SEI/USDC 12" });
  for (const id of ours) expect(world.exchange.orderByClientId(id)?.status).toBe("cancelled");
  expect(strangers()).toMatchObject([{ clientOrderId: "by-hand-1", status: "open" }]);

  await quotesBothSides(world, run);
  expect(await run.stop()).toEqual({ faults: [] });
  expect(world.exchange.openOrders()).toEqual(strangers());
  expect(strangers()).toMatchObject([{ clientOrderId: "by-hand-1", status: "open" }]);
  expect(world.api.stats().refusedForRate).toBe(0);
});

test("fills that happened while no task ran are booked and on the queue after the next start", async () => {
  await using world = await startTaskWorld();
  const first = world.makeTask();
  await first.task.start();
  await quotesBothSides(world, first);
  await first.stop();
  const before = enginesFigures(first.market());

  const outcome = world.exchange.place({
    market: SYMBOL,
    side: "buy",
    orderType: "limit",
    price: "0.5",
    quantity: "77",
    timeInForce: "ioc",
    clientOrderId: "fm-1-SEIUSDC-b0-900",
  });
  expect(outcome).toMatchObject({ type: "placed", order: { status: "filled" } });
  const missed = world.fills().filter((fill) => fill.clientOrderId === "fm-1-SEIUSDC-b0-900");

  const second = world.makeTask();
  const started = second.task.start();
  await until(() => second.task.state().startup[2]?.state === "done", "the second task has caught up");
  expect(enginesFigures(second.market()).position).toBe(before.position + 77n * 10n ** 18n);
  await started;
  expect(second.task.state().epoch).toBe(2);
  await second.stop();
  expect(world.queue.fillIds()).toEqual(expect.arrayContaining(missed.map((fill) => fill.fillId)));
  expectAgreement(world, second.market());
});

test("a start without its table shows the step and why, is not healthy, and stops cleanly when asked", async () => {
  await using world = await startTaskWorld();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const unreachable = { endpoint: "http://127.0.0.1:1", region: "us-east-1", maxAttempts: 1, credentials };
  const run = world.makeTask({ dynamodb: new DynamoDBClient(unreachable) });
  const started = run.task.start();
  await until(() => run.task.state().startup[0]?.detail !== "", "the step shows its reason");
  const { phase, startup, epoch, feed, markets } = run.task.state();
  expect({ phase, epoch, markets }).toEqual({ phase: "starting", epoch: null, markets: [] });
  expect(startup[0]).toMatchObject({ state: "running", detail: expect.stringContaining("ECONNREFUSED") });
  expect(startup.slice(1).every((step) => step.state === "waiting")).toBe(true);
  expect(feed).toMatchObject({ status: "connecting", endpoint: world.node.endpoints[0]?.wsUrl });
  expect(run.task.health()).toEqual({ healthy: false, reasons: ["the task is starting"] });
  expect(await run.stop()).toEqual({ faults: [] });
  expect(await started).toBe(false);
  expect(run.requests).toEqual([]);
});

test("a start waits for a table that comes late", async () => {
  await using world = await startTaskWorld();
  let failures = 3;
  const dynamodb = world.table.client;
  dynamodb.middlewareStack.add(
    (next) => (request) => {
      failures -= 1;
      if (failures >= 0) throw new Error("the table is not there yet");
      return next(request);
    },
    { step: "initialize" },
  );
  const run = world.makeTask({ dynamodb });
  expect(await run.task.start()).toBe(true);
  await quotesBothSides(world, run);
  expect(run.lines.filter((line) => line === "start-up step does not hold yet")).toHaveLength(3);
});

test.each([
  { when: "on its way", delayMs: 700, requestTimeoutMs: 2_000 },
  { when: "of unknown outcome", delayMs: 1_200, requestTimeoutMs: 500 },
])("a placing still $when when the stop begins leaves no order behind", async ({ delayMs, requestTimeoutMs }) => {
  await using world = await startTaskWorld();
  const run = world.makeTask({
    configured: (config) => ({ ...config, cambrian: { ...config.cambrian, requestTimeoutMs } }),
  });
  await run.task.start();
  world.api.faults.inject({ route: "place", when: "before", effect: { type: "delay", delayMs } }, 4);
  const placings = () => run.requests.filter((request) => request.method === "POST").length;
  await until(() => placings() >= 1, "a placing is sent");
  const stopped = run.stop();
  const placed = () => world.api.stats().byRoute.place ?? 0;
  expect(await stopped).toEqual({ faults: [] });
  expect(placed()).toBe(placings());
  expect(world.exchange.openOrders()).toEqual([]);
  // Whatever was still to arrive has arrived: the exchange knows each order that was sent.
  for (const { body } of run.requests.filter((request) => request.method === "POST")) {
    const { client_order_id: id }: { client_order_id: string } = JSON.parse(body ?? "");
    expect(world.exchange.orderByClientId(id)?.status).toMatch(/cancelled|filled|rejected/);
  }
});
