/**
 * Transactions on their way: each until it is proven to stand in a block, or proven never to. Owns that proof. A transaction names the
 * last block that may carry it; once every block since it was sent has been read up to that one, and none holds it, it can not come any
 * more. Blocks alone prove that: a node has them before it has carried them out, so its state and its index may know less.
 */
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import type { CancelItem, PlaceItem } from "./items.ts";
import type { ChainNodes } from "./nodes.ts";
import type { ChainRpc, IncludedTransaction } from "./rpc.ts";
import { isOldBlock, type StreamBlock, type StreamTransaction } from "./stream.ts";

export type Flight = {
  readonly hash: string;
  readonly base64: string;
  readonly sequence: bigint;
  readonly timeoutHeight: number;
  readonly fee: bigint;
  readonly placings: readonly PlaceItem[];
  readonly cancels: readonly CancelItem[];
  /** The newest block when it was sent. */
  readonly sentHeight: number;
  /** `sending`: no answer yet; `checked`: the node holds it; `unknown`: the answer was lost. */
  state: "sending" | "checked" | "unknown";
  isLooking: boolean;
  /** A block came that holds it: the node's index will tell what came of it. */
  isInBlock: boolean;
  /** Resolves once its fate is proven. */
  readonly settled: PromiseWithResolvers<"settled">;
};

/** What a look finds out: the transaction in its block, or that no block will have it. */
export type Fate =
  | { readonly type: "included"; readonly transaction: IncludedTransaction }
  | { readonly type: "absent" };

export type FlightsOptions = {
  readonly nodes: ChainNodes;
  readonly clock: Clock;
  readonly log: Log;
  /** Called once for each flight, when it is no longer among them. */
  readonly onSettled: (flight: Flight, fate: Fate) => void;
};

/** Between two looks of the clock's: the stream is quicker, unless it is away. */
const LOOK_MS = 400;

/** Without a block for so long the stream may be away, and the clock asks in its place. */
const BLOCKS_AWAY_MS = 1_000;

/** A transaction seen in a block is asked for so much later if its own event has not come: the node's index is written after the block. */
const EVENT_GRACE_MS = 60;

export class Flights {
  readonly #options: FlightsOptions;
  readonly #flights = new Map<string, Flight>();
  #height = 0;
  #heightMs = Number.NEGATIVE_INFINITY;
  #stopTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#flights.size;
  }

  get all(): Iterable<Flight> {
    return this.#flights.values();
  }

  /** One is on its way and has not been seen in a block. */
  get hasOpen(): boolean {
    return [...this.#flights.values()].some(({ isInBlock }) => !isInBlock);
  }

  /** The newest block that is known of; 0 before the first. */
  get height(): number {
    return this.#height;
  }

  /** How long ago (milliseconds) the newest block became known. */
  heightAgeMs(): number {
    return this.#options.clock.now().monotonicMs - this.#heightMs;
  }

  add(flight: Flight): void {
    this.#flights.set(flight.hash, flight);
    this.#arm();
  }

  /** The node has proven that it does not have it: it was never taken. */
  remove(flight: Flight): void {
    this.#flights.delete(flight.hash);
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer?.();
  }

  /** `isOld`: it was the newest some time ago. */
  heightIs(height: number, isOld = false): void {
    if (height <= this.#height) return;
    this.#height = height;
    if (isOld) return;
    this.#heightMs = this.#options.clock.now().monotonicMs;
  }

  blockSeen({ height, time, transactions }: StreamBlock): void {
    this.heightIs(height, isOldBlock({ time }, this.#options.clock));
    for (const flight of this.#flights.values()) {
      if (transactions.includes(flight.base64)) {
        flight.isInBlock = true;
        this.#options.clock.after(EVENT_GRACE_MS, () => this.look(flight));
      } else if (height >= flight.timeoutHeight || flight.state === "unknown") {
        this.look(flight);
      }
    }
  }

  /** A transaction of anybody's. One whose event does not tell whether it succeeded is asked for. */
  transactionSeen({ height, base64, code, events }: StreamTransaction): void {
    const flight = [...this.#flights.values()].find((each) => each.base64 === base64);
    if (flight === undefined) return;
    const hasOrderEvents = events.some(({ type }) => type === "place_order" || type === "cancel_order");
    // Why it failed is in the index alone.
    if ((code ?? 0) !== 0 || (code === undefined && !hasOrderEvents)) {
      this.look(flight);
      return;
    }
    const transaction = { height, base64, events, code: 0, codespace: "", log: "", data: new Uint8Array() };
    this.#settle(flight, { type: "included", transaction });
  }

  /** Asks for one flight now, unless that is under way. */
  look(flight: Flight): void {
    if (flight.isLooking || this.#isStopped || this.#flights.get(flight.hash) !== flight) return;
    flight.isLooking = true;
    void this.#ask(flight)
      .catch((error: unknown) => {
        this.#options.log.warn("What became of a transaction cannot be asked", { hash: flight.hash, error });
        return undefined;
      })
      .then((fate) => {
        flight.isLooking = false;
        if (fate !== undefined) this.#settle(flight, fate);
      });
  }

  async #ask(flight: Flight): Promise<Fate | undefined> {
    return await this.#options.nodes.ask(async (rpc) => {
      const { height, isCatchingUp } = await rpc.status();
      if (!isCatchingUp) this.heightIs(height);
      const isOver = !isCatchingUp && height >= flight.timeoutHeight && !flight.isInBlock;
      const [transaction, isInABlock] = await Promise.all([
        rpc.transaction(flight.hash),
        isOver ? isInBlocks(rpc, flight) : undefined,
      ]);
      if (transaction !== undefined) return { type: "included", transaction } as const;
      if (isInABlock === false) return { type: "absent" } as const;
      if (isInABlock === undefined) return undefined;
      flight.isInBlock = true;
      return undefined;
    });
  }

  #settle(flight: Flight, fate: Fate): void {
    if (this.#flights.get(flight.hash) !== flight) return;
    this.#flights.delete(flight.hash);
    this.#options.onSettled(flight, fate);
    flight.settled.resolve("settled");
  }

  /** While blocks come, they say themselves when there is something to ask. */
  #isLookDue({ state, isInBlock, timeoutHeight }: Flight): boolean {
    const isOverdue = isInBlock || this.#height >= timeoutHeight;
    return state === "unknown" || isOverdue || this.heightAgeMs() > BLOCKS_AWAY_MS;
  }

  #arm(): void {
    if (this.#stopTimer !== undefined || this.#isStopped) return;
    this.#stopTimer = this.#options.clock.after(LOOK_MS, () => {
      this.#stopTimer = undefined;
      for (const flight of this.#flights.values()) if (this.#isLookDue(flight)) this.look(flight);
      if (this.#flights.size > 0) this.#arm();
    });
  }
}

/** Rejects where the node has one of the blocks not: behind one address may be several, and the height was another's. */
async function isInBlocks(rpc: ChainRpc, { base64, sentHeight, timeoutHeight }: Flight): Promise<boolean> {
  const heights = Array.from({ length: timeoutHeight - sentHeight }, (_, index) => sentHeight + 1 + index);
  const blocks = await Promise.all(heights.map((height) => rpc.blockTransactions(height)));
  return blocks.some((transactions) => transactions.includes(base64));
}
