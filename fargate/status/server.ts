/**
 * The task's HTTP endpoints (CONTRACTS 8): page, state, history, health and metrics, on the loopback address alone.
 * Owns the answers, not what they say: that comes from the functions it is given. Nothing here can change the task: an
 * operator's word goes to the bus, and only where operation is on.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../log.ts";
import { isReportId } from "../report-view.ts";
import type { Metrics } from "../telemetry.ts";
import { type Answer, failure, json, send } from "./answers.ts";
import { type Asset, loadAssets } from "./assets.ts";
import type { OperatorApi } from "./operator-api.ts";
import { OPERATOR_PATH, refusalOf } from "./request-guard.ts";
import type { HistoryPoint, TaskState } from "./state.ts";

/** Whether the task does what it is for; `reasons` says why not. Halted on purpose is healthy. */
export type Health = { readonly healthy: boolean; readonly reasons: readonly string[] };

export type StatusSources = {
  readonly metrics: Metrics;
  readonly state: () => TaskState;
  readonly health: () => Health;
  /** Whether a restart could help nothing; as `health`, but for one market that takes no other down. */
  readonly liveness: () => Health;
  /** The points of one market, oldest first. */
  readonly history: (market: string) => readonly HistoryPoint[];
  readonly operator: OperatorApi;
  /** The PNG of a report; undefined where there is none. */
  readonly chart: (reportId: string) => Promise<Buffer | undefined>;
  readonly log: Log;
};

export type StatusServer = {
  /** The port it listens on: the one asked for, or the one picked for 0. */
  readonly port: number;
  /** Ends all connections; resolves when the port is free. */
  readonly close: () => Promise<void>;
};

/** The port could not be listened on. */
class StatusServerError extends Error {
  readonly code = "STATUS_PORT_UNAVAILABLE";

  constructor(port: number, cause: Error) {
    super(`STATUS_PORT must be a free port of 127.0.0.1 or 0 to pick one, was ${port}: ${cause.message}`, { cause });
    this.name = "StatusServerError";
  }
}

const HOST = "127.0.0.1";

/** Browsers hold six connections a page; the rest is for scrapers and health checks. */
const CONNECTIONS_MAX = 64;

/** A request line with its headers; ours are a few hundred bytes. */
const HEADER_BYTES_MAX = 8_192;

/** A slow client is cut off: the whole request must have come within this. */
const REQUEST_MILLIS_MAX = 5_000;

const CHART_PATH = /^\/api\/reports\/([^/]{1,64})\/chart$/;

/** No page of another origin may frame, embed or read this one, and this one loads nothing from elsewhere. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/**
 * Starts the endpoints on 127.0.0.1. `port` 0 picks a free one.
 * Rejects with `StatusServerError` when the port is taken or not allowed.
 */
export async function startStatusServer(input: StatusSources & { readonly port: number }): Promise<StatusServer> {
  const assets = await loadAssets();
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_MILLIS_MAX,
      requestTimeout: REQUEST_MILLIS_MAX,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 10_000,
    },
    (request, response) => answerSafely(request, response, { ...input, assets }),
  );
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, input.port);
  server.on("error", (error) => input.log.warn("status server error", { error }));
  return { port, close: () => close(server) };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(new StatusServerError(port, error));
    server.once("error", refuse);
    server.listen({ host: HOST, port, exclusive: true }, () => {
      server.off("error", refuse);
      resolve(portOf(server.address(), port));
    });
  });
}

function portOf(address: AddressInfo | string | null, asked: number): number {
  return typeof address === "object" && address !== null ? address.port : asked;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

type Sources = StatusSources & { readonly assets: ReadonlyMap<string, Asset> };

/** A fault while the picture is taken answers 500; it never stops the task. */
function answerSafely(request: IncomingMessage, response: ServerResponse, sources: Sources): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  // A base makes the path absolute; what does not parse is nobody's address.
  const url = URL.parse(request.url ?? "/", `http://${HOST}`);
  const refusal = refusalOf(request, url?.pathname, {
    port: request.socket.localPort ?? 0,
    isOperationOn: sources.operator.isOn,
  });
  const fail = (error: unknown) => {
    sources.log.error("status request failed", { url: request.url, error });
    if (response.headersSent) response.destroy();
    else send(response, failure(500, "INTERNAL", "the state could not be read; the log says why"));
  };
  try {
    if (refusal !== null) send(response, refusal);
    else if (request.method === "POST") sendLater(response, sources.operator.take(request), fail);
    else if (chartIdOf(url) !== undefined) sendLater(response, chartAnswer(chartIdOf(url), sources), fail);
    else if (url?.pathname === "/metrics") sendMetrics(request, response, sources.metrics);
    else send(response, answerTo(url, sources));
  } catch (error) {
    fail(error);
  }
}

/** A report's id as an address has it; undefined where the address is no chart's. */
function chartIdOf(url: URL | null): string | undefined {
  return CHART_PATH.exec(url?.pathname ?? "")?.[1];
}

async function chartAnswer(id = "", sources: Sources): Promise<Answer> {
  const body = isReportId(id) ? await sources.chart(id) : undefined;
  if (body === undefined) return failure(404, "NOT_FOUND", "no such chart");
  return { status: 200, headers: { "content-type": "image/png", "cache-control": "no-cache" }, body };
}

function sendLater(response: ServerResponse, answer: Promise<Answer>, fail: (error: unknown) => void): void {
  void answer.then((each) => send(response, each)).catch(fail);
}

function sendMetrics(request: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  response.setHeader("cache-control", "no-store");
  metrics.handle(request, response);
}

function answerTo(url: URL | null, sources: Sources): Answer {
  const asset = url === null ? undefined : sources.assets.get(url.pathname);
  if (asset !== undefined) {
    return {
      status: 200,
      headers: { "content-type": asset.contentType, "cache-control": "no-cache" },
      body: asset.body,
    };
  }
  switch (url?.pathname) {
    case "/api/state":
      return json(200, sources.state());
    case "/api/history":
      return historyAnswer(url.searchParams, sources);
    case OPERATOR_PATH:
      return sources.operator.describe();
    case `${OPERATOR_PATH}/command`:
      return sources.operator.command(url.searchParams);
    case "/healthz":
      return healthAnswer(sources.health());
    case "/livez":
      return healthAnswer(sources.liveness());
    default:
      return failure(404, "NOT_FOUND", "no such page");
  }
}

function healthAnswer({ healthy, reasons }: Health): Answer {
  return json(healthy ? 200 : 503, { healthy, reasons });
}

/** The points of `market`, only those after `after` (epoch ms) when it is given: a page asks for what it lacks. */
function historyAnswer(query: URLSearchParams, sources: Sources): Answer {
  const market = query.get("market");
  if (market === null) {
    return failure(400, "BAD_REQUEST", "market must be a symbol such as SEI/USDC, was absent");
  }
  if (!sources.state().markets.some((state) => state.market === market)) {
    return failure(404, "NOT_FOUND", "no such market");
  }
  const after = query.get("after") ?? "0";
  if (!/^\d{1,15}$/.test(after)) {
    return failure(400, "BAD_REQUEST", `after must be epoch milliseconds, was ${JSON.stringify(after)}`);
  }
  const points = sources.history(market).filter((point) => point.atMs > Number(after));
  return json(200, { market, points });
}
