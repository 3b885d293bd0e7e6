/**
 * A WebSocket as the simulated servers use it. A socket of `ws` fits, and so does the one in memory (`sim/world`). Owns only
 * the words: which frames come and go is the servers' business.
 */
import type { RawData } from "ws";

export type ServerSocket = {
  readonly readyState: number;
  readonly OPEN: number;
  /** Bytes handed over and not written yet. */
  readonly bufferedAmount: number;
  /** `done` is called once the text is written, or with the error that it met. */
  send(text: string, done?: (error?: Error) => void): void;
  ping(data: undefined, mask: boolean, done: () => void): void;
  pong(data: Buffer, mask: boolean, done: () => void): void;
  close(code: number, reason: string): void;
  /** Ends the connection without a closing handshake. */
  terminate(): void;
  /** Stops the reading until `resume`. */
  pause(): void;
  resume(): void;
  on(event: "message", listener: (data: RawData) => void): unknown;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  on(event: "error", listener: () => void): unknown;
};

/** A control frame that could not be written: the socket's close says so as well. */
export function ignoreFailure(): void {}
