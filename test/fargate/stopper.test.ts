import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import type { Clock, Lifecycle } from "../../fargate/seams.ts";
import { Stopper } from "../../fargate/stopper.ts";
import { startScenarioWorld } from "../../sim/world/scenario-world.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";
import { startQuoting, stopped } from "./scenarios/scenario.ts";

const EXIT_WITHIN_MS = 30_000;

/** Signals and the exit, at the test's hand. */
function makeStopper(time: VirtualTime, clock: Clock = time.clock) {
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
    await time.until(() => exits.length > 0, "the process exits", EXIT_WITHIN_MS);
    return exits;
  };
  return { stopper, signal: () => stop("got SIGTERM"), uncaught: (error: unknown) => uncaught(error), exited, lines };
}

/** A task that quotes, and who stops it. */
async function startStoppable() {
  const world = await startScenarioWorld({ seed: 41 });
  const task = await startQuoting(world);
  const made = makeStopper(world.time, task.process.clock);
  made.stopper.watch(task.task);
  return { world, task, ...made };
}

test("a signal stops a quoting task in order: no order is left, what belongs to it is closed, and the exit code is 0", async () => {
  const { world, stopper, signal, exited, lines } = await startStoppable();
  await using _ = world;
  let openAtClose = -1;
  stopper.closes(async () => {
    openAtClose = world.exchange.openOrders().length;
  });
  signal();
  signal();
  expect(await exited()).toEqual([0]);
  expect(openAtClose).toBe(0);
  expect(lines).toEqual(["stopping", "stopped"]);
});

test("a signal before the task is made exits with 0", async () => {
  const { signal, exited } = makeStopper(new VirtualTime());
  signal();
  expect(await exited()).toEqual([0]);
});

test("a stop that cannot prove that no order is open exits with 1", async () => {
  const { world, task, signal, exited } = await startStoppable();
  await using _ = world;
  task.links.venue.reachability = "refused";
  signal();
  expect(await exited()).toEqual([1]);
  const faults = await stopped(world, task);
  expect(faults.join("\n")).toMatch(/orders may be open[\s\S]*fill history of SEI\/USDC was not read/);
});

test("a stop that hangs is cut off after 29 s with 1, after a bug with 70", async () => {
  for (const bug of [false, true]) {
    const time = new VirtualTime();
    const { stopper, signal, exited, lines } = makeStopper(time);
    stopper.closes(() => new Promise(() => undefined));
    if (bug) stopper.crash(new Error("a bug"));
    else signal();
    expect(await exited()).toEqual([bug ? 70 : 1]);
    expect(time.nowMs).toBe(29_000);
    expect(lines).toContain("stop took too long");
  }
});

test("a task that is of no more use stops in order and exits with 1, so that the next one is started", async () => {
  const { world, task, stopper, signal, exited, lines } = await startStoppable();
  await using _ = world;
  stopper.end("the lease is lost: held by task-b");
  // A signal that comes then changes nothing.
  signal();
  stopper.end("again");
  expect(await exited()).toEqual([1]);
  expect(await stopped(world, task)).toEqual([]);
  expect(world.exchange.openOrders()).toEqual([]);
  expect(lines).toEqual(["task ends", "stopping", "task ends", "stopped"]);
});

test("a start that was given up after sixty tries ends in order with 1, so that the next one is started", async () => {
  await using world = await startScenarioWorld({ seed: 43 });
  const { stopper, exited, lines } = makeStopper(world.time);
  const task = world.makeTask();
  task.links.table.reachability = "refused";
  stopper.watch(task.task);
  const followed = stopper.follow(task.start());
  expect(await world.time.settled(followed, "the start's end", 360_000)).toBe(false);
  expect(await exited()).toEqual([1]);
  expect(lines).toEqual(["task ends", "stopping", "stopped"]);
  await expect(stopper.follow(Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
});

test("a bug nobody caught ends the process with 70, and the orders are cancelled all the same", async () => {
  const { world, uncaught, exited, lines } = await startStoppable();
  await using _ = world;
  uncaught(new Error("a bug somewhere"));
  expect(await exited()).toEqual([70]);
  expect(world.exchange.openOrders()).toEqual([]);
  expect(lines[0]).toBe("task crashed");
});

test("a bug of the engine sends nothing more and ends the process with 70", async () => {
  // With this market and epoch client order ids grow too long, which the engine asserts they never do.
  const symbol = "ABCDEFGHIJKL/USDC";
  await using world = await startScenarioWorld({
    seed: 42,
    markets: [{ symbol, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }],
    configured: (config) => ({ ...config, markets: config.markets.map((market) => ({ ...market, symbol })) }),
  });
  const { stopper, exited, lines } = makeStopper(world.time);
  const task = world.makeTask({ edges: { onCrash: (error) => stopper.crash(error) } });
  stopper.watch(task.task);
  void task.start();
  const isAsking = () =>
    task.state().startup.some(({ step, state }) => step === "win the lease" && state === "running");
  await world.time.until(isAsking, "the lease is asked for");
  const Item = { pk: { S: "LEASE" }, sk: { S: "main" }, epoch: { N: "900000000000000" } };
  await world.table.client.send(new PutItemCommand({ TableName: world.table.tableName, Item }));
  expect(await exited()).toEqual([70]);
  expect(lines[0]).toBe("task crashed");
  expect(task.requests.filter((request) => request.method === "POST")).toEqual([]);
  expect(world.exchange.openOrders()).toEqual([]);
});
