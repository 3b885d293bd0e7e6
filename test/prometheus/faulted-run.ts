/**
 * A local world whose faults are made for real, scraped by Prometheus all the while: its nodes fall silent, its market falls or rises
 * against the position, its task freezes. Owns the order of the faults and what must be true then; the world, the task and the functions
 * are those of `npm start`.
 */
import assert from "node:assert/strict";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSystemClock } from "../../fargate/clock.ts";
import { type LocalWorld, startLocalWorld } from "../../sim/local/local-world.ts";
import { TaskProcess } from "../../sim/local/task-process.ts";
import { alertExpressions, LOCAL_MARKET } from "./expressions.ts";
import { freePort, type Programs, type RunningPrometheus, startPrometheus } from "./prometheus.ts";

/**
 * A task is silent when it has sent nothing for two minutes: with a scrape each second in place of one in fifteen, a sixth of that is as
 * many scrapes.
 */
const SILENT_WINDOW = ["[2m]", "[20s]"] as const;
const SILENT_SECONDS = 22;
const QUOTING_WITHIN_SECONDS = 60;
const STALE_WITHIN_SECONDS = 30;
/** Of which 3 % is some times what the position gains and loses by itself, and less than what a few jumps make it lose. */
const CAPITAL = "150";
/** Below `midJumpPercent`, from where on a mid is not believed. */
const JUMP_PERCENT = 1.5;
const JUMPS_MAX = 10;
const JUMPS_APART_SECONDS = 5;
/** CONTRACTS: within 95 s of the last heartbeat, and no sooner than 30 s after it. The last one may be a third of a term before the freeze. */
const ENDED_WITHIN_SECONDS = 95;
const ENDED_AFTER_SECONDS = 26;

export type Say = (text: string) => void;

type Faulted = {
  readonly world: LocalWorld;
  readonly prometheus: RunningPrometheus;
  readonly folder: string;
  readonly root: string;
  readonly hold: (what: string, alerts: readonly string[]) => Promise<void>;
};

/** Answers what did not hold. */
export async function runWithFaults(
  programs: Programs,
  { root, folder, say }: { readonly root: string; readonly folder: string; readonly say: Say },
): Promise<readonly string[]> {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const faults: string[] = [];
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const port = await freePort();
  const settings = { forMs: undefined, markets: undefined, tape: undefined, dataDir: undefined, record: undefined };
  const venue = { venue: "cambrian", chainFaultsPercent: 0 } as const;
  const options = { ...settings, ...venue, seed: 7, speed: 1, port, reportEveryMs: undefined };
  await using started = new AsyncDisposableStack();
  const world = await startLocalWorld({ options, root, folder, log });
  started.defer(() => world.stop());
  const data = join(folder, "metrics");
  const scraped = `127.0.0.1:${port}`;
  const prometheus = await startPrometheus(programs, { folder, data, scraped });
  started.defer(() => prometheus.stop());
  const hold = async (what: string, alerts: readonly string[]) => {
    const found = await trueAlerts(prometheus);
    const isRight = found.join() === alerts.join();
    say(`${isRight ? "held" : "NOT HELD"}: for real, ${what} makes true: ${found.join(", ") || "no alert"}`);
    if (!isRight) faults.push(`${what} must make true ${alerts.join(", ") || "no alert"}, made ${found.join(", ")}`);
  };
  try {
    await makeFaults({ world, prometheus, folder, root, hold }, say);
  } catch (error) {
    faults.push(`the run with faults: ${error instanceof Error ? error.message : String(error)}`);
  }
  return faults;
}

async function makeFaults(faulted: Faulted, say: Say): Promise<void> {
  const { world, prometheus, hold } = faulted;
  const silence = (on: boolean) => {
    for (const endpoint of world.node.endpoints) endpoint.silence(on);
  };
  const task = startTask(faulted);
  try {
    await untilQuoting(prometheus);
    await hold("nothing", []);
    silence(true);
    await untilTrue(prometheus, "feed-stale", STALE_WITHIN_SECONDS);
    // Old data never quotes: that both are true is what an operator sees then.
    await hold("nodes that send nothing", ["feed-stale", "halted"]);
    silence(false);
    await untilQuoting(prometheus);
    await hold("nodes that send again", []);
    await jumpAgainstPosition(faulted);
    await hold("a market that jumps against the position", ["drawdown"]);
    process.kill(task.pid ?? 0, "SIGSTOP");
    const frozenMs = performance.now();
    placeFarAway(world);
    await sleep(1_000 * SILENT_SECONDS);
    assert.ok(openOrders(world).length > 0, "the orders must stand while the heartbeat is fresh");
    await hold("a task that stands still", ["silent"]);
    const seconds = await untilEnded(world, frozenMs);
    assert.ok(seconds > ENDED_AFTER_SECONDS, `the orders must stand while the heartbeat is fresh, for ${seconds} s`);
    say(`held: for real, the orders of a task that stands still were ended ${seconds.toFixed(0)} s after it froze`);
  } finally {
    // Nothing wakes it any more.
    await task.stop(0);
  }
}

function startTask(faulted: Faulted): TaskProcess {
  const { world, root, folder } = faulted;
  const task = new TaskProcess({
    root,
    clock: makeSystemClock(),
    environment: { ...world.environment, FLASHMM_CONFIG: writeConfig(faulted) },
    log: createWriteStream(join(folder, "task.log"), { flags: "a" }),
    onListening: () => undefined,
    onRestart: () => undefined,
    onGivenUp: () => undefined,
  });
  task.start();
  return task;
}

/** The configuration of the world with little capital, and limits that only the whole of it reaches. */
function writeConfig({ world, folder }: Faulted): string {
  const config = JSON.parse(readFileSync(world.environment["FLASHMM_CONFIG"] ?? "", "utf8"));
  const whole = { drawdownReducePercent: 100, drawdownHaltPercent: 100, dailyLossPercent: 100 };
  const path = join(folder, "little-capital.json");
  writeFileSync(
    path,
    JSON.stringify({ ...config, shardLimits: { ...config.shardLimits, ...whole, capital: CAPITAL } }),
  );
  return path;
}

/**
 * Moves the market's price to where the position loses, until that is a drawdown. Whoever quotes is filled on the way, on the side that
 * loses: no position has to be waited for.
 */
async function jumpAgainstPosition({ world, prometheus }: Faulted): Promise<void> {
  const [market] = world.markets.settings;
  assert.ok(market !== undefined && world.traders !== undefined, "the world must have a market with traders");
  const position = (await prometheus.query("flashmm_position"))[0]?.value ?? 0;
  for (let jumps = 1; ; jumps++) {
    world.traders(market.symbol).jump(position > 0 ? -JUMP_PERCENT : JUMP_PERCENT);
    try {
      return await untilTrue(prometheus, "drawdown", JUMPS_APART_SECONDS);
    } catch (error) {
      if (jumps >= JUMPS_MAX) throw error;
    }
  }
}

async function untilQuoting(prometheus: RunningPrometheus): Promise<void> {
  // Of this moment's scrape: what the task before it said is not this one's.
  const isQuoting = async () => (await prometheus.query("min(flashmm_quoting_state) == 1 and max(up) == 1")).length > 0;
  await until(isQuoting, "the task must quote", QUOTING_WITHIN_SECONDS);
  // A start is over when both sides stand.
  await sleep(2_000);
}

async function untilTrue(prometheus: RunningPrometheus, alert: string, withinSeconds: number): Promise<void> {
  const isTrue = async () => (await trueAlerts(prometheus)).includes(alert);
  await until(isTrue, `the alert ${alert} must become true`, withinSeconds);
}

/** Answers how many seconds after the freeze none of ours was open any more. */
async function untilEnded(world: LocalWorld, frozenMs: number): Promise<number> {
  const leftSeconds = ENDED_WITHIN_SECONDS - (performance.now() - frozenMs) / 1_000;
  await until(async () => openOrders(world).length === 0, "the orders of a frozen task must be ended", leftSeconds);
  return (performance.now() - frozenMs) / 1_000;
}

/** Traders may take every quote of a task that stands still within seconds; one that was on its way and far out stays. */
function placeFarAway({ exchange, markets }: LocalWorld): void {
  const [market] = markets.settings;
  assert.ok(market !== undefined, "the world must have a market");
  const order = { market: market.symbol, side: "buy", orderType: "limit", timeInForce: "post_only" } as const;
  const price = (Number(market.startPrice) * 0.9).toFixed(2);
  const placed = exchange.place({ ...order, price, quantity: "10", clientOrderId: "fm-9-FARAWAY-b0-1" });
  assert.equal(placed.type, "placed", "an order far from the market must be taken");
}

function openOrders({ exchange }: LocalWorld) {
  return exchange.openOrders().filter(({ clientOrderId }) => clientOrderId.startsWith("fm-"));
}

async function trueAlerts(prometheus: RunningPrometheus): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, expr, isTrue } of alertExpressions([LOCAL_MARKET])) {
    const asked = expr.replaceAll(...SILENT_WINDOW);
    if ((await prometheus.query(asked)).some(({ value }) => isTrue(value))) names.push(name);
  }
  return names;
}

async function until(holds: () => Promise<boolean>, what: string, withinSeconds: number): Promise<void> {
  const endMs = performance.now() + 1_000 * withinSeconds;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`${what} within ${withinSeconds.toFixed(0)} s`);
    await sleep(500);
  }
}
