/**
 * Our address as the chain shows it: balances and open orders, read now and then and shown beside the venue's. Owns the
 * reading; nothing waits for it and no order depends on it, since orders and fills are the venue's word.
 */
import type { Market } from "../../core/market.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Clock, Fetch } from "../seams.ts";
import type { ChainState } from "../status/state.ts";
import { makeSeiRest, type SeiRest } from "./rest.ts";

const READ_INTERVAL_MS = 60_000;

export type ChainAccountOptions = {
  readonly rest: SeiRest;
  readonly address: string;
  /** The markets that have a contract, whose open orders are read. */
  readonly contracts: readonly { readonly market: Market; readonly contractAddress: string }[];
  readonly clock: Clock;
  readonly log: Log;
};

/** Reads nothing, and is undefined, when the configuration names no address. `settings` are those of `config.markets`, in order. */
export function makeChainAccount(
  edges: { readonly config: Config; readonly fetch: Fetch; readonly clock: Clock; readonly log: Log },
  settings: readonly MarketSettings[],
): ChainAccount | undefined {
  const { config, fetch, clock, log } = edges;
  const { address, restUrls } = config.sei;
  if (address === undefined) return undefined;
  const contracts = config.markets.flatMap(({ contractAddr }, index) => {
    const market = settings[index]?.market;
    return contractAddr === undefined || market === undefined ? [] : [{ market, contractAddress: contractAddr }];
  });
  const rest = makeSeiRest({ baseUrls: restUrls, fetch, clock });
  return new ChainAccount({ rest, address, contracts, clock, log });
}

export class ChainAccount {
  readonly #options: ChainAccountOptions;
  #state: ChainState;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: ChainAccountOptions) {
    this.#options = options;
    this.#state = { address: options.address, balances: [], openOrders: 0, readAtMs: null, fault: null };
  }

  /** Reads at once and then each minute. */
  start(): void {
    void this.#read();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  state(): ChainState {
    return this.#state;
  }

  async #read(): Promise<void> {
    const { rest, address, contracts, clock, log } = this.#options;
    try {
      const balances = await rest.balances(address);
      let openOrders = 0;
      for (const { market, contractAddress } of contracts) {
        openOrders += (await rest.openOrders({ contractAddress, account: address, market })).length;
      }
      const shown = balances.map(({ denom, amount }) => ({ denom, amount: amount.toString() }));
      this.#state = { address, balances: shown, openOrders, readAtMs: clock.now().epochMs, fault: null };
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (this.#state.fault === null) log.warn("the chain's view of our address cannot be read", { address, error });
      this.#state = { ...this.#state, fault };
    }
    if (!this.#stopped) this.#cancelTimer = clock.after(READ_INTERVAL_MS, () => void this.#read());
  }
}
