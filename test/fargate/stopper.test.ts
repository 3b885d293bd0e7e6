import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import type { Clock, Lifecycle } from "../../fargate/seams.ts";
import { Stopper } from "../../fargate/stopper.ts";
import { makeRecorder } from "./driven-world.ts";
import { makePacedClock, quotesBothSides, startTaskWorld, until } from "./task-world.ts";

/** Signals and the exit, at the test's hand. */
function makeStopper(clock: Clock) {
  const exits: number[] = [];
  const { log, lines } = makeRecorder();
  let stop: (reason: string) => void = () => undefined;
  let uncaught: (error: unknown) => void = () => undefined;
  const lifecycle: Lifecycle = {
    onStop: (callback) => {
      stop = callback;
    },
    onUncaught: (callback) => {
      uncaught = callback;
    },
    exit: (code) => exits.push(code),
  };
  const stopper = new Stopper({ log, clock, lifecycle });
  const exited = async () => {
    await until(() => exits.length > 0, "the process exits", 15_000);
    return exits;
  };
  return { stopper, signal: () => stop("got SIGTERM"), uncaught: (error: unknown) => uncaught(error), exited, lines };
}

test("a signal stops a quoting task in order: no order is left, what belongs to it is closed, and the exit code is 0", async () => {
  await using world = await startTaskWorld();
  const run = world.makeTask();
  const { stopper, signal, exited, lines } = makeStopper(world.clock);
  stopper.watch(run.task);
  let openAtClose = -1;
  stopper.closes(async () => {
    openAtClose = world.exchange.openOrders().length;
  });
  await run.task.start();
  await quotesBothSides(world, run);
  signal();
  signal();
  expect(await exited()).toEqual([0]);
  expect(openAtClose).toBe(0);
  expect(lines).toEqual(["stopping", "stopped"]);
});

test("a signal before the task is made exits with 0", async () => {
  const { signal, exited } = makeStopper(makePacedClock(1));
  signal();
  expect(await exited()).toEqual([0]);
});

test("a stop that cannot prove that no order is open exits with 1", async () => {
  await using world = await startTaskWorld({ pace: 20 });
  const run = world.makeTask();
  const { stopper, signal, exited } = makeStopper(world.clock);
  stopper.watch(run.task);
  await run.task.start();
  await quotesBothSides(world, run);
  await world.api.close();
  signal();
  expect(await exited()).toEqual([1]);
  const { faults } = await run.stop();
  expect(faults.join("\n")).toMatch(/orders may be open[\s\S]*fill history of SEI\/USDC was not read/);
});

test("a stop that hangs is cut off after 29 s with 1, after a bug with 70", async () => {
  for (const bug of [false, true]) {
    const { stopper, signal, exited, lines } = makeStopper(makePacedClock(1_000));
    stopper.closes(() => new Promise(() => undefined));
    if (bug) stopper.crash(new Error("a bug"));
    else signal();
    expect(await exited()).toEqual([bug ? 70 : 1]);
    expect(lines).toContain("stop took too long");
  }
});

test("a bug nobody caught ends the process with 70, and the orders are cancelled all the same", async () => {
  await using world = await startTaskWorld();
  const run = world.makeTask();
  const { stopper, uncaught, exited, lines } = makeStopper(world.clock);
  stopper.watch(run.task);
  await run.task.start();
  await quotesBothSides(world, run);
  uncaught(new Error("a bug somewhere"));
  expect(await exited()).toEqual([70]);
  expect(world.exchange.openOrders()).toEqual([]);
  expect(lines[0]).toBe("task crashed");
});

test("a bug of the engine sends nothing more and ends the process with 70", async () => {
  // With this market and epoch client order ids grow too long, which the engine asserts they never do.
  const symbol = "ABCDEFGHIJKL/USDC";
  await using world = await startTaskWorld({ symbol });
  const Item = { pk: { S: "LEASE" }, sk: { S: "main" }, epoch: { N: "900000000000000" } };
  await world.table.client.send(new PutItemCommand({ TableName: world.table.tableName, Item }));
  const { stopper, exited, lines } = makeStopper(world.clock);
  const run = world.makeTask({
    onCrash: (error) => stopper.crash(error),
    configured: (config) => ({ ...config, markets: config.markets.map((market) => ({ ...market, symbol })) }),
  });
  stopper.watch(run.task);
  await run.task.start();
  expect(await exited()).toEqual([70]);
  expect(lines[0]).toBe("task crashed");
  expect(run.requests.filter((request) => request.method === "POST")).toEqual([]);
  expect(world.exchange.openOrders()).toEqual([]);
});
