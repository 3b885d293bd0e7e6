/**
 * Transactions that passed CheckTx and wait for a block, and the cache by which one that is known is refused (Sei's Tendermint:
 * internal/mempool). Owns who waits, in which order they go, and what faults do to those who wait.
 */
import type { TxFault } from "./faults.ts";
import type { Transaction } from "./transaction.ts";

export type WaitingTx = {
  readonly tx: Transaction;
  readonly fault: TxFault | undefined;
  /** Gas price, by which the mempool orders; then who came first. */
  readonly priority: number;
  readonly arrival: number;
  /** The first block that may take it. */
  readonly notBefore: number;
};

/** config.toml of Tendermint: mempool.size and mempool.cache-size. */
const WAITING_MAX = 5_000;
const CACHE_MAX = 10_000;

export class Mempool {
  #waiting: WaitingTx[] = [];
  readonly #cache = new Set<string>();
  #arrivals = 0;

  get size(): number {
    return this.#waiting.length;
  }

  get isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX;
  }

  get transactions(): readonly Transaction[] {
    return this.#waiting.map(({ tx }) => tx);
  }

  /** Whether a transaction came before and was not thrown out since. */
  isCached(hash: string): boolean {
    return this.#cache.has(hash);
  }

  /** Takes a transaction that passed CheckTx. `nextHeight` is that of the block to come. */
  add(tx: Transaction, fault: TxFault | undefined, nextHeight: number): void {
    this.#remember(tx.hash);
    if (fault?.type === "drop") {
      this.#cache.delete(tx.hash);
      return;
    }
    this.#arrivals += 1;
    const notBefore = nextHeight + (fault?.type === "delay" ? fault.blocks : 0);
    this.#waiting.push({ tx, fault, priority: gasPriceOf(tx), arrival: this.#arrivals, notBefore });
  }

  /**
   * Takes out those that go into the block of `height`, in the block's order. Behind a transaction that is held back those of its
   * signer wait too: without it they could not be carried out.
   */
  reap(height: number): readonly WaitingTx[] {
    const heldBack = new Set<string>();
    const evicted = this.#waiting.filter(({ fault }) => fault?.type === "evict");
    const taken = this.#waiting.filter(({ tx, fault, notBefore }) => {
      if (notBefore > height || fault?.type === "evict") heldBack.add(tx.signer);
      return !heldBack.has(tx.signer);
    });
    for (const { tx } of evicted) this.#cache.delete(tx.hash);
    const gone = new Set([...evicted, ...taken]);
    this.#waiting = this.#waiting.filter((waiting) => !gone.has(waiting));
    return reordered(taken.toSorted((a, b) => b.priority - a.priority || a.arrival - b.arrival));
  }

  /** Keeps those that still pass, as they came, and forgets the others. */
  recheck(passes: (tx: Transaction) => boolean): void {
    this.#waiting = this.#waiting.filter(({ tx }) => {
      if (passes(tx)) return true;
      this.#cache.delete(tx.hash);
      return false;
    });
  }

  #remember(hash: string): void {
    this.#cache.add(hash);
    if (this.#cache.size <= CACHE_MAX) return;
    const [oldest] = this.#cache;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

/** Each transaction to be reordered changes places with the next one of its signer, where there is one. */
function reordered(taken: readonly WaitingTx[]): readonly WaitingTx[] {
  const order = [...taken];
  for (const waiting of taken) {
    if (waiting.fault?.type !== "reorder") continue;
    const at = order.indexOf(waiting);
    const next = order.findIndex(({ tx }, index) => index > at && tx.signer === waiting.tx.signer);
    const other = order[next];
    if (other === undefined) continue;
    order[at] = other;
    order[next] = waiting;
  }
  return order;
}

/** The fee's first coin for each unit of gas. */
function gasPriceOf({ fee, gasLimit }: Transaction): number {
  return gasLimit === 0n ? 0 : Number(fee[0]?.amount ?? "0") / Number(gasLimit);
}
