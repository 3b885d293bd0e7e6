/** Scenarios of the engine's minutes: what a whole task leaves of them in the table, from one start to the next. */
import { expect, it } from "vitest";
import { formatScaled } from "../../../core/decimal.ts";
import { type EngineMinute, readMinutes } from "../../../lambdas/engine-items.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { endWell, startQuoting, stopped } from "./scenario.ts";

const MINUTE_MS = 60_000;

function minutesOf({ table }: ScenarioWorld): Promise<readonly EngineMinute[]> {
  return readMinutes(table, SYMBOL, { from: "2026-01-02T00:00", to: "2026-01-02T23:59" });
}

/** What the tasks themselves count, and what the table's minutes come to. */
function expectSums(minutes: readonly EngineMinute[], tasks: readonly WorldTask[]): void {
  const inTable = (of: (minute: EngineMinute) => number) => minutes.reduce((sum, minute) => sum + of(minute), 0);
  const inTasks = (of: "ordersPlaced" | "ordersCancelled" | "ordersFilled") =>
    tasks.reduce((sum, task) => sum + (task.market()?.[of] ?? 0), 0);
  expect(inTable(({ ordersPlaced }) => ordersPlaced)).toBe(inTasks("ordersPlaced"));
  expect(inTable(({ ordersCancelled }) => ordersCancelled)).toBe(inTasks("ordersCancelled"));
  expect(inTable(({ ordersFilled }) => ordersFilled)).toBe(inTasks("ordersFilled"));
}

/** The newest minute and the task's own state say the same. */
function expectClosing(minute: EngineMinute | undefined, task: WorldTask): void {
  const state = task.market();
  expect(minute?.epoch).toBe(task.state().epoch);
  expect(formatScaled(minute?.position ?? -1n, 18)).toBe(state?.position);
  expect(formatScaled(minute?.realizedPnl ?? -1n, 18)).toBe(state?.realizedPnl);
}

it("every order of two tasks is in a minute, the one they share is one, and the last says what the engine says", async () => {
  await using world = await startScenarioWorld({ seed: 501 });
  const { time, exchange } = world;
  const hand = exchange.hand(SYMBOL);
  const first = await startQuoting(world);
  expect(hand.hit("sell", "100")).toBe("100");
  await time.pass(MINUTE_MS + 5_000 - time.nowMs);
  hand.jump(0.2);
  await time.pass(3_000);
  expect(await stopped(world, first)).toEqual([]);
  const before = await minutesOf(world);
  expectSums(before, [first]);
  expectClosing(before.at(-1), first);
  first.process.crash();

  const second = await startQuoting(world);
  hand.refill();
  expect(hand.hit("buy", "50")).toBe("50");
  await time.pass(3_000);
  await endWell(world, second);
  const minutes = await minutesOf(world);
  expect(minutes.map(({ minute, epoch }) => `${minute.slice(11)} ${epoch}`)).toEqual(["00:00 1", "00:01 2"]);
  expectSums(minutes, [first, second]);
  expectClosing(minutes.at(-1), second);
  for (const { spreads, measuredSeconds, twoSidedSeconds, marked } of minutes) {
    expect(measuredSeconds).toBeGreaterThan(5);
    expect(twoSidedSeconds).toBeGreaterThan(0);
    expect(twoSidedSeconds).toBeLessThanOrEqual(measuredSeconds);
    expect(spreads?.improvementBps).toBeGreaterThan(0);
    expect(marked?.equity).toBeDefined();
  }
});
