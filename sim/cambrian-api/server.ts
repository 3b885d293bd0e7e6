/**
 * A simulated Cambrian order API (CONTRACTS 3) over an exchange: HTTP and the stream on one loopback port.
 * Owns what every request passes: limits, signature, latency, faults. What a call does is `routes.ts`'s.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { CambrianFaults, type FaultEffect } from "./faults.ts";
import { RequestLimits } from "./request-limits.ts";
import { answerTo, type Route, toRoute } from "./routes.ts";
import { type Credentials, signatureFault } from "./signature.ts";
import { CambrianCounts, type CambrianStats } from "./stats.ts";
import { CambrianStream } from "./stream.ts";
import { type Answer, toError } from "./wire.ts";

const BODY_BYTES_MAX = 64 * 1_024;
const LATENCY_MS = 4;
/** Longer than any client keeps an idle connection, so that the server is never the one to close it under a request. */
const KEEP_ALIVE_MS = 120_000;

export type CambrianApiSettings = Credentials & {
  readonly exchange: Exchange;
  /** Which network's orders are taken; a request for the other is refused with 403. */
  readonly network: "testnet" | "mainnet";
  readonly clock: Clock;
  readonly rng: Rng;
  /** 0 picks one. */
  readonly port: number;
  /** Mean time from arrival to answer, half of it before the call takes effect; 4 ms unless told, 0 for none. */
  readonly latencyMs?: number;
};

export type CambrianApi = {
  /** `http://127.0.0.1:PORT`; the stream is at the same port under `/v1/stream`. */
  readonly url: string;
  readonly faults: CambrianFaults;
  stats(): CambrianStats;
  /** Ends every connection at once. */
  close(): Promise<void>;
};

/** Starts the API on 127.0.0.1. Rejects when the port is taken. */
export async function startCambrianApi(settings: CambrianApiSettings): Promise<CambrianApi> {
  const { apiKey, secretKey } = settings;
  const counts = new CambrianCounts();
  const faults = new CambrianFaults(() => stream.drop());
  const stream = new CambrianStream({ credentials: { apiKey, secretKey }, clock: settings.clock, counts, faults });
  const desk = new RequestDesk(settings, counts, faults);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void desk.handle(request, response);
  });
  server.on("upgrade", (request, socket, head) => stream.upgrade(request, socket, head));
  server.listen(settings.port, "127.0.0.1");
  await once(server, "listening");
  const stopListening = settings.exchange.onAccountEvent((event) => stream.tell(event));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : settings.port;
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    stats: () => counts.read(),
    close: async () => {
      stopListening();
      stream.drop();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Where a request arrives, is judged, takes effect and is answered. */
class RequestDesk {
  readonly #settings: CambrianApiSettings;
  readonly #counts: CambrianCounts;
  readonly #faults: CambrianFaults;
  readonly #limits = new RequestLimits();
  readonly #latencyMs: number;

  constructor(settings: CambrianApiSettings, counts: CambrianCounts, faults: CambrianFaults) {
    this.#settings = settings;
    this.#counts = counts;
    this.#faults = faults;
    this.#latencyMs = settings.latencyMs ?? LATENCY_MS;
  }

  /** Never rejects: a bug in a call is answered 500 with its message. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = toRoute(request.method ?? "", request.url ?? "");
    this.#counts.arrived(route.name);
    const withinRate = this.#limits.admit(this.#settings.clock.now().monotonicMs);
    try {
      const body = await readBody(request);
      if (body === undefined) return this.#send(response, toError(400, "invalid_request", "body is too large"));
      if (!withinRate) {
        this.#counts.refusedForRate += 1;
        return this.#send(response, tooMany("more than 10 requests in one second"));
      }
      const refusal = this.#refusal(request, body);
      if (refusal !== undefined) return this.#send(response, refusal);
      await this.#serve(route, body, response);
    } catch (error) {
      if (response.destroyed) return;
      this.#send(response, toError(500, "internal", error instanceof Error ? error.message : String(error)));
    }
  }

  async #serve(route: Route, body: string, response: ServerResponse): Promise<void> {
    if (route.name !== "place") return this.#process(route, body, response);
    if (!this.#limits.beginPlacement()) {
      this.#counts.refusedForPlacements += 1;
      return this.#send(response, tooMany("more than 5 placements in flight"));
    }
    try {
      await this.#process(route, body, response);
    } finally {
      this.#limits.endPlacement();
    }
  }

  async #process(route: Route, body: string, response: ServerResponse): Promise<void> {
    await this.#travel();
    const before = this.#faults.take(route.name, "before");
    if (await this.#suffer(before, response)) return;
    const answer = answerTo(this.#settings.exchange, route, body);
    const after = this.#faults.take(route.name, "after");
    if (await this.#suffer(after, response)) return;
    await this.#travel();
    this.#send(response, answer);
  }

  /** Lets a fault have its effect; true when the request ends with it. */
  async #suffer(effect: FaultEffect | undefined, response: ServerResponse): Promise<boolean> {
    switch (effect?.type) {
      case undefined:
        return false;
      case "delay":
        await this.#wait(effect.delayMs);
        return false;
      case "drop":
        this.#counts.answered("dropped");
        response.destroy();
        return true;
      case "status":
        this.#send(response, toError(effect.status, "unavailable", "a simulated fault"));
        return true;
      case "garbage":
        this.#counts.answered(200);
        response.writeHead(200, { "Content-Type": "text/html" }).end('<html>{"order_id":');
        return true;
    }
  }

  #refusal(request: IncomingMessage, body: string): Answer | undefined {
    const network = header(request, "x-cambrian-network");
    const signed = {
      method: request.method ?? "",
      path: request.url ?? "",
      body,
      key: header(request, "x-cambrian-key"),
      timestamp: header(request, "x-cambrian-timestamp"),
      signature: header(request, "x-cambrian-signature"),
    };
    const fault = signatureFault(signed, this.#settings, this.#settings.clock.now().epochMs);
    if (fault !== undefined) {
      this.#counts.refusedForSignature += 1;
      return toError(401, "unauthorized", fault);
    }
    if (network === this.#settings.network) return undefined;
    if (network === "testnet" || network === "mainnet") {
      return toError(403, "wrong_network", `this is ${this.#settings.network}`);
    }
    return toError(400, "invalid_request", "X-Cambrian-Network must be testnet or mainnet");
  }

  #send(response: ServerResponse, answer: Answer): void {
    this.#counts.answered(answer.status);
    const text = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      ...answer.headers,
    });
    response.end(text);
  }

  /** Half of the way there and back: the mean latency halved, give or take half of that. */
  async #travel(): Promise<void> {
    if (this.#latencyMs > 0) await this.#wait((this.#latencyMs / 2) * (0.5 + this.#settings.rng.next()));
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settings.clock.after(delayMs, resolve);
    });
  }
}

function tooMany(message: string): Answer {
  return { ...toError(429, "too_many_requests", message), headers: { "Retry-After": "1" } };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** The whole body, or `undefined` once it is larger than allowed (the rest of it is read away). */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  return size <= BODY_BYTES_MAX ? Buffer.concat(chunks).toString("utf8") : undefined;
}
