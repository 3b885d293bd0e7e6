/**
 * What the account can pay for: the last reading of its balances, carried on by our own fills, so that an order is denied here
 * rather than refused by the venue. Owns the amounts by asset, integers of 10^-18; an asset that no reading named together with
 * its market's other one is not known, and then nothing is denied for it.
 */
import type { Books } from "../accounting/pnl.ts";
import type { Market } from "../market.ts";
import type { Side } from "../units.ts";

/** One market's part in what the account must hold: its books, and what its open orders may still buy (value) or sell (size). */
export type Commitment = {
  readonly market: Market;
  readonly books: Books;
  readonly buyValue: bigint;
  readonly sellSize: bigint;
};

export class Funds {
  /** What the account holds beyond what our books explain: constant while only our fills move it. */
  readonly #offsets = new Map<string, bigint>();

  /** The venue's balances, read while the books were as in `markets`. */
  read(balances: ReadonlyMap<string, bigint>, markets: readonly Pick<Commitment, "market" | "books">[]): void {
    this.#offsets.clear();
    for (const { market } of markets) {
      if (!balances.has(market.base) && !balances.has(market.quote)) continue;
      for (const asset of [market.base, market.quote]) {
        this.#offsets.set(asset, (balances.get(asset) ?? 0n) - explained(asset, markets));
      }
    }
  }

  /** Whether the account could pay for one more order if every open one filled. `amount` is its value for a buy, its size for a sell. */
  covers(
    order: { readonly side: Side; readonly market: Market; readonly amount: bigint },
    all: readonly Commitment[],
  ): boolean {
    const asset = order.side === "buy" ? order.market.quote : order.market.base;
    const offset = this.#offsets.get(asset);
    if (offset === undefined) return true;
    let committed = order.amount;
    for (const { market, buyValue, sellSize } of all) {
      if (market.quote === asset) committed += buyValue;
      if (market.base === asset) committed += sellSize;
    }
    return offset + explained(asset, all) >= committed;
  }
}

/** What the fills in the books have brought of an asset: bought and sold, less the fees paid in it. */
export function explained(asset: string, markets: readonly Pick<Commitment, "market" | "books">[]): bigint {
  let amount = 0n;
  for (const { market, books } of markets) {
    if (market.base === asset) amount += books.position;
    if (market.quote === asset) amount += books.sellVolume - books.buyVolume;
    if (Object.hasOwn(books.feesByAsset, asset)) amount -= books.feesByAsset[asset] ?? 0n;
  }
  return amount;
}
