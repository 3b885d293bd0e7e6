/**
 * One client's WebSocket at a simulated node: its requests, subscriptions, sequences and keep-alive (CONTRACTS 1; the
 * rest as Sei's Tendermint 0.35 has it: internal/rpc/core/events.go and ws_handler.go). Owns no listener and no REST.
 */
import type { RawData } from "ws";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { MarketDataSource } from "../exchange/market-data-source.ts";
import { ignoreFailure, type ServerSocket } from "../transport/server-socket.ts";
import { type BookFault, nextSequence, spoilEvent, spoilText } from "./book-fault.ts";
import type { ChainEvent } from "./chain-event.ts";
import type { RpcOutcome } from "./chain-rpc.ts";
import { type EventShape, toChainFrame, toEventFrame } from "./event-frame.ts";
import { parseRpcRequest, type RpcCall, type RpcId, stringParam, toError, toResult } from "./json-rpc.ts";
import { Outbox } from "./outbox.ts";
import { matches, matchesTags, type ParsedQuery, parseQuery, type Query } from "./query.ts";

export type ConnectionLimits = {
  /** Subscriptions on one connection; the interface has 10, real nodes 5. */
  readonly subscriptionsPerClientMax: number;
  /** Events that may wait on one subscription before the node ends it; real nodes have 100. */
  readonly subscriptionBufferMax: number;
  /** The node pings this often, and drops a connection it has read nothing from for `readTimeoutMs`. */
  readonly pingMs: number;
  readonly readTimeoutMs: number;
};

/** What a connection asks of the endpoint it belongs to. */
export type ConnectionHost = {
  readonly source: MarketDataSource;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: ConnectionLimits;
  eventShape(): EventShape;
  /** Whether nothing is published, though all is acknowledged. */
  silent(): boolean;
  /** Why one more client may not subscribe; null when it may. Asked before a connection's first subscription. */
  subscribeRefusal(): string | null;
  height(): number;
  /** `undefined` for a method that the node does not have. */
  call(method: string, params: unknown): RpcOutcome | undefined;
  closed(connection: SeiConnection): void;
};

type Subscription = { readonly id: RpcId; readonly query: Query; waiting: number };

/** Answers that may wait; a client that asks and never reads is dropped (ws_handler.go: a write channel of 100). */
const ANSWERS_WAITING_MAX = 100;
const BOOK_FAULTS_MAX = 1_000;

export class SeiConnection {
  readonly #socket: ServerSocket;
  readonly #host: ConnectionHost;
  readonly #outbox: Outbox;
  readonly #answers = { waiting: 0 };
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #sequences = new Map<string, number>();
  #bookFaults: { readonly market: string; readonly fault: BookFault }[] = [];
  #stalled = false;
  #lastReadMs: number;
  #stopPing: () => void = () => {};
  #stopDeadline: () => void = () => {};
  #terminated = 0;

  constructor(socket: ServerSocket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#outbox = new Outbox(socket);
    this.#lastReadMs = host.clock.now().monotonicMs;
    socket.on("message", (data) => this.#receive(data));
    socket.on("pong", () => this.#read());
    // A client's ping is answered but, as in the real node, does not count as a sign of life.
    socket.on("ping", (data) => socket.pong(data, false, ignoreFailure));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => this.#ended());
    this.#schedulePing();
    this.#scheduleDeadline(host.limits.readTimeoutMs);
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Subscriptions this node ended, for a slow reader or by a fault. */
  get terminated(): number {
    return this.#terminated;
  }

  get framesWritten(): number {
    return this.#outbox.written;
  }

  /** Sends the event to each subscription that asks for it. */
  publish(event: WireEvent): void {
    if (this.#host.silent()) return;
    const asking = [...this.#subscriptions.values()].filter((subscription) => matches(subscription.query, event));
    this.#sendEvent(event, asking);
  }

  /** Sends an event of the chain to each subscription that asks for it. */
  publishChain(event: ChainEvent): void {
    if (this.#host.silent()) return;
    for (const subscription of this.#subscriptions.values()) {
      const { id, query } = subscription;
      if (!matchesTags(query, event.tags)) continue;
      if (this.#isFull(subscription)) this.#terminate(subscription);
      else this.#outbox.push(toChainFrame({ id, query: query.text, event }), subscription);
    }
  }

  /** Ends the subscriptions whose query is `query`, or all; the client is told. Returns how many there were. */
  endSubscriptions(query: string | undefined): number {
    const ended = [...this.#subscriptions.values()].filter((one) => query === undefined || one.query.text === query);
    for (const subscription of ended) this.#terminate(subscription);
    return ended.length;
  }

  /** The next update of the market's book on this connection goes wrong; several are taken one an update, in order. */
  disturbNextBook(market: string, fault: BookFault): boolean {
    if (this.#bookFaults.length >= BOOK_FAULTS_MAX) return false;
    this.#bookFaults.push({ market, fault });
    return true;
  }

  /** Sends any text at all as a frame. */
  sendRaw(text: string): void {
    this.#answer(text);
  }

  /** While stalled the socket stays open, and nothing is read, written or answered: not even a ping. */
  stall(on: boolean): void {
    if (on === this.#stalled) return;
    this.#stalled = on;
    this.#outbox.hold(on);
    if (on) {
      this.#socket.pause();
      return;
    }
    this.#read();
    this.#socket.resume();
  }

  /** Ends the connection without a closing handshake. */
  drop(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData): void {
    this.#read();
    const request = parseRpcRequest(data.toString());
    if (request.kind === "notification") return;
    if (request.kind === "invalid") {
      this.#answer(request.answer);
    } else if (request.method === "subscribe") {
      this.#subscribe(request.id, stringParam(request.params, "query"));
    } else {
      this.#answerTo(request);
    }
  }

  #answerTo({ id, method, params }: RpcCall): void {
    if (method === "unsubscribe") {
      this.#answer(this.#unsubscribe(id, stringParam(params, "query")));
      return;
    }
    if (method === "unsubscribe_all") {
      this.#answer(this.#clearSubscriptions(id));
      return;
    }
    const outcome = this.#host.call(method, params);
    if (outcome === undefined) this.#answer(toError(id, "methodNotFound", `method ${method} not found`));
    else if (outcome.type === "result") this.#answer(toResult(id, outcome.result));
    else if (outcome.type === "error") this.#answer(toError(id, outcome.error, outcome.reason));
    else this.drop();
  }

  #subscribe(id: RpcId, text: string | null): void {
    if (text === null) {
      this.#answer(toError(id, "invalidParams", "query must be a string"));
      return;
    }
    const parsed = this.#acceptQuery(text);
    if (!parsed.ok) {
      this.#answer(toError(id, "internal", parsed.reason));
      return;
    }
    const { query } = parsed;
    const subscription: Subscription = { id, query, waiting: 0 };
    this.#subscriptions.set(query.normalized, subscription);
    this.#answer(toResult(id, {}));
    if (this.#host.silent()) return;
    const { source } = this.#host;
    // Real nodes send nothing until something happens; here the book and the status as they are come first.
    for (const event of source.markets.flatMap((market) => source.snapshot(market))) {
      if (matches(query, event)) this.#sendEvent(event, [subscription]);
    }
  }

  #acceptQuery(text: string): ParsedQuery {
    const refusal = this.#subscriptions.size === 0 ? this.#host.subscribeRefusal() : null;
    if (refusal !== null) return { ok: false, reason: refusal };
    const max = this.#host.limits.subscriptionsPerClientMax;
    if (this.#subscriptions.size >= max) return { ok: false, reason: `max_subscriptions_per_client ${max} reached` };
    const parsed = parseQuery(text);
    const isTwice = parsed.ok && this.#subscriptions.has(parsed.query.normalized);
    return isTwice ? { ok: false, reason: "already subscribed" } : parsed;
  }

  #unsubscribe(id: RpcId, text: string | null): string {
    if (text === null) return toError(id, "invalidParams", "query must be a string");
    const parsed = parseQuery(text);
    // Tendermint 0.35 takes a query it cannot read as "all of them".
    if (!parsed.ok) return this.#clearSubscriptions(id);
    const found = this.#subscriptions.delete(parsed.query.normalized);
    return found ? toResult(id, {}) : toError(id, "internal", "subscription not found");
  }

  #clearSubscriptions(id: RpcId): string {
    if (this.#subscriptions.size === 0) return toError(id, "internal", "subscription not found");
    this.#subscriptions.clear();
    return toResult(id, {});
  }

  #sendEvent(event: WireEvent, subscriptions: readonly Subscription[]): void {
    if (subscriptions.length === 0) return;
    const fault = event.type === "OrderBookUpdate" ? this.#takeFault(event) : undefined;
    const numbered = event.type === "OrderBookUpdate" ? this.#number(event, fault) : event;
    const sent = fault === undefined ? numbered : spoilEvent(numbered, fault);
    for (const subscription of subscriptions) {
      if (this.#isFull(subscription)) {
        this.#terminate(subscription);
        continue;
      }
      const text = toEventFrame({
        shape: this.#host.eventShape(),
        id: subscription.id,
        query: subscription.query.text,
        event: sent,
        height: this.#host.height(),
      });
      this.#outbox.push(fault === undefined ? text : spoilText(text, fault, this.#host.rng), subscription);
    }
  }

  #number(event: WireEvent, fault: BookFault | undefined): WireEvent {
    const market = event.attributes["market_id"] ?? "";
    const sequence = nextSequence(this.#sequences.get(market) ?? 0, fault);
    this.#sequences.set(market, sequence.last);
    return { type: event.type, attributes: { ...event.attributes, sequence: `${sequence.sent}` } };
  }

  #takeFault(event: WireEvent): BookFault | undefined {
    if (this.#bookFaults.length === 0) return undefined;
    const index = this.#bookFaults.findIndex(({ market }) => market === event.attributes["market_id"]);
    return index < 0 ? undefined : this.#bookFaults.splice(index, 1)[0]?.fault;
  }

  #isFull({ waiting }: Subscription): boolean {
    return waiting >= this.#host.limits.subscriptionBufferMax;
  }

  #terminate(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.query.normalized);
    this.#terminated += 1;
    this.#answer(toError(subscription.id, "internal", "subscription terminated by publisher"));
  }

  #answer(text: string): void {
    if (this.#answers.waiting >= ANSWERS_WAITING_MAX) this.drop();
    else this.#outbox.push(text, this.#answers);
  }

  #read(): void {
    this.#lastReadMs = this.#host.clock.now().monotonicMs;
  }

  #schedulePing(): void {
    this.#stopPing = this.#host.clock.after(this.#host.limits.pingMs, () => {
      if (!this.#stalled) this.#socket.ping(undefined, false, ignoreFailure);
      this.#schedulePing();
    });
  }

  #scheduleDeadline(delayMs: number): void {
    this.#stopDeadline = this.#host.clock.after(delayMs, () => {
      const { clock, limits } = this.#host;
      const leftMs = this.#lastReadMs + limits.readTimeoutMs - clock.now().monotonicMs;
      // A stalled node reads nothing, so it cannot tell who went silent.
      if (leftMs <= 0 && !this.#stalled) this.drop();
      else this.#scheduleDeadline(leftMs > 0 ? leftMs : limits.readTimeoutMs);
    });
  }

  #ended(): void {
    this.#stopPing();
    this.#stopDeadline();
    this.#subscriptions.clear();
    this.#host.closed(this);
  }
}
