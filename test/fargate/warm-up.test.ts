import { expect, test } from "vitest";
import { keepWarm, restingInTurn } from "../../fargate/warm-up.ts";
import { ManualClock } from "../sim/local/manual-clock.ts";
import { makeEngine, makeQuotingEngine } from "./make-engine.ts";

test("many rehearsals at the start, in small portions, then one every 25 ms until stopped", () => {
  const clock = new ManualClock(0);
  let rehearsals = 0;
  const stop = keepWarm(clock, () => {
    rehearsals += 1;
  });
  expect(rehearsals).toBe(25);
  clock.advance(10);
  expect(rehearsals).toBe(50);
  clock.advance(580);
  expect(rehearsals).toBe(60 * 25);
  const atStart = rehearsals;
  clock.advance(1_010);
  expect(rehearsals - atStart).toBe(41);
  stop();
  clock.advance(1_000);
  expect(rehearsals - atStart).toBe(41);
  expect(clock.pending).toBe(0);
});

test("the orders that rest come one after the other, each again in its turn, and none while nothing rests", () => {
  const { engine, market } = makeQuotingEngine();
  const resting = restingInTurn(engine);
  const ids = Array.from({ length: 8 }, () => resting()?.orderId);
  expect(new Set(ids.slice(0, 4))).toEqual(new Set(market.orders.open().map(({ orderId }) => orderId)));
  expect(ids.slice(4)).toEqual(ids.slice(0, 4));
  expect(restingInTurn(makeEngine().engine)()).toBeUndefined();
});
