/**
 * The fold of a market's facts into its position and hour items. Owns the order of these writes:
 *
 * - The position item is moved from version v to v+1 by one conditional write, an hour of fills at most at a time, and
 *   takes the fills' keys out of `pending` in the same write. Who loses that race reads again.
 * - The item of an hour is written from the position item after it, under its version, and never by an older one. Before
 *   the fold steps into a new hour the one it leaves is written again, so every hour before the position's own is final.
 * - A fill that is announced and stands before the books' last fill came late: the fold goes back to a state before it
 *   (a checkpoint of the position item, or the close of an earlier hour) and comes forward over the facts again.
 * - It ends in order when its time does, between two steps: what is folded is written, and the next call goes on behind it.
 *
 * Every state that can be read between two writes is a true fold of all facts up to its last fill, less those in `pending`.
 */
import { emptyLedger, foldFill, hourOf, type LedgerState } from "../../core/accounting/hourly.ts";
import { type Assets, compareFills, type VenueKey } from "../../core/accounting/pnl.ts";
import { assert } from "../../core/assert.ts";
import { type LedgerFill, splitSymbol } from "../../core/messages.ts";
import { movePosition, putHour } from "../ledger-books.ts";
import { fromFillText, toFillText } from "../ledger-items.ts";
import {
  type LedgerTable,
  type PositionItem,
  readClosingBefore,
  readFillsAfter,
  readPosition,
} from "../ledger-table.ts";

/** Chance and waiting, for the pauses between tries. */
export type Pacing = {
  /** Uniform in [0, 1). */
  random(): number;
  wait(millis: number): Promise<void>;
};

/** A fold, and the time until the process is ended. */
export type FoldingTools = {
  readonly table: LedgerTable;
  readonly market: string;
  readonly pacing: Pacing;
  timeLeftMs(): number;
};

/** Facts read and folded in one round; a mebibyte holds about 2,000. */
const FACTS_A_ROUND_MAX = 1_000;
/** Rounds of one call: half a million facts. A call that needs more ends, and the next delivery goes on from there. */
const ROUNDS_MAX = 500;
/** Lost races in one call, each of which means that another fold went forward; then the queue brings the fills again. */
const CONFLICTS_MAX = 12;
const BACKOFF_MILLIS_MIN = 10;
const BACKOFF_MILLIS_MAX = 400;

/** Late fills are mostly late by seconds: a few checkpoints a minute apart spare most folds the whole hour. */
const CHECKPOINTS_MAX = 4;
const CHECKPOINT_MINUTES_APART = 1;

/** A step is begun when so many times what the longest before it took is left. */
const TIME_FOR_A_STEP = 1.5;

/**
 * Brings the books of `market` forward over all its facts. `keys` are the caller's, whose facts are written. `announced` is the
 * position item right after they were announced, where it is known: if another fold has moved it since, this one finds out when it
 * tries to, and reads. Rejects with `OutOfTimeError` when the time does not suffice for all of them; each call takes a step at least.
 */
export async function foldBooks(
  { table, market, pacing, timeLeftMs }: FoldingTools,
  keys: ReadonlySet<string>,
  announced?: PositionItem,
): Promise<void> {
  const fold = { table, market, assets: splitSymbol(market), assertTimeForAStep: makeTimeCheck(market, timeLeftMs) };
  let known = announced;
  let conflicts = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const outcome = await foldRound(fold, keys, known);
    // A position of some writes ago may well have been moved since: no sign of a race, and read at once.
    const isRace = outcome === "conflict" && known === undefined;
    known = undefined;
    if (outcome === "complete") return;
    if (!isRace) continue;
    conflicts++;
    if (conflicts > CONFLICTS_MAX) throw new LedgerContentionError(market, conflicts);
    const bound = Math.min(BACKOFF_MILLIS_MAX, BACKOFF_MILLIS_MIN * 2 ** conflicts);
    await pacing.wait(BACKOFF_MILLIS_MIN + pacing.random() * (bound - BACKOFF_MILLIS_MIN));
  }
  throw new LedgerContentionError(market, conflicts);
}

/** Others moved the books of a market each time this fold tried to: the fills are safe as facts, and come again. */
export class LedgerContentionError extends Error {
  readonly code = "LEDGER_CONTENTION";

  constructor(market: string, conflicts: number) {
    super(`the books of ${market} could not be brought forward, ${conflicts} races were lost`);
    this.name = "LedgerContentionError";
  }
}

/** The time did not suffice; what was done stays done, the rest may come again. */
export class OutOfTimeError extends Error {
  readonly code = "OUT_OF_TIME";

  constructor(what: string, leftMs: number) {
    super(`${what}: ${Math.round(leftMs)} ms were left`);
    this.name = "OutOfTimeError";
  }
}

/** Asked before each step, throws when there may be no time for it; for the first step there always is. */
function makeTimeCheck(market: string, timeLeftMs: () => number): () => void {
  let isFirst = true;
  let longestMs = 0;
  let beforeMs = timeLeftMs();
  return () => {
    const leftMs = timeLeftMs();
    longestMs = Math.max(longestMs, beforeMs - leftMs);
    beforeMs = leftMs;
    if (!isFirst && leftMs < longestMs * TIME_FOR_A_STEP)
      throw new OutOfTimeError(`the books of ${market} were not brought to their end`, leftMs);
    isFirst = false;
  };
}

type Fold = {
  readonly table: LedgerTable;
  readonly market: string;
  readonly assets: Assets;
  readonly assertTimeForAStep: () => void;
};

async function foldRound(
  fold: Fold,
  keys: ReadonlySet<string>,
  known: PositionItem | undefined,
): Promise<"complete" | "more" | "conflict"> {
  const stored = known ?? (await readPosition(fold.table, fold.market));
  let position: PositionItem = stored ?? { version: 0, state: emptyLedger(), pending: new Set(), checkpoints: [] };
  const start = await findStart(fold, position, keys);
  const after = start.books.lastFill;
  const page = await readFillsAfter(fold.table, fold.market, { after, limit: FACTS_A_ROUND_MAX });
  assert(page.fills.length > 0 || start === position.state, `${fold.market}: the facts behind the books are gone`);
  let from = start;
  for (const fills of splitByHour(page.fills)) {
    fold.assertTimeForAStep();
    const next = await stepForward(fold, position, from, fills);
    if (next === undefined) return "conflict";
    position = next;
    from = next.state;
  }
  if (!page.complete) return "more";
  await putHour(fold.table, fold.market, position);
  return "complete";
}

/** The state to fold from: the books as they are, or, when a fill of ours came late, the newest known one before it. */
async function findStart(fold: Fold, position: PositionItem, keys: ReadonlySet<string>): Promise<LedgerState> {
  const last = position.state.books.lastFill;
  if (last === undefined) return position.state;
  let late: VenueKey | undefined;
  for (const text of position.pending) {
    const key = fromFillText(text);
    if (!keys.has(text) || compareFills(key, last) > 0) continue;
    if (late === undefined || compareFills(key, late) < 0) late = key;
  }
  if (late === undefined) return position.state;
  const before = late;
  const checkpoint = position.checkpoints.findLast((state) => isBefore(state, before));
  return checkpoint ?? (await readClosingBefore(fold.table, fold.market, hourOf(before.venueTime))) ?? emptyLedger();
}

/** Folds the fills of one hour and moves the position item; undefined when another has moved it first. */
async function stepForward(
  fold: Fold,
  position: PositionItem,
  from: LedgerState,
  fills: readonly LedgerFill[],
): Promise<PositionItem | undefined> {
  let state = from;
  for (const fill of fills) {
    const last = state.books.lastFill;
    assert(last === undefined || compareFills(last, fill) < 0, `${fold.market}: fill ${fill.fillId} is out of order`);
    state = foldFill(state, fill, fold.assets);
  }
  // The hour that is left is final now, and the next step would not come by again.
  if (from.hour !== undefined && from.hour.hour !== state.hour?.hour) {
    await putHour(fold.table, fold.market, { version: position.version, state: from });
  }
  const next: PositionItem = {
    version: position.version + 1,
    state,
    pending: position.pending,
    checkpoints: toCheckpoints(position.checkpoints, from),
  };
  const before = position.version === 0 ? undefined : { N: `${position.version}` };
  const isMoved = await movePosition(fold.table, fold.market, { before, next, folded: fills.map(toFillText) });
  return isMoved ? next : undefined;
}

/** The checkpoints that are still true when the fold starts at `from`, and `from` itself when the newest is old enough. */
function toCheckpoints(checkpoints: readonly LedgerState[], from: LedgerState): readonly LedgerState[] {
  const last = from.books.lastFill;
  if (last === undefined) return [];
  const kept = checkpoints.filter((state) => isBefore(state, last));
  const newest = kept.at(-1)?.books.lastFill;
  if (newest !== undefined && minuteOf(newest.venueTime) > minuteOf(last.venueTime) - CHECKPOINT_MINUTES_APART)
    return kept;
  return [...kept, from].slice(-CHECKPOINTS_MAX);
}

function isBefore(state: LedgerState, key: VenueKey): boolean {
  const last = state.books.lastFill;
  return last === undefined || compareFills(last, key) < 0;
}

function minuteOf(venueTime: string): number {
  return Math.floor(Date.parse(venueTime) / 60_000);
}

function splitByHour(fills: readonly LedgerFill[]): readonly (readonly LedgerFill[])[] {
  return [...Map.groupBy(fills, (fill) => hourOf(fill.venueTime)).values()];
}
