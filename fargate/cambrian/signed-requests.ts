/**
 * Calls of CONTRACTS 3 as signed requests. Owns their headers and addresses, the key that signs them, and the cancels that were signed
 * before they are wanted; it sends nothing.
 */
import type { CancelSignal, HttpRequest } from "../seams.ts";
import type { Secret } from "../secret.ts";
import type { Call } from "./client.ts";
import { makeSigner, type Signer } from "./signing.ts";

export type SignedRequestsOptions = {
  /** Scheme, host and perhaps a path in front of `/v1`, without a slash at the end. */
  readonly baseUrl: string;
  readonly apiKey: Secret;
  readonly secretKey: Secret;
  readonly network: "testnet" | "mainnet";
};

/**
 * So old a signed cancel may be when it is sent: the venue takes a timestamp of up to five seconds, and what is left is for its clock. A
 * cancel may arrive whenever it likes; placings are always signed at their write, since their timestamp says how long they can still arrive.
 */
const READY_MS_MAX = 1_000;

/** After a cancel that the venue refused for its key or its clock. */
const DISTRUST_MS = 60_000;

/** As many as are gone through in that time. */
const READY_MAX = 64;

type Ready = { readonly timestampMs: number; readonly headers: HttpRequest["headers"] };

export class SignedRequests {
  readonly #apiKey: Secret;
  readonly #network: string;
  readonly #sign: Signer;
  readonly #origin: string;
  readonly #pathPrefix: string;
  /** By path, the oldest first. */
  readonly #ready = new Map<string, Ready>();
  /** Nothing is sent as it was signed before until then; epoch milliseconds. */
  #distrustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor({ baseUrl, apiKey, secretKey, network }: SignedRequestsOptions) {
    this.#apiKey = apiKey;
    this.#network = network;
    this.#sign = makeSigner(secretKey);
    const base = new URL(baseUrl);
    this.#origin = base.origin;
    this.#pathPrefix = base.pathname.replace(/\/+$/, "");
  }

  /** Signs a cancel that may be wanted soon, so that it need not be signed when it is. Other calls are only signed. */
  prepare(call: Call<unknown>, timestampMs: number): void {
    const path = this.#pathPrefix + call.path;
    const headers = this.#headers(call, path, timestampMs);
    if (call.kind !== "cancel" || timestampMs < this.#distrustedUntilMs) return;
    this.#ready.delete(path);
    for (const [old, ready] of this.#ready) {
      if (isFresh(ready, timestampMs) && this.#ready.size < READY_MAX) break;
      this.#ready.delete(old);
    }
    this.#ready.set(path, { timestampMs, headers });
  }

  /** `timestampMs` is of now, epoch milliseconds. */
  make(call: Call<unknown>, timestampMs: number, signal: CancelSignal): HttpRequest {
    const { method, body = "" } = call;
    const path = this.#pathPrefix + call.path;
    const url = this.#origin + path;
    const ready = call.kind === "cancel" ? this.#takeReady(path, timestampMs) : undefined;
    const headers = ready ?? this.#headers(call, path, timestampMs);
    const fence = fenceOf(call);
    return fence === undefined ? { method, url, headers, body, signal } : { method, url, headers, body, signal, fence };
  }

  /**
   * A cancel was refused for its key or its clock. One that was signed before is the older by so much, and may be too old where a placing is not:
   * for a minute each is signed as it is sent. Answers whether asking again is worth it: not where that was so already.
   */
  distrust(nowMs: number): boolean {
    const isNews = nowMs >= this.#distrustedUntilMs;
    this.#distrustedUntilMs = nowMs + DISTRUST_MS;
    this.#ready.clear();
    return isNews;
  }

  /** Each once: what is asked again is signed again. */
  #takeReady(path: string, nowMs: number): HttpRequest["headers"] | undefined {
    const ready = this.#ready.get(path);
    if (ready === undefined) return undefined;
    this.#ready.delete(path);
    return isFresh(ready, nowMs) ? ready.headers : undefined;
  }

  #headers({ method, body = "" }: Call<unknown>, path: string, timestampMs: number): HttpRequest["headers"] {
    const headers: Record<string, string> = {
      "x-cambrian-key": this.#apiKey.reveal(),
      "x-cambrian-timestamp": String(timestampMs),
      "x-cambrian-network": this.#network,
      "x-cambrian-signature": this.#sign({ timestampMs, method, path, body }),
      accept: "application/json",
    };
    if (body !== "") headers["content-type"] = "application/json";
    return headers;
  }

  /** The headers of `GET /v1/stream` as its first frame carries them. */
  streamAuth(timestampMs: number): { readonly key: string; readonly timestamp: string; readonly signature: string } {
    const path = `${this.#pathPrefix}/v1/stream`;
    const signature = this.#sign({ timestampMs, method: "GET", path, body: "" });
    return { key: this.#apiKey.reveal(), timestamp: String(timestampMs), signature };
  }
}

/** A clock that was set back makes it one of the future. */
function isFresh({ timestampMs }: Ready, nowMs: number): boolean {
  return timestampMs <= nowMs && nowMs - timestampMs <= READY_MS_MAX;
}

/** What is asked at the write and told of it, as one. */
function fenceOf({ fence, onWritten }: Call<unknown>): HttpRequest["fence"] {
  if (fence === undefined && onWritten === undefined) return undefined;
  return () => {
    const reason = fence?.();
    if (reason === undefined) onWritten?.();
    return reason;
  };
}
