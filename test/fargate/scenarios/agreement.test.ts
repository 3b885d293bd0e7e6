/** Scenarios of the start at which books, ledger and venue must agree: what is only late must not halt, what is gone must. */
import { expect, it } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { TIGHT } from "./moving-market.ts";
import { endWell, liveOrders, reasonsOf, startQuoting, stopped, untilQuoting } from "./scenario.ts";

/** A task that has traded and stopped in order, and the next one, not started yet. */
async function afterFirst(seed: number) {
  const world = await startScenarioWorld({ seed, configured: TIGHT });
  const first = await startQuoting(world);
  world.exchange.hand(SYMBOL).hit("sell", "200");
  await world.time.pass(5_000);
  expect(await stopped(world, first)).toEqual([]);
  first.process.crash();
  return { world, next: world.makeTask() };
}

function agreementOf(task: WorldTask) {
  return task.state().startup.find(({ step }) => step === "agree on balances and positions");
}

it("a balance that the venue tells before the fill history does is looked at again, and halts nothing", async () => {
  const { world, next } = await afterFirst(601);
  await using _ = world;
  const { time, exchange } = world;
  exchange.transfer("SEI", "-50");
  const starting = next.start();
  const isSeen = () => agreementOf(next)?.detail.includes("looked at again in 2 s") === true;
  await time.until(isSeen, "the difference is seen", 30_000);
  expect(agreementOf(next)?.detail).toContain("the venue holds 1000150 SEI, the books expect 1000200 SEI");
  exchange.transfer("SEI", "50");
  expect(await time.settled(starting, "the start", 30_000)).toBe(true);
  expect(agreementOf(next)).toMatchObject({ state: "done", detail: "SEI/USDC agrees" });
  await untilQuoting(world, next);
  expect(next.state().control.markets[0]?.state).toBe("running");
  await endWell(world, next);
});

it("a balance that moved between two starts halts the market before anything is placed, until a resume", async () => {
  const { world, next } = await afterFirst(602);
  await using _ = world;
  const { time, exchange, invariants, operator } = world;
  exchange.transfer("SEI", "-50");
  invariants.placementsForbiddenFrom(time.nowMs, "50 SEI are gone");
  expect(await time.settled(next.start(), "the start", 30_000)).toBe(true);
  await time.pass(5_000);
  expect(reasonsOf(next)).toContain("the venue holds 1000150 SEI, the books expect 1000200 SEI");
  expect(liveOrders(world)).toEqual([]);
  expect(next.state().control.markets[0]?.state).toBe("halted");
  invariants.placementsAllowedAgain();
  operator.resume("it was withdrawn", SYMBOL);
  await untilQuoting(world, next);
  await endWell(world, next);
});
