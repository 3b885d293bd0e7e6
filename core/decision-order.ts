/**
 * In which order the commands of a decision go, over all markets: the most dangerous quotes first, later the changes that make good the
 * most. Owns what a decision keeps of each market between its parts, made once a market; what it is, the markets' plans say.
 */
import { urgencyOf } from "./execution/change-worth.ts";
import type { MarketEngine } from "./market-engine.ts";
import type { PossibleChange, Removals, Wishes } from "./market-plan.ts";
import type { MarketRisk } from "./risk/shard-risk.ts";

/** One market in the decision under way. */
export type MarketTurn = {
  readonly market: MarketEngine;
  removals: Removals;
  wishes: Wishes;
  /** How far its list has been gone through. */
  place: number;
  /** What it adds to the shard's risk, as of the last order decided there; undefined until somebody asks. */
  risk: MarketRisk | undefined;
};

const NOTHING: Pick<MarketTurn, "removals" | "wishes"> = { removals: [], wishes: { queries: [], changes: [] } };

export function makeTurn(market: MarketEngine): MarketTurn {
  return { market, ...NOTHING, place: 0, risk: undefined };
}

/** The market whose next removal is the most dangerous, of equals the first; undefined when none is left. Within a market they are in this order already. */
export function mostDangerous<Turn extends Pick<MarketTurn, "removals" | "place">>(
  turns: readonly Turn[],
): Turn | undefined {
  let first: Turn | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const turn of turns) {
    const dangerBps = turn.removals[turn.place]?.dangerBps;
    if (dangerBps === undefined || (first !== undefined && dangerBps <= most)) continue;
    first = turn;
    most = dangerBps;
  }
  return first;
}

/** The market whose next change is the most urgent; of equals the inner level, and then the first from the market at `begin` on. */
export function mostUrgent<Turn extends Pick<MarketTurn, "wishes" | "place">>(
  turns: readonly Turn[],
  begin: number,
): Turn | undefined {
  let first: Turn | undefined;
  let best: PossibleChange | undefined;
  for (let i = 0; i < turns.length; i += 1) {
    const turn = turns[(begin + i) % turns.length];
    const change = turn?.wishes.changes[turn.place];
    if (change === undefined || (best !== undefined && !isBefore(change, best))) continue;
    first = turn;
    best = change;
  }
  return first;
}

/** The most urgent first, of equals the inner level, else as they were. They are a few: a sort that calls back takes longer. */
export function bringInOrder(changes: PossibleChange[]): void {
  for (let i = 1; i < changes.length; i += 1) {
    const change = changes[i];
    if (change === undefined) continue;
    let place = i;
    for (let before = changes[i - 1]; before !== undefined && isBefore(change, before); before = changes[place - 1]) {
      changes[place] = before;
      place -= 1;
    }
    changes[place] = change;
  }
}

function isBefore(a: PossibleChange, b: PossibleChange): boolean {
  const lead = urgencyOf(a) - urgencyOf(b);
  return lead > 0 || (lead === 0 && a.quote.level < b.quote.level);
}
