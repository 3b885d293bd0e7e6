/**
 * A stand-in for Grafana Cloud's OTLP endpoint: refuses what that refuses (who asks, path, form), reads the rest strictly and keeps it.
 * Owns the answers and the faults that a test may ask for; the sockets are `server.ts`'s.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { type ExportRequest, readExportRequest } from "./export-request.ts";
import { WireError } from "./wire.ts";

export type CollectorAccount = { readonly instanceId: string; readonly token: string };

export type CollectorRequest = {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
};

export type CollectorAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What the next requests come to: `hang` takes the request and answers never, `garbage` is no answer of this protocol, `partial` leaves some out. */
export type CollectorFault =
  | { readonly type: "hang" }
  | { readonly type: "garbage" }
  | { readonly type: "partial"; readonly said: string }
  | { readonly type: "status"; readonly status: number; readonly retryAfter?: string; readonly said?: string };

export type Taken = ExportRequest & { readonly bodyBytes: number };

const PATH = "/otlp/v1/metrics";
export const BODY_BYTES_MAX = 4 * 1_024 * 1_024;
/** A stand-in that runs for hours keeps the last of it. */
const KEPT_MAX = 100;

export class Collector {
  /** The account may change while it runs, as a token does. */
  account: CollectorAccount;
  /** Stands until it is taken away. */
  fault: CollectorFault | undefined;
  /** Oldest first, at most a hundred. */
  readonly taken: Taken[] = [];
  takenCount = 0;
  /** Why requests were refused as wrong; a push of ours never is. */
  readonly refusals: string[] = [];
  arrivedCount = 0;

  constructor(account: CollectorAccount) {
    this.account = account;
  }

  /** Undefined: it never answers. */
  answer(request: CollectorRequest): CollectorAnswer | undefined {
    this.arrivedCount += 1;
    const { fault } = this;
    if (fault?.type === "hang") return undefined;
    if (fault?.type === "garbage")
      return { status: 502, headers: { "content-type": "text/html" }, body: "<html>\u0000" };
    if (fault?.type === "status") {
      const headers = fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter };
      return { status: fault.status, headers, body: fault.said ?? "" };
    }
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return { status: refusal.status, headers: {}, body: refusal.said };
    return this.#take(request, fault?.said);
  }

  #refusal({ method, path, headers, body }: CollectorRequest): { status: number; said: string } | undefined {
    if (!this.#isOurs(String(headers["authorization"] ?? "")))
      return this.#refuse(401, "authentication error: invalid authentication credentials");
    if (path !== PATH) return this.#refuse(404, `no such path ${path}`);
    if (method !== "POST") return this.#refuse(405, `no such method ${method}`);
    if (headers["content-type"] !== "application/x-protobuf") return this.#refuse(415, "not protobuf");
    if (headers["content-encoding"] !== "gzip") return this.#refuse(415, "not compressed");
    return body.length > BODY_BYTES_MAX ? this.#refuse(413, "too large") : undefined;
  }

  #take(request: CollectorRequest, leftOut: string | undefined): CollectorAnswer {
    try {
      const read = readExportRequest(gunzipSync(request.body, { maxOutputLength: BODY_BYTES_MAX }));
      this.taken.push({ ...read, bodyBytes: request.body.length });
      this.takenCount += 1;
      if (this.taken.length > KEPT_MAX) this.taken.shift();
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const { status } = this.#refuse(400, error instanceof WireError ? said : `unreadable: ${said}`);
      return { status, headers: {}, body: said };
    }
    return {
      status: 200,
      headers: { "content-type": "application/x-protobuf" },
      body: leftOut === undefined ? "" : partialSuccess(leftOut),
    };
  }

  #refuse(status: number, said: string): { status: number; said: string } {
    this.refusals.push(`${status} ${said}`);
    return { status, said };
  }

  #isOurs(authorization: string): boolean {
    const { instanceId, token } = this.account;
    const wanted = `Basic ${Buffer.from(`${instanceId}:${token}`).toString("base64")}`;
    return timingSafeEqual(digest(authorization), digest(wanted));
  }
}

/** `ExportMetricsServiceResponse` that names one point left out and why, of at most 100 characters. */
function partialSuccess(said: string): string {
  const text = said.slice(0, 100);
  const inner = `\u0008\u0001\u0012${String.fromCharCode(text.length)}${text}`;
  return `\n${String.fromCharCode(inner.length)}${inner}`;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
