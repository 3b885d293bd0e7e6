import { expect, it } from "vitest";
import { drawPlan } from "../../../../sim/world/swarm/plan.ts";
import { readRegressions } from "../../../../sim/world/swarm/regressions.ts";
import { runSeed } from "../../../../sim/world/swarm/run-seed.ts";

it("a seed with faults of many kinds holds every invariant, and leaves the same trace the second time", async () => {
  const first = await runSeed({ seed: 2, minutes: 3 });
  expect(first.violation).toBeUndefined();
  expect(Object.keys(first.coverage.episodes).length).toBeGreaterThan(6);
  expect(first.fills).toBeGreaterThan(0);
  const second = await runSeed({ seed: 2, minutes: 3 });
  expect(second.hash).toBe(first.hash);
  expect(second.coverage).toEqual(first.coverage);
});

it.each([
  ["aws/", 7],
  ["process/", 9],
] as const)("faults of the family %s alone hold every invariant", async (only, seed) => {
  const { violation, coverage, hash } = await runSeed({ seed, only, minutes: 2 });
  expect(violation).toBeUndefined();
  expect(Object.keys(coverage.episodes).every((kind) => kind.startsWith(only))).toBe(true);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

it("without faults nothing is unquoted for long, and nobody halts anything", async () => {
  const plan = { ...drawPlan(11, { minutes: 3 }), episodes: [] };
  const { violation, slowestHealMs, tasks, twoSidedShare } = await runSeed({ seed: 11, plan });
  expect(violation).toBeUndefined();
  expect(tasks).toBe(1);
  expect(slowestHealMs).toBeLessThan(30_000);
  expect(twoSidedShare).toBeGreaterThan(0.9);
});

it.each(readRegressions().map((regression) => [regression.name, regression] as const))(
  "what failed once holds: %s",
  async (_name, { plan }) => {
    const { violation } = await runSeed({ seed: plan.seed, plan });
    expect(violation).toBeUndefined();
  },
);
