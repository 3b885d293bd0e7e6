/**
 * The edges of the process: the only ways in which the task touches time, chance, the network and the operating system.
 * The simulator replaces these and nothing else. Owns no behaviour; `main.ts` picks the real ones.
 */
import type { Instant } from "../core/units.ts";

export type Clock = {
  now(): Instant;
  /** Calls back once after `delayMs` (monotonic, at least 0). Returns what stops it. */
  after(delayMs: number, callback: () => void): () => void;
};

export type Rng = {
  /** Uniform in [0, 1). */
  next(): number;
};

export type SocketHandlers = {
  onOpen(): void;
  /** One text or binary frame. The bytes are valid only until the call returns. */
  onMessage(data: Buffer): void;
  onPong(): void;
  /** The end, once, whatever ended it; nothing comes after it. */
  onClose(reason: string): void;
};

export type Socket = {
  send(text: string): void;
  ping(): void;
  /** Ends the connection at once, without waiting for the peer. `onClose` follows. */
  terminate(): void;
};

/** Opens a WebSocket. Errors come as `onClose`; it never throws. */
export type Connect = (url: string, handlers: SocketHandlers) => Socket;

/** What a request needs of an `AbortSignal`. Making one takes longer than all the rest of a request, so that a lighter one will do. */
export type CancelSignal = {
  readonly aborted: boolean;
  /** Why, where it is told. */
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: "abort", listener: () => void): void;
};

export type HttpRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: CancelSignal;
  /**
   * Asked right before the bytes are written, however long the request waited for a connection: a reason given back keeps them
   * from being written, and the exchange rejects with an error whose `code` is `FENCED`. Written when it gives back none.
   */
  readonly fence?: () => string | undefined;
};

export type HttpResponse = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};

/** One HTTP exchange; rejects when no whole response came. Written to the socket before it returns when a connection is warm. */
export type Fetch = (request: HttpRequest) => Promise<HttpResponse>;

export type Lifecycle = {
  /** Calls back when the process is asked to end, with why; may come more than once. */
  onStop(callback: (reason: string) => void): void;
  /** Calls back with what nobody caught: a bug. */
  onUncaught(callback: (error: unknown) => void): void;
  exit(code: number): void;
};
