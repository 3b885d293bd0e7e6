/**
 * Questions to the order API (CONTRACTS 3) from functions, and cancels: signed, paced, each with a time-out and a few more tries. Owns
 * what may be asked again and when. It knows no way to place an order; what an answer means is the caller's.
 *
 * The venue takes ten requests in any one second, and the task leaves one of them to the functions (`requestsPerSecond` of its
 * configuration): so one client asks one question at a time, and the next a second after the answer.
 */
import * as z from "zod";
import { InputError } from "../core/errors.ts";
import type { CambrianKeys, SignHeaders } from "./cambrian-keys.ts";
import type { Timing } from "./timing.ts";

/** What may be said twice: a question changes nothing, and an order that has ended is not ended again. */
type Method = "GET" | "DELETE";

/** Node's own `fetch`, as far as it is needed here. */
export type Fetch = (
  url: string,
  init: {
    readonly method: Method;
    readonly headers: Record<string, string>;
    readonly signal: AbortSignal;
    /** What is signed is for this host alone. */
    readonly redirect: "error";
  },
) => Promise<Pick<Response, "status" | "headers" | "text">>;

export type CambrianClientOptions = {
  /** Scheme, host and perhaps a path in front of `/v1`. */
  readonly baseUrl: string;
  readonly network: "testnet" | "mainnet";
  readonly keys: CambrianKeys;
  readonly fetch: Fetch;
  readonly timing: Timing;
  /** For one try, from the first byte sent to the last byte read; 5,000 unless told. */
  readonly timeoutMs?: number;
  /** From an answer to the next question; 1,025 unless told. */
  readonly paceMs?: number;
  /** Tries of one question; 4 unless told. */
  readonly attemptsMax?: number;
  /** The longest pause that a 429 of the venue makes, whatever it asks for; 60,000 unless told. */
  readonly holdBackMsMax?: number;
};

export type CambrianErrorKind =
  /** No whole answer: it may be asked again. */
  | "timeout"
  | "network"
  | "server"
  /** The venue asks for a pause (429). */
  | "rate-limited"
  /** The key, the clock or the network is refused (401, 403). */
  | "unauthorized"
  /** The question itself is refused; `status` says how. */
  | "refused"
  /** An answer that is no answer to this question. */
  | "unreadable";

/** Why a question was not answered. The message names the path, and shows nothing of the key. */
export class CambrianError extends Error {
  readonly code: CambrianErrorKind;
  readonly status: number | undefined;

  constructor(
    code: CambrianErrorKind,
    reason: string,
    options: { readonly status?: number; readonly cause?: unknown },
  ) {
    super(reason, { cause: options.cause });
    this.name = "CambrianError";
    this.code = code;
    this.status = options.status;
  }
}

/** A question: its path from `/v1` on, percent-encoded, and how the JSON of a 200 is read; `read` throws when it does not fit. */
export type Question<Answer> = {
  /** GET unless told. */
  readonly method?: Method;
  readonly path: string;
  readonly read: (json: unknown) => Answer;
};

/** Between an answer and the next question, a little over a second: the venue's clock may run slow. */
const PACE_MS = 1_025;
const TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 4;
const BACKOFF_FIRST_MS = 500;
/**
 * The venue counts by the second, so a minute is patience enough. What a function is told stays in its warm process, over many runs: an
 * hour asked for by mistake would keep every audit of that hour from asking at all.
 */
const HOLD_BACK_MS_MAX = 60_000;
/** Longest text of the venue's that is carried into an error. */
const REASON_CHARACTERS_MAX = 200;

const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** What `CAMBRIAN_TESTNET` says. Throws `InputError` on anything but `true` and `false`: no default may choose real money. */
export function parseNetwork(text: string): "testnet" | "mainnet" {
  switch (text.trim().toLowerCase()) {
    case "true":
      return "testnet";
    case "false":
      return "mainnet";
    default:
      throw new InputError({ what: "CAMBRIAN_TESTNET", expected: "true or false", was: text });
  }
}

export class CambrianClient {
  readonly #options: CambrianClientOptions;
  readonly #origin: string;
  readonly #pathPrefix: string;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #turn: Promise<void> = Promise.resolve();

  /** Throws `InputError` on a base URL that is none. */
  constructor(options: CambrianClientOptions) {
    this.#options = options;
    const base = URL.parse(options.baseUrl);
    if (base === null || !["http:", "https:"].includes(base.protocol)) {
      throw new InputError({ what: "CAMBRIAN_BASE_URL", expected: "an https:// address", was: options.baseUrl });
    }
    this.#origin = base.origin;
    this.#pathPrefix = base.pathname.replace(/\/+$/, "");
  }

  /**
   * Asks until an answer could be read, four times at most unless told, and not past `untilMs` (monotonic). Rejects with `CambrianError`. Calls
   * at the same time wait for one another.
   */
  async ask<Answer>(question: Question<Answer>, untilMs: number): Promise<Answer> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await this.#askInTurn(question, untilMs);
    } finally {
      resolve();
    }
  }

  async #askInTurn<Answer>(question: Question<Answer>, untilMs: number): Promise<Answer> {
    let sign = await this.#options.keys.current();
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(question, sign, untilMs);
      } catch (error) {
        if (!(error instanceof CambrianError)) throw error;
        // A rotated key is refused until it is read anew, which is no try; a second refusal is of the new one.
        const renewed = error.code === "unauthorized" && !isRenewed ? this.#options.keys.renewed() : undefined;
        if (renewed !== undefined) {
          sign = await renewed;
          isRenewed = true;
        } else if (isRepeatable(error) && attempt < (this.#options.attemptsMax ?? ATTEMPTS_MAX)) {
          this.#holdBack(BACKOFF_FIRST_MS * 2 ** (attempt - 1) * (0.5 + this.#options.timing.random()));
        } else throw error;
        if (this.#notBeforeMs >= untilMs) throw error;
      }
    }
  }

  async #attempt<Answer>(question: Question<Answer>, sign: SignHeaders, untilMs: number): Promise<Answer> {
    const { fetch, network, timing } = this.#options;
    const waitMs = Math.max(0, this.#notBeforeMs - timing.monotonicMs());
    const leftMs = untilMs - timing.monotonicMs() - waitMs;
    if (leftMs <= 0) throw new CambrianError("timeout", `${question.path}: no time was left to ask`, {});
    await timing.wait(waitMs);
    const { method = "GET" } = question;
    const path = this.#pathPrefix + question.path;
    const timestampMs = Math.floor(timing.epochMs());
    const headers = {
      ...sign({ timestampMs, method, path, body: "" }),
      "x-cambrian-network": network,
      accept: "application/json",
    };
    const signal = AbortSignal.timeout(Math.ceil(Math.min(this.#options.timeoutMs ?? TIMEOUT_MS, leftMs)));
    try {
      const response = await fetch(this.#origin + path, { method, headers, signal, redirect: "error" });
      return this.#judge(question, response, await response.text());
    } catch (error) {
      if (error instanceof CambrianError) throw error;
      const kind = signal.aborted ? "timeout" : "network";
      throw new CambrianError(kind, `${question.path}: no whole answer (${messageOf(error)})`, { cause: error });
    } finally {
      this.#holdBack(this.#options.paceMs ?? PACE_MS);
    }
  }

  #judge<Answer>(question: Question<Answer>, response: Pick<Response, "status" | "headers">, body: string): Answer {
    const { status } = response;
    const fail = (code: CambrianErrorKind, reason: string, cause?: unknown): never => {
      throw new CambrianError(code, `${question.path}: ${reason}`, { status, cause });
    };
    if (status === 200) {
      try {
        return question.read(JSON.parse(body));
      } catch (error) {
        return fail("unreadable", `an answer that cannot be read: ${cut(messageOf(error))}`, error);
      }
    }
    if (status === 429) {
      const askedMs = retryAfterMs(response.headers.get("retry-after"));
      this.#holdBack(Math.min(askedMs, this.#options.holdBackMsMax ?? HOLD_BACK_MS_MAX));
      return fail("rate-limited", "the venue asks for a pause");
    }
    if (status >= 500) return fail("server", `the venue answered ${status}`);
    // A refusal of the venue's own has its body; anything else may come from whatever stands in between.
    const refusal = refusalSchema.safeParse(parseJson(body));
    if (status < 400 || !refusal.success) return fail("unreadable", `an unexpected answer of status ${status}`);
    const { code, message } = refusal.data.error;
    return fail(status === 401 || status === 403 ? "unauthorized" : "refused", cut(`${status} ${code}: ${message}`));
  }

  /** Nothing is asked for so long, from now on. */
  #holdBack(millis: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, this.#options.timing.monotonicMs() + millis);
  }
}

/** Whether asking again may bring what this try did not; that the outcome is unknown is no danger (see `Method`). */
function isRepeatable({ code }: CambrianError): boolean {
  switch (code) {
    case "timeout":
    case "network":
    case "server":
    case "rate-limited":
    case "unreadable":
      return true;
    case "unauthorized":
    case "refused":
      return false;
  }
}

/** Seconds, as the venue sends them; a second when it sends none that can be read. */
function retryAfterMs(text: string | null): number {
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(text ?? "") ? Number(text) : 1;
  return seconds * 1_000;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > REASON_CHARACTERS_MAX ? `${line.slice(0, REASON_CHARACTERS_MAX)}…` : line;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
