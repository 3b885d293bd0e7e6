/**
 * Our address as the chain shows it: balances and open orders, read now and then and shown beside the venue's. Owns the
 * reading; nothing waits for it and no order depends on it, since orders and fills are the venue's word.
 */
import type { Market } from "../../core/market.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import type { ChainState } from "../status/state.ts";
import type { SeiRest } from "./rest.ts";

const READ_INTERVAL_MS = 60_000;

export type ChainAccountOptions = {
  readonly rest: SeiRest;
  readonly address: string;
  /** The markets that have a contract, whose open orders are read. */
  readonly contracts: readonly { readonly market: Market; readonly contractAddress: string }[];
  readonly clock: Clock;
  readonly log: Log;
};

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
