/** The simulated X on a loopback port, and the page of what was posted. Owns the sockets; the API is `x-api.ts`'s. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { XFaults } from "./faults.ts";
import { imagePath, postsPage } from "./page.ts";
import type { XAccount } from "./signature.ts";
import { type XAnswer, XApi, type XClocks, type XPost } from "./x-api.ts";

export type XServer = {
  /** `http://127.0.0.1:PORT`, for `TWITTER_API_BASE_URL`; in a browser it shows the posts. */
  readonly url: string;
  /** Oldest first. */
  readonly posts: readonly XPost[];
  readonly limits: XApi["limits"];
  readonly faults: XFaults;
  close(): Promise<void>;
};

const BODY_BYTES_MAX = 6 * 1_024 * 1_024;

/** Starts it on a free port of 127.0.0.1. */
export async function startXServer(account: XAccount, clocks: XClocks): Promise<XServer> {
  const api = new XApi(account, clocks);
  const faults = new XFaults();
  const server = createServer((request, response) => {
    handle({ api, faults }, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    posts: api.posts,
    limits: api.limits,
    faults,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function handle(
  { api, faults }: { readonly api: XApi; readonly faults: XFaults },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
  // The API's own paths begin with its version.
  if (request.method === "GET" && !url.pathname.startsWith("/2/")) return show(api, url.pathname, response);
  const body = await readBody(request);
  if (body === undefined) return void response.writeHead(413).end();
  const fault = faults.take(url.pathname);
  if (fault === "before") return void response.destroy();
  if (typeof fault === "object")
    return void response.writeHead(fault.status, { "content-type": fault.type }).end(fault.body);
  const {
    status,
    body: said,
    headers,
  }: XAnswer = api.serve({
    method: request.method ?? "",
    url,
    headers: request.headers,
    body,
  });
  if (fault === "silent") return;
  if (fault === "after") return void response.destroy();
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { ...headers, "content-type": type }).end(JSON.stringify(said));
}

/** The whole body; undefined once it is larger than X takes, the rest of it read away. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return size <= BODY_BYTES_MAX ? Buffer.concat(chunks) : undefined;
}

function show(api: XApi, path: string, response: ServerResponse): void {
  if (path === "/") {
    const security = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": security });
    response.end(postsPage(api.posts));
    return;
  }
  const post = api.posts.find((each) => imagePath(each) === path);
  if (post === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": "image/png" }).end(post.png);
}
