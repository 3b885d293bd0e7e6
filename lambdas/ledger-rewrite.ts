/**
 * Writing a market's books again from its facts alone: position and hours where they differ from the fold, nothing where they do
 * not. Owns the order of these writes, which may race with the accounting and end anywhere:
 *
 * - The history is folded once, up to the hour before the newest fact's. What follows is short, and is read again as often as
 *   the accounting moves the books meanwhile, which shows in the position's version. A late fill that it booked into the folded
 *   history shows in that hour's item, and then the history is folded again.
 * - Hours first, under the version that the books have, each only if its item is still the one that was read; then the position,
 *   by one write under a new version that takes the folded fills out of `pending`; then the hour the position stands in.
 * - A process that ends before the position's write leaves hours that are right and a position that is not: the next rebuild goes on
 *   from there. One that ends after it leaves the last hour to the next fold, as the accounting may too.
 */
import { isDeepStrictEqual } from "node:util";
import type { LedgerState } from "../core/accounting/hourly.ts";
import { compareFills, type VenueKey } from "../core/accounting/pnl.ts";
import { InputError } from "../core/errors.ts";
import { type LedgerFill, splitSymbol } from "../core/messages.ts";
import { movePosition, putHour, removeHour, replaceHour } from "./ledger-books.ts";
import { Differences } from "./ledger-differences.ts";
import { encodeClosedHour, fromFillText, type Item, toFillText } from "./ledger-items.ts";
import { newestVersion, Refold, type Refolded } from "./ledger-refold.ts";
import { isOverdue, type LedgerClock, type LedgerSnapshot, takeSnapshot } from "./ledger-snapshot.ts";
import { readFacts, type StoredFact } from "./ledger-streams.ts";
import type { LedgerTable } from "./ledger-table.ts";

export type RebuiltBooks = {
  /** Fills of the books as they are now, or would be. */
  readonly fillCount: number;
  /** What differed from the fold of the facts; none: nothing was to be written. In a dry run nothing was written either way. */
  readonly differences: Differences;
  readonly hoursWritten: number;
  readonly hoursRemoved: number;
  readonly isPositionWritten: boolean;
  /** Announcements of booked fills that were still waiting, and wait no more. */
  readonly released: number;
};

export type Rebuilding = {
  readonly table: LedgerTable;
  readonly clock: LedgerClock;
  readonly market: string;
  readonly isDryRun: boolean;
  /** Told how many facts of the history have been folded, page by page. */
  readonly onFacts?: ((count: number) => void) | undefined;
};

/** Foldings of the whole history, and races with the accounting after each. */
const FOLDS_MAX = 5;
const RACES_MAX = 20;
const PAUSE_MILLIS_MIN = 20;
const PAUSE_MILLIS_MAX = 400;

/** The history of a market, folded: the end of every hour before the newest fact's. */
export type History = {
  /** Oldest first. */
  readonly closings: readonly LedgerState[];
  /** The stored checkpoints that are true. */
  readonly checkpoints: readonly LedgerState[];
  /** The books as they were stored when the folding began. */
  readonly snapshot: LedgerSnapshot;
  /** The announced fills whose facts were seen. */
  readonly announced: ReadonlySet<string>;
};

/** Folds all facts of a market; `see` is shown each of them. Throws `InputError` on a fact that cannot be read. */
export async function foldHistory(rebuilding: Rebuilding, see: (fact: StoredFact) => void): Promise<History> {
  const { table, clock, market, onFacts } = rebuilding;
  const snapshot = await takeSnapshot(table, market, clock);
  const refold = new Refold(snapshot, splitSymbol(market));
  const announced = new Set<string>();
  let count = 0;
  for await (const facts of readFacts(table, market)) {
    for (const fact of facts) {
      see(fact);
      const fill = readable(market, fact);
      refold.add(fill);
      if (snapshot.pending.has(toFillText(fill))) announced.add(toFillText(fill));
    }
    count += facts.length;
    onFacts?.(count);
  }
  const { closings, checkpoints } = refold.finish();
  return { closings: [...closings.values()].slice(0, -1), checkpoints, snapshot, announced };
}

/** Writes the books of a market again where they differ from the fold; `history` is one that was just folded. */
export async function rebuildBooks(rebuilding: Rebuilding, history: History): Promise<RebuiltBooks> {
  const { clock, market, isDryRun } = rebuilding;
  let first: RebuiltBooks | undefined;
  let folded = history;
  for (let fold = 1; fold <= FOLDS_MAX; fold++) {
    if (fold > 1) folded = await foldHistory(rebuilding, () => undefined);
    for (let race = 1; race <= RACES_MAX; race++) {
      const plan = await planWrites(rebuilding, folded);
      if (plan === "stale") break;
      if (plan !== "busy") {
        first ??= summarize(plan);
        if (isDryRun || !plan.isNeeded || (await writeBooks(rebuilding, plan))) return first;
      }
      await clock.wait(Math.min(PAUSE_MILLIS_MAX, PAUSE_MILLIS_MIN * race));
    }
  }
  throw new RebuildRaceError(market);
}

/** The accounting moved the books each time that they were about to be written: nothing is half done, and it may be asked again. */
class RebuildRaceError extends Error {
  readonly code = "LEDGER_REBUILD_RACE";

  constructor(market: string) {
    super(`the books of ${market} were moved by the accounting at every try to rebuild them: try again`);
    this.name = "RebuildRaceError";
  }
}

type Plan = {
  readonly snapshot: LedgerSnapshot;
  readonly refolded: Refolded;
  /** Announced keys whose fills are in the refolded books. */
  readonly release: readonly string[];
  readonly isNeeded: boolean;
};

/**
 * Holds the stored books against the history and the facts behind it. `stale`: the accounting has changed an hour of the history
 * since it was folded. `busy`: it is about to, a late fill has taken the position back there.
 */
async function planWrites(rebuilding: Rebuilding, history: History): Promise<Plan | "stale" | "busy"> {
  const { table, clock, market } = rebuilding;
  const snapshot = await takeSnapshot(table, market, clock);
  if (hasChanged(history, snapshot)) return "stale";
  const start = history.closings.at(-1)?.books.lastFill;
  const last = snapshot.position?.state.books.lastFill;
  const isBack = start !== undefined && last !== undefined && compareFills(last, start) <= 0;
  const hasMoved = snapshot.version?.N !== history.snapshot.version?.N;
  if (isBack && hasMoved) return "busy";
  const all = Refold.resume(snapshot, splitSymbol(market), history);
  // The books may be right and yet not of all facts: of those up to their last fill that are not announced.
  const stated = isBack || last === undefined ? undefined : all.fork();
  const seen = new Set(history.announced);
  let newest = start;
  for await (const facts of readFacts(table, market, start)) {
    for (const fact of facts) {
      const fill = readable(market, fact);
      const key = toFillText(fill);
      newest = fill;
      all.add(fill);
      if (snapshot.pending.has(key)) seen.add(key);
      else if (last !== undefined && compareFills(fill, last) <= 0) stated?.add(fill);
    }
  }
  const refolded = all.finish();
  const release = [...snapshot.pending].filter((text) => seen.has(text));
  const isOld = (key: VenueKey) => isOverdue(key, clock.now());
  const isBehind = newest !== undefined && (last === undefined || compareFills(last, newest) < 0) && isOld(newest);
  const isTrue = refolded.differences.count === 0 || stated?.finish().differences.count === 0;
  // Nobody is about to write that hour any more, when its last fill is an old one.
  const isHourLeft = refolded.behind !== undefined && last !== undefined && isOld(last);
  if (isHourLeft) refolded.differences.add(refolded.behind);
  const isNeeded = !isTrue || isBehind || isHourLeft || release.some((text) => isOld(fromFillText(text)));
  return { snapshot, refolded, release, isNeeded };
}

/** Whether an hour of the history is neither what it was when the history was folded, nor what was folded. */
function hasChanged({ closings, snapshot: before }: History, { hours }: LedgerSnapshot): boolean {
  const folded = new Map(closings.map((closing) => [closing.hour?.hour ?? "", closing]));
  const end = closings.at(-1)?.hour?.hour ?? "";
  const isOther = (hour: string, item: Item | undefined) => {
    if (isDeepStrictEqual(item, before.hours.get(hour))) return false;
    const closing = folded.get(hour);
    return closing === undefined || !new Differences().compareItem(hour, encodeClosedHour(closing), item);
  };
  const present = [...hours.keys()].filter((hour) => hour <= end);
  return [...new Set([...present, ...folded.keys()])].some((hour) => isOther(hour, hours.get(hour)));
}

/** Whether all writes found what they expected. When one did not, those before it were right, and the rest is planned again. */
async function writeBooks({ table, market }: Rebuilding, plan: Plan): Promise<boolean> {
  const { snapshot, refolded, release } = plan;
  const version = Math.max(snapshot.position?.version ?? 0, newestVersion(snapshot.hours)) + 1;
  const isMoving = isPositionWritten(plan);
  for (const hour of refolded.wrongHours) {
    const state = refolded.closings.get(hour);
    if (state === undefined || (isMoving && hour === refolded.state.hour?.hour)) continue;
    const stored = snapshot.hours.get(hour);
    // Not under a version that the accounting could give next: its own write of this hour must win over ours.
    if (!(await replaceHour(table, market, { stored, version: version - 1, state }))) return false;
  }
  for (const hour of refolded.strayHours) {
    const stored = snapshot.hours.get(hour);
    if (stored !== undefined && !(await removeHour(table, stored))) return false;
  }
  if (!isMoving) return true;
  const next = { version, state: refolded.state, checkpoints: refolded.checkpoints };
  if (!(await movePosition(table, market, { before: snapshot.version, next, folded: release }))) return false;
  await putHour(table, market, next);
  return true;
}

function isPositionWritten({ refolded, release }: Plan): boolean {
  return refolded.isPositionWrong || release.length > 0;
}

function summarize(plan: Plan): RebuiltBooks {
  const { refolded, release, isNeeded } = plan;
  return {
    fillCount: refolded.state.books.fillCount,
    differences: isNeeded ? refolded.differences : new Differences(),
    hoursWritten: isNeeded ? refolded.wrongHours.size : 0,
    hoursRemoved: isNeeded ? refolded.strayHours.length : 0,
    isPositionWritten: isNeeded && isPositionWritten(plan),
    released: isNeeded ? release.length : 0,
  };
}

function readable(market: string, fact: StoredFact): LedgerFill {
  if (fact.type === "fact") return fact.fill;
  throw new InputError({ what: `${market} ${fact.key}`, expected: "a fact that can be read", was: fact.reason });
}
