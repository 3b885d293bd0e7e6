/**
 * The nodes we speak to, in order of preference. Owns which one is used: transactions go to one node alone, since only that one knows
 * which of ours wait; questions go to the next when it does not answer.
 */
import type { Clock, Fetch } from "../seams.ts";
import { ChainRpc, RpcError } from "./rpc.ts";

/** So many questions in a row without any node's answer, and placing makes no sense. */
const SILENT_MAX = 5;

export class ChainNodes {
  readonly #nodes: readonly ChainRpc[];
  readonly #onAnswering: (isAnswering: boolean) => void;
  #index = 0;
  #silent = 0;

  constructor(options: {
    readonly urls: readonly string[];
    readonly chainId: string;
    readonly fetch: Fetch;
    readonly clock: Clock;
    readonly timeoutMs: number;
    /** Told when all nodes have fallen silent, and when one answers again. */
    readonly onAnswering: (isAnswering: boolean) => void;
  }) {
    this.#nodes = options.urls.map((url) => new ChainRpc({ ...options, url }));
    this.#onAnswering = options.onAnswering;
  }

  /** The one that transactions go to. */
  get current(): ChainRpc {
    const node = this.#nodes[this.#index];
    if (node === undefined) throw new Error("a chain needs at least one node");
    return node;
  }

  get all(): readonly ChainRpc[] {
    return this.#nodes;
  }

  get isAnswering(): boolean {
    return this.#silent < SILENT_MAX;
  }

  /** The next node in order; answers whether that is another one. */
  advance(): boolean {
    this.#index = (this.#index + 1) % this.#nodes.length;
    return this.#nodes.length > 1;
  }

  /** Asks the current node, then each other one, until one answers. Rejects with what one that is behind lacks, or with the last one's error. */
  async ask<Answer>(question: (rpc: ChainRpc) => Promise<Answer>): Promise<Answer> {
    let last: unknown;
    let behind: RpcError | undefined;
    for (let offset = 0; offset < this.#nodes.length; offset += 1) {
      const node = this.#nodes[(this.#index + offset) % this.#nodes.length];
      if (node === undefined) continue;
      try {
        const answer = await question(node);
        this.answered();
        return answer;
      } catch (error) {
        last = error;
        if (error instanceof RpcError && error.code === "BEHIND") behind ??= error;
      }
    }
    if (behind === undefined) this.unanswered();
    else this.answered();
    throw behind ?? last ?? new RpcError("ask", "NODE", "there is no node");
  }

  answered(): void {
    if (!this.isAnswering) this.#onAnswering(true);
    this.#silent = 0;
  }

  unanswered(): void {
    this.#silent += 1;
    if (this.#silent === SILENT_MAX) this.#onAnswering(false);
  }
}
