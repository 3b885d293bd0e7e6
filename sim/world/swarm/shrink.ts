/**
 * Makes a failing plan small: rounds after the failure go, then as many episodes as can, by running the same seed without them
 * (Zeller's ddmin). Owns the search; what counts as the same failure is its rule.
 */
import type { Episode, Plan } from "./plan.ts";
import type { SeedResult } from "./run-seed.ts";

export type Shrunk = { readonly result: SeedResult; readonly runs: number };

/** Runs a plan. */
type Try = (plan: Plan) => Promise<SeedResult>;

/** The smallest failing result that was found within so many runs; the given one at worst. */
export async function shrink(failing: SeedResult, attempt: Try, runsMax = 80): Promise<Shrunk> {
  let best = failing;
  let runs = 0;
  const fails = async (plan: Plan): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const result = await attempt(plan);
    if (result.violation?.rule !== failing.violation?.rule) return false;
    best = result;
    return true;
  };
  for (const plan of shorter(failing)) if (await fails(plan)) break;
  let pieces = 2;
  while (best.plan.episodes.length > 1 && runs < runsMax) {
    const { plan } = best;
    const candidates = split(plan.episodes, pieces).map((piece) => without(plan, piece));
    let isSmaller = false;
    for (const candidate of candidates) {
      if (!(await fails(candidate))) continue;
      isSmaller = true;
      break;
    }
    if (isSmaller) pieces = Math.max(2, pieces - 1);
    else if (pieces >= plan.episodes.length) break;
    else pieces = Math.min(plan.episodes.length, pieces * 2);
  }
  return { result: best, runs };
}

/** The last rounds alone, if they fail by themselves: the earlier ones cost the most time. Shortest first. */
function shorter({ plan }: SeedResult): readonly Plan[] {
  const last = plan.rounds.length - 1;
  return [...plan.rounds.keys()].reverse().flatMap((from) => {
    if (from === 0 || from > last) return [];
    const episodes = plan.episodes.filter(({ round }) => round >= from);
    const moved = episodes.map((episode) => ({ ...episode, round: episode.round - from }));
    return [{ ...plan, rounds: plan.rounds.slice(from), episodes: moved }];
  });
}

function without(plan: Plan, piece: readonly Episode[]): Plan {
  const left = new Set(piece);
  return { ...plan, episodes: plan.episodes.filter((episode) => !left.has(episode)) };
}

function split<Item>(items: readonly Item[], pieces: number): readonly (readonly Item[])[] {
  const size = Math.ceil(items.length / pieces);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
