/**
 * One endpoint of a simulated node: a port that serves WebSocket and REST side by side, and the faults a run can give
 * it. Owns listener, sockets and fault switches; a client's subscriptions are `connection.ts`'s.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { assert } from "../../core/assert.ts";
import type { Instant } from "../../core/units.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { MarketDataSource, WireEvent } from "../exchange/wire-event.ts";
import type { BookFault } from "./book-fault.ts";
import { toHeight, toStatus } from "./chain-status.ts";
import { type ConnectionLimits, SeiConnection } from "./connection.ts";
import type { EventShape } from "./event-frame.ts";
import { answerHttp } from "./http.ts";
import type { RestSources } from "./rest.ts";

export type EndpointInput = {
  readonly source: MarketDataSource;
  readonly rest: RestSources;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly limits: ConnectionLimits;
  readonly eventShape: EventShape;
  readonly start: Instant;
  /** Shown at `status`; also tells endpoints apart. */
  readonly moniker: string;
  /** 0 picks a free one. */
  readonly port: number;
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

const HOST = "127.0.0.1";
/** config.go of Tendermint: max_open_connections and max_subscription_clients. */
const CONNECTIONS_MAX = 900;
const SUBSCRIPTION_CLIENTS_MAX = 100;
/** config.go: max_body_bytes. */
const MESSAGE_BYTES_MAX = 1_000_000;
const HELD_MAX = CONNECTIONS_MAX;

export class SeiEndpoint {
  readonly #input: EndpointInput;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<SeiConnection>();
  #server: Server | null = null;
  #port: number;
  #eventShape: EventShape;
  #refusing = false;
  #silent = false;
  #stalled = false;
  #restStatus: number | null = null;
  /** What came in while stalled and waits for the stall's end. */
  #held: (() => void)[] = [];
  #connectionsAccepted = 0;
  #framesOfEnded = 0;
  #terminatedOfEnded = 0;

  constructor(input: EndpointInput) {
    this.#input = input;
    this.#port = input.port;
    this.#eventShape = input.eventShape;
  }

  get wsUrl(): string {
    return `ws://${HOST}:${this.#port}/websocket`;
  }

  get restUrl(): string {
    return `http://${HOST}:${this.#port}`;
  }

  state(): EndpointState {
    const connections = [...this.#connections];
    return {
      listening: this.#server !== null,
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

  /** Opens the port; after `die` the same one again. Rejects when it cannot be had. Does nothing while it is open. */
  async revive(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer((request, response) => this.#whenRunning(() => this.#answer(request, response)));
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
    server.on("upgrade", (request, socket, head) => this.#whenRunning(() => this.#upgrade(request, socket, head)));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(this.#port, HOST, resolve);
      });
    } catch (error) {
      this.#server = null;
      throw error;
    }
    const address = server.address();
    assert(typeof address === "object" && address !== null, "a listening server has a port");
    this.#port = address.port;
  }

  /** The process is gone: the port refuses, every connection is cut without a goodbye. */
  async die(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.#held = [];
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of this.#connections) connection.drop();
    for (const socket of this.#sockets) socket.destroy();
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

  #accept(socket: Socket): void {
    if (this.#refusing || this.#sockets.size >= CONNECTIONS_MAX) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // A reset by the peer is the peer's business; `close` follows.
    socket.on("error", () => socket.destroy());
  }

  #whenRunning(act: () => void): void {
    if (!this.#stalled) act();
    else if (this.#held.length < HELD_MAX) this.#held.push(act);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split("?", 1)[0] !== "/websocket") {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#connectionsAccepted += 1;
      const connection = new SeiConnection(webSocket, {
        source: this.#input.source,
        clock: this.#input.clock,
        rng: this.#input.rng,
        limits: this.#input.limits,
        eventShape: () => this.#eventShape,
        silent: () => this.#silent,
        subscribeRefusal: () => this.#subscribeRefusal(),
        height: () => this.#height(),
        status: () => this.#status(),
        closed: (ended) => this.#forget(ended),
      });
      this.#connections.add(connection);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    answerHttp(request, response, {
      sources: this.#input.rest,
      bodyBytesMax: MESSAGE_BYTES_MAX,
      restStatus: this.#restStatus,
      status: () => this.#status(),
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

  #height(): number {
    return toHeight(this.#input.start, this.#input.clock);
  }

  #status(): unknown {
    const nowMs = this.#input.clock.now().epochMs;
    return toStatus({ height: this.#height(), nowMs, moniker: this.#input.moniker });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
