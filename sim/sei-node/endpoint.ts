/**
 * One endpoint of a simulated node: WebSocket and REST side by side, and the faults a run can give it. Owns what comes in and
 * the fault switches; a client's subscriptions are `connection.ts`'s, the way that leads here is its listener's.
 */

import type { WireEvent } from "../../core/sei/wire-event.ts";
import type { Instant } from "../../core/units.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { MarketDataSource } from "../exchange/market-data-source.ts";
import type { ServerSocket } from "../transport/server-socket.ts";
import type { BookFault } from "./book-fault.ts";
import type { ChainEvent } from "./chain-event.ts";
import type { ChainRpc, NodePart, RpcOutcome, RpcView } from "./chain-rpc.ts";
import { toHeight, toStatus } from "./chain-status.ts";
import { type ConnectionLimits, SeiConnection } from "./connection.ts";
import type { EventShape } from "./event-frame.ts";
import { answerHttp, type NodeAnswer, type NodeRequest, type RpcFault } from "./http.ts";
import type { RestSight, RestSources } from "./rest.ts";

/** What an endpoint's listener hands over to. */
export type EndpointPort = {
  /** New connections are reset. */
  readonly refusing: boolean;
  /** Does it now, or at the end of a stall. */
  whenRunning(act: () => void): void;
  connect(socket: ServerSocket): void;
  answer(request: NodeRequest): NodeAnswer;
};

/** The way to an endpoint: a port of this machine, or a place in a simulated network. */
export type EndpointListener = {
  readonly wsUrl: string;
  readonly restUrl: string;
  /** Rejects when the address cannot be had. */
  open(endpoint: EndpointPort): Promise<void>;
  /** Refuses from now on and cuts every connection. */
  close(): Promise<void>;
};

export type EndpointInput = {
  readonly source: MarketDataSource;
  readonly rest: RestSources;
  /** Left out, the node knows no transactions and no blocks, only their pace. */
  readonly chain?: ChainRpc;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: ConnectionLimits;
  readonly eventShape: EventShape;
  readonly start: Instant;
  /** Shown at `status`; also tells endpoints apart. */
  readonly moniker: string;
  readonly listener: EndpointListener;
};

export type EndpointState = {
  readonly listening: boolean;
  readonly connections: number;
  readonly subscriptions: number;
  /** Totals over the endpoint's life. */
  readonly connectionsAccepted: number;
  readonly framesWritten: number;
  readonly subscriptionsTerminated: number;
};

/** config.go of Tendermint: max_subscription_clients; and max_open_connections, of which so many may wait. */
const SUBSCRIPTION_CLIENTS_MAX = 100;
const HELD_MAX = 900;

export class SeiEndpoint implements EndpointPort {
  readonly #input: EndpointInput;
  readonly #connections = new Set<SeiConnection>();
  #listening = false;
  #eventShape: EventShape;
  #refusing = false;
  #silent = false;
  #stalled = false;
  #restStatus: number | null = null;
  #rpcFault: RpcFault | null = null;
  #blocksBehind = 0;
  readonly #partsBehind: Record<NodePart, number> = { state: 0, index: 0, lists: 0 };
  #keptFrom = 0;
  #indexedFrom = 0;
  #executionMs = 0;
  #tellsHeights = true;
  /** What came in while stalled and waits for the stall's end. */
  #held: (() => void)[] = [];
  #connectionsAccepted = 0;
  #framesOfEnded = 0;
  #terminatedOfEnded = 0;

  constructor(input: EndpointInput) {
    this.#input = input;
    this.#eventShape = input.eventShape;
  }

  get wsUrl(): string {
    return this.#input.listener.wsUrl;
  }

  get restUrl(): string {
    return this.#input.listener.restUrl;
  }

  state(): EndpointState {
    const connections = [...this.#connections];
    return {
      listening: this.#listening,
      connections: connections.length,
      subscriptions: sum(connections.map((connection) => connection.subscriptions)),
      connectionsAccepted: this.#connectionsAccepted,
      framesWritten: this.#framesOfEnded + sum(connections.map((connection) => connection.framesWritten)),
      subscriptionsTerminated: this.#terminatedOfEnded + sum(connections.map((connection) => connection.terminated)),
    };
  }

  publish(event: WireEvent): void {
    for (const connection of this.#connections) connection.publish(event);
  }

  publishChain(event: ChainEvent): void {
    // A node that is behind tells of nothing: its events come when it has caught up, too late for anybody.
    if (this.#blocksBehind > 0) return;
    const publish = () => {
      for (const connection of this.#connections) connection.publishChain(event);
    };
    if (this.#executionMs === 0) publish();
    else this.#input.clock.after(this.#executionMs, publish);
  }

  get refusing(): boolean {
    return this.#refusing;
  }

  /** Opens the port; after `die` the same one again. Rejects when it cannot be had. Does nothing while it is open. */
  async revive(): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    try {
      await this.#input.listener.open(this);
    } catch (error) {
      this.#listening = false;
      throw error;
    }
  }

  /** The process is gone: the port refuses, every connection is cut without a goodbye. */
  async die(): Promise<void> {
    if (!this.#listening) return;
    this.#listening = false;
    this.#held = [];
    const closed = this.#input.listener.close();
    for (const connection of this.#connections) connection.drop();
    await closed;
  }

  /** New connections are reset at once; those that stand are let be. */
  refuseConnections(on: boolean): void {
    this.#refusing = on;
  }

  /** The process hangs: connections stand, and nothing is read, written or answered, until it is switched off again. */
  stall(on: boolean): void {
    this.#stalled = on;
    for (const connection of this.#connections) connection.stall(on);
    if (on) return;
    const held = this.#held;
    this.#held = [];
    for (const resume of held) resume();
  }

  /** Subscriptions are acknowledged, pings answered, and no event is ever sent, as real nodes do for events they lack. */
  silence(on: boolean): void {
    this.#silent = on;
  }

  /** From the next event on, frames have this shape. */
  setEventShape(shape: EventShape): void {
    this.#eventShape = shape;
  }

  /** Ends one subscription by its query's text, or all; the sockets stay open. Returns how many it ended. */
  endSubscriptions(query?: string): number {
    return sum([...this.#connections].map((connection) => connection.endSubscriptions(query)));
  }

  /** The next book update of `market` goes wrong on each connection that stands. Returns how many took it. */
  disturbNextBook(market: string, fault: BookFault): number {
    return [...this.#connections].filter((connection) => connection.disturbNextBook(market, fault)).length;
  }

  /** Sends any text at all as one frame to each connection. Returns how many there were. */
  sendRaw(text: string): number {
    for (const connection of this.#connections) connection.sendRaw(text);
    return this.#connections.size;
  }

  /** Cuts each WebSocket; the port stays open. Returns how many there were. */
  dropSockets(): number {
    const { size } = this.#connections;
    for (const connection of this.#connections) connection.drop();
    return size;
  }

  /** Every REST query is answered with this status, 4xx or 5xx; null ends that. */
  failRest(status: number | null): void {
    this.#restStatus = status;
  }

  /** Every call by HTTP is answered with this status, or never; null ends that. */
  failRpc(fault: RpcFault | null): void {
    this.#rpcFault = fault;
  }

  /** The node has not seen the last so many blocks; transactions it still passes on. 0 when it has caught up. */
  fallBehind(blocks: number): void {
    this.#blocksBehind = blocks;
  }

  /** One part of the node has so many blocks fewer than its block store; 0 when it has caught up. */
  lag(part: NodePart, blocks: number): void {
    this.#partsBehind[part] = blocks;
  }

  /** The blocks below are pruned from the block store; the index has them still. */
  prune(keptFrom: number): void {
    this.#keptFrom = keptFrom;
  }

  /** The node has begun with the state of this block: neither its store nor its index has one below. */
  beginAt(height: number): void {
    this.#keptFrom = height;
    this.#indexedFrom = height;
  }

  /** A block is in the block store for so long before state, index and lists show what it did, and before its events come. */
  executeFor(milliseconds: number): void {
    this.#executionMs = milliseconds;
  }

  /** REST answers do not say of which height they are. */
  hideHeights(on: boolean): void {
    this.#tellsHeights = !on;
  }

  whenRunning(act: () => void): void {
    if (!this.#stalled) act();
    else if (this.#held.length < HELD_MAX) this.#held.push(act);
  }

  connect(socket: ServerSocket): void {
    this.#connectionsAccepted += 1;
    const connection = new SeiConnection(socket, {
      source: this.#input.source,
      clock: this.#input.clock,
      rng: this.#input.rng,
      limits: this.#input.limits,
      eventShape: () => this.#eventShape,
      silent: () => this.#silent,
      subscribeRefusal: () => this.#subscribeRefusal(),
      height: () => this.#height(),
      call: (method, params) => this.#call(method, params),
      closed: (ended) => this.#forget(ended),
    });
    this.#connections.add(connection);
  }

  answer(request: NodeRequest): NodeAnswer {
    return answerHttp(request, {
      sources: this.#sources(),
      restStatus: this.#restStatus,
      rpcFault: this.#rpcFault,
      call: (method, params) => this.#call(method, params),
    });
  }

  #subscribeRefusal(): string | null {
    const clients = [...this.#connections].filter((connection) => connection.subscriptions > 0).length;
    return clients < SUBSCRIPTION_CLIENTS_MAX ? null : `max_subscription_clients ${SUBSCRIPTION_CLIENTS_MAX} reached`;
  }

  #forget(connection: SeiConnection): void {
    this.#connections.delete(connection);
    this.#framesOfEnded += connection.framesWritten;
    this.#terminatedOfEnded += connection.terminated;
  }

  #call(method: string, params: unknown): RpcOutcome | undefined {
    if (method === "status") return { type: "result", result: this.#status() };
    if (method === "health") return { type: "result", result: {} };
    return this.#input.chain?.call(method, params, this.#view());
  }

  #view(): RpcView {
    const { chain, clock } = this.#input;
    const blocksBehind = this.#blocksBehind;
    const lastMs = chain?.last({ blocksBehind }).timeMs ?? 0;
    const isExecuting = this.#executionMs > 0 && clock.now().epochMs - lastMs < this.#executionMs ? 1 : 0;
    const { state, index, lists } = this.#partsBehind;
    const partsBehind = { state: state + isExecuting, index: index + isExecuting, lists: lists + isExecuting };
    return { blocksBehind, partsBehind, keptFrom: this.#keptFrom, indexedFrom: this.#indexedFrom };
  }

  #sources(): RestSources {
    const { chain, rest } = this.#input;
    if (chain === undefined) return rest;
    const { blocksBehind, partsBehind } = this.#view();
    const { height } = chain.last({ blocksBehind: 0 });
    const listsBehind = blocksBehind + (partsBehind?.lists ?? 0);
    const sight: RestSight = {
      chainId: chain.network,
      listsBehind,
      listsHeight: height - listsBehind,
      blocksHeight: height - blocksBehind,
      isTold: this.#tellsHeights,
    };
    return { ...rest, sight };
  }

  #height(): number {
    const { chain, start, clock } = this.#input;
    return chain?.last({ blocksBehind: this.#blocksBehind }).height ?? toHeight(start, clock);
  }

  #status(): unknown {
    const { chain, clock, moniker } = this.#input;
    if (chain === undefined) return toStatus({ height: this.#height(), nowMs: clock.now().epochMs, moniker });
    const { timeMs: nowMs, ...last } = chain.last(this.#view());
    return toStatus({ ...last, nowMs, moniker, network: chain.network });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
