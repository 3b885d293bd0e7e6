/**
 * Calls to Grafana's HTTP API, one at a time: time-outs, a few more tries, and errors that say what to do. Owns what is tried again; every
 * call of ours names what it writes, so that saying it twice changes nothing. The token is in no error and in no log.
 */
import type { GrafanaAccess } from "../grafana-access.ts";
import type { Timing } from "../timing.ts";

/** Node's own `fetch`, as far as it is needed here. */
export type GrafanaFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
    /** The token is for this host alone. */
    readonly redirect: "error";
  },
) => Promise<Pick<Response, "status" | "headers" | "text">>;

export type GrafanaAnswer = {
  readonly status: number;
  /** Undefined when the body is no JSON. */
  readonly json: unknown;
};

export type GrafanaRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From the address on, percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** Statuses beside 2xx that the caller understands. */
  readonly accepts?: readonly number[];
};

/** Grafana refused, or did not answer. The message names the call and Grafana's own reason. */
export class GrafanaError extends Error {
  readonly code = "GRAFANA";
  readonly status: number | undefined;

  constructor(reason: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(reason, { cause: options.cause });
    this.name = "GrafanaError";
    this.status = options.status;
  }
}

const TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 4;
const BACKOFF_FIRST_MS = 500;
const RETRY_AFTER_MS_MAX = 10_000;
const REASON_CHARACTERS_MAX = 300;

export class GrafanaClient {
  readonly #access: Pick<GrafanaAccess, "url" | "apiKey">;
  readonly #fetch: GrafanaFetch;
  readonly #timing: Timing;

  constructor(options: {
    readonly access: Pick<GrafanaAccess, "url" | "apiKey">;
    readonly fetch: GrafanaFetch;
    readonly timing: Timing;
  }) {
    this.#access = options.access;
    this.#fetch = options.fetch;
    this.#timing = options.timing;
  }

  /** Rejects with `GrafanaError` unless the answer is 2xx or a status that is accepted. */
  async call(request: GrafanaRequest): Promise<GrafanaAnswer> {
    const { method, path, accepts = [] } = request;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#attempt(request);
      const isLast = attempt >= ATTEMPTS_MAX;
      if (answer.type === "answer") {
        const { status, json } = answer;
        if ((status >= 200 && status < 300) || accepts.includes(status)) return { status, json };
        if (isLast || !isRepeatable(status)) throw refusal(`${method} ${path}`, status, json);
      } else if (isLast) {
        throw new GrafanaError(`${method} ${path}: no answer (${answer.reason})`, { cause: answer.error });
      }
      const backoffMs = BACKOFF_FIRST_MS * 2 ** (attempt - 1) * (0.5 + this.#timing.random());
      await this.#timing.wait(Math.max(backoffMs, answer.type === "answer" ? answer.retryAfterMs : 0));
    }
  }

  async #attempt({ method, path, body }: GrafanaRequest) {
    const headers = {
      authorization: `Bearer ${this.#access.apiKey}`,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await this.#fetch(this.#access.url + path, {
        method,
        headers,
        signal,
        redirect: "error",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
      return {
        type: "answer",
        status: response.status,
        json: parseJson(await response.text()),
        retryAfterMs,
      } as const;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { type: "none", reason, error } as const;
    }
  }
}

function isRepeatable(status: number): boolean {
  return status === 429 || status >= 500;
}

function refusal(call: string, status: number, json: unknown): GrafanaError {
  const reason = reasonOf(json);
  switch (status) {
    case 401:
      return new GrafanaError(
        `${call}: Grafana refuses the token (401 ${reason}); it must be a service account's token of this stack`,
        { status },
      );
    case 403:
      return new GrafanaError(
        `${call}: the token may not do this (403 ${reason}); its service account needs the role Admin, or Editor with the right to provision alerting`,
        { status },
      );
    default:
      return new GrafanaError(`${call}: Grafana answered ${status} ${reason}`, { status });
  }
}

/** Grafana's own words: `message` of both its APIs. */
function reasonOf(json: unknown): string {
  const message = typeof json === "object" && json !== null && "message" in json ? json.message : undefined;
  const text = typeof message === "string" ? message : "without a reason";
  return text.replace(/\s+/g, " ").slice(0, REASON_CHARACTERS_MAX);
}

function parseRetryAfter(text: string | null): number {
  const seconds = /^\d{1,6}$/.test(text ?? "") ? Number(text) : 0;
  return Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
