/** The simulated order API on a loopback port: HTTP and the stream side by side. Owns the sockets; the API is `cambrian-api.ts`'s. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { type CambrianParts, type CambrianSettings, makeCambrianApi } from "./cambrian-api.ts";
import type { RequestDesk } from "./request-desk.ts";

const BODY_BYTES_MAX = 64 * 1_024;
const FRAME_BYTES_MAX = 16 * 1_024;
/** Longer than any client keeps an idle connection, so that the server is never the one to close it under a request. */
const KEEP_ALIVE_MS = 120_000;

export type CambrianApiSettings = CambrianSettings & {
  /** 0 picks one. */
  readonly port: number;
};

export type CambrianApi = Pick<CambrianParts, "faults" | "stats" | "rotateKey"> & {
  /** `http://127.0.0.1:PORT`; the stream is at the same port under `/v1/stream`. */
  readonly url: string;
  /** Ends every connection at once. */
  close(): Promise<void>;
};

/** Starts the API on 127.0.0.1. Rejects when the port is taken. */
export async function startCambrianApi(settings: CambrianApiSettings): Promise<CambrianApi> {
  const { desk, stream, faults, stats, rotateKey, stop } = makeCambrianApi(settings);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void handle(desk, request, response);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
  });
  server.on("upgrade", (request, socket: Duplex, head) => {
    const refusal = stream.refusal(request.url ?? "");
    if (refusal === undefined) sockets.handleUpgrade(request, socket, head, (client) => stream.greet(client));
    else socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(settings.port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    stop();
    throw error;
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : settings.port;
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    stats,
    rotateKey,
    close: async () => {
      stop();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Never rejects: a client that leaves in the middle of its request is let go. */
async function handle(desk: RequestDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrival = desk.arrive(request.method ?? "", request.url ?? "");
  const read = await readBody(request).catch(() => null);
  if (read === null) {
    response.destroy();
    return;
  }
  const reply = await desk.serve(arrival, { headers: request.headers, body: read.body });
  if (response.destroyed || reply.type === "silence") return;
  if (reply.type === "dropped") response.destroy();
  else response.writeHead(reply.status, reply.headers).end(reply.body);
}

/** The whole body, or `undefined` once it is larger than allowed (the rest of it is read away). */
async function readBody(request: IncomingMessage): Promise<{ readonly body: string | undefined }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return { body: size <= BODY_BYTES_MAX ? Buffer.concat(chunks).toString("utf8") : undefined };
}
