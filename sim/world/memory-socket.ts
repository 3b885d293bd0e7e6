/**
 * The server's end of a WebSocket in memory, with the part of `ws` that the simulated servers use. Owns what the server sees;
 * the way to the client, its delays and its end are the link's.
 */
import { EventEmitter } from "node:events";
import type { ServerSocket } from "../transport/server-socket.ts";

/** Ready states of a WebSocket (the WHATWG standard's numbers). */
const OPEN = 1;
const CLOSED = 3;

/** Frames that wait for a paused server; more is a client that nobody stops. */
const PAUSED_MAX = 10_000;

/** What the server does, on its way to the client. */
export type ToClient = {
  frame(text: string): void;
  ping(): void;
  pong(): void;
  /** The connection ends; `reason` is what the client is told. */
  end(reason: string): void;
};

export class MemorySocket extends EventEmitter implements ServerSocket {
  readonly OPEN = OPEN;
  /** The link takes everything at once. */
  readonly bufferedAmount = 0;
  readonly #client: ToClient;
  #readyState = OPEN;
  #isPaused = false;
  #waiting: (() => void)[] = [];

  constructor(client: ToClient) {
    super();
    this.#client = client;
  }

  get readyState(): number {
    return this.#readyState;
  }

  send(text: string, done?: (error?: Error) => void): void {
    if (this.#readyState === OPEN) this.#client.frame(text);
    if (done !== undefined) queueMicrotask(() => done());
  }

  ping(_data: undefined, _mask: boolean, done: () => void): void {
    if (this.#readyState === OPEN) this.#client.ping();
    queueMicrotask(done);
  }

  pong(_data: Buffer, _mask: boolean, done: () => void): void {
    if (this.#readyState === OPEN) this.#client.pong();
    queueMicrotask(done);
  }

  close(code: number, reason: string): void {
    this.#end(`closed with ${code} ${reason}`);
  }

  terminate(): void {
    this.#end("closed with 1006");
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) this.#take(act);
  }

  /** A frame of the client's has arrived. */
  frameArrived(text: string): void {
    this.#take(() => this.emit("message", Buffer.from(text, "utf8")));
  }

  pingArrived(): void {
    this.#take(() => this.emit("ping", Buffer.alloc(0)));
  }

  pongArrived(): void {
    this.#take(() => this.emit("pong", Buffer.alloc(0)));
  }

  /** The client's end is gone. */
  clientLeft(): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#waiting = [];
    this.emit("close");
  }

  #end(reason: string): void {
    if (this.#readyState === CLOSED) return;
    this.#client.end(reason);
    this.#readyState = CLOSED;
    this.#waiting = [];
    // As `ws` does, the close is told after the call that caused it.
    queueMicrotask(() => this.emit("close"));
  }

  #take(act: () => void): void {
    if (this.#readyState !== OPEN) return;
    if (!this.#isPaused) act();
    else if (this.#waiting.length < PAUSED_MAX) this.#waiting.push(act);
    else this.terminate();
  }
}
