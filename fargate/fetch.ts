/**
 * The real `Fetch`: HTTP/1.1 over undici with kept connections. Owns the connections and the limits of an answer's size;
 * time-outs, retries and what an answer means belong to the callers.
 */
import { Pool } from "undici";
import type { Fetch, HttpRequest, HttpResponse } from "./seams.ts";

export type FetchOptions = {
  /** Connections to one origin: as many as requests can be in flight, so that none waits for another. */
  readonly connectionsMax: number;
  readonly answerBytesMax: number;
  /** An idle connection is kept this long, unless the peer says less. */
  readonly keepAliveMs: number;
};

const DEFAULTS: FetchOptions = { connectionsMax: 10, answerBytesMax: 8 * 1024 * 1024, keepAliveMs: 55_000 };

/** Origins come from the configuration: a handful. More means that something builds them. */
const ORIGINS_MAX = 16;

export type HttpClient = {
  readonly fetch: Fetch;
  /** Ends every connection; requests in flight reject. */
  close(): Promise<void>;
};

/** No whole answer came. `code` says why: `ABORTED`, `ANSWER_TOO_LARGE`, or the code of the socket's or parser's error. */
export class HttpError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "HttpError";
    this.code = code;
  }
}

export function makeHttpClient(options: Partial<FetchOptions> = {}): HttpClient {
  const settings = { ...DEFAULTS, ...options };
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    if (pools.size >= ORIGINS_MAX) throw new HttpError("ORIGINS_EXHAUSTED", `more than ${ORIGINS_MAX} origins`);
    const pool = makePool(origin, settings);
    pools.set(origin, pool);
    return pool;
  };
  return {
    fetch: (request) => exchange(poolOf, request, settings.answerBytesMax),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

function makePool(origin: string, settings: FetchOptions): Pool {
  return new Pool(origin, {
    connections: settings.connectionsMax,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: settings.keepAliveMs,
    maxResponseSize: settings.answerBytesMax,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function exchange(poolOf: (origin: string) => Pool, request: HttpRequest, bytesMax: number): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { signal } = request;
    if (signal?.aborted === true) throw aborted();
    const url = new URL(request.url);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    let headers: HttpResponse["headers"] = {};
    let stop: ((error: Error) => void) | undefined;
    // A request that still waits for a connection cannot be taken out of the pool: it is dropped when its turn comes.
    const onAbort = () => {
      stop?.(aborted());
      reject(aborted());
    };
    const done = () => signal?.removeEventListener("abort", onAbort);
    signal?.addEventListener("abort", onAbort, { once: true });
    poolOf(url.origin).dispatch(
      {
        path: url.pathname + url.search,
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
      },
      {
        onRequestStart(controller) {
          stop = (error) => controller.abort(error);
          if (signal?.aborted === true) controller.abort(aborted());
        },
        onResponseStart(_controller, statusCode, received) {
          status = statusCode;
          headers = flat(received);
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length;
          if (bytes > bytesMax) controller.abort(new HttpError("ANSWER_TOO_LARGE", `answer beyond ${bytesMax} bytes`));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          done();
          resolve({ status, headers, body: Buffer.concat(chunks).toString("utf8") });
        },
        onResponseError(_controller, error) {
          done();
          reject(error instanceof HttpError ? error : new HttpError(codeOf(error), error.message, error));
        },
      },
    );
  });
}

function flat(received: Record<string, string | string[] | undefined>): HttpResponse["headers"] {
  return Object.fromEntries(
    Object.entries(received).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

function aborted(): HttpError {
  return new HttpError("ABORTED", "the request was given up");
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "HTTP_ERROR";
}
