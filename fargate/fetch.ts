/**
 * The real `Fetch`: HTTP/1.1 over kept, warmed connections. Owns which connection carries which request, and how many
 * there are; time-outs, repeats and what an answer means belong to the callers.
 *
 * It does not stand on undici: since its fix of GHSA-35p6-xmwp-9g52 (8.x) that waits one turn of the event loop before
 * each write on a kept connection, and `http.request` waits for the next tick. An order must be written when the call
 * that sends it returns; here bytes that come unasked end the connection instead.
 */
import type { AnswerHandlers } from "./http-connection.ts";
import { HttpConnection, HttpError } from "./http-connection.ts";
import type { Clock, Fetch, HttpRequest, HttpResponse } from "./seams.ts";

export type FetchOptions = {
  /** Connections to one origin: as many as requests can be in flight, so that none waits for another. */
  readonly connectionsMax: number;
  /** Longest body of an answer, in bytes. */
  readonly answerBytesMax: number;
  /** An idle connection is used again for this long, or a second less than the peer says that it keeps it. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
};

const DEFAULTS: FetchOptions = {
  connectionsMax: 10,
  answerBytesMax: 8 * 1024 * 1024,
  keepAliveMs: 55_000,
  connectTimeoutMs: 5_000,
};

/** Origins come from the configuration: a handful. More means that something builds them. */
const ORIGINS_MAX = 32;
const WAITING_MAX = 100;
const KEPT_MARGIN_MS = 1_000;
const REWARM_AFTER_MS = 1_000;

export type HttpClient = {
  readonly fetch: Fetch;
  /** Holds at least `connections` open to the origin of `url` from now on, and opens lost ones again. */
  warm(url: string, connections: number): void;
  /** Ends every connection; requests in flight reject. */
  close(): void;
};

export function makeHttpClient(clock: Clock, options: Partial<FetchOptions> = {}): HttpClient {
  const settings = { ...DEFAULTS, ...options };
  const origins = new Map<string, Origin>();
  const originOf = (text: string): Origin => {
    const known = origins.get(text);
    if (known !== undefined) return known;
    if (origins.size >= ORIGINS_MAX) throw new HttpError("ORIGINS_EXHAUSTED", `more than ${ORIGINS_MAX} origins`);
    const origin = new Origin(new URL(text), clock, settings);
    origins.set(text, origin);
    return origin;
  };
  return {
    fetch: (request) =>
      new Promise((resolve, reject) => {
        const { origin, path } = split(request.url);
        originOf(origin).send(request, path, { onAnswer: resolve, onError: reject });
      }),
    warm: (url, connections) => originOf(split(url).origin).warm(Math.min(connections, settings.connectionsMax)),
    close: () => {
      for (const origin of origins.values()) origin.close();
    },
  };
}

type Waiting = {
  readonly bytes: string | Uint8Array;
  readonly handlers: AnswerHandlers;
  readonly watch: AbortWatch;
  readonly fence: HttpRequest["fence"];
};

/** The connections to one origin, and the requests that wait for one. */
class Origin {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #settings: FetchOptions;
  readonly #connections = new Set<HttpConnection>();
  /** Idle ones with the moment until which they are used again; the last one used comes last. */
  readonly #idle = new Map<HttpConnection, number>();
  #waiting: Waiting[] = [];
  #warmCount = 0;
  #stopRewarming: (() => void) | undefined;
  #isClosed = false;

  constructor(url: URL, clock: Clock, settings: FetchOptions) {
    this.#url = url;
    this.#clock = clock;
    this.#settings = settings;
  }

  send(request: HttpRequest, path: string, handlers: AnswerHandlers): void {
    if (this.#isClosed) throw new HttpError("CLOSED", "the client is closed");
    if (request.signal?.aborted === true) throw aborted();
    const bytes = write(this.#url, request, path);
    const watch = new AbortWatch(request.signal);
    const waiting = { bytes, handlers: watch.ending(handlers), watch, fence: request.fence };
    const connection = this.#takeIdle();
    if (connection === undefined) this.#wait(waiting);
    else this.#carry(connection, waiting);
  }

  #wait(waiting: Waiting): void {
    if (this.#waiting.length >= WAITING_MAX)
      throw new HttpError("QUEUE_FULL", `more than ${WAITING_MAX} requests wait`);
    this.#waiting.push(waiting);
    waiting.watch.onAbort = () => {
      this.#waiting = this.#waiting.filter((each) => each !== waiting);
      waiting.handlers.onError(aborted());
    };
    this.#openForWaiting();
  }

  warm(count: number): void {
    this.#warmCount = count;
    while (this.#connections.size < count) this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopRewarming?.();
    const error = new HttpError("CLOSED", "the client is closed");
    for (const connection of this.#connections) connection.destroy(error);
    for (const each of this.#waiting.splice(0)) each.handlers.onError(error);
  }

  #carry(connection: HttpConnection, waiting: Waiting): void {
    const fenced = waiting.fence?.();
    if (fenced !== undefined) {
      this.#rest(connection);
      waiting.handlers.onError(new HttpError("FENCED", fenced));
      return;
    }
    waiting.watch.onAbort = () => connection.destroy(aborted());
    connection.send(waiting.bytes, waiting.handlers);
  }

  /** The idle connection that was used last: the others grow old and are let go. */
  #takeIdle(): HttpConnection | undefined {
    const nowMs = this.#clock.now().monotonicMs;
    for (const [connection, untilMs] of [...this.#idle].reverse()) {
      this.#idle.delete(connection);
      if (connection.isOpen && untilMs > nowMs) return connection;
      connection.destroy(new HttpError("EXPIRED", "the connection was idle for too long"));
    }
    return undefined;
  }

  #openForWaiting(): void {
    let opening = 0;
    for (const connection of this.#connections) if (!connection.isOpen) opening += 1;
    while (opening < this.#waiting.length && this.#connections.size < this.#settings.connectionsMax) {
      this.#open();
      opening += 1;
    }
  }

  #open(): void {
    const stopTimer = this.#clock.after(this.#settings.connectTimeoutMs, () =>
      connection.destroy(new HttpError("CONNECT_TIMEOUT", "the connection did not open in time")),
    );
    const connection = new HttpConnection(this.#url, this.#settings.answerBytesMax, {
      onOpen: () => {
        stopTimer();
        this.#rest(connection);
      },
      onIdle: () => this.#rest(connection),
      onClose: (error) => {
        stopTimer();
        this.#lost(connection, error);
      },
    });
    this.#connections.add(connection);
  }

  /** Gives a free connection to the request that waits longest, or keeps it. */
  #rest(connection: HttpConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#carry(connection, next);
      return;
    }
    const { keepAliveMs } = this.#settings;
    const keptMs = connection.keptMs === undefined ? keepAliveMs : connection.keptMs - KEPT_MARGIN_MS;
    this.#idle.set(connection, this.#clock.now().monotonicMs + Math.min(keptMs, keepAliveMs));
  }

  #lost(connection: HttpConnection, error: HttpError): void {
    const wasIdle = this.#idle.delete(connection);
    this.#connections.delete(connection);
    if (this.#isClosed) return;
    // One that never opened tells one waiting request why, so that a dead origin answers with errors and not with silence.
    if (!wasIdle && !connection.wasOpen) this.#waiting.shift()?.handlers.onError(error);
    this.#openForWaiting();
    if (this.#connections.size >= this.#warmCount || this.#stopRewarming !== undefined) return;
    this.#stopRewarming = this.#clock.after(REWARM_AFTER_MS, () => {
      this.#stopRewarming = undefined;
      this.warm(this.#warmCount);
    });
  }
}

/** Watches a request's signal until its end; what an abort does depends on where the request is. */
class AbortWatch {
  readonly #signal: AbortSignal | undefined;
  onAbort: () => void = () => undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#listener, { once: true });
  }

  readonly #listener = (): void => this.onAbort();

  ending({ onAnswer, onError }: AnswerHandlers): AnswerHandlers {
    const end = () => this.#signal?.removeEventListener("abort", this.#listener);
    return {
      onAnswer: (answer: HttpResponse) => {
        end();
        onAnswer(answer);
      },
      onError: (error) => {
        end();
        onError(error);
      },
    };
  }
}

const PATH = /^\/[\x21-\x7e]*$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** Cuts an address without touching the path: it was signed as it stands. */
function split(url: string): { readonly origin: string; readonly path: string } {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const origin = start < 0 ? url : url.slice(0, start);
  const path = start < 0 ? "/" : url.slice(start);
  if (!/^https?:\/\/[^/?#@\s]+$/.test(origin) || !PATH.test(path)) {
    throw new HttpError("BAD_REQUEST", "the address must be http or https with a percent-encoded path");
  }
  return { origin, path };
}

/** The whole request, as text where its body is. Refuses a header that could smuggle in another line. */
function write(origin: URL, request: HttpRequest, path: string): string | Uint8Array {
  // Compressed bodies are refused; without the header a server might choose one (RFC 9110, 12.5.3).
  let head = `${request.method} ${path} HTTP/1.1\r\nhost: ${origin.host}\r\naccept-encoding: identity\r\n`;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!HEADER_VALUE.test(value)) throw new HttpError("BAD_REQUEST", `header ${name} must be printable ASCII`);
    head += `${name}: ${value}\r\n`;
  }
  const body = request.body ?? "";
  if (body.length > 0 || request.method === "POST" || request.method === "PUT") {
    head += `content-length: ${Buffer.byteLength(body)}\r\n`;
  }
  return typeof body === "string" ? `${head}\r\n${body}` : Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
}

function aborted(): HttpError {
  return new HttpError("ABORTED", "the request was given up");
}
