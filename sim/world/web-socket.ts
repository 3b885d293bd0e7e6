/**
 * One WebSocket between a process and a host of the simulated network. Owns the order of its frames, which is TCP's: each
 * direction in order, late when the link is slow or silent, never lost while the connection stands.
 */
import type { Socket, SocketHandlers } from "../../fargate/seams.ts";
import type { ServerSocket } from "../transport/server-socket.ts";
import type { Link } from "./link.ts";
import { MemorySocket } from "./memory-socket.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { WorldProcess } from "./world-process.ts";

export type WebSocketHost = {
  /** Called once the handshake has arrived; the host calls `take` or `refuse`, at once or, when it hangs, later. */
  accept(path: string, take: () => ServerSocket, refuse: () => void): void;
};

export type WebSocketInput = {
  readonly time: VirtualTime;
  readonly process: WorldProcess;
  readonly link: Link;
  /** `undefined` where nothing listens at the address. */
  readonly host: WebSocketHost | undefined;
  readonly path: string;
  readonly handlers: SocketHandlers;
  /** Told the end, once. */
  readonly onEnd: (socket: WorldWebSocket) => void;
};

const FRAMES_WAITING_MAX = 100_000;

export class WorldWebSocket implements Socket {
  readonly #input: WebSocketInput;
  #server: MemorySocket | undefined;
  #isOpen = false;
  #isEnded = false;
  /** When the last frame of each direction arrives: none overtakes it. */
  #toServerMs = 0;
  #toClientMs = 0;
  /** Frames that a silent link owes, both directions, in order. */
  #owed: (() => void)[] = [];

  constructor(input: WebSocketInput) {
    this.#input = input;
    const { process, link, host, path } = input;
    process.emit(() => {
      if (host === undefined || link.reachability === "refused") {
        this.#endLater(0.1, "connect ECONNREFUSED");
        return;
      }
      this.#toServer(() => {
        const take = (): ServerSocket => {
          const server = this.#makeServer();
          this.#server = server;
          // A host that hung takes over a connection that its client has given up meanwhile.
          if (this.#isEnded) this.#input.time.after(link.nextLatencyMs(), () => server.clientLeft());
          this.#toClient(() => {
            this.#isOpen = true;
            this.#input.handlers.onOpen();
          });
          return this.#server;
        };
        host.accept(path, take, () => this.#endLater(link.nextLatencyMs(), "Unexpected server response: 404"));
      });
    });
  }

  send(text: string): void {
    if (!this.#isOpen || this.#isEnded) return;
    this.#input.process.emit(() => this.#toServer(() => this.#server?.frameArrived(text)));
  }

  ping(): void {
    if (!this.#isOpen || this.#isEnded) return;
    this.#input.process.emit(() => this.#toServer(() => this.#server?.pingArrived()));
  }

  terminate(): void {
    this.#end("closed with 1006", "client");
  }

  /** The link was cut, or the process is gone. */
  cut(): void {
    this.#end("read ECONNRESET", "network");
  }

  /** The link is there again: what it owes arrives. */
  resume(): void {
    const owed = this.#owed;
    this.#owed = [];
    for (const send of owed) send();
  }

  #makeServer(): MemorySocket {
    const { link, handlers } = this.#input;
    return new MemorySocket({
      frame: (text) => this.#toClient(() => handlers.onMessage(Buffer.from(text, "utf8"))),
      // A client answers a ping by itself, as RFC 6455 5.5.2 asks.
      ping: () => this.#toClient(() => this.#toServer(() => this.#server?.pongArrived())),
      pong: () => this.#toClient(() => handlers.onPong()),
      end: (reason) =>
        this.#endLater(Math.max(0, this.#toClientMs - this.#input.time.nowMs) + link.nextLatencyMs(), reason),
    });
  }

  #toServer(arrive: () => void): void {
    this.#carry("toServer", () => {
      if (!this.#isEnded) arrive();
    });
  }

  #toClient(arrive: () => void): void {
    this.#carry("toClient", () => {
      this.#input.process.deliver(() => {
        if (!this.#isEnded) arrive();
      });
    });
  }

  #carry(way: "toServer" | "toClient", arrive: () => void): void {
    const { time, link } = this.#input;
    if (this.#isEnded) return;
    if (link.reachability === "silent") {
      if (this.#owed.length < FRAMES_WAITING_MAX) this.#owed.push(() => this.#carry(way, arrive));
      return;
    }
    const earliestMs = way === "toServer" ? this.#toServerMs : this.#toClientMs;
    const atMs = Math.max(earliestMs, time.nowMs + link.nextLatencyMs());
    if (way === "toServer") this.#toServerMs = atMs;
    else this.#toClientMs = atMs;
    time.after(atMs - time.nowMs, arrive);
  }

  /** The other side ended it, which the client hears in a while. */
  #endLater(delayMs: number, reason: string): void {
    const { time, process } = this.#input;
    time.after(delayMs, () => process.deliver(() => this.#end(reason, "server")));
  }

  #end(reason: string, by: "client" | "server" | "network"): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#owed = [];
    const { time, process, link, handlers, onEnd } = this.#input;
    onEnd(this);
    const server = this.#server;
    if (server !== undefined && by !== "server") time.after(link.nextLatencyMs(), () => server.clientLeft());
    if (by === "server") handlers.onClose(reason);
    // Never inside of the call that caused it.
    else time.after(0, () => process.deliver(() => handlers.onClose(reason)));
  }
}
