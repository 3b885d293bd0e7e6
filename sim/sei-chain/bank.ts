/**
 * Coins by address, exactly: integers of 10^-18 of an asset, though the chain shows whole micro-units alone. Owns the sums and that
 * nothing is made or lost on the way from one address to another.
 */
import { assert } from "../../core/assert.ts";
import { TxError } from "./tx-error.ts";

/** `usei` is a millionth of SEI: so many of the books' units. */
const UNITS_PER_MICRO = 10n ** 12n;

/** A coin as the chain writes it: whole micro-units. */
type Coin = { readonly denom: string; readonly amount: string };

export class Bank {
  readonly #balances = new Map<string, Map<string, bigint>>();
  /** What a running transaction has moved, to be taken back should it fail. */
  #undo: (() => void)[] = [];

  /** Coins come from nowhere: the beginning of the chain, and a test's hand. Amounts in units of 10^-18. */
  mint(address: string, denom: string, units: bigint): void {
    this.#add(address, denom, units);
    this.#undo = [];
  }

  /** In units of 10^-18; negative only where a contract took more than there was. */
  units(address: string, denom: string): bigint {
    return this.#balances.get(address)?.get(denom) ?? 0n;
  }

  /** What the chain shows: whole micro-units, rounded down, of the denoms that are there. */
  coins(address: string): readonly Coin[] {
    return [...(this.#balances.get(address) ?? [])]
      .map(([denom, units]) => ({ denom, amount: `${units / UNITS_PER_MICRO}` }))
      .filter(({ amount }) => !amount.startsWith("-") && amount !== "0");
  }

  /** Moves micro-units; throws `TxError` 5 where there are too few. */
  send(from: string, to: string, coins: readonly Coin[]): void {
    for (const { denom, amount } of coins) {
      const units = BigInt(amount) * UNITS_PER_MICRO;
      const held = this.units(from, denom);
      if (held < units) {
        const has = held < 0n ? 0n : held / UNITS_PER_MICRO;
        throw TxError.sdk("insufficient funds", `${has}${denom} is smaller than ${amount}${denom}`);
      }
      this.move(from, to, denom, units);
    }
  }

  /** Moves units of 10^-18, whether they are there or not: what a contract settles is done. */
  move(from: string, to: string, denom: string, units: bigint): void {
    assert(units >= 0n, `what is moved must not be negative, was ${units}`);
    this.#add(from, denom, -units);
    this.#add(to, denom, units);
  }

  /** All that was moved since the last call stands. */
  commit(): void {
    this.#undo = [];
  }

  /** All that was moved since the last `commit` is taken back. */
  rollback(): void {
    for (const undo of this.#undo.toReversed()) undo();
    this.#undo = [];
  }

  /** Everything of a denom that there is. */
  supply(denom: string): bigint {
    return [...this.#balances.values()].reduce((sum, held) => sum + (held.get(denom) ?? 0n), 0n);
  }

  #add(address: string, denom: string, units: bigint): void {
    const held = this.#balances.get(address) ?? new Map<string, bigint>();
    this.#balances.set(address, held);
    const before = held.get(denom) ?? 0n;
    held.set(denom, before + units);
    this.#undo.push(() => held.set(denom, before));
  }
}

/** The chain's name for an asset of a market: `usei` for SEI. */
export function toDenom(asset: string): string {
  return `u${asset.toLowerCase()}`;
}
