/**
 * The blocks of the simulated chain with their results, and the index of transactions by hash. Owns what can still be asked for: the
 * oldest blocks are forgotten first.
 */
import { createHash } from "node:crypto";
import type { EventMap } from "../sei-node/chain-event.ts";
import { type AbciEvent, toEventMap } from "./abci-event.ts";
import type { TxResult } from "./deliver.ts";
import { hashOf } from "./transaction.ts";

export type IncludedTx = {
  readonly hash: string;
  readonly height: number;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly result: TxResult;
  /** What searches and subscriptions find it by. */
  readonly tags: EventMap;
};

export type Block = {
  readonly height: number;
  /** Whole milliseconds since the epoch. */
  readonly timeMs: number;
  readonly hash: string;
  /** Of the block before; empty for the first. */
  readonly lastHash: string;
  readonly transactions: readonly IncludedTx[];
  readonly endEvents: readonly AbciEvent[];
  readonly tags: EventMap;
};

/** Five hours and a half of blocks of 0.4 s; with a transaction in each some 200 MB. Real nodes prune too. */
const BLOCKS_MAX = 50_000;
/** That share of them is forgotten at a time, so that forgetting costs little. */
const FORGOTTEN_SHARE = 0.1;

export class BlockStore {
  readonly #blocksMax: number;
  readonly #blocks: Block[] = [];
  readonly #byHash = new Map<string, IncludedTx>();

  /** The block at `height` is the one the chain begins with: it is empty. */
  constructor(height: number, timeMs: number, blocksMax = BLOCKS_MAX) {
    this.#blocksMax = blocksMax;
    this.add({ height, timeMs, transactions: [], endEvents: [] });
  }

  get last(): Block {
    const last = this.#blocks.at(-1);
    if (last === undefined) throw new Error("a chain must have a block");
    return last;
  }

  get lowestHeight(): number {
    return this.#blocks[0]?.height ?? 0;
  }

  /** Takes in the next block. */
  add(input: {
    readonly height: number;
    readonly timeMs: number;
    readonly transactions: readonly { readonly bytes: Uint8Array; readonly result: TxResult }[];
    readonly endEvents: readonly AbciEvent[];
  }): Block {
    const { height, timeMs, endEvents } = input;
    const transactions = input.transactions.map(({ bytes, result }, index): IncludedTx => {
      const hash = hashOf(bytes);
      const named = { "tm.event": ["Tx"], "tx.hash": [hash], "tx.height": [`${height}`] };
      return { hash, height, index, bytes, result, tags: toEventMap(result.events, named) };
    });
    const lastHash = this.#blocks.at(-1)?.hash ?? "";
    const digest = createHash("sha256").update(`${lastHash} ${height} ${timeMs}`);
    for (const { hash } of transactions) digest.update(hash);
    const tags = toEventMap(endEvents, { "tm.event": ["NewBlock"], "block.height": [`${height}`] });
    const hash = digest.digest("hex").toUpperCase();
    const block = { height, timeMs, hash, lastHash, transactions, endEvents, tags };
    this.#blocks.push(block);
    for (const each of transactions) this.#byHash.set(each.hash, each);
    if (this.#blocks.length > this.#blocksMax) this.#forget();
    return block;
  }

  /** `undefined` for a block that is forgotten, or still to come. */
  at(height: number): Block | undefined {
    return this.#blocks[height - this.lowestHeight];
  }

  transaction(hash: string): IncludedTx | undefined {
    return this.#byHash.get(hash);
  }

  /** Blocks from `from` on up to `to`, both included, oldest first. */
  range(from: number, to: number): readonly Block[] {
    const lowest = this.lowestHeight;
    return this.#blocks.slice(Math.max(0, from - lowest), Math.max(0, to - lowest + 1));
  }

  #forget(): void {
    const forgotten = this.#blocks.splice(0, Math.ceil(this.#blocksMax * FORGOTTEN_SHARE));
    for (const block of forgotten) for (const { hash } of block.transactions) this.#byHash.delete(hash);
  }
}
