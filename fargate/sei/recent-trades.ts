/**
 * The ids of the latest trades. A node sends an event to every subscription that it matches, and the next node may send
 * again what the last one sent, so a trade can come twice; it must count once. Owns no trade, only its id.
 */

const REMEMBERED_MAX = 4_096;

export class RecentTrades {
  readonly #idsByMarket: ReadonlyMap<string, Set<string>>;

  constructor(markets: Iterable<string>) {
    this.#idsByMarket = new Map(Array.from(markets, (market) => [market, new Set<string>()]));
  }

  /** False when the trade is among the last 4,096 of its market. */
  add(market: string, tradeId: string): boolean {
    const ids = this.#idsByMarket.get(market);
    if (ids === undefined) return true;
    if (ids.has(tradeId)) return false;
    ids.add(tradeId);
    if (ids.size > REMEMBERED_MAX) {
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    }
    return true;
  }
}
