/**
 * What can go wrong with a transaction on its way, by a script or by chance. Owns which transaction meets which fault; what a fault does
 * is the mempool's, the contract's and the node's.
 */
import { InputError } from "../../core/errors.ts";
import type { Rng } from "../../fargate/seams.ts";

/**
 * - `refuse`: CheckTx answers the code, once: 32 (sequence), 13 (fee) or 20 (mempool full); nothing is kept of the transaction;
 * - `drop`: accepted, and never seen again;
 * - `evict`: accepted, and thrown out of the mempool when the next block is made;
 * - `delay`: accepted, and included so many blocks later than it would have been;
 * - `reorder`: the signer's next transaction in the same block comes before it;
 * - `lose-answer`: accepted, but the connection breaks before the answer;
 * - `fail-to-place`: included with code 0, and the contract's hook refuses its orders;
 * - `ignore-cancels`: included with code 0, and its cancels match nothing.
 */
export type TxFault =
  | { readonly type: "refuse"; readonly code: 13 | 20 | 32 }
  | { readonly type: "delay"; readonly blocks: number }
  | {
      readonly type: "drop" | "evict" | "reorder" | "lose-answer" | "fail-to-place" | "ignore-cancels";
    };

/** A fault that comes by chance: the share of transactions that meet it. */
export type FaultShare = { readonly fault: TxFault; readonly share: number };

const SCRIPTED_MAX = 10_000;

/** Every kind of fault but a lost block, as often as each other. */
const MIXED: readonly TxFault[] = [
  { type: "drop" },
  { type: "evict" },
  { type: "delay", blocks: 2 },
  { type: "reorder" },
  { type: "lose-answer" },
  { type: "refuse", code: 13 },
  { type: "refuse", code: 20 },
  { type: "refuse", code: 32 },
  { type: "fail-to-place" },
  { type: "ignore-cancels" },
];

/** Faults of all kinds that meet this share of the transactions together. */
export function mixedFaults(share: number): readonly FaultShare[] {
  return MIXED.map((fault) => ({ fault, share: share / MIXED.length }));
}

export class ChainFaults {
  readonly #rng: Rng;
  #scripted: TxFault[] = [];
  #shares: readonly FaultShare[] = [];
  #met = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** Transactions that met a fault so far. */
  get met(): number {
    return this.#met;
  }

  /** The transactions that come next meet these, one each, in order. */
  next(...faults: readonly TxFault[]): void {
    if (this.#scripted.length + faults.length > SCRIPTED_MAX) {
      throw new InputError({ what: "faults", expected: `at most ${SCRIPTED_MAX} at a time`, was: faults.length });
    }
    this.#scripted.push(...faults);
  }

  /** From now on faults come by chance too; an empty list ends that. The shares together are at most 1. */
  byChance(shares: readonly FaultShare[]): void {
    const total = shares.reduce((sum, { share }) => sum + share, 0);
    if (total > 1 || shares.some(({ share }) => !(share >= 0))) {
      throw new InputError({ what: "fault shares", expected: "shares of at most 1 together", was: shares });
    }
    this.#shares = shares;
  }

  /** The fault of the transaction that has come in now, if any. */
  take(): TxFault | undefined {
    const fault = this.#scripted.shift() ?? this.#draw();
    if (fault !== undefined) this.#met += 1;
    return fault;
  }

  #draw(): TxFault | undefined {
    if (this.#shares.length === 0) return undefined;
    let left = this.#rng.next();
    for (const { fault, share } of this.#shares) {
      left -= share;
      if (left < 0) return fault;
    }
    return undefined;
  }
}
