/**
 * What a node needs of the chain it serves: methods beyond the node's own, the last block as it is known there, and events of
 * transactions and blocks. Owns the words of this port; `sim/sei-chain/` stands behind it.
 */
import type { ChainEvent } from "./chain-event.ts";

/**
 * What of a node may be behind its own block store: the state that blocks are carried out on (and their results), the index of
 * transactions and blocks, and the lists of its REST side.
 */
export type NodePart = "state" | "index" | "lists";

/** How far a node's sight goes. */
export type RpcView = {
  /** Blocks that it has not seen yet. */
  readonly blocksBehind: number;
  /** So many more that a part of it lacks. */
  readonly partsBehind?: Readonly<Partial<Record<NodePart, number>>>;
  /** Blocks below are pruned: its index names them still, and its store has them not. */
  readonly keptFrom?: number;
  /** Its index has nothing below: the node came to the chain there, from a snapshot of the state. */
  readonly indexedFrom?: number;
};

/** `lost`: what was asked is done, and the answer never comes. */
export type RpcOutcome =
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "error"; readonly error: "invalidParams" | "internal"; readonly reason: string }
  | { readonly type: "lost" };

export type ChainRpc = {
  readonly network: string;
  last(view: RpcView): {
    readonly height: number;
    readonly timeMs: number;
    readonly hash: string;
    /** The oldest block that is kept. */
    readonly earliest: number;
  };
  /** `undefined` for a method that the chain does not have. */
  call(method: string, params: unknown, view: RpcView): RpcOutcome | undefined;
  /** Calls back with what happens, block by block. Returns what ends it. */
  subscribe(listener: (event: ChainEvent) => void): () => void;
};
