/**
 * The simulated chain: CheckTx, the blocks, and what each of them does. Moved on by a clock, one block each 400 ms. Owns the order of
 * a block's steps and tells of what happened; a node serves it, and `chain-exchange.ts` keeps the books of one account on it.
 */
import { assert } from "../../core/assert.ts";
import type { Market } from "../../core/market.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import { Accounts } from "./accounts.ts";
import { checkTransaction, wrongSequence } from "./ante.ts";
import { Bank } from "./bank.ts";
import { type Block, BlockStore } from "./block-store.ts";
import { DexContract, type PairEnd } from "./contract.ts";
import { deliver } from "./deliver.ts";
import { ChainFaults } from "./faults.ts";
import { Mempool } from "./mempool.ts";
import { hashOf, readTransaction, type Transaction } from "./transaction.ts";
import { TxError } from "./tx-error.ts";

export type SeiChainInput = {
  readonly chainId: string;
  readonly clock: Clock;
  /** For faults and for who comes first in a block. */
  readonly rng: Rng;
  readonly markets: readonly Market[];
  readonly contract: string;
  /** What addresses hold at the beginning, by denom, in units of 10^-18. */
  readonly genesis: readonly {
    readonly address: string;
    readonly coins: Readonly<Record<string, bigint>>;
  }[];
  readonly blockMs?: number;
};

/** What a broadcast says of a transaction that was read: CheckTx's word. */
export type CheckResult = {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly hash: string;
  /** A fault: the answer never reaches who asked. */
  readonly isAnswerLost: boolean;
};

/** What a block did, for those who keep books or publish. */
export type BlockOutcome = { readonly block: Block; readonly pairs: readonly PairEnd[] };

/** Traders outside the chain's accounts; their orders join each block as transactions of others would. */
export type OutsideTraders = {
  /** Lets them act, and enters what they want into the contract. */
  enter(contract: DexContract): void;
  /** The block is made: they look at what became of it. */
  learn(): void;
};

export const BLOCK_MS = 400;
const FIRST_HEIGHT = 1_000;
/** Owners that are no address are simulated traders. */
export const OUTSIDE_PREFIX = "outside:";
const LISTENERS_MAX = 1_000;

export class SeiChain {
  readonly chainId: string;
  readonly accounts = new Accounts();
  readonly bank = new Bank();
  readonly contract: DexContract;
  readonly faults: ChainFaults;
  readonly blocks: BlockStore;
  readonly mempool = new Mempool();
  readonly blockMs: number;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #listeners = new Set<(outcome: BlockOutcome) => void>();
  readonly #lastListeners = new Set<(outcome: BlockOutcome) => void>();
  readonly #traders: OutsideTraders[] = [];
  #stopTimer: (() => void) | undefined;
  #isHalted = false;

  constructor(input: SeiChainInput) {
    const { chainId, clock, rng, markets, contract, genesis } = input;
    this.chainId = chainId;
    this.blockMs = input.blockMs ?? BLOCK_MS;
    this.#clock = clock;
    this.#rng = rng;
    this.faults = new ChainFaults(rng);
    const isOutside = (owner: string) => owner.startsWith(OUTSIDE_PREFIX);
    this.contract = new DexContract({ address: contract, markets, bank: this.bank, isOutside });
    this.blocks = new BlockStore(FIRST_HEIGHT, Math.floor(clock.now().epochMs));
    for (const { address, coins } of genesis) {
      this.accounts.open(address);
      for (const [denom, units] of Object.entries(coins)) this.bank.mint(address, denom, units);
    }
  }

  get height(): number {
    return this.blocks.last.height;
  }

  /** Their orders come into each block from now on. */
  join(traders: OutsideTraders): void {
    this.#traders.push(traders);
  }

  start(): void {
    this.#stopTimer ??= this.#clock.after(this.blockMs, () => this.#tick());
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** While halted no block is made; transactions are still taken. */
  halt(on: boolean): void {
    this.#isHalted = on;
  }

  /** Calls back with each block. Returns what ends it. */
  onBlock(listener: (outcome: BlockOutcome) => void): () => void {
    return listen(this.#listeners, listener);
  }

  /** Calls back once everybody has been told of the block: for what only follows from it. Returns what ends it. */
  afterBlock(listener: (outcome: BlockOutcome) => void): () => void {
    return listen(this.#lastListeners, listener);
  }

  /** CheckTx, and then the mempool. `undefined` for a transaction that it knows already. */
  broadcast(bytes: Uint8Array): CheckResult | undefined {
    const hash = hashOf(bytes);
    if (this.mempool.isCached(hash)) return undefined;
    try {
      const tx = readTransaction(bytes);
      this.#check(tx);
      if (this.mempool.isFull) throw TxError.sdk("mempool is full");
      const fault = this.faults.take();
      if (fault?.type === "refuse") throw refusal(fault.code, tx, this.accounts.expected(tx.signer));
      this.accounts.countOn(tx.signer);
      this.mempool.add(tx, fault, this.height + 1);
      return { code: 0, codespace: "", log: "[]", hash, isAnswerLost: fault?.type === "lose-answer" };
    } catch (error) {
      if (!(error instanceof TxError)) throw error;
      const { code, codespace, message: log } = error;
      return { code, codespace, log, hash, isAnswerLost: false };
    }
  }

  /** Makes the next block now. */
  makeBlock(): BlockOutcome {
    const height = this.height + 1;
    const timeMs = Math.max(this.blocks.last.timeMs, Math.floor(this.#clock.now().epochMs));
    // Others' transactions are in the same block, before or behind ours as chance has it.
    const othersFirst = this.#rng.next() < 0.5;
    if (othersFirst) this.#enterOthers();
    const { accounts, bank, contract } = this;
    const transactions = this.mempool.reap(height).map(({ tx, fault }) => ({
      bytes: tx.bytes,
      result: deliver(tx, fault, { accounts, bank, contract, height }),
    }));
    if (!othersFirst) this.#enterOthers();
    const pairs = contract.endBlock(height);
    const endEvents = pairs.flatMap(({ events }) => events);
    const block = this.blocks.add({ height, timeMs, transactions, endEvents });
    accounts.resetChecked();
    this.mempool.recheck((tx) => this.#passesAgain(tx));
    for (const traders of this.#traders) traders.learn();
    const outcome = { block, pairs };
    for (const listener of [...this.#listeners, ...this.#lastListeners]) listener(outcome);
    return outcome;
  }

  #tick(): void {
    this.#stopTimer = this.#clock.after(this.blockMs, () => this.#tick());
    if (!this.#isHalted) this.makeBlock();
  }

  #enterOthers(): void {
    for (const traders of this.#traders) traders.enter(this.contract);
  }

  #passesAgain(tx: Transaction): boolean {
    if (tx.timeoutHeight !== 0 && this.height > tx.timeoutHeight) return false;
    if (this.accounts.expected(tx.signer) !== tx.sequence) return false;
    this.accounts.countOn(tx.signer);
    return true;
  }

  #check(tx: Transaction): void {
    checkTransaction(tx, {
      chainId: this.chainId,
      accounts: this.accounts,
      height: this.height,
      ticksOf: (contract, priceDenom, assetDenom) =>
        contract === this.contract.address ? this.contract.pair(priceDenom, assetDenom)?.ticks : undefined,
    });
  }
}

function listen(
  listeners: Set<(outcome: BlockOutcome) => void>,
  listener: (outcome: BlockOutcome) => void,
): () => void {
  assert(listeners.size < LISTENERS_MAX, `a chain must have at most ${LISTENERS_MAX} listeners`);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A refusal that nothing in the transaction has earned. */
function refusal(code: 13 | 20 | 32, tx: Transaction, expected: number): TxError {
  switch (code) {
    case 13:
      return TxError.sdk("insufficient fee", "insufficient fees");
    case 20:
      return TxError.sdk("mempool is full");
    case 32:
      // As a node says it that has not seen the last one yet.
      return wrongSequence(expected === 0 ? 1 : expected - 1, tx.sequence);
  }
}
