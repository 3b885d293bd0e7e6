/** The venue's limits, as it counts them itself: arrivals in any one second, placements in flight. Owns these two counts. */

const REQUESTS_MAX = 10;
const WINDOW_MS = 1_000;
const PLACEMENTS_MAX = 5;

export class RequestLimits {
  /** Times of the last arrivals, refused ones included, oldest first; at most `REQUESTS_MAX`. */
  readonly #arrivals: number[] = [];
  #placements = 0;

  /** Counts an arrival; false when it is one too many within a second. `nowMs` is monotonic. */
  admit(nowMs: number): boolean {
    const tenthLast = this.#arrivals.length < REQUESTS_MAX ? undefined : this.#arrivals.shift();
    this.#arrivals.push(nowMs);
    return tenthLast === undefined || nowMs - tenthLast >= WINDOW_MS;
  }

  /** Begins a placement; false when as many as allowed are in flight. */
  beginPlacement(): boolean {
    if (this.#placements >= PLACEMENTS_MAX) return false;
    this.#placements += 1;
    return true;
  }

  endPlacement(): void {
    this.#placements -= 1;
  }
}
