/**
 * Proving a market's ledger: every claimed fill is one fact, and the stored books are the fold of the facts. Owns the verdict;
 * it writes nothing, and may be asked while the accounting goes on. Whether the facts are the venue's is `fill-audit/`'s.
 */
import { compareFills, type VenueKey } from "../core/accounting/pnl.ts";
import { type LedgerFill, splitSymbol } from "../core/messages.ts";
import { type ClaimIndex, FactsCheck, type FactsFound } from "./ledger-claims.ts";
import { type Difference, Differences } from "./ledger-differences.ts";
import { hasFact } from "./ledger-facts.ts";
import { FILL_PREFIX, fromFillText, type Item, toFillText } from "./ledger-items.ts";
import { Refold, type Refolded } from "./ledger-refold.ts";
import {
  isOverdue,
  type LedgerClock,
  type LedgerSnapshot,
  pendingOf,
  readPositionItem,
  takeSnapshot,
} from "./ledger-snapshot.ts";
import { countConflicts, readFacts, type StoredFact } from "./ledger-streams.ts";
import type { LedgerTable } from "./ledger-table.ts";

export type Verification = {
  readonly market: string;
  readonly facts: number;
  /** Claimed, without a fact, and for too long to be on its way. */
  readonly lost: number;
  /** Facts beyond the first of one fill. */
  readonly doubled: number;
  /** Facts without a claim, or whose claim says something else. */
  readonly unclaimed: number;
  /** Facts and claims that cannot be read. */
  readonly unreadable: number;
  /** Σ |stored − folded| over every amount of position and hours, in 10^-18. */
  readonly driftUnits: bigint;
  /** Fills on their way into the books: no fault while they are young. */
  readonly waiting: number;
  /** Fills that are on their way for too long. */
  readonly stuck: number;
  /** Fills kept aside since they came again with other contents: said, and no fault of the books. */
  readonly conflicts: number;
  readonly hours: number;
  /** The books' version that was verified; 0 when nothing has been folded. */
  readonly version: number;
  /** Everything that is not as it must be, by name as far as named; none: the ledger is proven. */
  readonly differences: Differences;
};

/** A late fill that comes while the facts are read looks like drift: then everything is read once more. */
const READINGS_MAX = 4;
const READING_PAUSE_MILLIS = 1_000;

/** What seems lost or stuck is looked at again: an old fill may have been on its way just then. */
const LOOKS_MAX = 3;
const LOOK_PAUSE_MILLIS = 1_000;

/** Verifies one market. `claims` are read before; `onFacts` is told how many facts have been read, page by page. */
export async function verifyMarket(input: {
  readonly table: LedgerTable;
  readonly clock: LedgerClock;
  readonly market: string;
  readonly claims: ClaimIndex;
  readonly onFacts?: (count: number) => void;
}): Promise<Verification> {
  const { table, clock, market, onFacts } = input;
  const check = new FactsCheck(table, input.claims.of(market));
  let reading = await readOnce({ table, clock, market, see: (fact) => check.see(fact), onFacts });
  for (let readings = 1; readings < READINGS_MAX && !(await isFinal(table, reading)); readings++) {
    await clock.wait(READING_PAUSE_MILLIS);
    reading = await readOnce({ table, clock, market, see: () => undefined, onFacts });
  }
  const found = await check.settle();
  const waiting = await settleWaiting({ table, clock, market, found, reading });
  const { snapshot, books } = reading;
  const differences = new Differences(books);
  for (const difference of [...nameFacts(found, waiting.lost), ...waiting.stuck]) differences.add(difference);
  differences.addUnnamed(found.furtherOdd);
  return {
    market,
    facts: found.facts,
    lost: waiting.lost.length,
    doubled: found.doubled.length,
    unclaimed: found.unclaimed.length + found.contradicted.length + found.furtherOdd,
    unreadable: found.unreadable.length,
    driftUnits: books.driftUnits,
    waiting: waiting.young,
    stuck: waiting.stuck.length,
    conflicts: await countConflicts(table, market),
    hours: snapshot.hours.size,
    version: snapshot.position?.version ?? 0,
    differences,
  };
}

type Reading = {
  readonly snapshot: LedgerSnapshot;
  /** What of the books is not the fold of the facts. */
  readonly books: Differences;
  /** The position's own hour, when it is still to be written. */
  readonly behind: Difference | undefined;
  /** The newest fact that was read. */
  readonly newest: VenueKey | undefined;
};

/**
 * The stored books are a fold of all facts up to their last fill, less those that are announced (`fill-accounting/fold-books.ts`).
 * One that is announced may be in them all the same, when it was announced again; so where the first fold does not
 * fit, the one of all facts may.
 */
async function readOnce(input: {
  readonly table: LedgerTable;
  readonly clock: LedgerClock;
  readonly market: string;
  readonly see: (fact: StoredFact) => void;
  readonly onFacts: ((count: number) => void) | undefined;
}): Promise<Reading> {
  const { table, clock, market } = input;
  const snapshot = await takeSnapshot(table, market, clock);
  const last = snapshot.position?.state.books.lastFill;
  const stated = new Refold(snapshot, splitSymbol(market));
  let all: Refold | undefined;
  let newest: VenueKey | undefined;
  let count = 0;
  for await (const facts of readFacts(table, market)) {
    for (const fact of facts) {
      input.see(fact);
      if (fact.type === "unreadable") continue;
      const { fill } = fact;
      newest = fill;
      const isBeyond = last === undefined || compareFills(fill, last) > 0;
      const isFolded = !isBeyond && !snapshot.pending.has(toFillText(fill));
      if (!isFolded) all ??= stated.fork();
      all?.add(fill);
      if (isFolded) stated.add(fill);
      else if (isBeyond) stated.passOver(fill);
    }
    count += facts.length;
    input.onFacts?.(count);
  }
  const isUnfolded = last === undefined && snapshot.hours.size === 0;
  const isYoung = newest === undefined || !isOverdue(newest, clock.now());
  const whole = all?.finish();
  const { differences, behind } =
    last !== undefined || (isUnfolded && isYoung) ? closer(stated.finish(), whole) : (whole ?? stated.finish());
  return { snapshot, books: differences, behind, newest };
}

/** Of two ways to read the books the one that explains them; of two that do not, the one with less to say. */
function closer(stated: Refolded, all: Refolded | undefined): Refolded {
  return all !== undefined && all.differences.count < stated.differences.count ? all : stated;
}

/** Whether what was found stands: there is no difference, or nothing has moved that could explain one. */
async function isFinal(table: LedgerTable, { snapshot, books }: Reading): Promise<boolean> {
  if (books.count === 0) return true;
  const item = await readPositionItem(table, snapshot.market);
  const hasMoved = item?.["version"]?.N !== snapshot.version?.N;
  return !hasMoved && [...pendingOf(item)].every((text) => snapshot.pending.has(text));
}

type Waiting = {
  /** Fills on their way. */
  readonly young: number;
  readonly lost: readonly LedgerFill[];
  readonly stuck: readonly Difference[];
};

/** Tells what is on its way from what is lost or stuck, by its age and by looking again. */
async function settleWaiting(input: {
  readonly table: LedgerTable;
  readonly clock: LedgerClock;
  readonly market: string;
  readonly found: FactsFound;
  readonly reading: Reading;
}): Promise<Waiting> {
  const { table, clock, market, reading } = input;
  let { factless } = input.found;
  let everPending: ReadonlySet<string> | undefined;
  for (let look = 1; ; look++) {
    const item = await readPositionItem(table, market);
    const pending = pendingOf(item);
    const seen = everPending;
    // Where a history is played fast, some old fill is always on its way, but never the same one for long.
    everPending = new Set([...pending].filter((text) => seen === undefined || seen.has(text)));
    const waiting = judgeWaiting({ item, everPending, factless, reading, nowMs: clock.now() });
    if (look === LOOKS_MAX || (waiting.lost.length === 0 && waiting.stuck.length === 0)) return waiting;
    await clock.wait(LOOK_PAUSE_MILLIS);
    const still: LedgerFill[] = [];
    for (const fill of factless) if (!(await hasFact(table, fill))) still.push(fill);
    factless = still;
  }
}

function judgeWaiting(input: {
  readonly item: Item | undefined;
  /** Announced at every look so far. */
  readonly everPending: ReadonlySet<string>;
  readonly factless: readonly LedgerFill[];
  readonly reading: Reading;
  readonly nowMs: number;
}): Waiting {
  const { item, factless } = input;
  const { newest, behind, snapshot } = input.reading;
  const isOld = (key: VenueKey) => isOverdue(key, input.nowMs);
  const pending = pendingOf(item);
  const lost = factless.filter((fill) => isOld(fill) && !pending.has(toFillText(fill)));
  const tooLong = [...input.everPending].filter((text) => isOld(fromFillText(text))).sort();
  const stuck = tooLong.map((text) => differenceOf(FILL_PREFIX + text, "in the books", "announced alone"));
  const last = lastFillOf(item);
  if (newest !== undefined && isOld(newest) && last !== undefined && compareFills(last, newest) < 0) {
    stuck.push(differenceOf("POSITION", `of all facts up to ${toFillText(newest)}`, `up to ${toFillText(last)}`));
  }
  const hasMoved = item?.["version"]?.N !== snapshot.version?.N;
  if (behind !== undefined && !hasMoved && last !== undefined && isOld(last)) stuck.push(behind);
  const young = new Set([...pending, ...factless.map(toFillText)]);
  for (const text of [...tooLong, ...lost.map(toFillText)]) young.delete(text);
  return { young: young.size, lost, stuck };
}

/** A difference of an item as a whole. */
function differenceOf(item: string, expected: string, was: string): Difference {
  return { item, attribute: "", expected, was };
}

function lastFillOf(item: Item | undefined): VenueKey | undefined {
  const venueTime = item?.["lastFillTime"]?.S;
  const fillId = item?.["lastFillId"]?.S;
  return venueTime === undefined || fillId === undefined ? undefined : { venueTime, fillId };
}

function nameFacts(found: FactsFound, lost: readonly LedgerFill[]): readonly Difference[] {
  const place = (fill: LedgerFill) => `${fill.market} ${FILL_PREFIX}${toFillText(fill)}`;
  return [
    ...lost.map((fill) => differenceOf(FILL_PREFIX + toFillText(fill), "there, as its id is claimed", "absent")),
    ...found.doubled.map(({ fact, claim }) =>
      differenceOf(FILL_PREFIX + toFillText(fact), "absent", `a second fact of the fill at ${place(claim)}`),
    ),
    ...found.unclaimed.map((fact) => differenceOf(`FILLID#${fact.fillId}`, "there, as its fact is", "absent")),
    ...found.contradicted.map(({ fact, claim }) => {
      const isHere = claim.venueTime === fact.venueTime && claim.market === fact.market;
      const was = isHere ? "of other contents" : `of ${place(claim)}`;
      return differenceOf(`FILLID#${fact.fillId}`, `that of the fact at ${place(fact)}`, was);
    }),
    ...found.unreadable.map(({ key, reason }) => differenceOf(key, "readable", reason)),
  ];
}
