/** The count that a connection gives its books of a market (CONTRACTS 1): a repeat or a step back is no book. Owns how far each has counted. */
export class BookCounts {
  readonly #counts = new WeakMap<object, Map<string, number>>();

  /** Whether the connection has counted on; `NaN` is no count. */
  isNext(connection: object, market: string, sequence: number): boolean {
    const counts = this.#counts.get(connection) ?? new Map<string, number>();
    this.#counts.set(connection, counts);
    if (!(sequence > (counts.get(market) ?? Number.NEGATIVE_INFINITY))) return false;
    counts.set(market, sequence);
    return true;
  }
}
