/**
 * Our account as the next transaction needs it: its number, its sequence, and a newest block that is not old. Owns their repair, which
 * sequences are used, and what the node may still hold of one that is dead; what is sent and when is `sender.ts`'s.
 */
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import { valuesOf } from "./chain-events.ts";
import type { Fate, Flight, Flights } from "./flights.ts";
import type { ChainNodes } from "./nodes.ts";
import { type AccountState, type BroadcastAnswer, type ChainRpc, RpcError } from "./rpc.ts";

export type OwnAccountOptions = {
  readonly address: string;
  readonly timeoutBlocks: number;
  readonly nodes: ChainNodes;
  readonly flights: Flights;
  readonly clock: Clock;
  readonly log: Log;
};

/** The height that the time-out is counted from must not be older. */
const HEIGHT_AGE_MS_MAX = 1_500;
/** A stream that was behind once is not relied on for so long. */
const DOUBT_MS = 10_000;
const TOO_LATE = 30;
const WRONG_SEQUENCE = 32;
const SEQUENCES = /expected (\d+), got (\d+)/;

type Refusal = Extract<BroadcastAnswer, { type: "refused" }>;

/** `wait`: with the next block the node will take it; `again`: signed anew it will. */
type Repair =
  | { readonly type: "none" }
  | { readonly type: "wait" }
  | { readonly type: "again"; readonly sequence: bigint };

export class OwnAccount {
  readonly #options: OwnAccountOptions;
  #state: AccountState | undefined;
  /** Every sequence below was used by a transaction of ours that stands in a block. */
  #used = 0n;
  /** The sequence of a transaction that can not come any more, and the block by which it is proven: the node may hold it for one more. */
  #dead: { readonly sequence: bigint; readonly height: number } | undefined;
  #doubtedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: OwnAccountOptions) {
    this.#options = options;
  }

  /** Number, sequence and a height that is not old. Rejects when the node does not tell them. */
  async ready(): Promise<AccountState> {
    const { nodes, address, clock } = this.#options;
    const isDoubted = clock.now().monotonicMs < this.#doubtedUntilMs;
    if (isDoubted || this.#isHeightOld() || this.#state === undefined) await this.#askHeight(nodes.current);
    this.#state ??= await nodes.current.account(address);
    return this.#state;
  }

  /** What a refusal says of the next try. */
  async repair(flight: Flight, { code, codespace, log }: Refusal): Promise<Repair> {
    const { flights, timeoutBlocks, log: lines } = this.#options;
    if (code === TOO_LATE && codespace === "sdk") {
      await this.#heightRefused();
      const was = flight.timeoutHeight;
      if (flights.height + timeoutBlocks <= was) return { type: "none" };
      lines.warn("The chain is further than its stream told", { height: flights.height, timeoutHeight: was });
      return { type: "again", sequence: flight.sequence };
    }
    if (code !== WRONG_SEQUENCE) return { type: "none" };
    const expected = SEQUENCES.exec(log)?.[1];
    if (expected === undefined) {
      this.forget();
      return { type: "none" };
    }
    const sequence = BigInt(expected);
    if (this.#isHeldByTheDead(flight.sequence, sequence)) return { type: "wait" };
    lines.warn("The chain expects another sequence", { expected, was: `${flight.sequence}` });
    this.nextIs(sequence);
    return { type: "again", sequence };
  }

  /** Whether a block after this one is known of. Where nobody tells of blocks, the node is asked. */
  async isPast(height: number): Promise<boolean> {
    const { flights, nodes } = this.#options;
    if (flights.height <= height && this.#isHeightOld()) await this.#askHeight(nodes.current);
    return flights.height > height;
  }

  /** Read anew before the next transaction. */
  forget(): void {
    this.#state = undefined;
  }

  nextIs(sequence: bigint): void {
    if (this.#state !== undefined) this.#state = { ...this.#state, sequence };
  }

  /** What a flight's fate says of the sequence. */
  settled(flight: Flight, fate: Fate): void {
    const after = flight.sequence + 1n;
    const next = this.#state?.sequence ?? after;
    if (usesSequence(fate)) {
      if (this.#used < after) this.#used = after;
      if (next < after) this.nextIs(after);
    } else if (next > flight.sequence && flight.sequence >= this.#used && !this.#isHeldByAnother(flight)) {
      // Whatever was sent after it can not be carried out before this number is used: it is used next.
      this.nextIs(flight.sequence);
      this.#dead = { sequence: flight.sequence, height: this.#options.flights.height };
    }
  }

  /**
   * The node says that a time-out has passed which should not have: where the chain stands was told too low. All nodes are asked, and that
   * one's word is enough: a cancel waits for it.
   */
  async #heightRefused(): Promise<void> {
    const { nodes, clock } = this.#options;
    this.#doubtedUntilMs = clock.now().monotonicMs + DOUBT_MS;
    const asking = nodes.all.map((rpc) => ({ rpc, asked: this.#askHeight(rpc) }));
    const all = Promise.allSettled(asking.map(({ asked }) => asked));
    const own = asking.filter(({ rpc }) => rpc === nodes.current).map(({ asked }) => asked);
    await Promise.any([...own, all]);
  }

  /** The node counts a transaction that is dead already, and will forget it with the next block: behind it nothing would live either. */
  #isHeldByTheDead(sequence: bigint, expected: bigint): boolean {
    const { sequence: dead, height } = this.#dead ?? {};
    return dead === sequence && expected > sequence && height === this.#options.flights.height;
  }

  #isHeldByAnother(flight: Flight): boolean {
    return [...this.#options.flights.all].some((other) => other !== flight && other.sequence === flight.sequence);
  }

  #isHeightOld(): boolean {
    return this.#options.flights.heightAgeMs() > HEIGHT_AGE_MS_MAX;
  }

  async #askHeight(rpc: ChainRpc): Promise<void> {
    const { nodes, flights } = this.#options;
    const status = await rpc.status();
    nodes.answered();
    if (status.isCatchingUp) throw new RpcError("status", "CATCHING_UP", "the node is not up to date");
    flights.heightIs(status.height);
  }
}

/**
 * The chain takes the fee and uses the sequence together, before it looks at the messages: where it tells of the fee both are done,
 * whatever the code. The same code stands for a fee that cannot be paid and for a message that cannot.
 */
export function usesSequence(fate: Fate): boolean {
  if (fate.type === "absent") return false;
  const { code, events } = fate.transaction;
  return code === 0 || valuesOf(events, "tx", "fee").length > 0;
}
