/**
 * The hunt for one planted bug: seeds in order, in a process that has the bug, until one breaks a rule; then the same seed without the
 * bug, since a seed that fails anyway has caught nothing. Owns the verdict; seeds are `run-seed.ts`'s.
 */
import type { Deployment } from "../../sim/world/swarm/deployment.ts";
import { drawPlan } from "../../sim/world/swarm/plan.ts";
import { runJobs } from "../../sim/world/swarm/pool.ts";
import type { SeedResult } from "../../sim/world/swarm/run-seed.ts";
import type { Job } from "../../sim/world/swarm/worker.ts";
import type { PlantedBug } from "./planted-bug.ts";

/** A busy market, through no SDK. */
const BUSY = { depth: "direct", calmShare: 0, takeMs: 6_000, moveMs: 5_000, moveBps: 8 } as const;
/** Faults come closer together than in the swarm's own runs, so that short seeds see many. */
const HASTE = 6;
const PRELOAD = new URL("./plant.ts", import.meta.url);

type Violation = NonNullable<SeedResult["violation"]>;

export type Hunt = {
  readonly bug: PlantedBug;
  /** How many seeds it takes at most. */
  readonly seedsMax: number;
  readonly deployment: Deployment;
};

export type Verdict = {
  readonly type: "caught" | "missed" | "misjudged";
  /** Seeds that were run with the bug, the one that caught it among them. */
  readonly seeds: number;
  readonly violation: Violation | undefined;
  /** Why a broken rule does not count. */
  readonly why: string;
};

/** Rejects when a process failed: the patch has rotted, or the world cannot even begin. */
export async function hunt({ bug, seedsMax, deployment }: Hunt): Promise<Verdict> {
  const results: SeedResult[] = [];
  let seed = 0;
  await runJobs({
    workers: 1,
    isFresh: false,
    preload: { url: PRELOAD, env: { FLASHMM_PLANTED_BUG: bug.name } },
    next: () => {
      if (seed >= seedsMax || results.at(-1)?.violation !== undefined) return undefined;
      seed += 1;
      return jobOf(bug, seed, deployment);
    },
    onResult: (result) => void results.push(result),
  });
  const violation = results.at(-1)?.violation;
  if (violation === undefined) return { type: "missed", seeds: seed, violation, why: "" };
  if (!bug.rules.includes(violation.rule)) {
    const why = `expected was ${bug.rules.join(" or ")}: ${violation.what.slice(0, 200)}`;
    return { type: "misjudged", seeds: seed, violation, why };
  }
  const without = await runWithout(bug, seed, deployment);
  if (without !== undefined) {
    const why = `the seed breaks ${without.rule} without the bug too`;
    return { type: "misjudged", seeds: seed, violation, why };
  }
  return { type: "caught", seeds: seed, violation, why: "" };
}

async function runWithout(bug: PlantedBug, seed: number, deployment: Deployment): Promise<Violation | undefined> {
  const jobs = [jobOf(bug, seed, deployment)];
  let violation: Violation | undefined;
  await runJobs({
    workers: 1,
    isFresh: false,
    next: () => jobs.pop(),
    onResult: (result) => {
      violation = result.violation;
    },
  });
  return violation;
}

function jobOf(
  { only, minutes, shape, haste = HASTE, parameters = {} }: PlantedBug,
  seed: number,
  deployment: Deployment,
): Job {
  const plan = drawPlan(seed, { only, minutes, haste, shape: { ...BUSY, ...shape } });
  const episodes = plan.episodes.map((episode) => {
    const known = Object.entries(parameters).filter(([name]) => name in episode.parameters);
    return { ...episode, parameters: { ...episode.parameters, ...Object.fromEntries(known) } };
  });
  return { seed, plan: { ...plan, episodes }, deployment };
}
