/**
 * One reading of the venue's history held against the ledger's facts, page after page. Owns the judgement and its edges; it reads
 * nothing itself.
 *
 * The edges, all of them by the millisecond of the venue's times, since nobody promises an order within one:
 *
 * - Facts newer than `settledThrough` are on their way, to the ledger or into the venue's history: they are left for the next time.
 * - The reading may begin in the middle of a millisecond: facts of that one are not held against the venue.
 * - A fact that a page does not show may stand on a later one of the same millisecond, or out of order: only what no page of the
 *   whole reading showed is unknown to the venue.
 */
import { differingFields, type LedgerFill } from "../../core/messages.ts";
import { toFillText } from "../ledger-items.ts";
import type { HistoryPage } from "./venue-history.ts";

/** The ledger's facts that a page is held against: by venue time, both ends included, from the first one when `from` is undefined. */
export type FactRange = { readonly from: string | undefined; readonly to: string };

export type PageVerdict = {
  /** Fills of the venue that are no facts, young ones included. */
  readonly absent: readonly LedgerFill[];
  readonly different: readonly { readonly fill: LedgerFill; readonly reason: string }[];
  /** Fills that both have and say the same of. */
  readonly same: readonly LedgerFill[];
};

export class HistoryComparison {
  readonly #begunIn: string | undefined;
  readonly #settledThrough: string;
  readonly #isAgain: boolean;
  /** The newest venue time seen, and the keys of the fills seen in that millisecond. */
  #edge: string | undefined;
  readonly #seenAtEdge = new Set<string>();
  /** Facts that no page has shown yet, by key. */
  readonly #unseen = new Map<string, LedgerFill>();
  /** Ids that the venue does show, however they stand there. */
  readonly #shownIds = new Set<string>();

  /**
   * `begunIn` is the venue time of the fill before the first one that is read, undefined at the very beginning. `isAgain`: nothing older than
   * the first fill shown is held against the venue, which may keep its history for a time alone (CONTRACTS 3 does not say).
   */
  constructor(input: {
    readonly begunIn: string | undefined;
    readonly settledThrough: string;
    readonly isAgain?: boolean;
  }) {
    this.#begunIn = input.begunIn;
    this.#settledThrough = input.settledThrough;
    this.#isAgain = input.isAgain ?? false;
    this.#edge = input.begunIn;
  }

  /** The newest venue time seen: the reading has come through it, but perhaps not through all of its millisecond. */
  get edge(): string | undefined {
    return this.#edge;
  }

  /** Whether a fill is too young to be missed. */
  isYoung(fill: Pick<LedgerFill, "venueTime">): boolean {
    return fill.venueTime > this.#settledThrough;
  }

  /** The facts that a page wants; undefined when it has no fill to be compared. */
  rangeOf(page: Pick<HistoryPage, "fills">): FactRange | undefined {
    const newest = newestTime(page.fills, this.#edge);
    if (page.fills.length === 0 || newest === undefined) return undefined;
    return { from: this.#edge ?? (this.#isAgain ? oldestTime(page.fills) : undefined), to: newest };
  }

  /** The facts that are left behind the last page when the history has ended; undefined when there can be none. */
  rangeToEnd(): FactRange | undefined {
    if (this.#edge === undefined && this.#isAgain) return undefined;
    const isBehind = this.#edge === undefined || this.#edge <= this.#settledThrough;
    return isBehind ? { from: this.#edge, to: this.#settledThrough } : undefined;
  }

  /** Judges one page by the facts of its range. */
  takePage(page: Pick<HistoryPage, "fills" | "unreadable">, facts: readonly LedgerFill[]): PageVerdict {
    const byKey = new Map(facts.map((fact) => [toFillText(fact), fact]));
    const [absent, different, same]: [LedgerFill[], { fill: LedgerFill; reason: string }[], LedgerFill[]] = [
      [],
      [],
      [],
    ];
    const shown = new Set<string>();
    for (const { fillId } of page.unreadable) this.#shownIds.add(fillId);
    for (const fill of page.fills) {
      const key = toFillText(fill);
      shown.add(key);
      this.#shownIds.add(fill.fillId);
      this.#unseen.delete(key);
      const fact = byKey.get(key);
      if (fact === undefined) absent.push(fill);
      else {
        const reason = reasonOf(fill, fact);
        if (reason === undefined) same.push(fill);
        else different.push({ fill, reason });
      }
    }
    this.#missFacts(facts, shown);
    this.#moveEdge(page.fills);
    return { absent, different, same };
  }

  /** Takes the facts behind the last page, once the history has ended. */
  takeEnd(facts: readonly LedgerFill[]): void {
    this.#missFacts(facts, new Set());
  }

  /**
   * Facts that the venue did not show. `through` is the edge of a reading that has not come to the end of the history, whose
   * millisecond is left to the next one.
   */
  unknownToVenue(through: string | undefined): readonly LedgerFill[] {
    return [...this.#unseen.values()].filter(
      (fact) => !this.#shownIds.has(fact.fillId) && (through === undefined || fact.venueTime < through),
    );
  }

  #missFacts(facts: readonly LedgerFill[], shown: ReadonlySet<string>): void {
    for (const fact of facts) {
      const key = toFillText(fact);
      const isHeld = !this.isYoung(fact) && fact.venueTime !== this.#begunIn;
      if (isHeld && !shown.has(key) && !this.#seenAtEdge.has(key)) this.#unseen.set(key, fact);
    }
  }

  #moveEdge(fills: readonly LedgerFill[]): void {
    const newest = newestTime(fills, this.#edge);
    if (newest !== this.#edge) this.#seenAtEdge.clear();
    this.#edge = newest;
    for (const fill of fills) if (fill.venueTime === newest) this.#seenAtEdge.add(toFillText(fill));
  }
}

/** Why a fill of the venue and what stands for it in the ledger are not the same; undefined when they are. */
export function reasonOf(venue: LedgerFill, ledger: LedgerFill): string | undefined {
  const fields = differingFields(venue, ledger);
  return fields.length === 0 ? undefined : `the venue and the ledger differ in ${fields.join(", ")}`;
}

function newestTime(fills: readonly LedgerFill[], edge: string | undefined): string | undefined {
  return fills.reduce<string | undefined>(
    (newest, { venueTime }) => (newest === undefined || venueTime > newest ? venueTime : newest),
    edge,
  );
}

function oldestTime(fills: readonly LedgerFill[]): string | undefined {
  return fills.map(({ venueTime }) => venueTime).toSorted()[0];
}
