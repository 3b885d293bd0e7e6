import { expect, it } from "vitest";
import { drawPlan, type Plan } from "../../../../sim/world/swarm/plan.ts";
import type { SeedResult } from "../../../../sim/world/swarm/run-seed.ts";
import { shrink } from "../../../../sim/world/swarm/shrink.ts";

const plan = drawPlan(3, { minutes: 60 });

/** What a run would answer, as far as shrinking looks at it. */
function resultOf(of: Plan, fails: boolean): SeedResult {
  const violation = fails ? ({ rule: "exposure", atMs: 9e9, what: "too much" } as const) : undefined;
  const none = { pairs: {}, cells: {}, marks: {}, episodes: {} };
  const figures = { simulatedMs: 0, cpuMs: 0, fills: 0, placings: 0, tasks: 0, slowestHealMs: 0, twoSidedShare: 0 };
  const beganMs = of.rounds.map(() => 0);
  return { seed: of.seed, plan: of, violation, tail: "", coverage: none, hash: "", beganMs, ...figures };
}

it("of hundreds of episodes the two that it takes are left", async () => {
  const [first, second] = [plan.episodes[5], plan.episodes[plan.episodes.length - 7]];
  const isNeeded = (kind: string, atMs: number) =>
    [first, second].some((each) => each?.kind === kind && each.atMs === atMs);
  const attempt = async (smaller: Plan) =>
    resultOf(smaller, smaller.episodes.filter(({ kind, atMs }) => isNeeded(kind, atMs)).length === 2);
  const { result, runs } = await shrink(resultOf(plan, true), attempt, 400);
  expect(plan.episodes.length).toBeGreaterThan(50);
  expect(result.plan.episodes.map(({ kind, atMs }) => [kind, atMs])).toEqual([
    [first?.kind, first?.atMs],
    [second?.kind, second?.atMs],
  ]);
  expect(runs).toBeLessThan(400);
});

it("a failure of another rule is another failure, and the search ends in time", async () => {
  let runs = 0;
  const attempt = async (smaller: Plan) => {
    runs += 1;
    return { ...resultOf(smaller, true), violation: { rule: "crossed", atMs: 1, what: "another" } as const };
  };
  const { result } = await shrink(resultOf(plan, true), attempt, 30);
  expect(result.plan).toBe(plan);
  expect(runs).toBeLessThanOrEqual(30);
});
