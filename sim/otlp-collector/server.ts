/** The collector's stand-in on a loopback port. Owns the sockets; the answers are `collector.ts`'s. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { BODY_BYTES_MAX, Collector, type CollectorAccount } from "./collector.ts";

export type CollectorServer = {
  readonly collector: Collector;
  /** For `OTLP_URL`: `http://127.0.0.1:PORT/otlp`. */
  readonly url: string;
  close(): Promise<void>;
};

/** Starts it on a free port of 127.0.0.1. */
export async function startCollector(account: CollectorAccount): Promise<CollectorServer> {
  const collector = new Collector(account);
  const server = createServer((request, response) => {
    serve(collector, request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    collector,
    url: `http://127.0.0.1:${port}/otlp`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(collector: Collector, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // One byte too many is kept, for the collector to refuse.
    if (size <= BODY_BYTES_MAX + chunk.length) chunks.push(chunk);
  }
  const { method = "", url: path = "", headers } = request;
  const answer = collector.answer({ method, path, headers, body: Buffer.concat(chunks) });
  if (answer === undefined) return;
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}
