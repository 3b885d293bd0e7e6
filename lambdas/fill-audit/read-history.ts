/**
 * One stretch of the venue's history, read and compared: from where the last one stopped, or fifteen minutes behind what was
 * compared, to the end or until the time is up. Owns the loop over the pages and what it leaves behind; the judgement is
 * `history-comparison.ts`'s. It never loses its place: what it answers goes on exactly where its pages end.
 */
import type { LedgerFill } from "../../core/messages.ts";
import { type CambrianClient, CambrianError } from "../cambrian-client.ts";
import type { Timing } from "../timing.ts";
import { type AuditState, extendTrail, type Mark, type Place, placeToBegin, pruneTrail } from "./audit-state.ts";
import { type Difference, fitDifferences } from "./differences.ts";
import { HistoryComparison } from "./history-comparison.ts";
import { judgeFact, judgeFills, type LedgerSide, readFacts, type Standing } from "./ledger-check.ts";
import { type HistoryPage, readHistoryPage } from "./venue-history.ts";

export type Reader = {
  readonly client: Pick<CambrianClient, "ask">;
  readonly side: LedgerSide;
  readonly timing: Timing;
  /** Monotonic: no page is begun when it is near. */
  readonly untilMs: number;
  /** ISO-8601, when this run began: what is found now was found then. */
  readonly now: string;
  /** Venue time: what is younger may still be on its way. */
  readonly settledThrough: string;
};

/**
 * Where a reading stopped. `end`: the history was read to its end, or to fills that are too young. `time`: no more time. `room`:
 * more fills are missing than are kept in mind, and they must be booked first. `failed`: venue or table could not be read.
 */
export type Stop = { readonly type: "end" | "time" | "room" } | { readonly type: "failed"; readonly error: unknown };

export type HistoryReading = {
  readonly stop: Stop;
  /** Fills compared in this reading, again or for the first time. */
  readonly checked: number;
  readonly state: Pick<AuditState, "checkedThrough" | "checkedTotal" | "goesOnAt" | "trail" | "open">;
  /** Differences beyond what is kept. */
  readonly left: readonly Difference[];
};

/** A page typically takes a second, for the pace; with less than this left none is begun but the first. */
export const PAGE_MS = 3_000;

/** Reads on from `state`, whose `open` were looked at again. Never rejects. */
export async function readHistory(reader: Reader, state: AuditState): Promise<HistoryReading> {
  const reading = new Reading(reader, state, state.goesOnAt ?? placeToBegin(state));
  const found = await reading.run({ pagesMax: Number.POSITIVE_INFINITY, end: undefined });
  const { stop, checked, left, place } = found;
  const isEnd = stop.type === "end";
  const checkedThrough = later(state.checkedThrough, isEnd ? reader.settledThrough : justBefore(place.through));
  // A cursor that the venue no longer takes would be refused for ever: all is read again from the beginning.
  const isOver = isEnd || found.isCursorRefused;
  return {
    stop,
    checked,
    left,
    state: {
      checkedThrough,
      checkedTotal: state.checkedTotal + found.counted,
      // A reading that has not got anywhere begins again, with its overlap.
      goesOnAt: isOver ? undefined : found.pages === 0 ? state.goesOnAt : place,
      trail: found.isCursorRefused ? [] : pruneTrail(found.trail, checkedThrough),
      open: found.open,
    },
  };
}

/** What a reading leaves behind, wherever it stopped. */
type Findings = {
  readonly stop: Stop;
  readonly isCursorRefused: boolean;
  readonly pages: number;
  /** Fills compared, and how many of them for the first time. */
  readonly checked: number;
  readonly counted: number;
  /** Everything before it is compared. */
  readonly place: Place;
  readonly trail: AuditState["trail"];
  readonly open: readonly Difference[];
  readonly left: readonly Difference[];
};

export type ReadingBounds = {
  readonly pagesMax: number;
  /** The mark behind which nothing is looked at; undefined for the end of the history. */
  readonly end: Mark | undefined;
};

/** The reading of one stretch, from a place on. */
export class Reading {
  readonly #reader: Reader;
  /** What was compared before is not counted again. */
  readonly #checkedBefore: string | undefined;
  readonly #comparison: HistoryComparison;
  readonly #open: Map<string, Difference>;
  /** Everything before it is compared. */
  #place: Place;
  #trail: AuditState["trail"];
  #pages = 0;
  #checked = 0;
  #counted = 0;

  /** `isAgain`: from the beginning of a history that was read to it once, what the venue no longer shows is not looked at. */
  constructor(
    reader: Reader,
    state: Pick<AuditState, "checkedThrough" | "trail" | "open">,
    place: Place,
    isAgain = false,
  ) {
    this.#reader = reader;
    this.#checkedBefore = state.checkedThrough;
    this.#place = place;
    this.#trail = state.trail;
    this.#open = new Map(state.open.map((difference) => [difference.fillId, difference]));
    const { settledThrough } = reader;
    this.#comparison = new HistoryComparison({ begunIn: this.#place.through, settledThrough, isAgain });
  }

  /** Reads once. Never rejects. */
  async run(bounds: ReadingBounds): Promise<Findings> {
    let stop: Stop;
    try {
      stop = await this.#readPages(bounds);
    } catch (error) {
      stop = { type: "failed", error };
    }
    return this.#finish(stop, bounds.end?.through);
  }

  async #readPages({ pagesMax, end }: ReadingBounds): Promise<Stop> {
    const { client, side, timing, untilMs } = this.#reader;
    for (let pages = 0; ; pages++) {
      if (pages === pagesMax || (pages > 0 && timing.monotonicMs() + PAGE_MS > untilMs)) return { type: "time" };
      const page = cutAt(end, await readHistoryPage(client, side.market, this.#place.cursor, untilMs));
      const compared = await this.#compare(page);
      if (compared === undefined) return { type: "room" };
      const isLast = !page.more || page.fills.some((fill) => this.#comparison.isYoung(fill));
      const range = isLast ? this.#comparison.rangeToEnd() : undefined;
      if (range !== undefined) this.#comparison.takeEnd(await readFacts(side, range));
      this.#move(page, compared);
      if (isLast) return { type: "end" };
    }
  }

  /** `end`: of its millisecond the next stretch may show more. */
  #finish(stop: Stop, end: string | undefined): Findings {
    const { through } = this.#place;
    for (const fill of this.#comparison.unknownToVenue(stop.type === "end" ? end : (through ?? ""))) {
      this.#note({ kind: "unknown-to-venue", reason: "the venue does not show it", fill });
    }
    const { kept, left } = fitDifferences([...this.#open.values()]);
    return {
      stop,
      isCursorRefused: this.#place.cursor !== undefined && isRefused(stop),
      pages: this.#pages,
      checked: this.#checked,
      counted: this.#counted,
      place: this.#place,
      trail: this.#trail,
      open: kept,
      left,
    };
  }

  /** How many fills of a page were compared; undefined when its missing ones find no room, and the page must come again. */
  async #compare(page: HistoryPage): Promise<number | undefined> {
    const { side } = this.#reader;
    const range = this.#comparison.rangeOf(page);
    const verdict = this.#comparison.takePage(page, range === undefined ? [] : await readFacts(side, range));
    const old = verdict.absent.filter((fill) => !this.#comparison.isYoung(fill));
    const standings = await judgeFills(side, old);
    for (const { fillId, reason } of page.unreadable) {
      this.#note({ kind: "different", fillId, reason: `the venue's copy cannot be read: ${reason}` });
    }
    for (const { fill, reason } of verdict.different) this.#note({ kind: "different", reason, fill });
    for (const fill of verdict.same) {
      this.#noteStanding(fill, this.#comparison.isYoung(fill) ? { type: "booked" } : judgeFact(side, fill), true);
    }
    for (const [index, standing] of standings.entries()) {
      const fill = old[index];
      if (fill !== undefined) this.#noteStanding(fill, standing);
    }
    const homeless = fitDifferences([...this.#open.values()]).left.filter(({ kind }) => kind === "missing");
    for (const { fillId } of homeless) this.#open.delete(fillId);
    return homeless.length > 0 ? undefined : page.fills.length - verdict.absent.length + old.length;
  }

  #move(page: HistoryPage, compared: number): void {
    this.#pages++;
    this.#checked += compared;
    const before = this.#checkedBefore;
    this.#counted += page.fills.filter(
      (fill) => !this.#comparison.isYoung(fill) && (before === undefined || fill.venueTime > before),
    ).length;
    const { edge: through } = this.#comparison;
    this.#place = { cursor: page.nextCursor, through };
    if (page.nextCursor === undefined || through === undefined || page.fills.length === 0) return;
    this.#trail = extendTrail(this.#trail, { cursor: page.nextCursor, through });
  }

  #noteStanding(fill: LedgerFill, standing: Standing, isFact = false): void {
    if (standing.type === "booked") this.#open.delete(fill.fillId);
    else this.#note({ kind: standing.type, reason: standing.reason, fill, isFact });
  }

  #note(found: FoundDifference): void {
    const { kind, reason, fill } = found;
    const fillId = fill?.fillId ?? found.fillId ?? "absent";
    const known = this.#open.get(fillId);
    const foundAt = known?.foundAt ?? this.#reader.now;
    this.#open.set(fillId, { kind, fillId, reason, foundAt, fill });
    // A late fill, which no reading has counted; one that is a fact was there to be counted.
    const before = this.#checkedBefore ?? "";
    const isLate = fill !== undefined && fill.venueTime <= before && found.isFact !== true;
    if (known === undefined && kind === "missing" && isLate) this.#counted++;
  }
}

type FoundDifference = Pick<Difference, "kind" | "reason"> & {
  readonly fill?: LedgerFill;
  /** Where there is no fill. */
  readonly fillId?: string;
  /** Whether the ledger has it written down. */
  readonly isFact?: boolean;
};

/** The page as if the history ended with this mark. */
function cutAt(end: Mark | undefined, page: HistoryPage): HistoryPage {
  if (end === undefined) return page;
  const fills = page.fills.filter(({ venueTime }) => venueTime <= end.through);
  const isOver = fills.length < page.fills.length || page.nextCursor === end.cursor;
  return { ...page, fills, more: page.more && !isOver };
}

function isRefused(stop: Stop): boolean {
  return stop.type === "failed" && stop.error instanceof CambrianError && stop.error.status === 400;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/** The millisecond before: of the edge's own not everything has been read. */
function justBefore(venueTime: string | undefined): string | undefined {
  return venueTime === undefined ? undefined : new Date(Date.parse(venueTime) - 1).toISOString();
}
