/**
 * The simulated X as a host of the simulated network, and what it saw: each request for a post, what became of it, and what its sender was
 * told. Owns this record and the faults of X itself; the API is `sim/x-api`'s.
 */
import { type XAnswer, XApi, type XPost } from "../x-api/x-api.ts";
import { type HostTrouble, HostTroubles } from "./host-troubles.ts";
import type { Host, HostReply, HostRequest, Network } from "./network.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const X_URL = "http://x.world";
export const X_ACCOUNT = { appKey: "app", appSecret: "app-secret", accessToken: "token", accessSecret: "token-secret" };

const POSTS = "/2/tweets";

/** One request for a post, as it came to X. */
export type PostRequest = {
  readonly process: string;
  readonly sentMs: number;
  readonly arrivedMs: number;
  readonly text: string;
  /** X has posted it now, or had it already, or has said no with nothing done; `struck`: a fault answered in its place, nothing done. */
  readonly outcome: "posted" | "duplicate" | "refused" | "struck";
  /** Whether what was answered proves that nothing was done: a readable 4xx. */
  readonly isProvenUndone: boolean;
  /** The status that the sender has read; undefined until then. */
  readStatus: number | undefined;
};

export class XHost implements Host {
  readonly requests: PostRequest[] = [];
  /** Told each request for a post when it has been answered. */
  onPost: ((request: PostRequest) => void) | undefined;
  readonly #api: XApi;
  readonly #time: VirtualTime;
  readonly #troubles = new HostTroubles();

  constructor(time: VirtualTime, network: Network) {
    this.#time = time;
    // Whoever signs for X has no clock but the machine's, and `Date.now` tells the world's time here.
    const signedAt = () => performance.timeOrigin + performance.now();
    this.#api = new XApi(X_ACCOUNT, { now: () => time.epochMs, signedAt });
    network.serve(X_URL, this);
    const told = network.onAnswer;
    network.onAnswer = (process, request, answer) => {
      told?.(process, request, answer);
      if (request.url === X_URL + POSTS) this.#noteRead(process.name, request.sentMs, answer.status);
    };
  }

  /** Oldest first. */
  get posts(): readonly XPost[] {
    return this.#api.posts;
  }

  /** Strikes at the next fitting requests, so many. Answers what ends it. */
  strike(trouble: HostTrouble, times: number): () => void {
    return this.#troubles.strike(trouble, times);
  }

  callOf(): "x" {
    return "x";
  }

  async serve(
    request: HostRequest,
    from: { readonly process: string; readonly sentMs: number },
    onEffect: () => void,
  ): Promise<HostReply> {
    const { path } = request;
    const trouble = this.#troubles.take(path);
    const own = trouble?.when === "before" ? undefined : this.#ask(request);
    onEffect();
    const reply = trouble?.reply(this.#time.epochMs) ?? toReply(own);
    if (path === POSTS) this.#note(request, { from, own, reply });
    return reply;
  }

  accept(_path: string, _take: unknown, refuse: () => void): void {
    refuse();
  }

  #ask({ method, path, headers, body }: HostRequest): XAnswer {
    return this.#api.serve({ method, url: new URL(X_URL + path), headers, body: Buffer.from(body, "latin1") });
  }

  #note(
    { body }: HostRequest,
    {
      from,
      own,
      reply,
    }: {
      readonly from: { readonly process: string; readonly sentMs: number };
      readonly own: XAnswer | undefined;
      readonly reply: HostReply;
    },
  ): void {
    const noted: PostRequest = {
      ...from,
      arrivedMs: this.#time.nowMs,
      text: textOf(body),
      outcome: outcomeOf(own),
      isProvenUndone: (own === undefined || own.status >= 400) && isReadableRefusal(reply),
      readStatus: undefined,
    };
    this.requests.push(noted);
    this.onPost?.(noted);
  }

  #noteRead(process: string, sentMs: number, status: number): void {
    const read = this.requests.find((each) => each.process === process && each.sentMs === sentMs);
    if (read !== undefined) read.readStatus = status;
  }
}

function outcomeOf(own: XAnswer | undefined): PostRequest["outcome"] {
  if (own === undefined) return "struck";
  if (own.status === 201) return "posted";
  return JSON.stringify(own.body).includes("duplicate content") ? "duplicate" : "refused";
}

/** A 4xx of X's own form, but not the one that says that X has it already. */
function isReadableRefusal(reply: HostReply): boolean {
  if (reply.type !== "answer" || reply.status < 400 || reply.status >= 500 || reply.status === 408) return false;
  return reply.body.startsWith("{") && !reply.body.includes("duplicate content");
}

function toReply(own: XAnswer | undefined): HostReply {
  if (own === undefined) return { type: "silence" };
  const type = own.status >= 400 ? "application/problem+json" : "application/json";
  const headers = { ...own.headers, "content-type": type };
  return { type: "answer", status: own.status, headers, body: JSON.stringify(own.body) };
}

function textOf(body: string): string {
  const parsed: unknown = JSON.parse(Buffer.from(body, "latin1").toString("utf8"));
  return typeof parsed === "object" && parsed !== null && "text" in parsed ? String(parsed.text) : "";
}
