/**
 * Where the audit of a market stands between its runs: how far the venue's history was compared, from where it is read again, what
 * is still wrong. Owns the form of the item `AUDIT#<market>`/`CURSOR`, and the trail of cursors; reading and writing is others'.
 */
import { InputError } from "../../core/errors.ts";
import { parseIsoTime } from "../../core/sei/iso-time.ts";
import { type Item, readCount } from "../ledger-items.ts";
import { type Difference, decodeDifference, encodeDifference } from "./differences.ts";

/** A place in the venue's history: every fill after `cursor` comes after the moment `through`, or in it. */
export type Mark = { readonly cursor: string; readonly through: string };

/** The same, with the very beginning. */
export type Place = { readonly cursor: string | undefined; readonly through: string | undefined };

export const BEGINNING: Place = { cursor: undefined, through: undefined };

export type AuditState = {
  /** Counts the runs that were written down; 0 before the first. */
  readonly version: number;
  /** When the first run was, the time the age counts from until a run was clean. */
  readonly startedAt: string;
  readonly cleanAt: string | undefined;
  /** Venue time: every fill up to it was compared, and the same fills were in the ledger or stand in `open`. */
  readonly checkedThrough: string | undefined;
  /** Fills compared, each once. Late ones that were booked before the audit saw them are not among them. */
  readonly checkedTotal: number;
  /** Where the reading goes on that the last run did not bring to its end; undefined when it did. */
  readonly goesOnAt: Place | undefined;
  /** Oldest first. */
  readonly trail: readonly Mark[];
  readonly open: readonly Difference[];
  readonly proofs: ProofsState;
  readonly again: AgainState;
};

/** How far the comparison of older history has come, which goes round and round. */
export type AgainState = {
  /** Where the round goes on; the beginning of the history before its first stretch. */
  readonly place: Place;
  /** ISO-8601, when the round under way began; undefined before its first stretch. */
  readonly beganAt: string | undefined;
  /** When the last whole round began: everything that is compared was compared then or later; undefined before the first. */
  readonly since: string | undefined;
};

/** How far the hours are proven. Hours are `YYYY-MM-DDTHH`. */
export type ProofsState = {
  readonly provenThrough: string | undefined;
  /** How far the look at older hours has come, which goes round and round. */
  readonly lookedThrough: string | undefined;
  /** Hours whose proof did not come out. */
  readonly faulty: readonly string[];
};

/** What a venue puts into its history late, by at most so much, is found. */
const OVERLAP_MS = 15 * 60_000;
/** Marks closer together would only make the item larger. */
const MARKS_APART_MS = 60_000;

export function firstState(startedAt: string): AuditState {
  return {
    version: 0,
    startedAt,
    cleanAt: undefined,
    checkedThrough: undefined,
    checkedTotal: 0,
    goesOnAt: undefined,
    trail: [],
    open: [],
    proofs: { provenThrough: undefined, lookedThrough: undefined, faulty: [] },
    again: { place: BEGINNING, beganAt: undefined, since: undefined },
  };
}

/** The same audit with everything of the venue's history to be compared anew. What was proven of the hours stands. */
export function restarted(state: AuditState): AuditState {
  const { version, startedAt, cleanAt, proofs } = state;
  const first = firstState(startedAt);
  return { ...first, version, cleanAt, proofs, again: { ...first.again, since: state.again.since } };
}

/** Where a new reading begins, before which nothing is read but again: at the newest mark fifteen minutes behind what was compared, else at the beginning. */
export function placeToBegin({ trail, checkedThrough }: Pick<AuditState, "trail" | "checkedThrough">): Place {
  return checkedThrough === undefined ? BEGINNING : (trail.findLast(isBehind(checkedThrough)) ?? BEGINNING);
}

/** The trail with one more mark, unless it stands too close behind the last. */
export function extendTrail(trail: readonly Mark[], mark: Mark): readonly Mark[] {
  const last = trail.at(-1);
  if (last !== undefined && timeOf(mark.through) < timeOf(last.through) + MARKS_APART_MS) return trail;
  return [...trail, mark];
}

/** The trail without the marks that no reading begins at any more. */
export function pruneTrail(trail: readonly Mark[], checkedThrough: string | undefined): readonly Mark[] {
  if (checkedThrough === undefined) return trail;
  const first = trail.findLastIndex(isBehind(checkedThrough));
  return first <= 0 ? trail : trail.slice(first);
}

/** A function that is rolled back to before `again` reads the rest and writes it without: the round then begins anew. */
export function encodeState(state: AuditState): Item {
  const { proofs, again } = state;
  return {
    version: { N: `${state.version}` },
    startedAt: { S: state.startedAt },
    checkedTotal: { N: `${state.checkedTotal}` },
    trail: { L: state.trail.map((mark) => ({ M: encodeTexts(mark) })) },
    open: { L: state.open.map((difference) => ({ M: { ...encodeDifference(difference) } })) },
    faultyHours: { L: proofs.faulty.map((hour) => ({ S: hour })) },
    ...(state.goesOnAt === undefined ? {} : { goesOnAt: { M: encodeTexts(state.goesOnAt) } }),
    ...(again.place.cursor === undefined ? {} : { againAt: { M: encodeTexts(again.place) } }),
    ...encodeTexts({
      cleanAt: state.cleanAt,
      checkedThrough: state.checkedThrough,
      provenThrough: proofs.provenThrough,
      lookedThrough: proofs.lookedThrough,
      againBeganAt: again.beganAt,
      againSince: again.since,
    }),
  };
}

/** Throws `InputError` when the item is none that `encodeState` wrote. */
export function decodeState(item: Item): AuditState {
  return {
    version: readCount(item, "version"),
    startedAt: readText(item, "startedAt"),
    cleanAt: item["cleanAt"]?.S,
    checkedThrough: item["checkedThrough"]?.S,
    checkedTotal: readCount(item, "checkedTotal"),
    goesOnAt: decodePlace(item["goesOnAt"]?.M),
    trail: (item["trail"]?.L ?? []).map(({ M: mark = {} }) => ({
      cursor: readText(mark, "cursor"),
      through: readText(mark, "through"),
    })),
    open: (item["open"]?.L ?? []).map(({ M: difference = {} }) => decodeDifference(difference)),
    proofs: {
      provenThrough: item["provenThrough"]?.S,
      lookedThrough: item["lookedThrough"]?.S,
      faulty: (item["faultyHours"]?.L ?? []).flatMap((hour) => hour.S ?? []),
    },
    again: {
      place: decodePlace(item["againAt"]?.M) ?? BEGINNING,
      beganAt: item["againBeganAt"]?.S,
      since: item["againSince"]?.S,
    },
  };
}

function decodePlace(place: Item | undefined): Place | undefined {
  return place === undefined ? undefined : { cursor: place["cursor"]?.S, through: place["through"]?.S };
}

function isBehind(checkedThrough: string): (mark: Mark) => boolean {
  const latestMs = timeOf(checkedThrough) - OVERLAP_MS;
  return (mark) => timeOf(mark.through) <= latestMs;
}

function encodeTexts(texts: Readonly<Record<string, string | undefined>>): Record<string, { S: string }> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]])),
  );
}

function readText(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw new InputError({ what: name, expected: "text of the audit's item", was: text });
  return text;
}

function timeOf(iso: string): number {
  return parseIsoTime(iso, "time of the audit's item");
}
