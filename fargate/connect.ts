/**
 * Opens real WebSockets. Owns the options that make one quick and bounded; when to open, ping or give up is the caller's.
 */
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { WebSocket } from "ws";
import { ReadRing } from "./read-ring.ts";
import type { Connect, Socket, SocketHandlers } from "./seams.ts";

const HANDSHAKE_TIMEOUT_MILLIS = 5_000;

/** A peer that said goodbye but keeps the line is cut after this; `ws` itself would wait 30 s. */
const CLOSE_TIMEOUT_MILLIS = 1_000;

/** The same limit as a frame of the feed (`FRAME_BYTES_MAX`). */
const MESSAGE_BYTES_MAX = 1_048_576;

/** Opens `ws:` and `wss:` addresses. Messages of more than 1 MiB, and handshakes of more than 5 s, end the connection. */
export const connectWebSocket: Connect = (url, handlers) => {
  // `ws` offers compression by default, which doubles the round trip and goes through the thread pool.
  const options = {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MILLIS,
    closeTimeout: CLOSE_TIMEOUT_MILLIS,
    maxPayload: MESSAGE_BYTES_MAX,
  };
  try {
    const ring = new ReadRing();
    const plain = url.startsWith("ws:");
    const socket = new WebSocket(
      url,
      plain ? { ...options, createConnection: () => openThroughRing(new URL(url), ring) } : options,
    );
    return bind(socket, handlers, ring);
  } catch (error) {
    process.nextTick(() => handlers.onClose(error instanceof Error ? error.message : String(error)));
    return { send: ignore, ping: ignore, terminate: ignore };
  }
};

function bind(socket: WebSocket, handlers: SocketHandlers, ring: ReadRing): Socket {
  let fault = "";
  socket.on("open", () => handlers.onOpen());
  socket.on("message", (data) => {
    ring.release();
    if (socket.readyState === WebSocket.OPEN && Buffer.isBuffer(data)) handlers.onMessage(data);
  });
  socket.on("pong", () => handlers.onPong());
  socket.on("error", (error) => {
    fault = toFault(error);
  });
  socket.on("close", (code, reason) => {
    const text = reason.toString("utf8");
    handlers.onClose(fault !== "" ? fault : `closed with ${code}${text === "" ? "" : ` ${text}`}`);
  });
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    terminate: () => socket.terminate(),
  };
}

/** Of several addresses tried at once the message is empty and the code says it all. */
function toFault(error: Error): string {
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}

/** TCP whose reads land in the ring. `ws` and the HTTP parser see the `data` events that they always see. */
function openThroughRing(url: URL, ring: ReadRing): TcpSocket {
  const socket: TcpSocket = connectTcp({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 80 : Number(url.port),
    noDelay: true,
    timeout: HANDSHAKE_TIMEOUT_MILLIS,
    onread: {
      buffer: () => ring.next(),
      callback: (bytes) => {
        socket.emit("data", ring.read(bytes));
        return true;
      },
    },
  });
  return socket;
}

function ignore(): void {
  // A socket that never was: its end has been told, or will be at once.
}
