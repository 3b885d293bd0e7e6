/** The simulated Grafana on a loopback port. Owns the sockets; the API is `grafana-api.ts`'s. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type GrafanaApi, type GrafanaSettings, makeGrafanaApi } from "./grafana-api.ts";

/** A dashboard has some fifty kilobytes. */
const BODY_BYTES_MAX = 4 * 1_024 * 1_024;

export type GrafanaServer = GrafanaApi & {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
};

/** Starts it on a free port of 127.0.0.1. */
export async function startGrafanaApi(settings: GrafanaSettings): Promise<GrafanaServer> {
  const api = makeGrafanaApi(settings);
  const server = createServer((request, response) => {
    readBody(request).then(
      (text) => {
        const url = new URL(request.url ?? "/", "http://127.0.0.1");
        const { status, body, headers } = api.answer({
          method: request.method ?? "",
          path: url.pathname,
          query: url.searchParams,
          headers: request.headers,
          body: parseJson(text),
        });
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    ...api,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Rejects once it is larger than allowed. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new RangeError("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
