/**
 * How long a lease that was granted may still be used, by this process's clocks alone, and whether they can be believed.
 * Owns that arithmetic; it calls nothing and writes nothing.
 *
 * A frozen machine may stop its monotonic clock with it, and only the wall clock then tells of the time that is gone. So
 * when the two have moved apart, what the wall clock moved ahead counts as time lost until a renewal begins a term anew.
 * It may have been set back in the same time, and then tells too little: whatever it says, only a renewal ends such a doubt.
 */
import type { Instant } from "../core/units.ts";

/** The clocks may move apart by this much before they are doubted: an adjusted wall clock does so by far less. */
const CLOCKS_APART_MAX_MS = 1_000;

/** A moment on this object's own time line, how far the wall clock was from the monotonic one then, and how many doubts there had been. */
export type Mark = { readonly momentMs: number; readonly apartMs: number; readonly doubtsCount: number };

type Doubt = {
  readonly reason: string;
  /** How much of the term is over cannot be told: a reading of the record proves its owner, and not that. */
  isOfTime: boolean;
  /** Time that may be lost, found since this doubt began. */
  suspectedMs: number;
  /** A check of it failed: what is suspected then counts as lost, also for the quotes that stand. */
  hasFailed: boolean;
};

export class LeaseValidity {
  readonly #termMs: number;
  /** From here to the end of the term there is only cancelling. */
  readonly #placingMs: number;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #apartMs = 0;
  #lostMs = 0;
  #doubt: Doubt | undefined;
  /** Grows with every doubt: a check counts only for those that began before it was sent. */
  #doubtsCount = 0;

  constructor(termMs: number) {
    this.#termMs = termMs;
    this.#placingMs = (termMs * 2) / 3;
  }

  /** To be taken before a write is sent: the term it grants begins there. */
  mark(now: Instant): Mark {
    return { momentMs: this.#moment(now), apartMs: now.epochMs - now.monotonicMs, doubtsCount: this.#doubtsCount };
  }

  get doubtsCount(): number {
    return this.#doubtsCount;
  }

  /** Why the lease is in doubt, or undefined. */
  get doubt(): string | undefined {
    return this.#doubt?.reason;
  }

  /** A write sent at `mark` was done: a term began there. One that began later stands. */
  grant(mark: Mark): void {
    if (mark.momentMs <= this.#sinceMs) return;
    this.#sinceMs = mark.momentMs;
    // What the clocks did before this term cannot shorten it: they are compared from its beginning. Had they jumped since,
    // the next look at them finds it, or has found it.
    if (this.#doubt === undefined) this.#apartMs = mark.apartMs;
    else if (mark.doubtsCount === this.#doubtsCount) this.#doubt.isOfTime = false;
  }

  /** Compares the clocks. Answers true when a doubt begins with this look. */
  observe(now: Instant): boolean {
    const jumpMs = now.epochMs - now.monotonicMs - this.#apartMs;
    if (Math.abs(jumpMs) <= CLOCKS_APART_MAX_MS) return false;
    this.#apartMs += jumpMs;
    const suspectedMs = Math.max(0, jumpMs);
    this.#lostMs += suspectedMs;
    const hasBegun = this.#doubt === undefined;
    const seconds = (jumpMs / 1_000).toFixed(1);
    this.#begin(`the wall clock moved ${seconds} s against the monotonic clock`, { suspectedMs, isOfTime: true });
    return hasBegun;
  }

  /** Doubts until a check that is sent from now on has proven the lease. */
  beginDoubt(reason: string): void {
    this.#begin(reason, { suspectedMs: 0, isOfTime: false });
  }

  #begin(reason: string, { suspectedMs, isOfTime }: Pick<Doubt, "suspectedMs" | "isOfTime">): void {
    this.#doubtsCount += 1;
    this.#doubt = {
      reason,
      isOfTime: isOfTime || this.#doubt?.isOfTime === true,
      suspectedMs: suspectedMs + (this.#doubt?.suspectedMs ?? 0),
      hasFailed: this.#doubt?.hasFailed ?? false,
    };
  }

  /**
   * The record was proven ours by a call that was sent when there had been `doubtsCount` doubts. Ends the doubt, unless a
   * newer one began, the clocks have parted, or too much of the term may be lost: then only a renewal ends it.
   */
  confirm(doubtsCount: number, now: Instant): void {
    if (doubtsCount !== this.#doubtsCount || this.#elapsedMs(now) >= this.#placingMs) return;
    // What may be lost counts from here on, so that quotes are pulled in time where the renewal does not come.
    if (this.#doubt?.isOfTime === true) this.#doubt.suspectedMs = 0;
    else this.#doubt = undefined;
  }

  failCheck(): void {
    if (this.#doubt !== undefined) this.#doubt.hasFailed = true;
  }

  /** Whether 2/3 of the term are over; time that is only suspected to be lost counts once a check of it has failed. */
  isExpiring(now: Instant): boolean {
    const uncertainMs = this.#doubt === undefined || this.#doubt.hasFailed ? 0 : this.#doubt.suspectedMs;
    return this.#elapsedMs(now) - uncertainMs >= this.#placingMs;
  }

  /** Synchronous and cheap, for just before a placing is written. Undefined: it may be. */
  reasonNotToPlace(now: Instant): string | undefined {
    if (this.#doubt !== undefined) return `the lease is in doubt: ${this.#doubt.reason}`;
    const elapsedMs = this.#elapsedMs(now);
    if (elapsedMs < this.#placingMs) return undefined;
    return `the lease was renewed ${(elapsedMs / 1_000).toFixed(1)} s ago, of ${this.#termMs / 1_000} s`;
  }

  /** Until the term ends, at least 0. */
  validForMs(now: Instant): number {
    return Math.max(0, this.#termMs - this.#elapsedMs(now));
  }

  /** Until placing ends, 0 or less when it has. */
  placingForMs(now: Instant): number {
    return this.#placingMs - this.#elapsedMs(now);
  }

  /** Until a third of the term is over, 0 or less when it is. */
  renewalInMs(now: Instant): number {
    return this.#termMs / 3 - this.#elapsedMs(now);
  }

  #elapsedMs(now: Instant): number {
    return this.#moment(now) - this.#sinceMs;
  }

  #moment(now: Instant): number {
    return now.monotonicMs + this.#lostMs;
  }
}
