/**
 * X as far as a report needs it, strict where X is: signatures, images, the weight of a text, duplicates, limits. Owns the routes and what was
 * posted; the socket is `server.ts`'s.
 */
import twitterText from "twitter-text";
import { MediaShelf } from "./media.ts";
import { readMultipart } from "./multipart.ts";
import { type Endpoint, RateLimits } from "./rate-limits.ts";
import { data, limitExceeded, problem, type XReply } from "./replies.ts";
import { SignatureDesk, type XAccount } from "./signature.ts";

export type XRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};

export type XAnswer = XReply & { readonly headers: Readonly<Record<string, string>> };

export type XPost = {
  readonly id: string;
  readonly text: string;
  readonly atMs: number;
  readonly png: Buffer;
  readonly altText: string | undefined;
};

/** Epoch milliseconds: of what happens here, and of whoever signs, whose library has no clock but the machine's. */
export type XClocks = { readonly now: () => number; readonly signedAt: () => number };

/** Whose account it is. */
const ME = { id: "2000", name: "FlashMM", username: "flashmm" };

const TEXT_WEIGHT_MAX = 280;
const CASHTAGS_MAX = 1;
const POSTS_MAX = 10_000;
const UPLOAD = /^\/2\/media\/upload\/(?:(initialize)|(\d{1,25})\/(append|finalize))$/;

export class XApi {
  readonly limits = new RateLimits();
  readonly #signatures: SignatureDesk;
  readonly #media = new MediaShelf();
  readonly #posts: XPost[] = [];
  readonly #clocks: XClocks;

  constructor(account: XAccount, clocks: XClocks) {
    this.#signatures = new SignatureDesk(account);
    this.#clocks = clocks;
  }

  /** Oldest first. */
  get posts(): readonly XPost[] {
    return this.#posts;
  }

  serve(request: XRequest): XAnswer {
    const { method, url, headers } = request;
    const nowMs = this.#clocks.now();
    const authorization = typeof headers["authorization"] === "string" ? headers["authorization"] : undefined;
    const fault = this.#signatures.faultOf(
      { method, url, authorization, form: formOf(request) },
      this.#clocks.signedAt(),
    );
    if (fault !== undefined) return { ...problem(401, fault), headers: {} };
    const endpoint = endpointOf(method, url.pathname);
    if (endpoint === undefined) return { ...problem(404, `${method} ${url.pathname}`), headers: {} };
    const allowance = this.limits.take(endpoint, nowMs);
    if (!allowance.isAllowed) return { ...limitExceeded(), headers: allowance.headers };
    return { ...this.#route(request, endpoint, nowMs), headers: allowance.headers };
  }

  #route(request: XRequest, endpoint: Endpoint, nowMs: number): XReply {
    if (endpoint === "me") return data(200, ME);
    const [, initialize, id = "", step] = UPLOAD.exec(request.url.pathname) ?? [];
    if (step === "append") return this.#media.append(id, readMultipart(typeOf(request), request.body), nowMs);
    if (step === "finalize") return this.#media.finalize(id, nowMs);
    const body = readJson(request);
    if (body === undefined) return problem(400, "the body must be a JSON object, as its content type says");
    if (initialize !== undefined) return this.#media.initialize(body, nowMs);
    return endpoint === "metadata" ? this.#media.describe(body, nowMs) : this.#post(body, nowMs);
  }

  #post(body: Readonly<Record<string, unknown>>, nowMs: number): XReply {
    const { text, media } = body;
    if (typeof text !== "string" || text.trim() === "") return problem(400, "text must be there");
    const { weightedLength, valid } = twitterText.parseTweet(text);
    if (!valid || weightedLength > TEXT_WEIGHT_MAX) {
      return problem(400, `text must be of a weight of at most ${TEXT_WEIGHT_MAX}, was ${weightedLength}`);
    }
    if (twitterText.extractCashtags(text).length > CASHTAGS_MAX) return problem(403, "too many cashtags");
    const ids = mediaIds(media);
    const [id = ""] = ids ?? [];
    const image = this.#media.image(id, nowMs);
    if (ids?.length !== 1 || image === undefined) return problem(400, "media.media_ids must be one finished image");
    if (this.#posts.some((post) => normal(post.text) === normal(text))) {
      return problem(403, "You are not allowed to create a Tweet with duplicate content.");
    }
    if (this.#posts.length >= POSTS_MAX) return problem(503, "too many posts");
    const post = { id: `20${String(this.#posts.length + 1).padStart(17, "0")}`, text, atMs: nowMs };
    this.#posts.push({ ...post, png: image.png, altText: image.altText });
    return data(201, { id: post.id, text, edit_history_tweet_ids: [post.id] });
  }
}

function endpointOf(method: string, path: string): Endpoint | undefined {
  if (method === "GET" && path === "/2/users/me") return "me";
  if (method !== "POST") return undefined;
  if (path === "/2/tweets") return "tweets";
  if (path === "/2/media/metadata") return "metadata";
  return UPLOAD.test(path) ? "upload" : undefined;
}

function mediaIds(media: unknown): readonly string[] | undefined {
  const ids = typeof media === "object" && media !== null && "media_ids" in media ? media.media_ids : undefined;
  return Array.isArray(ids) && ids.every((id) => typeof id === "string") ? ids : undefined;
}

function normal(text: string): string {
  return text.normalize("NFC").trim();
}

function typeOf({ headers }: XRequest): string {
  return String(headers["content-type"] ?? "");
}

function formOf(request: XRequest): URLSearchParams {
  const isForm = typeOf(request).startsWith("application/x-www-form-urlencoded");
  return new URLSearchParams(isForm ? request.body.toString() : "");
}

function readJson(request: XRequest): Readonly<Record<string, unknown>> | undefined {
  if (!typeOf(request).startsWith("application/json")) return undefined;
  try {
    const value: unknown = JSON.parse(request.body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}
