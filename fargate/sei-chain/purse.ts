/**
 * What the account holds of the assets that the configuration names, as the books are compared with it. Owns the sums: the gas that
 * this process has paid is counted on top, since the books know trades alone.
 */
import { MONEY_DECIMALS } from "../../core/decimal.ts";
import type { SeiRest } from "../sei/rest.ts";
import type { Balance } from "../venue.ts";
import type { GasPaid } from "./gas-paid.ts";

type PurseOptions = {
  readonly rest: SeiRest;
  readonly gas: GasPaid;
  readonly address: string;
  readonly gasDenom: string;
  /** What the bank calls an asset, and how many decimals its smallest unit has. */
  readonly assets: Readonly<Record<string, { readonly denom: string; readonly decimals: number }>>;
};

export class Purse {
  readonly #options: PurseOptions;

  constructor(options: PurseOptions) {
    this.#options = options;
  }

  /** Rejects where no node shows it, or where it is not known which fees it is without. */
  async read(): Promise<readonly Balance[]> {
    const { rest, gas, address, gasDenom, assets } = this.#options;
    const { balances, height } = await rest.balancesAt(address);
    // A gateway that names no block most likely shows the newest one.
    const paid = height === undefined ? gas.all : await gas.until(height);
    const amountOf = new Map(balances.map(({ denom, amount }) => [denom, amount]));
    return Object.entries(assets).map(([asset, { denom, decimals }]) => {
      const unit = 10n ** BigInt(MONEY_DECIMALS - decimals);
      const available = (amountOf.get(denom) ?? 0n) * unit;
      if (denom !== gasDenom) return { asset, total: available, available };
      // What was paid after that block is gone as well, though the total is still without it.
      return { asset, total: available + paid * unit, available, spent: gas.all * unit };
    });
  }
}
