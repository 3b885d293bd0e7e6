/**
 * The one queue to the chain: gathers what a turn decided into one transaction, signs it, hands it to one node, in the order of its
 * sequence. The account's number and sequence are `own-account.ts`'s; what an outcome means for an order is `outcomes.ts`'s.
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
import { NodeChange } from "./node-change.ts";
import type { ChainNodes } from "./nodes.ts";
import { OwnAccount } from "./own-account.ts";
import { type AccountState, type BroadcastAnswer, RpcError } from "./rpc.ts";
import { SendQueue } from "./send-queue.ts";
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
/** Repairs of the sequence or the time-out for one transaction. */
const REPAIRS_MAX = 3;
/** A cancel that could not be handed over is tried again after so long. */
const RETRY_MS = 200;

export class ChainSender {
  readonly #options: SenderOptions;
  readonly #account: OwnAccount;
  readonly #change: NodeChange;
  readonly #queue: SendQueue;
  #isScheduled = false;
  #isPumping = false;
  /** Something has changed while it was looked whether anything may be sent. */
  #isPumpDue = false;
  /** Nothing goes before a block after this one. */
  #waitsAt: number | undefined;
  #isStopped = false;
  #retry: (() => void) | undefined;
  #pumping: Promise<void> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#account = new OwnAccount(options);
    this.#change = new NodeChange(options);
    this.#queue = new SendQueue(options);
  }

  /** Takes a command up. What one turn hands in goes as one transaction at its end. A cancel that is under way already is enough. */
  enqueue(item: Item): void {
    if (item.kind === "cancel" && this.#queue.isCancelUnderWay(item)) {
      this.#options.onAnswered(item);
      return;
    }
    this.#take(item);
  }

  /** Takes a cancel up again that came to nothing. What the node has just refused it would refuse again: that waits for a block. */
  repeat(item: CancelItem): void {
    if (this.#isStopped || !this.#queue.rest(item, () => this.pump())) this.#take(item);
  }

  #take(item: Item): void {
    const reason = this.#isStopped ? "the venue is stopped" : this.#queue.push(item);
    if (reason !== undefined) {
      this.#options.onAnswered(item);
      if (item.kind === "place") this.#options.onUnsent(item, reason);
      else this.#options.onRefused(item, reason);
      return;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.pump();
    });
  }

  /** What is in no transaction yet. */
  get queued(): readonly Item[] {
    return this.#queue.all;
  }

  /** A new block: what was waited for may be over. */
  blockSeen(): void {
    this.#queue.blockSeen();
    this.pump();
  }

  /** Asks for what the first transaction needs, so that it need not wait. */
  prepare(): void {
    void this.#account
      .ready()
      .catch((error: unknown) => this.#options.log.warn("The chain does not tell our account yet", { error }));
  }

  /** Sends what waits, if anything may be sent now. */
  pump(): void {
    this.#isPumpDue = true;
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    this.#pumping = this.#drainAll().finally(() => {
      this.#isPumping = false;
    });
  }

  /** Nothing is sent afterwards; resolves once what was being handed over is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.();
    this.#unsend(this.#queue.takeAll(), "the venue is stopped");
    await this.#pumping;
  }

  /** A flight has come to its end: what waited for it may go. */
  settled(flight: Flight, fate: Fate): void {
    this.#account.settled(flight, fate);
    this.#change.settled(flight, fate);
    this.pump();
  }

  async #drainAll(): Promise<void> {
    while (this.#isPumpDue) {
      this.#isPumpDue = false;
      await this.#drain();
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.size > 0 && !this.#isStopped) {
      this.#unsend(this.#queue.takeOldPlacings(), "it waited for too long behind another transaction");
      if (this.#queue.size === 0) return;
      try {
        if (await this.#isBlocked()) {
          // No block may be told of while the stream is away: the clock looks as well.
          this.#retryLater();
          this.#unsend(this.#queue.takePlacings(), "an earlier transaction's outcome is not known yet");
          return;
        }
        await this.#sendNext();
      } catch (error) {
        this.#options.log.warn("Nothing can be sent to the chain", { error });
        this.#unsend(this.#queue.takePlacings(), "the chain cannot be asked for what a transaction needs");
        if (this.#options.flights.size === 0) this.#change.leave();
        this.#account.forget();
        this.#retryLater();
        return;
      }
    }
  }

  async #isBlocked(): Promise<boolean> {
    if (this.#waitsAt !== undefined && !(await this.#account.isPast(this.#waitsAt))) return true;
    this.#waitsAt = undefined;
    if (!this.#change.isDue) return false;
    // Whatever the old node holds must have come to its end before it, or another, is told anything.
    if (this.#options.flights.hasOpen) return true;
    if (this.#change.leave()) this.#account.forget();
    return false;
  }

  async #sendNext(): Promise<void> {
    const account = await this.#account.ready();
    this.#queue.signing = this.#queue.next(ITEMS_MAX);
    try {
      await this.#send(account, this.#queue.signing);
    } catch (error) {
      this.#notSigned(error);
      throw error;
    }
  }

  /** No transaction came of what was taken from the queue: it is told, as the queue does not have it any more. */
  #notSigned(error: unknown): void {
    const reason = `no transaction could be made: ${error instanceof Error ? error.message : String(error)}`;
    const items = this.#queue.signing;
    this.#queue.signing = [];
    this.#queue.refused();
    for (const item of items) {
      this.#options.onAnswered(item);
      this.#notTaken(item, reason);
    }
  }

  async #send(account: AccountState, items: readonly Item[]): Promise<void> {
    let { sequence } = account;
    let placings = items.filter((item) => item.kind === "place");
    const cancels = items.filter((item) => item.kind === "cancel");
    for (let repairs = 0; ; repairs += 1) {
      placings = placings.filter((item) => this.#mayGo(item));
      this.#queue.signing = [...placings, ...cancels];
      if (this.#queue.signing.length === 0) return;
      const flight = await this.#signed({ ...account, sequence }, placings, cancels);
      const answer = await this.#handOver(flight);
      if (answer.type !== "refused") return;
      const repair = await this.#account.repair(flight, answer);
      if (repair.type === "wait") {
        this.#postpone(flight);
        return;
      }
      if (repair.type === "none" || repairs === REPAIRS_MAX || this.#isStopped) {
        this.#refused(flight, `${answer.codespace} ${answer.code}: ${answer.log}`);
        return;
      }
      sequence = repair.sequence;
    }
  }

  /** What must go waits for the next block. */
  #postpone(flight: Flight): void {
    this.#answered(flight);
    for (const item of flight.placings)
      this.#options.onRefused(item, "the node still holds a transaction that is dead");
    this.#queue.giveBack(flight.cancels);
    this.#waitsAt = this.#options.flights.height;
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
    this.#queue.signing = [];
    try {
      const asked = nodes.current.broadcast(flight.base64, () => this.#lastWord(flight));
      asked.catch(() => undefined);
      const answer = await Promise.race([asked, flight.settled.promise]);
      // Its fate was proven before the node had answered.
      if (answer === "settled" || !this.#isFlying(flight)) {
        this.#answered(flight);
        return { type: "over" };
      }
      nodes.answered();
      const seconds = (clock.now().monotonicMs - writtenMs) / 1_000;
      metrics.observe("flashmm_order_round_trip_seconds", { operation: operationOf(flight) }, seconds);
      if (answer.type === "refused") {
        flights.remove(flight);
        this.#queue.signing = [...flight.placings, ...flight.cancels];
        return answer;
      }
      this.#answered(flight);
      if (flight.state === "sending") flight.state = "checked";
      this.#account.nextIs(flight.sequence + 1n);
      return answer;
    } catch (error) {
      return this.#lost(flight, error);
    }
  }

  #lost(flight: Flight, error: unknown): { readonly type: "over" } {
    const { flights, nodes, log, onUnknown } = this.#options;
    this.#answered(flight);
    if (!this.#isFlying(flight)) return { type: "over" };
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RpcError && error.code === "FENCED") {
      flights.remove(flight);
      for (const item of flight.placings) this.#notTaken(item, reason);
      this.#queue.giveBack(flight.cancels);
      return { type: "over" };
    }
    nodes.unanswered();
    log.warn("The answer to a transaction was lost", { hash: flight.hash, sequence: `${flight.sequence}`, reason });
    flight.state = "unknown";
    this.#change.answerLost();
    for (const item of flight.placings) onUnknown(item, reason);
    flights.look(flight);
    return { type: "over" };
  }

  /** Asked at the write itself; what passes it is written. */
  #lastWord(flight: Flight): string | undefined {
    if (!this.#isFlying(flight)) return "it is proven already that no block will hold it";
    for (const item of flight.placings) {
      const reason = this.#whyNot(item);
      if (reason !== undefined) return reason;
    }
    for (const item of flight.placings) {
      if (item.isWritten) continue;
      item.isWritten = true;
      this.#options.onWritten(item);
    }
    return undefined;
  }

  /** Its fate is not proven: once it is, the orders have been told of it. */
  #isFlying(flight: Flight): boolean {
    return [...this.#options.flights.all].includes(flight);
  }

  #refused(flight: Flight, reason: string): void {
    this.#options.log.warn("The chain refuses a transaction", { hash: flight.hash, reason });
    this.#answered(flight);
    this.#queue.refused();
    for (const item of [...flight.placings, ...flight.cancels]) this.#options.onRefused(item, reason);
  }

  #answered(flight: Flight): void {
    this.#queue.signing = [];
    for (const item of [...flight.placings, ...flight.cancels]) this.#options.onAnswered(item);
  }

  #mayGo(item: PlaceItem): boolean {
    const reason = this.#whyNot(item);
    if (reason === undefined) return true;
    this.#options.onAnswered(item);
    this.#notTaken(item, reason);
    return false;
  }

  /** The chain knows no post-only: a price that is old is a fill as a taker. */
  #whyNot(item: PlaceItem): string | undefined {
    return this.#queue.isOld(item) ? "it was decided too long ago" : this.#options.fence(item.command.market);
  }

  /** It has never left, or what left was refused. */
  #notTaken(item: Item, reason: string): void {
    if (item.kind === "place" && !item.isWritten) this.#options.onUnsent(item, reason);
    else this.#options.onRefused(item, reason);
  }

  #unsend(items: readonly Item[], reason: string): void {
    for (const item of items) {
      this.#options.onAnswered(item);
      if (item.kind === "place") this.#options.onUnsent(item, reason);
    }
  }

  #retryLater(): void {
    this.#retry?.();
    this.#retry = this.#options.clock.after(RETRY_MS, () => this.pump());
  }
}

function operationOf({ placings }: Flight): "place" | "cancel" {
  return placings.length > 0 ? "place" : "cancel";
}
