/**
 * What the gate keeps from being quoted: as of the last decision for people, and how often for metrics. Owns the counting: the
 * same quote denied again for the same reason counts once, until a decision passes without it.
 */
import type { Denial, DenialReason } from "./gate.ts";

export class Denials {
  #shaped: readonly Denial[] = [];
  #heldBack: Denial[] = [];
  #before: ReadonlySet<string> = new Set();
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
    const isQuiet = this.#shaped.length === 0 && this.#heldBack.length === 0;
    this.#before = isQuiet ? NONE : new Set(this.now.map(keyOf));
    this.#shaped = shaped;
    this.#heldBack = [];
    for (const denial of shaped) this.#count(denial);
  }

  /** A placing of this decision was denied. */
  add(denial: Denial): void {
    this.#heldBack.push(denial);
    this.#count(denial);
  }

  #count(denial: Denial): void {
    if (this.#before.has(keyOf(denial))) return;
    this.#counts.set(denial.reason, (this.#counts.get(denial.reason) ?? 0) + 1);
  }
}

const NONE: ReadonlySet<string> = new Set();

function keyOf({ quote, reason }: Denial): string {
  return `${quote.side}${quote.level} ${reason}`;
}
