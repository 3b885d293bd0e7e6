/**
 * Connections of Node's own HTTP client that lead into the simulated network: for a library that speaks HTTP by itself and takes an agent.
 * Bytes never leave the memory; what is asked is read by Node's own server and carried like every other request. Owns the way between the two,
 * and that no time passes while bytes are written and read.
 */
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Duplex, duplexPair } from "node:stream";
import { assert } from "../../core/assert.ts";
import type { Clock, Fetch, HttpRequest } from "../../fargate/seams.ts";
import type { VirtualTime } from "./virtual-time.ts";

const METHODS: readonly HttpRequest["method"][] = ["GET", "POST", "PUT", "DELETE"];

export type NetworkAgentInput = {
  readonly time: VirtualTime;
  /** Of the process that asks, whose requests time out by it. */
  readonly clock: Clock;
  readonly exchange: Fetch;
  /** Scheme and host that is asked. */
  readonly baseUrl: string;
};

/** For the requests of one call, one after the other, until it is destroyed. */
export class NetworkAgent extends Agent {
  readonly #input: NetworkAgentInput;
  readonly #server: Server;
  /** The other ends of the connections, by those that the server has. */
  readonly #clientSides = new WeakMap<object, Duplex>();
  #release: (() => void) | undefined;
  #isOver = false;

  constructor(input: NetworkAgentInput) {
    super({ keepAlive: false });
    this.#input = input;
    this.#server = createServer((request, response) => {
      this.#carry(request, response).catch((error) => this.#clientSides.get(request.socket)?.destroy(error));
    });
    this.#hold();
  }

  override createConnection(): Duplex {
    const [here, there] = duplexPair();
    Reflect.set(here, "setTimeout", this.#idleTimer(here));
    this.#clientSides.set(there, here);
    // Whoever asks has the error from his request.
    for (const side of [here, there]) side.on("error", () => undefined);
    this.#server.emit("connection", there);
    return here;
  }

  /** The call is over. */
  override destroy(): void {
    this.#isOver = true;
    super.destroy();
    this.#release?.();
  }

  /** From here on bytes are on their way in this process alone. */
  #hold(): void {
    if (this.#isOver) return;
    this.#release?.();
    this.#release = this.#input.time.begin();
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const method = METHODS.find((each) => each === request.method);
    assert(method !== undefined, `a method must be one of ${METHODS.join(", ")}, was ${request.method}`);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const given = new AbortController();
    response.on("close", () => given.abort());
    const { exchange, baseUrl } = this.#input;
    const url = baseUrl + (request.url ?? "/");
    const asked = exchange({ method, url, headers, body: Buffer.concat(chunks), signal: given.signal });
    this.#release?.();
    const answer = await asked.finally(() => this.#hold());
    response.sendDate = false;
    response.writeHead(answer.status, { ...answer.headers });
    response.end(answer.body);
  }

  /** What a socket's `setTimeout` does: an event once nothing has been read or written for so long. */
  #idleTimer(socket: Duplex): (delayMs: number) => Duplex {
    let stop = (): void => undefined;
    socket.once("close", () => stop());
    return (delayMs) => {
      stop();
      const begin = () => {
        stop();
        stop = this.#input.clock.after(delayMs, () => {
          this.#hold();
          socket.emit("timeout");
        });
      };
      socket.on("data", begin);
      begin();
      return socket;
    };
  }
}
