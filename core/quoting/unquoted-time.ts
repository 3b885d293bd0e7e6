/**
 * The time without quotes on both sides, by reason: since the start, and by hour. Owns the sums; how long it was is the
 * `QuoteMeter`'s, and why is told to it.
 */
import type { UnquotedReason } from "../execution/why.ts";

export type UnquotedSums = ReadonlyMap<UnquotedReason, number>;

export type UnquotedHour = { readonly startEpochMs: number; readonly millis: UnquotedSums };

const HOUR_MS = 3_600_000;

/** A day: what is older is in the engine's minutes. */
const HOURS_KEPT = 24;

export class UnquotedTime {
  readonly #total = new Map<UnquotedReason, number>();
  readonly #hours = new Map<number, Map<UnquotedReason, number>>();

  /** Milliseconds since the start. */
  get total(): UnquotedSums {
    return this.#total;
  }

  /** The last day's hours in which any such time ended, oldest first. */
  get hours(): readonly UnquotedHour[] {
    return [...this.#hours].map(([startEpochMs, millis]) => ({ startEpochMs, millis }));
  }

  /** A span of `ms` that ends at `epochMs`; it counts in the hour it ends in. */
  charge(ms: number, reason: UnquotedReason, epochMs: number): void {
    if (ms <= 0) return;
    add(this.#total, reason, ms);
    const startEpochMs = Math.floor(epochMs / HOUR_MS) * HOUR_MS;
    const hour = this.#hours.get(startEpochMs) ?? new Map<UnquotedReason, number>();
    add(hour, reason, ms);
    this.#hours.set(startEpochMs, hour);
    const [first] = this.#hours.keys();
    if (this.#hours.size > HOURS_KEPT && first !== undefined) this.#hours.delete(first);
  }
}

function add(sums: Map<UnquotedReason, number>, reason: UnquotedReason, ms: number): void {
  sums.set(reason, (sums.get(reason) ?? 0) + ms);
}
