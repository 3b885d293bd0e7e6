/**
 * The real `Fetch`: HTTP/1.1 over kept, warmed connections. Owns the origins that are spoken to; which connection carries which
 * request is `http-origin.ts`'s, and time-outs, repeats and what an answer means belong to the callers.
 *
 * It does not stand on undici: since its fix of GHSA-35p6-xmwp-9g52 (8.x) that waits one turn of the event loop before
 * each write on a kept connection, and `http.request` waits for the next tick. An order must be written when the call
 * that sends it returns; here bytes that come unasked end the connection instead.
 */
import { HttpError } from "./http-connection.ts";
import { Origin, type OriginSettings } from "./http-origin.ts";
import { assertPath } from "./http-request.ts";
import type { Clock, Fetch } from "./seams.ts";

const DEFAULTS: OriginSettings = {
  connectionsMax: 10,
  answerBytesMax: 8 * 1024 * 1024,
  keepAliveMs: 55_000,
  connectTimeoutMs: 5_000,
  rng: { next: () => 0.5 },
};

/** Origins come from the configuration: a handful. More means that something builds them. */
const ORIGINS_MAX = 32;

export type HttpClient = {
  readonly fetch: Fetch;
  /** Holds at least `connections` open to the origin of `url` from now on: opens lost ones again, and renews old ones before they expire. */
  warm(url: string, connections: number): void;
  /** Ends every connection; requests in flight reject. */
  close(): void;
};

export function makeHttpClient(clock: Clock, options: Partial<OriginSettings> = {}): HttpClient {
  const settings = { ...DEFAULTS, ...options };
  const origins = new Map<string, Origin>();
  let last: { readonly address: string; readonly origin: Origin } | undefined;
  const originOf = (url: string): { readonly origin: Origin; readonly path: string } => {
    // Mostly it is the venue's, as the last time.
    if (last !== undefined && url.charCodeAt(last.address.length) === SLASH && url.startsWith(last.address)) {
      return { origin: last.origin, path: url.slice(last.address.length) };
    }
    const { address, path } = split(url);
    const known = origins.get(address);
    if (known !== undefined) {
      last = { address, origin: known };
      return { origin: known, path };
    }
    if (!ORIGIN.test(address)) throw new HttpError("BAD_REQUEST", "the address must be http or https with a host");
    assertPath(path);
    if (origins.size >= ORIGINS_MAX) throw new HttpError("ORIGINS_EXHAUSTED", `more than ${ORIGINS_MAX} origins`);
    const origin = new Origin(new URL(address), clock, settings);
    origins.set(address, origin);
    return { origin, path };
  };
  return {
    fetch: (request) =>
      new Promise((resolve, reject) => {
        const { origin, path } = originOf(request.url);
        origin.send(request, path, { onAnswer: resolve, onError: reject });
      }),
    warm: (url, connections) => originOf(url).origin.warm(Math.min(connections, settings.connectionsMax)),
    close: () => {
      for (const origin of origins.values()) origin.close();
    },
  };
}

const SLASH = 47;
const ORIGIN = /^https?:\/\/[^/?#@\s]+$/;

/** Cuts an address without touching the path: it was signed as it stands. */
function split(url: string): { readonly address: string; readonly path: string } {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return { address: url, path: "/" };
  return { address: url.slice(0, start), path: url.slice(start) };
}
