/**
 * The one queue to the chain: gathers what a turn decided into one transaction, signs it, hands it to one node, in the order of its
 * sequence. Owns the account's number and sequence and their repair; what an outcome means for an order is `outcomes.ts`'s.
 *
 * While an answer is lost nothing more is sent: by its hash the chain tells, at the latest some blocks later, whether the transaction
 * was carried out. A sequence is used anew only where the transaction that had it was refused, is proven never to come, or has been
 * dropped by the node, and in any case no two transactions of one sequence are ever carried out.
 */
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";
import type { Fate, Flight, Flights } from "./flights.ts";
import { type CancelItem, type Item, type PlaceItem, toMessages } from "./items.ts";
import type { ChainNodes } from "./nodes.ts";
import { type AccountState, type BroadcastAnswer, RpcError } from "./rpc.ts";
import type { SignTransaction } from "./transaction.ts";

type SenderHandlers = {
  /** The bytes of a placing are on the socket. */
  readonly onWritten: (item: PlaceItem) => void;
  /** It never left. */
  readonly onUnsent: (item: PlaceItem, reason: string) => void;
  /** The chain's proof that it was not taken. */
  readonly onRefused: (item: Item, reason: string) => void;
  /** The answer was lost. */
  readonly onUnknown: (item: PlaceItem, reason: string) => void;
  /** The node has answered, or will not: the request is over. */
  readonly onAnswered: (item: Item) => void;
};

export type SenderOptions = SenderHandlers & {
  readonly address: string;
  readonly chainId: string;
  readonly timeoutBlocks: number;
  readonly sign: SignTransaction;
  readonly nodes: ChainNodes;
  readonly flights: Flights;
  readonly fence: (market: string) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
};

/** In one transaction; what is more waits for the next. */
const ITEMS_MAX = 40;
const QUEUE_MAX = 200;
/** A placing decided longer ago is out of date: the engine decides anew. */
const PLACE_WAIT_MS_MAX = 400;
/** Sequence repairs for one transaction. */
const SEQUENCE_REPAIRS_MAX = 3;
/** The height that the time-out is counted from must not be older. */
const HEIGHT_AGE_MS_MAX = 1_500;
/** A cancel that could not be handed over is tried again after so long. */
const RETRY_MS = 200;

const WRONG_SEQUENCE = 32;
const SEQUENCES = /expected (\d+), got (\d+)/;

export class ChainSender {
  readonly #options: SenderOptions;
  #queue: Item[] = [];
  #account: AccountState | undefined;
  /** Every sequence below was used by a transaction of ours that stands in a block. */
  #used = 0n;
  #isScheduled = false;
  #isPumping = false;
  #isWaitingForBlock = false;
  #isStopped = false;
  /** The sequence of a transaction that can not come any more, and the block by which it is proven: the node may hold it for one more. */
  #dead: { readonly sequence: bigint; readonly height: number } | undefined;
  /** The node has failed: the next one takes over once nothing is under way. */
  #isMoveDue = false;
  #retry: (() => void) | undefined;
  #pumping: Promise<void> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Takes a command up. What one turn hands in goes as one transaction at its end. */
  enqueue(item: Item): void {
    if (this.#isStopped || this.#queue.length >= QUEUE_MAX) {
      const reason = this.#isStopped ? "the venue is stopped" : `more than ${QUEUE_MAX} commands wait`;
      this.#options.onAnswered(item);
      if (item.kind === "place") this.#options.onUnsent(item, reason);
      else this.#options.onRefused(item, reason);
      return;
    }
    this.#queue.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.pump();
    });
  }

  /** Whether a placing waits or is being handed over whose fate nobody has told yet. */
  get queued(): readonly Item[] {
    return this.#queue;
  }

  /** A new block: what was waited for may be over. */
  blockSeen(): void {
    this.#isWaitingForBlock = false;
    this.pump();
  }

  /** Asks for what the first transaction needs, so that it need not wait. */
  prepare(): void {
    void this.#ready().catch((error: unknown) =>
      this.#options.log.warn("The chain does not tell our account yet", { error }),
    );
  }

  /** Sends what waits, if anything may be sent now. */
  pump(): void {
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    this.#pumping = this.#drain().finally(() => {
      this.#isPumping = false;
    });
  }

  /** Nothing is sent afterwards; resolves once what was being handed over is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.();
    for (const item of this.#queue.splice(0)) {
      this.#options.onAnswered(item);
      if (item.kind === "place") this.#options.onUnsent(item, "the venue is stopped");
    }
    await this.#pumping;
  }

  /** What a flight's fate says of the sequence. */
  settled(flight: Flight, fate: Fate): void {
    const after = flight.sequence + 1n;
    const next = this.#account?.sequence ?? after;
    if (usesSequence(fate)) {
      if (this.#used < after) this.#used = after;
      if (next < after) this.#setSequence(after);
    } else if (next > flight.sequence && flight.sequence >= this.#used && !this.#isHeldByAnother(flight)) {
      // Whatever was sent after it can not be carried out before this number is used: it is used next.
      this.#setSequence(flight.sequence);
      this.#dead = { sequence: flight.sequence, height: this.#options.flights.height };
    }
    this.pump();
  }

  #isHeldByAnother(flight: Flight): boolean {
    return [...this.#options.flights.all].some((other) => other !== flight && other.sequence === flight.sequence);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 && !this.#isStopped) {
      this.#dropOld();
      if (this.#queue.length === 0) return;
      if (this.#isBlocked()) {
        this.#unsendPlacings("an earlier transaction's outcome is not known yet");
        return;
      }
      try {
        await this.#sendNext();
      } catch (error) {
        this.#options.log.warn("Nothing can be sent to the chain", { error });
        this.#unsendPlacings("the chain cannot be asked for what a transaction needs");
        if (this.#options.flights.size === 0) this.#options.nodes.advance();
        this.#account = undefined;
        this.#retryLater();
        return;
      }
    }
  }

  #isBlocked(): boolean {
    const { flights, nodes } = this.#options;
    if (flights.hasUnknown || this.#isWaitingForBlock) return true;
    if (!this.#isMoveDue) return false;
    // Whatever the old node holds must have come to its end before another is told anything.
    if (flights.size > 0) return true;
    this.#isMoveDue = false;
    if (nodes.advance()) this.#account = undefined;
    return false;
  }

  async #sendNext(): Promise<void> {
    const account = await this.#ready();
    const items = this.#queue.splice(0, ITEMS_MAX);
    const placings = items.filter((item) => item.kind === "place").filter((item) => this.#mayGo(item));
    const cancels = items.filter((item) => item.kind === "cancel");
    if (placings.length + cancels.length === 0) return;
    await this.#send(account, placings, cancels);
  }

  /** Number, sequence and a height that is not old. Rejects when no node tells them. */
  async #ready(): Promise<AccountState> {
    const { nodes, flights, address, chainId } = this.#options;
    if (flights.heightAgeMs() > HEIGHT_AGE_MS_MAX || this.#account === undefined) {
      const status = await nodes.current.status();
      nodes.answered();
      if (status.chainId !== chainId) {
        throw new RpcError("status", "CHAIN", `the node is of ${status.chainId}, not of ${chainId}`);
      }
      if (status.isCatchingUp) throw new RpcError("status", "CATCHING_UP", "the node is not up to date");
      flights.heightIs(status.height);
    }
    this.#account ??= await nodes.current.account(address);
    return this.#account;
  }

  async #send(account: AccountState, placings: readonly PlaceItem[], cancels: readonly CancelItem[]): Promise<void> {
    let { sequence } = account;
    for (let repairs = 0; ; repairs += 1) {
      const flight = await this.#signed({ ...account, sequence }, placings, cancels);
      const answer = await this.#handOver(flight);
      if (answer.type !== "refused") return;
      const expected = answer.code === WRONG_SEQUENCE ? SEQUENCES.exec(answer.log)?.[1] : undefined;
      if (answer.code === WRONG_SEQUENCE && expected === undefined) this.#account = undefined;
      if (expected !== undefined && this.#isHeldByTheDead(sequence, BigInt(expected))) {
        this.#postpone(flight);
        return;
      }
      if (expected === undefined || repairs === SEQUENCE_REPAIRS_MAX || this.#isStopped) {
        this.#refused(flight, `${answer.codespace} ${answer.code}: ${answer.log}`);
        return;
      }
      this.#options.log.warn("The chain expects another sequence", { expected, was: sequence.toString() });
      sequence = BigInt(expected);
      this.#setSequence(sequence);
    }
  }

  /** The node counts a transaction that is dead already, and will forget it with the next block: behind it nothing would live either. */
  #isHeldByTheDead(sequence: bigint, expected: bigint): boolean {
    const { sequence: dead, height } = this.#dead ?? {};
    return dead === sequence && expected > sequence && height === this.#options.flights.height;
  }

  /** What must go waits for the next block. */
  #postpone(flight: Flight): void {
    this.#answered(flight);
    for (const item of flight.placings)
      this.#options.onRefused(item, "the node still holds a transaction that is dead");
    this.#queue.unshift(...flight.cancels);
    this.#isWaitingForBlock = true;
  }

  async #signed(
    { accountNumber, sequence }: AccountState,
    placings: readonly PlaceItem[],
    cancels: readonly CancelItem[],
  ): Promise<Flight> {
    const { address, sign, flights, timeoutBlocks } = this.#options;
    const { messages, placingsInOrder } = toMessages(address, placings, cancels);
    const timeoutHeight = flights.height + timeoutBlocks;
    const { base64, hash, fee } = await sign({ messages, accountNumber, sequence, timeoutHeight });
    const settled = Promise.withResolvers<"settled">();
    return {
      ...{ hash, base64, sequence, timeoutHeight, fee, cancels, settled },
      placings: placingsInOrder,
      sentHeight: flights.height,
      state: "sending",
      isLooking: false,
      isInBlock: false,
    };
  }

  /** Hands a transaction to the node. Answers its word once all that follows from it, but for a refusal, is done. */
  async #handOver(flight: Flight): Promise<BroadcastAnswer | { readonly type: "over" }> {
    const { nodes, flights, clock, metrics } = this.#options;
    const writtenMs = clock.now().monotonicMs;
    flights.add(flight);
    try {
      const asked = nodes.current.broadcast(flight.base64, () => this.#lastWord(flight));
      asked.catch(() => undefined);
      const answer = await Promise.race([asked, flight.settled.promise]);
      // Its fate was proven before the node had answered.
      if (answer === "settled") {
        this.#answered(flight);
        return { type: "over" };
      }
      nodes.answered();
      const seconds = (clock.now().monotonicMs - writtenMs) / 1_000;
      metrics.observe("flashmm_order_round_trip_seconds", { operation: operationOf(flight) }, seconds);
      if (answer.type === "refused") {
        flights.remove(flight);
        return answer;
      }
      this.#answered(flight);
      if (flight.state === "sending") flight.state = "checked";
      this.#setSequence(flight.sequence + 1n);
      return answer;
    } catch (error) {
      return this.#lost(flight, error);
    }
  }

  #lost(flight: Flight, error: unknown): { readonly type: "over" } {
    const { flights, nodes, log, onUnsent, onRefused, onUnknown } = this.#options;
    this.#answered(flight);
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RpcError && error.code === "FENCED") {
      flights.remove(flight);
      for (const item of flight.placings) item.isWritten ? onRefused(item, reason) : onUnsent(item, reason);
      this.#queue.unshift(...flight.cancels);
      return { type: "over" };
    }
    nodes.unanswered();
    log.warn("The answer to a transaction was lost", { hash: flight.hash, sequence: `${flight.sequence}`, reason });
    flight.state = "unknown";
    this.#isMoveDue = true;
    for (const item of flight.placings) onUnknown(item, reason);
    flights.look(flight);
    return { type: "over" };
  }

  /** Asked at the write itself; what passes it is written. */
  #lastWord(flight: Flight): string | undefined {
    for (const { command } of flight.placings) {
      const reason = this.#options.fence(command.market);
      if (reason !== undefined) return reason;
    }
    for (const item of flight.placings) {
      if (item.isWritten) continue;
      item.isWritten = true;
      this.#options.onWritten(item);
    }
    return undefined;
  }

  #refused(flight: Flight, reason: string): void {
    this.#options.log.warn("The chain refuses a transaction", { hash: flight.hash, reason });
    this.#answered(flight);
    for (const item of [...flight.placings, ...flight.cancels]) this.#options.onRefused(item, reason);
  }

  #answered(flight: Flight): void {
    for (const item of [...flight.placings, ...flight.cancels]) this.#options.onAnswered(item);
  }

  #mayGo(item: PlaceItem): boolean {
    const reason = this.#options.fence(item.command.market);
    if (reason === undefined) return true;
    this.#options.onAnswered(item);
    this.#options.onUnsent(item, reason);
    return false;
  }

  #dropOld(): void {
    const nowMs = this.#options.clock.now().monotonicMs;
    const isOld = (item: Item) => item.kind === "place" && nowMs - item.decidedMs > PLACE_WAIT_MS_MAX;
    this.#unsend(isOld, "it waited for too long behind another transaction");
  }

  #unsendPlacings(reason: string): void {
    this.#unsend(({ kind }) => kind === "place", reason);
  }

  #unsend(which: (item: Item) => boolean, reason: string): void {
    const gone = this.#queue.filter(which);
    if (gone.length === 0) return;
    this.#queue = this.#queue.filter((item) => !which(item));
    for (const item of gone) {
      this.#options.onAnswered(item);
      if (item.kind === "place") this.#options.onUnsent(item, reason);
    }
  }

  #setSequence(sequence: bigint): void {
    if (this.#account !== undefined) this.#account = { ...this.#account, sequence };
  }

  #retryLater(): void {
    this.#retry?.();
    this.#retry = this.#options.clock.after(RETRY_MS, () => this.pump());
  }
}

/** What fails before its messages are looked at (signature, fee, time-out, sequence) costs nothing and uses no number. */
const BEFORE_MESSAGES: ReadonlySet<number> = new Set([4, 13, 30, WRONG_SEQUENCE]);

export function usesSequence(fate: Fate): boolean {
  if (fate.type === "absent") return false;
  const { code, codespace } = fate.transaction;
  return !(codespace === "sdk" && BEFORE_MESSAGES.has(code));
}

function operationOf({ placings }: Flight): "place" | "cancel" {
  return placings.length > 0 ? "place" : "cancel";
}
