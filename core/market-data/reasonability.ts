/**
 * Whether the market's prices make sense next to its own last minute: jumps of the mid, spreads that are no market's, and the
 * median that orders are held to. Owns that minute; books that are not believed are not shown to it.
 */
import { RollingMedian } from "./rolling-median.ts";

/** What is judged against; percentages of the mid, times in milliseconds. See `Limits`. */
export type ReasonabilityLimits = {
  readonly midJumpPercent: number;
  readonly midJumpPauseMs: number;
  readonly spreadPercent: number;
};

const SAMPLE_MS = 1_000;
const SAMPLES_MAX = 60;

/** A jump is a move within this long: the oldest mid it is measured from is half of it to all of it old. */
const JUMP_WINDOW_MS = 1_000;

const NONE: readonly string[] = [];

/** No mid, where a number stands for one: no comparison with it holds. */
const NO_MID = Number.NaN;

export class Reasonability {
  readonly #limits: ReasonabilityLimits;
  /** Of one mid a second. */
  readonly #samples = new RollingMedian({ windowMs: SAMPLES_MAX * SAMPLE_MS, countMax: SAMPLES_MAX });
  /** The mid taken last for it, and when; whether it is not yet among the samples. Mids are plain numbers: each book brings one. */
  #sampledMs = Number.NEGATIVE_INFINITY;
  #sample = NO_MID;
  #isSampleDue = false;
  #lastMid = NO_MID;
  #thenMid = NO_MID;
  #thenMs = Number.NEGATIVE_INFINITY;
  #beforeMid = NO_MID;
  #beforeMs = Number.NEGATIVE_INFINITY;
  #spreadPercent = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #jumps = 0;

  constructor(limits: ReasonabilityLimits) {
    this.#limits = limits;
  }

  /** Median of the last minute's mids, in ticks; undefined before the first. */
  get referencePrice(): number | undefined {
    this.settle();
    return this.#samples.median;
  }

  get jumps(): number {
    return this.#jumps;
  }

  /** The newest book's spread is no market's. */
  get isTooWide(): boolean {
    return this.#spreadPercent > this.#limits.spreadPercent;
  }

  /** The others' mid and spread, in ticks, at `nowMs` (monotonic). */
  record(mid: number, spread: number, nowMs: number): void {
    this.#spreadPercent = (100 * spread) / mid;
    if (this.isTooWide) return;
    // The last mid stood until now, however old it is; the one before must be of this second.
    const isBeforeRecent = nowMs - this.#beforeMs <= JUMP_WINDOW_MS;
    if (this.#isJump(this.#lastMid, mid) || (isBeforeRecent && this.#isJump(this.#beforeMid, mid))) {
      this.#jumps += 1;
      this.#pausedUntilMs = nowMs + this.#limits.midJumpPauseMs;
      this.#beforeMid = NO_MID;
      this.#thenMid = NO_MID;
    }
    this.#lastMid = mid;
    if (Number.isNaN(this.#thenMid) || nowMs - this.#thenMs >= JUMP_WINDOW_MS / 2) {
      this.#beforeMid = this.#thenMid;
      this.#beforeMs = this.#thenMs;
      this.#thenMid = mid;
      this.#thenMs = nowMs;
    }
    if (nowMs - this.#sampledMs < SAMPLE_MS) return;
    this.settle();
    this.#sampledMs = nowMs;
    this.#sample = mid;
    this.#isSampleDue = true;
  }

  /** Takes the mid of this second among the others', where that is still to be done: it can wait until an order is out. */
  settle(): void {
    if (!this.#isSampleDue) return;
    this.#samples.add(this.#sample, this.#sampledMs);
    this.#isSampleDue = false;
  }

  /** Why the newest book may not be quoted on at `nowMs`; empty when it may. */
  reasons(nowMs: number): readonly string[] {
    if (!this.isTooWide && nowMs >= this.#pausedUntilMs) return NONE;
    const { spreadPercent, midJumpPercent, midJumpPauseMs } = this.#limits;
    const reasons: string[] = [];
    if (this.isTooWide) {
      reasons.push(`the spread is ${this.#spreadPercent.toFixed(2)} %, the limit ${spreadPercent} %`);
    }
    if (nowMs < this.#pausedUntilMs) {
      reasons.push(`the mid jumped by more than ${midJumpPercent} %: a pause of ${midJumpPauseMs / 1_000} s`);
    }
    return reasons;
  }

  #isJump(from: number, mid: number): boolean {
    return Math.abs(mid - from) * 100 > this.#limits.midJumpPercent * from;
  }
}
