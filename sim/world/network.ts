/**
 * The network of a simulated world: hosts by their addresses, and a way to each of them for every process. Owns how a request
 * and its answer travel; what a host answers is the host's, what a way is like is the link's.
 */
import { assert } from "../../core/assert.ts";
import type { Connect, Fetch, HttpRequest, HttpResponse, Socket } from "../../fargate/seams.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { Link } from "./link.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { Weather } from "./weather.ts";
import { type WebSocketHost, WorldWebSocket } from "./web-socket.ts";
import type { CallName, WorldProcess } from "./world-process.ts";

const HOSTS_MAX = 100;

/** What a host says to a request: `reset` cuts the connection, `silence` says nothing for ever. Header names in any case. */
export type HostReply =
  | {
      readonly type: "answer";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly type: "reset" }
  | { readonly type: "silence" };

export type HostRequest = {
  readonly method: string;
  /** With its query, as sent. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of bytes that are no text, a character each. */
  readonly body: string;
};

/** Which process sent a request, and when it wrote it (world time). */
type Origin = {
  readonly process: string;
  readonly sentMs: number;
  /** Made by the network: the sender knows nothing of it, and nobody waits for its answer. */
  readonly isCopy?: true;
};

/** A request and when it was written (world time). */
export type AnsweredRequest = Pick<HostRequest, "method" | "path"> & { readonly url: string; readonly sentMs: number };

/** One WebSocket of a process: each is an object of its own. */
export type FrameConnection = { readonly url: string };

export type Host = WebSocketHost & {
  /** Its part in crash points and losses. */
  callOf(request: HostRequest): CallName;
  /** `onEffect` is called once the request was carried out, before the answer is made. Never rejects. */
  serve(request: HostRequest, from: Origin, onEffect: () => void): Promise<HostReply>;
};

/** No whole answer came; `code` says why, as the real client's errors do. */
export class NetworkError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "NetworkError";
    this.code = code;
  }
}

/** The edges of one process to this network. */
export type NetworkAccess = {
  readonly fetch: Fetch;
  readonly connect: Connect;
  /** The way to a host: `http://NAME`, `https:` and `ws:` alike. */
  link(address: string): Link;
};

/** A request that carries its own last check: it is not written where the check names a reason. */
type Fenced = HttpRequest & { readonly fence?: () => string | undefined };

export class Network {
  readonly #time: VirtualTime;
  readonly #seed: number;
  readonly #hosts = new Map<string, Host>();
  readonly #accesses: ((address: string) => Link)[] = [];
  readonly #weathers = new Map<string, Weather>();
  /** Told each frame that a process reads from a WebSocket, a character each byte, and of which connection. */
  onFrame: ((process: WorldProcess, frame: string, connection: FrameConnection) => void) | undefined;
  /** Told each answer that a process reads, of requests that it has not given up. */
  onAnswer:
    | ((process: WorldProcess, request: AnsweredRequest, answer: HostReply & { type: "answer" }) => void)
    | undefined;

  constructor(time: VirtualTime, seed: number) {
    this.#time = time;
    this.#seed = seed;
  }

  /** Puts a host at an address, scheme and path apart; `undefined` takes it away, and new connections are refused. */
  serve(address: string, host: Host | undefined): void {
    assert(this.#hosts.size < HOSTS_MAX, `at most ${HOSTS_MAX} hosts`);
    if (host === undefined) this.#hosts.delete(nameOf(address));
    else this.#hosts.set(nameOf(address), host);
  }

  /** Sets how every process that has been given access so far reaches a host. */
  setReachability(address: string, to: Link["reachability"]): void {
    for (const link of this.#accesses) link(address).reachability = to;
  }

  /** What is wrong with the ways to a host, for everybody. */
  weather(address: string): Weather {
    const name = nameOf(address);
    const known = this.#weathers.get(name) ?? new Weather();
    this.#weathers.set(name, known);
    return known;
  }

  /** Gives a process its edges. */
  access(process: WorldProcess): NetworkAccess {
    const links = new Map<string, Link>();
    const sockets = new Map<WorldWebSocket, Link>();
    process.onCrash(() => {
      for (const socket of sockets.keys()) socket.cut();
    });
    const link = (address: string): Link => {
      const name = nameOf(address);
      const known = links.get(name);
      if (known !== undefined) return known;
      const onChange = () => {
        const own = [...sockets].filter(([, each]) => each === made).map(([socket]) => socket);
        if (made.reachability === "refused") for (const socket of own) socket.cut();
        if (made.reachability === "up") for (const socket of own) socket.resume();
      };
      const rng = makeSeededRng(this.#seed, `${process.name} to ${name}`);
      const made: Link = new Link(rng, onChange, this.weather(address));
      links.set(name, made);
      return made;
    };
    this.#accesses.push(link);
    return {
      link,
      fetch: (request) => this.#fetch(process, link(request.url), request),
      connect: (url, handlers): Socket => {
        const way = link(url);
        const connection: FrameConnection = { url };
        const socket = new WorldWebSocket({
          time: this.#time,
          process,
          link: way,
          host: this.#hosts.get(nameOf(url)),
          path: pathOf(url),
          handlers: {
            ...handlers,
            onMessage: (data) => {
              this.onFrame?.(process, data.toString("latin1"), connection);
              handlers.onMessage(data);
            },
          },
          onEnd: (ended) => sockets.delete(ended),
        });
        sockets.set(socket, way);
        return socket;
      },
    };
  }

  #fetch(process: WorldProcess, link: Link, request: Fenced): Promise<HttpResponse> {
    const host = this.#hosts.get(nameOf(request.url));
    const path = pathOf(request.url);
    const { method, headers, body = "", signal } = request;
    const text = typeof body === "string" ? body : Buffer.from(body).toString("latin1");
    const sent: HostRequest = { method, path, headers: lowerCased(headers), body: text };
    const call = host?.callOf(sent) ?? "none";
    return new Promise((resolve, reject) => {
      const connectMs = link.nextConnectMs();
      const giveUp = () => reject(new NetworkError("ABORTED", "the request was given up"));
      const fail = (code: string, message: string, afterMs: number) => {
        this.#time.after(afterMs, () => process.deliver(() => reject(new NetworkError(code, message))));
      };
      const write = () => {
        if (signal?.aborted === true) return giveUp();
        const fenced = request.fence?.();
        if (fenced !== undefined) return reject(new NetworkError("FENCED", fenced));
        if (host === undefined || link.reachability === "refused") {
          return fail("ECONNREFUSED", "the connection was refused", 0.1);
        }
        signal?.addEventListener("abort", giveUp, { once: true });
        const sentMs = this.#time.nowMs;
        const settle = (reply: Exclude<HostReply, { type: "silence" }>) => {
          signal?.removeEventListener("abort", giveUp);
          if (reply.type === "reset") return reject(new NetworkError("ECONNRESET", "the connection was reset"));
          if (signal?.aborted !== true) this.onAnswer?.(process, { method, path, url: request.url, sentMs }, reply);
          resolve(toResponse(reply));
        };
        // A request that has waited may be given up on its way: then its connection is closed, and it arrives no more.
        const isGivenUp = () => connectMs > 0 && signal?.aborted === true;
        this.#send({ process, link, host, call, sent, isGivenUp, settle });
      };
      const emit = () =>
        process.emit(() => {
          // A plan may freeze the process right here; then it writes at the thaw, if it still wants to.
          if (process.reached("before-write", call)) write();
          else process.emit(write);
        });
      if (connectMs === 0) emit();
      else this.#time.after(connectMs, () => process.deliver(emit));
    });
  }

  #send(exchange: {
    readonly process: WorldProcess;
    readonly link: Link;
    readonly host: Host;
    readonly call: CallName;
    readonly sent: HostRequest;
    /** The sender has given it up before it arrives. */
    readonly isGivenUp: () => boolean;
    readonly settle: (reply: Exclude<HostReply, { type: "silence" }>) => void;
  }): void {
    const { process, link, host, call, sent, isGivenUp, settle } = exchange;
    const isLost = link.reachability === "silent" || link.takesLoss("request", call);
    const from = { process: process.name, sentMs: this.#time.nowMs };
    if (!isLost && link.takesCopy()) {
      const copied = () => void host.serve(sent, { ...from, isCopy: true }, () => undefined);
      this.#time.after(link.nextLatencyMs() + link.nextLatencyMs(), copied);
    }
    const arrive = () =>
      void host
        .serve(sent, from, () => process.reached("after-effect", call))
        .then((reply) => {
          if (reply.type === "silence" || link.reachability === "silent" || link.takesLoss("reply", call)) return;
          this.#time.after(link.nextLatencyMs(), () =>
            process.deliver(() => {
              process.reached("answer-arrived", call);
              process.deliver(() => settle(reply));
            }),
          );
        });
    const unlessGivenUp = () => (isGivenUp() ? undefined : process.leave(from.sentMs, arrive));
    if (!isLost) this.#time.after(link.nextLatencyMs(), unlessGivenUp);
    process.reached("after-write", call);
  }
}

function toResponse({ status, headers, body }: HostReply & { readonly type: "answer" }): HttpResponse {
  return { status, headers: lowerCased(headers), body };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name of Object.keys(headers)) lower[name.toLowerCase()] = headers[name] ?? "";
  return lower;
}

/** `host:port` of an address. */
function nameOf(address: string): string {
  const start = address.indexOf("://") + 3;
  const end = address.indexOf("/", start);
  return end < 0 ? address.slice(start) : address.slice(start, end);
}

/** The address' path as written, percent-encoding untouched: it was signed so. */
function pathOf(address: string): string {
  const start = address.indexOf("/", address.indexOf("://") + 3);
  return start < 0 ? "/" : address.slice(start);
}
