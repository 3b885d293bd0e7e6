/**
 * The floor: a frame comes, bytes that were made before are written, the answer's bytes are counted. Nothing of a market maker is in it,
 * so that what remains is the machine, the kernel and Node. Owns its connection to the order desk.
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TickStamps } from "./order-watch.ts";

const BODY =
  '{"market_id":"SEI/USDC","side":"buy","order_type":"limit","price":"0.4211","quantity":"500","time_in_force":"post_only","client_order_id":"floor"}';

export class Floor {
  readonly #socket: Socket;
  readonly #bytes: Buffer;
  #writtenMs = 0;
  #onAnswer: ((atMs: number) => void) | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#bytes = Buffer.from(
      `POST /v1/orders HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
    );
    socket.on("data", (bytes) => {
      // The desk writes an answer in one go, and it is smaller than any packet.
      if (bytes.length > 0) this.#onAnswer?.(performance.now());
    });
  }

  static async open(deskUrl: string): Promise<Floor> {
    const { hostname, port, host } = new URL(deskUrl);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new Floor(socket, host);
  }

  /** What is given each frame; `busyMicros` are spent before the order is written. */
  sink(busyMicros: number): () => void {
    return () => {
      if (busyMicros > 0) {
        const endMs = performance.now() + busyMicros / 1_000;
        while (performance.now() < endMs);
      }
      this.#writtenMs = performance.now();
      this.#socket.write(this.#bytes);
    };
  }

  /** Must be asked before the frame comes. */
  async answered(): Promise<TickStamps> {
    const answerMs = await new Promise<number>((resolve) => {
      this.#onAnswer = resolve;
    });
    return { writtenMs: this.#writtenMs, answersMs: [answerMs] };
  }

  close(): void {
    this.#socket.destroy();
  }
}
