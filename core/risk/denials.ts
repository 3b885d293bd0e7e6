/**
 * What the gate keeps from being quoted: as of the last decision for people, and how often for metrics. Owns the counting: the
 * same quote denied again for the same reason counts once, until a decision passes without it.
 */
import type { Denial, DenialReason } from "./gate.ts";

export class Denials {
  #shaped: readonly Denial[] = NONE;
  #heldBack: Denial[] = [];
  /** Those of the decision before. */
  #shapedBefore: readonly Denial[] = NONE;
  #heldBackBefore: readonly Denial[] = NONE;
  readonly #counts = new Map<DenialReason, number>();

  /** As of the last decision. */
  get now(): readonly Denial[] {
    return [...this.#shaped, ...this.#heldBack];
  }

  get counts(): ReadonlyMap<DenialReason, number> {
    return this.#counts;
  }

  /** A new decision begins; `shaped` is what the limits took out of it from the first. */
  begin(shaped: readonly Denial[]): void {
    this.#shapedBefore = this.#shaped;
    this.#shaped = shaped;
    // Mostly nothing is held back: then the list is used again.
    this.#heldBackBefore = this.#heldBack.length === 0 ? NONE : this.#heldBack;
    if (this.#heldBack.length > 0) this.#heldBack = [];
    for (const denial of shaped) this.#count(denial);
  }

  /** A placing of this decision was denied. */
  add(denial: Denial): void {
    this.#heldBack.push(denial);
    this.#count(denial);
  }

  #count(denial: Denial): void {
    if (isAmong(this.#shapedBefore, denial) || isAmong(this.#heldBackBefore, denial)) return;
    this.#counts.set(denial.reason, (this.#counts.get(denial.reason) ?? 0) + 1);
  }
}

const NONE: readonly Denial[] = [];

/** For the same reason in the same slot. */
function isAmong(denials: readonly Denial[], { quote, reason }: Denial): boolean {
  for (const each of denials) {
    const { side, level } = each.quote;
    if (each.reason === reason && side === quote.side && level === quote.level) return true;
  }
  return false;
}
