/**
 * Follows the health of the order API: quotes that can not be moved are better not there. Owns when the venue halts the markets,
 * and when a task whose key is refused is of no more use: it ends, and the next one reads the key anew.
 */
import type { Assembly } from "./assembly.ts";

/** A refused key may be a clock that is being set; one that lasts is a key that was changed. */
const UNAUTHORIZED_MS_MAX = 5_000;

export class VenueWatch {
  readonly #onUseless: (reason: string) => void;
  #reason: string | undefined;
  #isToldUseless = false;

  constructor(onUseless: (reason: string) => void) {
    this.#onUseless = onUseless;
  }

  follow(assembly: Pick<Assembly, "venue" | "halt" | "allow">): void {
    const { circuit, unauthorized } = assembly.venue.state();
    const reason = this.#reasonOf(circuit, unauthorized !== undefined);
    if (reason !== this.#reason) {
      this.#reason = reason;
      if (reason === undefined) assembly.allow("venue");
      else assembly.halt("venue", reason);
    }
    // Silence after a refusal is no refusal: only the venue's word counts.
    const refusedMs = unauthorized === undefined ? 0 : unauthorized.lastMs - unauthorized.sinceMs;
    if (refusedMs < UNAUTHORIZED_MS_MAX || this.#isToldUseless) return;
    this.#isToldUseless = true;
    this.#onUseless(`the order API has refused our key or our clock for ${Math.round(refusedMs / 1_000)} s`);
  }

  #reasonOf(circuit: 0 | 1 | 2, isUnauthorized: boolean): string | undefined {
    if (isUnauthorized) return "the order API refuses our key or our clock";
    return circuit === 0 ? undefined : "the order API fails, its circuit breaker is open";
  }
}
