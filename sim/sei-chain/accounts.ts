/**
 * Who the chain knows: account numbers, public keys and sequences, as they stand after the last block and as CheckTx counts on from
 * there. Owns these; coins are `bank.ts`'s.
 */
import { assert } from "../../core/assert.ts";

export type ChainAccountRecord = {
  readonly address: string;
  readonly accountNumber: number;
  readonly publicKey: Uint8Array | null;
  readonly sequence: number;
};

type Entry = {
  readonly address: string;
  readonly accountNumber: number;
  publicKey: Uint8Array | null;
  sequence: number;
  /** What CheckTx expects next: ahead of `sequence` by what waits in the mempool. */
  checked: number;
  /** Sequences after earlier blocks, oldest first, for a node that is behind. */
  readonly history: { readonly height: number; readonly sequence: number }[];
};

const ACCOUNTS_MAX = 100_000;
/** Blocks that a node may be behind. */
const HISTORY_MAX = 1_000;

export class Accounts {
  readonly #entries = new Map<string, Entry>();

  /** Takes an address in where it is not known yet; the next account number is its. */
  open(address: string): void {
    if (this.#entries.has(address)) return;
    assert(this.#entries.size < ACCOUNTS_MAX, `a chain must have at most ${ACCOUNTS_MAX} accounts`);
    const accountNumber = this.#entries.size;
    this.#entries.set(address, { address, accountNumber, publicKey: null, sequence: 0, checked: 0, history: [] });
  }

  /** The account as it was after the block of `height`, now where none is given; `undefined` when the chain does not know it. */
  find(address: string, height?: number): ChainAccountRecord | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return undefined;
    const { accountNumber, publicKey, history } = entry;
    const past = height === undefined ? undefined : history.findLast((each) => each.height <= height);
    const sequence = height === undefined ? entry.sequence : (past?.sequence ?? 0);
    return { address, accountNumber, publicKey, sequence };
  }

  /** The sequence that CheckTx expects of the address next. */
  expected(address: string): number {
    return this.#get(address).checked;
  }

  /** A transaction has passed CheckTx and waits. */
  countOn(address: string): void {
    this.#get(address).checked += 1;
  }

  /** A transaction's signature was accepted in a block, whatever becomes of its messages. */
  use(address: string, publicKey: Uint8Array, height: number): void {
    const entry = this.#get(address);
    entry.publicKey = publicKey;
    entry.sequence += 1;
    entry.history.push({ height, sequence: entry.sequence });
    if (entry.history.length > HISTORY_MAX) entry.history.shift();
  }

  /** CheckTx begins anew where the last block ended. */
  resetChecked(): void {
    for (const entry of this.#entries.values()) entry.checked = entry.sequence;
  }

  #get(address: string): Entry {
    const entry = this.#entries.get(address);
    assert(entry !== undefined, `an account must be known, was ${address}`);
    return entry;
  }
}
