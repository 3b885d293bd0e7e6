/**
 * Makes a failing plan small: rounds after the failure go, then as many episodes as can, by running the same seed without them
 * (Zeller's ddmin). Owns the search; what counts as the same failure is its rule.
 */
import type { Episode, Plan } from "./plan.ts";
import type { SeedResult } from "./run-seed.ts";

export type Shrunk = { readonly result: SeedResult; readonly runs: number };

/** Runs a plan until that moment of the world at most. */
type Try = (plan: Plan, untilMs: number) => Promise<SeedResult>;

/** A smaller plan may fail a little later. */
const LATER_MS = 120_000;

/** The smallest failing result that was found within so many runs; the given one at worst. */
export async function shrink(failing: SeedResult, attempt: Try, runsMax = 100): Promise<Shrunk> {
  let best = failing;
  let runs = 0;
  const fails = async (plan: Plan): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    const result = await attempt(plan, (best.violation?.atMs ?? 0) + LATER_MS);
    if (result.violation?.rule !== failing.violation?.rule) return false;
    best = result;
    return true;
  };
  await fails(upToFailure(failing));
  for (const plan of shorter(best)) if (await fails(plan)) break;
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

/** What comes after the failure cannot have caused it. */
function upToFailure({ plan, violation, beganMs }: SeedResult): Plan {
  const last = beganMs.length - 1;
  const sinceMs = (violation?.atMs ?? 0) - (beganMs[last] ?? 0);
  if (last < 0) return { ...plan, episodes: [] };
  const rounds = plan.rounds
    .slice(0, last + 1)
    .map((round, index) => (index < last ? round : { ...round, faultsMs: Math.min(round.faultsMs, sinceMs + 1_000) }));
  const isBefore = ({ round, atMs }: Episode) => round < last || (round === last && atMs <= sinceMs);
  return { ...plan, rounds, episodes: plan.episodes.filter(isBefore) };
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
