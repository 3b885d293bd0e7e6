/**
 * The account's open orders as a node lists them. Owns how old a list may be: one of a block too long ago would end an order that rests,
 * or show none where some stand, and says nothing of it by itself.
 */
import type { SeiRest } from "../sei/rest.ts";
import type { ChainMarkets } from "./chain-market.ts";
import type { Flights } from "./flights.ts";
import type { ListedOrder } from "./known-orders.ts";
import type { ChainNodes } from "./nodes.ts";

/** A list may lack so many of the newest blocks: less than an order may take to show in it. */
export const BLOCKS_BEHIND_MAX = 2;
/** A newest block known for longer than this may be no longer the newest: a node is asked. */
const HEIGHT_AGE_MS_MAX = 1_500;

type OrderListsOptions = {
  readonly rest: SeiRest;
  readonly nodes: ChainNodes;
  readonly flights: Flights;
  readonly markets: ChainMarkets;
  readonly account: string;
};

export class OrderLists {
  readonly #options: OrderListsOptions;

  constructor(options: OrderListsOptions) {
    this.#options = options;
  }

  /** Of block `heightMin` or later, and of nearly the newest one. Rejects where no node shows such a list. */
  async of(symbol: string, heightMin = 0): Promise<readonly ListedOrder[]> {
    const { rest, markets, account } = this.#options;
    const { contract, ...pair } = markets.of(symbol);
    const newest = await this.#newestHeight();
    const orders = await rest.openOrders({
      ...{ contractAddress: contract, account, market: pair.market, pair },
      heightMin: Math.max(heightMin, newest - BLOCKS_BEHIND_MAX),
    });
    return orders.map(({ orderId, side, price, size: remaining }) => ({ orderId, side, price, remaining }));
  }

  async #newestHeight(): Promise<number> {
    const { nodes, flights } = this.#options;
    if (flights.heightAgeMs() > HEIGHT_AGE_MS_MAX) {
      const { height } = await nodes.ask((rpc) => rpc.status());
      flights.heightIs(height);
    }
    return flights.height;
  }
}
