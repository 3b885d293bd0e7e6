/**
 * OAuth 1.0a as X checks it (RFC 5849, HMAC-SHA1): the header is read strictly and its signature made again from the request. Owns the
 * judgement and the nonces that were seen.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type XAccount = {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
};

export type SignedRequest = {
  readonly method: string;
  /** As it was asked: scheme, host, path and query. */
  readonly url: URL;
  readonly authorization: string | undefined;
  /** Of a body that is form-encoded; a JSON or multipart body is not signed. */
  readonly form: URLSearchParams;
};

/** X refuses timestamps that are further off. */
const CLOCK_SECONDS_MAX = 300;
const NONCES_MAX = 10_000;

const HEADER_PART = /^([a-z_]+)="([^"]*)"$/;
const PARTS = [
  "oauth_consumer_key",
  "oauth_nonce",
  "oauth_signature",
  "oauth_signature_method",
  "oauth_timestamp",
  "oauth_token",
  "oauth_version",
] as const;

export class SignatureDesk {
  readonly #account: XAccount;
  readonly #nonces = new Set<string>();

  constructor(account: XAccount) {
    this.#account = account;
  }

  /** What is wrong with a request's signature; undefined when nothing is. */
  faultOf(request: SignedRequest, nowMs: number): string | undefined {
    const parts = readHeader(request.authorization);
    if (parts === undefined) return "the Authorization header must be OAuth with each of its seven parts once";
    const of = (name: (typeof PARTS)[number]) => parts.get(name) ?? "";
    const { appKey, accessToken } = this.#account;
    if (of("oauth_consumer_key") !== appKey || of("oauth_token") !== accessToken) return "key or token is not known";
    if (of("oauth_signature_method") !== "HMAC-SHA1" || of("oauth_version") !== "1.0")
      return "another method or version";
    const seconds = /^\d{9,11}$/.test(of("oauth_timestamp")) ? Number(of("oauth_timestamp")) : Number.NaN;
    if (!(Math.abs(seconds - nowMs / 1_000) <= CLOCK_SECONDS_MAX)) return "the timestamp is too far off";
    const nonce = of("oauth_nonce");
    if (nonce === "" || this.#nonces.has(nonce)) return "the nonce was used before";
    const expected = Buffer.from(this.#sign(request, parts));
    const given = Buffer.from(of("oauth_signature"));
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return "the signature does not fit";
    if (this.#nonces.size >= NONCES_MAX) this.#nonces.clear();
    this.#nonces.add(nonce);
    return undefined;
  }

  /** RFC 5849, 3.4.1. */
  #sign({ method, url, form }: SignedRequest, parts: ReadonlyMap<string, string>): string {
    const own = [...parts].filter(([name]) => name !== "oauth_signature");
    const encoded = [...own, ...url.searchParams, ...form].map(
      ([name, value]) => [encode(name), encode(value)] as const,
    );
    const sorted = encoded.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));
    const parameters = sorted.map(([name, value]) => `${name}=${value}`).join("&");
    const base = [method.toUpperCase(), `${url.origin}${url.pathname}`, parameters].map(encode).join("&");
    const { appSecret, accessSecret } = this.#account;
    return createHmac("sha1", `${encode(appSecret)}&${encode(accessSecret)}`)
      .update(base)
      .digest("base64");
  }
}

function readHeader(header: string | undefined): ReadonlyMap<string, string> | undefined {
  if (header === undefined || !header.startsWith("OAuth ")) return undefined;
  const parts = new Map<string, string>();
  for (const text of header.slice("OAuth ".length).split(",")) {
    const [, name = "", value = ""] = HEADER_PART.exec(text.trim()) ?? [];
    if (name === "" || parts.has(name)) return undefined;
    try {
      parts.set(name, decodeURIComponent(value));
    } catch {
      return undefined;
    }
  }
  return parts.size === PARTS.length && PARTS.every((name) => parts.has(name)) ? parts : undefined;
}

/** RFC 3986's unreserved characters stay as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
