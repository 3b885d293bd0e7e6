/** A market as the chain knows it: its contract and the two labels of its pair. Owns the lookup between both names of a market. */
import { InputError } from "../../core/errors.ts";
import type { Market } from "../../core/market.ts";

export type ChainMarket = {
  readonly market: Market;
  readonly contract: string;
  readonly assetDenom: string;
  readonly priceDenom: string;
};

export class ChainMarkets {
  readonly all: readonly ChainMarket[];
  readonly #bySymbol: ReadonlyMap<string, ChainMarket>;

  constructor(markets: readonly ChainMarket[]) {
    this.all = markets;
    this.#bySymbol = new Map(markets.map((each) => [each.market.symbol, each]));
  }

  /** Throws `InputError` on a market that is not traded on chain. */
  of(symbol: string): ChainMarket {
    const found = this.#bySymbol.get(symbol);
    if (found === undefined) throw new InputError({ what: "market", expected: "one traded on chain", was: symbol });
    return found;
  }

  /** The market of a contract's pair; undefined for one that is none of ours. */
  find(pair: Pick<ChainMarket, "contract" | "assetDenom" | "priceDenom">): ChainMarket | undefined {
    return this.all.find(
      ({ contract, assetDenom, priceDenom }) =>
        contract === pair.contract && assetDenom === pair.assetDenom && priceDenom === pair.priceDenom,
    );
  }
}
