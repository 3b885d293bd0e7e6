/**
 * Calls of CONTRACTS 3 as signed requests. Owns their headers and addresses and the key that signs them; it sends nothing.
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

export class SignedRequests {
  readonly #apiKey: Secret;
  readonly #network: string;
  readonly #sign: Signer;
  readonly #origin: string;
  readonly #pathPrefix: string;

  constructor({ baseUrl, apiKey, secretKey, network }: SignedRequestsOptions) {
    this.#apiKey = apiKey;
    this.#network = network;
    this.#sign = makeSigner(secretKey);
    const base = new URL(baseUrl);
    this.#origin = base.origin;
    this.#pathPrefix = base.pathname.replace(/\/+$/, "");
  }

  /** `timestampMs` is of now, epoch milliseconds. */
  make(call: Call<unknown>, timestampMs: number, signal: CancelSignal): HttpRequest {
    const { method, body = "" } = call;
    const path = this.#pathPrefix + call.path;
    const url = this.#origin + path;
    const headers: Record<string, string> = {
      "x-cambrian-key": this.#apiKey.reveal(),
      "x-cambrian-timestamp": String(timestampMs),
      "x-cambrian-network": this.#network,
      "x-cambrian-signature": this.#sign({ timestampMs, method, path, body }),
      accept: "application/json",
    };
    if (body !== "") headers["content-type"] = "application/json";
    const fence = fenceOf(call);
    return fence === undefined ? { method, url, headers, body, signal } : { method, url, headers, body, signal, fence };
  }

  /** The headers of `GET /v1/stream` as its first frame carries them. */
  streamAuth(timestampMs: number): { readonly key: string; readonly timestamp: string; readonly signature: string } {
    const path = `${this.#pathPrefix}/v1/stream`;
    const signature = this.#sign({ timestampMs, method: "GET", path, body: "" });
    return { key: this.#apiKey.reveal(), timestamp: String(timestampMs), signature };
  }
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
