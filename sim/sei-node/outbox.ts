/**
 * What waits to be written to one socket, in order, each frame charged to the subscription it belongs to. Owns the
 * waiting and its bounds; a client that reads in time never has anything here.
 */
import type { ServerSocket } from "../transport/server-socket.ts";

/** Who is charged for a waiting frame. */
export type Account = { waiting: number };

/** Bytes handed to the operating system's socket ahead of its writing them; the rest waits here, where it is counted. */
const SOCKET_BUFFER_BYTES_MAX = 64 * 1024;

export class Outbox {
  readonly #socket: ServerSocket;
  #frames: { readonly text: string; readonly account: Account }[] = [];
  #head = 0;
  #held = false;
  #written = 0;

  constructor(socket: ServerSocket) {
    this.#socket = socket;
  }

  /** Frames handed to the socket so far. */
  get written(): number {
    return this.#written;
  }

  push(text: string, account: Account): void {
    account.waiting += 1;
    this.#frames.push({ text, account });
    this.#pump();
  }

  /** While held nothing is written. */
  hold(on: boolean): void {
    this.#held = on;
    this.#pump();
  }

  #pump(): void {
    while (!this.#held && this.#socket.readyState === this.#socket.OPEN) {
      const frame = this.#frames[this.#head];
      if (frame === undefined || this.#socket.bufferedAmount > SOCKET_BUFFER_BYTES_MAX) break;
      this.#head += 1;
      frame.account.waiting -= 1;
      this.#written += 1;
      // The error, if any, comes as the socket's close.
      this.#socket.send(frame.text, () => this.#pump());
    }
    if (this.#head === this.#frames.length) {
      this.#frames = [];
      this.#head = 0;
    }
  }
}
