/** An endpoint's real port on 127.0.0.1, WebSocket and HTTP side by side. Owns listener and sockets; what comes in is the endpoint's. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { assert } from "../../core/assert.ts";
import type { EndpointListener, EndpointPort } from "./endpoint.ts";

const HOST = "127.0.0.1";
/** config.go of Tendermint: max_open_connections, and max_body_bytes. */
const CONNECTIONS_MAX = 900;
const MESSAGE_BYTES_MAX = 1_000_000;

export class SocketListener implements EndpointListener {
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  });
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #port: number;

  /** 0 picks a free port; after a first `open` it is the same one again. */
  constructor(port: number) {
    this.#port = port;
  }

  get wsUrl(): string {
    return `ws://${HOST}:${this.#port}/websocket`;
  }

  get restUrl(): string {
    return `http://${HOST}:${this.#port}`;
  }

  async open(endpoint: EndpointPort): Promise<void> {
    const server = createServer((request, response) => endpoint.whenRunning(() => answer(endpoint, request, response)));
    this.#server = server;
    server.on("connection", (socket) => this.#accept(endpoint, socket));
    server.on("upgrade", (request, socket, head) =>
      endpoint.whenRunning(() => this.#upgrade(endpoint, request, socket, head)),
    );
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, HOST, resolve);
    });
    const address = server.address();
    assert(typeof address === "object" && address !== null, "a listening server has a port");
    this.#port = address.port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(endpoint: EndpointPort, socket: Socket): void {
    if (endpoint.refusing || this.#sockets.size >= CONNECTIONS_MAX) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // A reset by the peer is the peer's business; `close` follows.
    socket.on("error", () => socket.destroy());
  }

  #upgrade(endpoint: EndpointPort, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split("?", 1)[0] !== "/websocket") {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => endpoint.connect(webSocket));
  }
}

function answer(endpoint: EndpointPort, request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", url = "/" } = request;
  if (method !== "POST") {
    send(request, response, endpoint.answer({ method, url, body: "" }));
    return;
  }
  readBody(request, (body) => send(request, response, endpoint.answer({ method, url, body })));
}

function readBody(request: IncomingMessage, done: (body: string | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MESSAGE_BYTES_MAX) chunks.push(chunk);
  });
  request.on("end", () => done(bytes > MESSAGE_BYTES_MAX ? null : Buffer.concat(chunks).toString("utf8")));
  request.on("error", () => request.destroy());
}

function send(request: IncomingMessage, response: ServerResponse, given: ReturnType<EndpointPort["answer"]>): void {
  if (given === "silence") return;
  if (given === "dropped") {
    request.socket.destroy();
    return;
  }
  const { status, headers, body } = given;
  const own = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...own });
  response.end(body);
}
