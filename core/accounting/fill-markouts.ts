/**
 * Marks the fills of one market: the mid at each, and 1, 5 and 60 s later. Owns the fills whose moments are still to come and those
 * that are done until they are taken; the mids are the tape's, the sums `markout-figures.ts`'s.
 */
import type { Fill } from "../events.ts";
import { type Market, priceToMoney, sizeToMoney, sizeToNumber } from "../market.ts";
import type { MidTape } from "../market-data/mid-tape.ts";
import { readIsoTime } from "../sei/iso-time.ts";
import type { Instant } from "../units.ts";
import { toTicks } from "../units.ts";
import { hourOf } from "./hourly.ts";
import {
  adverseSelection,
  type FillAtMid,
  type FillMarkout,
  MARKOUT_SECONDS,
  markoutAt,
  spreadCapture,
  toBps,
} from "./markout.ts";
import {
  type MarkoutFigures,
  type MarkoutKey,
  MarkoutTable,
  RollingMarkouts,
  type RollingMinute,
} from "./markout-figures.ts";

/** Fills that were not marked, since the start. */
export type UnmarkedFills = {
  /** Told more than five seconds off their venue time: the mid at which they happened is long past. */
  readonly late: number;
  /** Taken while no mid was known. */
  readonly withoutMid: number;
  /** Too many at once. */
  readonly dropped: number;
};

/** A fill's moment is when the task learnt of it, unless that is so far off its venue time by the wall clock. */
const TOLD_WITHIN_MS = 5_000;

/** 68 fills a second for a minute: far more than the venue's request limits let happen. */
const PENDING_MAX = 4_096;
const FINISHED_MAX = 4_096;

const BUSY_MS_MAX = 1_000;

/** This hour and the two before it, by the fills' venue times. */
const HOURS_KEPT = 3;

type Pending = FillAtMid & {
  readonly fill: Fill;
  readonly key: MarkoutKey;
  /** The tables it counts in. */
  readonly hour: MarkoutTable;
  readonly minute: RollingMinute;
  readonly mids: (bigint | undefined)[];
};

export class FillMarkouts {
  readonly #market: Market;
  readonly #tickMoney: bigint;
  readonly #tape: Pick<MidTape, "at">;
  readonly #levels: number;
  readonly #pendingMax: number;
  readonly #finishedMax: number;
  /** By horizon, the fills that wait for it, in the order they were taken; each moves on to the next. */
  readonly #waiting: readonly Pending[][] = MARKOUT_SECONDS.map(() => []);
  #finished: FillMarkout[] = [];
  readonly #rolling: RollingMarkouts;
  readonly #hours = new Map<string, MarkoutTable>();
  readonly #unmarked = { late: 0, withoutMid: 0, dropped: 0 };
  #finishedLost = 0;
  /** Monotonic: of the last `pass`, and before which nothing is to be marked. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `levels`: how many a side is quoted with. */
  constructor(
    market: Market,
    tape: Pick<MidTape, "at">,
    levels: number,
    options: { readonly pendingMax?: number; readonly finishedMax?: number; readonly rollingMax?: number } = {},
  ) {
    this.#market = market;
    this.#tickMoney = priceToMoney(market, toTicks(1));
    this.#tape = tape;
    this.#levels = levels;
    this.#pendingMax = options.pendingMax ?? PENDING_MAX;
    this.#finishedMax = options.finishedMax ?? FINISHED_MAX;
    this.#rolling = new RollingMarkouts(levels, options.rollingMax);
  }

  /** Of the last hour as of the last `pass`. */
  get rolling(): MarkoutFigures {
    return this.#rolling.figuresAt(this.#nowMs);
  }

  /** Of one hour (`YYYY-MM-DDTHH`) by venue time; undefined when no fill of it was marked, or it is no longer kept. */
  hour(hour: string): MarkoutFigures | undefined {
    return this.#hours.get(hour);
  }

  get unmarked(): UnmarkedFills {
    return this.#unmarked;
  }

  /** Fills that wait for a horizon. */
  get pending(): number {
    return this.#waiting.reduce((sum, fills) => sum + fills.length, 0);
  }

  /** Finished fills that nobody took in time. */
  get finishedLost(): number {
    return this.#finishedLost;
  }

  /** Those whose last horizon has passed since the last call, oldest first: each is given once. */
  takeFinished(): readonly FillMarkout[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  /** Takes a new fill; `level` is that of its order. A fill must be told once. */
  add(fill: Fill, level: number | undefined, at: Instant): void {
    const midAtFill = this.#midAt(at.monotonicMs);
    if (Math.abs(at.epochMs - readIsoTime(fill.venueTime)) > TOLD_WITHIN_MS) this.#unmarked.late += 1;
    else if (midAtFill === undefined) this.#unmarked.withoutMid += 1;
    else if (this.pending >= this.#pendingMax) this.#unmarked.dropped += 1;
    else this.#begin(fill, level, at.monotonicMs, midAtFill);
  }

  /**
   * Marks every fill whose moment is past at `nowMs` (monotonic), with the mid that was in force then. While a new book waits for
   * its decision (`isBusy`) that is left to the next call, for a second at most: the tape remembers.
   */
  pass(nowMs: number, { isBusy = false }: { readonly isBusy?: boolean } = {}): void {
    this.#nowMs = nowMs;
    // A book read in this very millisecond may still follow, so the moment itself has to be over.
    if (nowMs <= this.#dueMs + (isBusy ? BUSY_MS_MAX : 0)) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (let horizon = 0; horizon < MARKOUT_SECONDS.length; horizon += 1) {
      const nextMs = this.#markUntil(nowMs, horizon);
      // What has moved on to a later horizon is looked at there in this same round.
      this.#dueMs = Math.min(this.#dueMs, nextMs);
    }
  }

  /** Answers when the next fill is due; infinite when none waits. */
  #markUntil(nowMs: number, horizon: number): number {
    const waiting = this.#waiting[horizon];
    for (let next = waiting?.[0]; next !== undefined; next = waiting?.[0]) {
      const dueMs = dueMsOf(next, horizon);
      if (dueMs >= nowMs) return dueMs;
      waiting?.shift();
      this.#mark(next, horizon, dueMs);
    }
    return Number.POSITIVE_INFINITY;
  }

  #begin(fill: Fill, level: number | undefined, atMs: number, midAtFill: bigint): void {
    const { side, venueTime } = fill;
    const isLevel = level !== undefined && level >= 0 && level < this.#levels;
    const key = { side, level: isLevel ? level : undefined, weight: sizeToNumber(this.#market, fill.size), atMs };
    const atMid = { side, price: priceToMoney(this.#market, fill.price), midAtFill };
    const captureBps = toBps(spreadCapture(atMid), atMid);
    const hour = this.#hourTable(hourOf(venueTime));
    hour.addCapture(key, captureBps);
    const pending = { ...atMid, fill, key, hour, minute: this.#rolling.addCapture(key, captureBps), mids: [] };
    this.#waiting[0]?.push(pending);
    this.#dueMs = Math.min(this.#dueMs, dueMsOf(pending, 0));
  }

  #mark(pending: Pending, horizon: number, atMs: number): void {
    const mid = this.#midAt(atMs);
    pending.mids.push(mid);
    if (mid !== undefined) {
      const markoutBps = toBps(markoutAt(pending, mid), pending);
      const adverseBps = toBps(adverseSelection(pending, mid), pending);
      const marked = { horizon, markoutBps, adverseBps };
      pending.hour.addMarkout(pending.key, marked);
      this.#rolling.addMarkout(pending.minute, pending.key, marked);
    }
    const later = this.#waiting[horizon + 1];
    if (later === undefined) this.#finish(pending);
    else later.push(pending);
  }

  #finish({ fill, key, side, price, midAtFill, mids }: Pending): void {
    const { fillId, venueTime } = fill;
    const size = sizeToMoney(this.#market, fill.size);
    this.#finished.push({ fillId, venueTime, side, level: key.level, price, size, midAtFill, mids });
    if (this.#finished.length <= this.#finishedMax) return;
    this.#finished.shift();
    this.#finishedLost += 1;
  }

  #hourTable(hour: string): MarkoutTable {
    const kept = this.#hours.get(hour);
    if (kept !== undefined) return kept;
    const table = new MarkoutTable(this.#levels);
    this.#hours.set(hour, table);
    const [first] = this.#hours.keys();
    if (this.#hours.size > HOURS_KEPT && first !== undefined) this.#hours.delete(first);
    return table;
  }

  /** As `MarketEngine.midMoney`: truncated below 10^-18. */
  #midAt(ms: number): bigint | undefined {
    const twice = this.#tape.at(ms);
    return twice === undefined ? undefined : (BigInt(twice) * this.#tickMoney) / 2n;
  }
}

/** Monotonic. */
function dueMsOf({ key }: Pick<Pending, "key">, horizon: number): number {
  return key.atMs + 1_000 * (MARKOUT_SECONDS[horizon] ?? 0);
}
