/**
 * The fold of a market's facts from nothing, held against the books that are stored. Owns what is compared: every figure of the
 * position item, of every hour's item and its closing, and the states a late fill would be folded from. Reads and writes nothing.
 */
import { emptyLedger, foldFill, hourOf, type LedgerState } from "../core/accounting/hourly.ts";
import { type Assets, compareFills } from "../core/accounting/pnl.ts";
import type { LedgerFill } from "../core/messages.ts";
import { type Difference, Differences } from "./ledger-differences.ts";
import { encodeClosedHour, encodeState, type Item } from "./ledger-items.ts";
import { hourName, type LedgerSnapshot } from "./ledger-snapshot.ts";

const POSITION = "POSITION";

/** What a refold of all its facts came to. */
export type Refolded = {
  readonly state: LedgerState;
  readonly differences: Differences;
  /** The state at the end of each hour with fills. */
  readonly closings: ReadonlyMap<string, LedgerState>;
  /** Hours whose items must be written again, and those that have an item and no fill. */
  readonly wrongHours: ReadonlySet<string>;
  readonly strayHours: readonly string[];
  /** The position's own hour, when its item is of an earlier version: written after the position, it may be on its way. */
  readonly behind: Difference | undefined;
  /** Whether the position item states anything else: a figure, a checkpoint, a version behind its hours'. */
  readonly isPositionWrong: boolean;
  /** The stored checkpoints that are true. */
  readonly checkpoints: readonly LedgerState[];
};

/** One refold over the facts in venue order. `fork` lets it go on in two ways; `finish` ends it. */
export class Refold {
  readonly #snapshot: LedgerSnapshot;
  readonly #assets: Assets;
  readonly #differences: Differences;
  readonly #closings: Map<string, LedgerState>;
  readonly #wrongHours: Set<string>;
  readonly #checkpoints: LedgerState[];
  /** Hours of facts that are passed over, since the stored books do not reach them. */
  readonly #hoursBeyond = new Set<string>();
  #state: LedgerState;
  #behind: Difference | undefined;

  constructor(snapshot: LedgerSnapshot, assets: Assets, from?: Refold) {
    this.#snapshot = snapshot;
    this.#assets = assets;
    this.#differences = new Differences(from === undefined ? undefined : from.#differences);
    this.#closings = new Map(from === undefined ? [] : from.#closings);
    this.#wrongHours = new Set(from === undefined ? [] : from.#wrongHours);
    this.#checkpoints = from === undefined ? [] : [...from.#checkpoints];
    this.#state = from === undefined ? emptyLedger() : from.#state;
  }

  /** A refold that goes on behind a history whose hours were folded before, and whose true checkpoints are known. */
  static resume(
    snapshot: LedgerSnapshot,
    assets: Assets,
    history: { readonly closings: readonly LedgerState[]; readonly checkpoints: readonly LedgerState[] },
  ): Refold {
    const refold = new Refold(snapshot, assets);
    for (const closing of history.closings) {
      refold.#closeHour();
      refold.#state = closing;
    }
    const end = refold.#state.books.lastFill;
    for (const checkpoint of snapshot.position?.checkpoints ?? []) {
      const last = checkpoint.books.lastFill;
      const isInHistory = end !== undefined && last !== undefined && compareFills(last, end) <= 0;
      if (isInHistory && history.checkpoints.some((known) => isSameState(known, checkpoint))) {
        refold.#checkpoints.push(checkpoint);
      }
    }
    return refold;
  }

  /** Another refold that begins where this one is. */
  fork(): Refold {
    return new Refold(this.#snapshot, this.#assets, this);
  }

  add(fill: LedgerFill): void {
    if (this.#state.hour !== undefined && this.#state.hour.hour !== hourOf(fill.venueTime)) this.#closeHour();
    this.#state = foldFill(this.#state, fill, this.#assets);
    for (const checkpoint of this.#snapshot.position?.checkpoints ?? []) {
      const last = checkpoint.books.lastFill;
      const isHere = last !== undefined && compareFills(last, fill) === 0;
      if (isHere && isSameState(this.#state, checkpoint)) this.#checkpoints.push(checkpoint);
    }
  }

  /** A fact beyond the last fill of the stored books: its hour may have an item, of a fold that went back for a late fill. */
  passOver(fill: LedgerFill): void {
    this.#hoursBeyond.add(hourOf(fill.venueTime));
  }

  finish(): Refolded {
    this.#closeHour();
    const { hours } = this.#snapshot;
    const isPositionWrong = !this.#comparePosition();
    const strayHours = [...hours.keys()].filter((hour) => !this.#closings.has(hour) && !this.#hoursBeyond.has(hour));
    for (const hour of strayHours) {
      this.#differences.add({ item: hourName(hour), attribute: "", expected: "absent", was: "there" });
    }
    return {
      state: this.#state,
      differences: this.#differences,
      closings: this.#closings,
      wrongHours: this.#wrongHours,
      strayHours,
      behind: this.#behind,
      isPositionWrong,
      checkpoints: this.#checkpoints,
    };
  }

  /**
   * Whether an hour is the position's own and its item that of an earlier version, or still to come: the next fold writes it
   * whatever it says, as this one would have if it had not ended.
   */
  #isBehind(hour: string, stored: Item | undefined): boolean {
    const { position } = this.#snapshot;
    if (position === undefined || hour !== position.state.hour?.hour) return false;
    const version = stored === undefined ? 0 : versionOf(stored);
    if (version === undefined || version >= position.version || !isSameState(this.#state, position.state)) return false;
    const was = stored === undefined ? "absent" : `of ${version}`;
    const expected = `of version ${position.version}, as the position`;
    this.#behind = { item: hourName(hour), attribute: "", expected, was };
    return true;
  }

  #comparePosition(): boolean {
    const { item, position, version } = this.#snapshot;
    const before = this.#differences.count;
    const differ = (attribute: string, expected: string, was: string) =>
      this.#differences.add({ item: POSITION, attribute, expected, was });
    // An item without a version only announces fills: its books are empty, as they are without an item.
    const stored = version === undefined ? undefined : item;
    if (stored !== undefined || this.#state.books.fillCount > 0) {
      this.#differences.compareItem(POSITION, encodeState(this.#state), stored);
    }
    if (position === undefined) {
      if (item !== undefined && this.#differences.count === before) differ("", "readable", "unreadable");
      return this.#differences.count === before;
    }
    const newest = newestVersion(this.#snapshot.hours);
    if (position.version > 0 && position.version < newest) {
      differ("version", `at least that of its hours, ${newest}`, `${position.version}`);
    }
    const untrue = position.checkpoints.length - this.#checkpoints.length;
    if (untrue > 0) differ("checkpoints", "states of the fold", `${untrue} that are none`);
    return this.#differences.count === before;
  }

  #closeHour(): void {
    const hour = this.#state.hour?.hour;
    if (hour === undefined) return;
    this.#closings.set(hour, this.#state);
    const stored = this.#snapshot.hours.get(hour);
    if (this.#isBehind(hour, stored)) {
      this.#wrongHours.add(hour);
      return;
    }
    let isAsItMustBe = this.#differences.compareItem(hourName(hour), encodeClosedHour(this.#state), stored);
    if (stored !== undefined && versionOf(stored) === undefined) {
      const was = JSON.stringify(stored["version"]) ?? "absent";
      this.#differences.add({ item: hourName(hour), attribute: "version", expected: "a whole number", was });
      isAsItMustBe = false;
    }
    if (!isAsItMustBe) this.#wrongHours.add(hour);
  }
}

function isSameState(one: LedgerState, other: LedgerState): boolean {
  return new Differences().compareItem("", encodeState(one), encodeState(other));
}

/** The newest version of the books that any of these items was written by. */
export function newestVersion(hours: ReadonlyMap<string, Item>): number {
  let newest = 0;
  for (const item of hours.values()) newest = Math.max(newest, versionOf(item) ?? 0);
  return newest;
}

function versionOf(item: Item): number | undefined {
  const version = Number(item["version"]?.N);
  return Number.isSafeInteger(version) ? version : undefined;
}
