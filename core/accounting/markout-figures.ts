/**
 * Spread capture, markouts and adverse selection of many fills by side and level, in bps of the mid at the fill, weighted by size.
 * Owns the sums: of a set of fills, and of the last hour. Floating-point figures, never money.
 *
 * Fills of one side within a horizon of each other share the move that follows them, so for the interval the fills of each second,
 * five seconds or minute count as one observation; capture goes by the second, since one taker may fill several orders at once. So
 * the interval at 60 s needs ten minutes with fills. Neighbouring periods still share a part: where every minute has many fills it
 * covers some 90 %, not 95 %.
 */
import type { Side } from "../units.ts";
import { MARKOUT_SECONDS } from "./markout.ts";
import { type WeightedMean, WeightedSums } from "./weighted-mean.ts";

/** A level of our quotes, 0 first; "all" is over every fill of a side, those of no level of ours among them. */
export type MarkoutLevel = number | "all";

export type MarkoutRow = {
  readonly side: Side;
  readonly level: MarkoutLevel;
  readonly capture: WeightedMean;
  /** By horizon: of the fills whose mid at that moment is known, so the counts may differ. */
  readonly markouts: readonly WeightedMean[];
  readonly adverse: readonly WeightedMean[];
};

/** What a fill is counted under; `atMs` is its monotonic moment. */
export type MarkoutKey = {
  readonly side: Side;
  readonly level: number | undefined;
  readonly weight: number;
  readonly atMs: number;
};

export type Marked = { readonly horizon: number; readonly markoutBps: number; readonly adverseBps: number };

export type MarkoutFigures = Pick<MarkoutTable, "rows" | "of">;

const SIDES: readonly Side[] = ["buy", "sell"];

/** The figures of one set of fills. */
export class MarkoutTable {
  readonly #groups: readonly Group[];
  readonly #levels: number;

  /** `levels`: how many levels a side is quoted with; fills of any other are in "all" alone. */
  constructor(levels: number) {
    this.#levels = levels;
    this.#groups = SIDES.flatMap((side) => [
      new Group(side, "all"),
      ...Array.from({ length: levels }, (_, level) => new Group(side, level)),
    ]);
  }

  /** Each side over all levels, then by level; the same rows whatever was filled. */
  rows(): readonly MarkoutRow[] {
    return this.#groups.map((group) => group.row());
  }

  /** Undefined for a level that is not quoted. Constant time; computed anew only after a fill. */
  of(side: Side, level: MarkoutLevel): MarkoutRow | undefined {
    return this.#group(side, level)?.row();
  }

  addCapture(key: MarkoutKey, bps: number): void {
    this.#group(key.side, "all")?.addCapture(key, bps);
    if (key.level !== undefined) this.#group(key.side, key.level)?.addCapture(key, bps);
  }

  addMarkout(key: MarkoutKey, marked: Marked): void {
    this.#group(key.side, "all")?.addMarkout(key, marked);
    if (key.level !== undefined) this.#group(key.side, key.level)?.addMarkout(key, marked);
  }

  /** Adds the sums of a table of as many levels whose fills all come after these. */
  merge(later: MarkoutTable): void {
    for (const [index, group] of this.#groups.entries()) {
      const more = later.#groups[index];
      if (more !== undefined) group.merge(more);
    }
  }

  #group(side: Side, level: MarkoutLevel): Group | undefined {
    const first = side === "buy" ? 0 : this.#levels + 1;
    if (level === "all") return this.#groups[first];
    return level >= 0 && level < this.#levels ? this.#groups[first + 1 + level] : undefined;
  }
}

class Group {
  readonly #side: Side;
  readonly #level: MarkoutLevel;
  readonly #capture = new WeightedSums();
  readonly #markouts = MARKOUT_SECONDS.map(() => new WeightedSums());
  readonly #adverse = MARKOUT_SECONDS.map(() => new WeightedSums());
  #row: MarkoutRow | undefined;

  constructor(side: Side, level: MarkoutLevel) {
    this.#side = side;
    this.#level = level;
  }

  row(): MarkoutRow {
    this.#row ??= {
      side: this.#side,
      level: this.#level,
      capture: this.#capture.mean(),
      markouts: this.#markouts.map((sums) => sums.mean()),
      adverse: this.#adverse.map((sums) => sums.mean()),
    };
    return this.#row;
  }

  addCapture({ weight, atMs }: MarkoutKey, bps: number): void {
    this.#capture.add(bps, weight, periodOf(atMs, CAPTURE_PERIOD_SECONDS));
    this.#row = undefined;
  }

  addMarkout({ weight, atMs }: MarkoutKey, { horizon, markoutBps, adverseBps }: Marked): void {
    const period = periodOf(atMs, MARKOUT_SECONDS[horizon] ?? CAPTURE_PERIOD_SECONDS);
    this.#markouts[horizon]?.add(markoutBps, weight, period);
    this.#adverse[horizon]?.add(adverseBps, weight, period);
    this.#row = undefined;
  }

  merge(later: Group): void {
    this.#capture.merge(later.#capture);
    for (const [horizon, sums] of later.#markouts.entries()) this.#markouts[horizon]?.merge(sums);
    for (const [horizon, sums] of later.#adverse.entries()) this.#adverse[horizon]?.merge(sums);
    this.#row = undefined;
  }
}

const CAPTURE_PERIOD_SECONDS = 1;

/** A minute is a whole number of periods of each length, so none is parted between two minutes. */
function periodOf(atMs: number, seconds: number): number {
  return Math.floor(atMs / (1_000 * seconds));
}

const MINUTE_MS = 60_000;
const MINUTES_KEPT = 60;

/** In a fast market the last hour is long past: its oldest minutes go once it holds more fills than this. */
const FILLS_KEPT = 5_000;

/** The fills of one minute, as `RollingMarkouts` keeps them. */
export type RollingMinute = {
  readonly minute: number;
  readonly table: MarkoutTable;
  fills: number;
  /** No longer part of the last hour. */
  isGone: boolean;
};

/**
 * The fills of the last hour, to the minute, by monotonic time; of more than 5,000, the newest minutes that hold as many at most (the
 * running one in any case). Minutes are put together anew, not taken off, so that no rounding adds up.
 */
export class RollingMarkouts {
  readonly #levels: number;
  readonly #fillsKept: number;
  /** Oldest first, those without a fill left out. */
  readonly #minutes: RollingMinute[] = [];
  #total: MarkoutTable | undefined;
  #fills = 0;

  constructor(levels: number, fillsKept = FILLS_KEPT) {
    this.#levels = levels;
    this.#fillsKept = fillsKept;
  }

  /** At `nowMs`. Put together anew at the first reading after a minute has gone, at most once a minute; else constant time. */
  figuresAt(nowMs: number): MarkoutFigures {
    this.#forget(nowMs);
    if (this.#total === undefined) {
      this.#total = new MarkoutTable(this.#levels);
      for (const { table } of this.#minutes) this.#total.merge(table);
    }
    return this.#total;
  }

  /** Takes a new fill and answers the minute it stands in, for its markouts. */
  addCapture(key: MarkoutKey, bps: number): RollingMinute {
    this.#forget(key.atMs);
    const minute = this.#minuteAt(key.atMs);
    minute.fills += 1;
    this.#fills += 1;
    minute.table.addCapture(key, bps);
    this.#total?.addCapture(key, bps);
    while (this.#fills > this.#fillsKept && this.#minutes.length > 1) this.#dropOldest();
    return minute;
  }

  addMarkout(minute: RollingMinute, key: MarkoutKey, marked: Marked): void {
    if (minute.isGone) return;
    minute.table.addMarkout(key, marked);
    this.#total?.addMarkout(key, marked);
  }

  #minuteAt(atMs: number): RollingMinute {
    const minute = Math.floor(atMs / MINUTE_MS);
    const newest = this.#minutes.at(-1);
    // A fill that is told out of turn by a moment stands in the minute that has begun.
    if (newest !== undefined && newest.minute >= minute) return newest;
    const begun = { minute, table: new MarkoutTable(this.#levels), fills: 0, isGone: false };
    this.#minutes.push(begun);
    return begun;
  }

  #forget(nowMs: number): void {
    const gone = Math.floor(nowMs / MINUTE_MS) - MINUTES_KEPT;
    for (let oldest = this.#minutes[0]; oldest !== undefined && oldest.minute <= gone; oldest = this.#minutes[0]) {
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const oldest = this.#minutes.shift();
    if (oldest === undefined) return;
    oldest.isGone = true;
    this.#fills -= oldest.fills;
    this.#total = undefined;
  }
}
