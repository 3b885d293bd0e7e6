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

type Mid = { readonly mid: number; readonly ms: number };

export class Reasonability {
  readonly #limits: ReasonabilityLimits;
  /** Of one mid a second. */
  readonly #samples = new RollingMedian({ windowMs: SAMPLES_MAX * SAMPLE_MS, countMax: SAMPLES_MAX });
  #sampledMs = Number.NEGATIVE_INFINITY;
  /** Due, and not yet among the samples. */
  #sample: Mid | undefined;
  #before: Mid | undefined;
  #then: Mid | undefined;
  #last: Mid | undefined;
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
    if (this.#isJump(this.#last, mid) || (this.#isRecent(this.#before, nowMs) && this.#isJump(this.#before, mid))) {
      this.#jumps += 1;
      this.#pausedUntilMs = nowMs + this.#limits.midJumpPauseMs;
      this.#before = undefined;
      this.#then = undefined;
    }
    this.#last = { mid, ms: nowMs };
    if (this.#then === undefined || nowMs - this.#then.ms >= JUMP_WINDOW_MS / 2) {
      this.#before = this.#then;
      this.#then = this.#last;
    }
    if (nowMs - this.#sampledMs < SAMPLE_MS) return;
    this.settle();
    this.#sampledMs = nowMs;
    this.#sample = this.#last;
  }

  /** Takes the mid of this second among the others', where that is still to be done: it can wait until an order is out. */
  settle(): void {
    if (this.#sample === undefined) return;
    this.#samples.add(this.#sample.mid, this.#sample.ms);
    this.#sample = undefined;
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

  #isRecent(from: Mid | undefined, nowMs: number): boolean {
    return from !== undefined && nowMs - from.ms <= JUMP_WINDOW_MS;
  }

  #isJump(from: Mid | undefined, mid: number): boolean {
    if (from === undefined) return false;
    return Math.abs(mid - from.mid) * 100 > this.#limits.midJumpPercent * from.mid;
  }
}
