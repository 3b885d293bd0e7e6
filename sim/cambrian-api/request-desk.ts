/**
 * Where a request to the order API arrives, is judged, takes effect and is answered. Owns what every request passes: limits,
 * signature, latency, faults. What a call does is `routes.ts`'s, the way that a request comes is its server's.
 */
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { CambrianFaults, FaultEffect } from "./faults.ts";
import { RequestLimits } from "./request-limits.ts";
import { answerTo, type Route, toRoute } from "./routes.ts";
import { type Credentials, signatureFault } from "./signature.ts";
import type { CambrianCounts } from "./stats.ts";
import { type Answer, toError } from "./wire.ts";

const LATENCY_MS = 4;

export type DeskSettings = {
  readonly exchange: Exchange;
  /** Which network's orders are taken; a request for the other is refused with 403. */
  readonly network: "testnet" | "mainnet";
  readonly clock: Clock;
  readonly rng: Rng;
  /** Mean time from arrival to answer, half of it before the call takes effect; 4 ms unless told, 0 for none. */
  readonly latencyMs?: number;
  /** Asked anew for each request: a key can be changed. */
  readonly credentials: () => Credentials;
};

/** A request whose first line was read. */
export type Arrival = {
  readonly method: string;
  readonly path: string;
  readonly route: Route;
  readonly withinRate: boolean;
};

/** Names in lower case. A body of `undefined` was larger than allowed. */
export type ReadRequest = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | undefined;
};

/** `dropped`: the connection is reset; `silence`: nothing ever comes. */
export type Reply =
  | {
      readonly type: "answer";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly type: "dropped" }
  | { readonly type: "silence" };

export class RequestDesk {
  readonly #settings: DeskSettings;
  readonly #counts: CambrianCounts;
  readonly #faults: CambrianFaults;
  readonly #limits = new RequestLimits();
  readonly #latencyMs: number;

  constructor(settings: DeskSettings, counts: CambrianCounts, faults: CambrianFaults) {
    this.#settings = settings;
    this.#counts = counts;
    this.#faults = faults;
    this.#latencyMs = settings.latencyMs ?? LATENCY_MS;
  }

  /** Counts a request the moment it comes. */
  arrive(method: string, path: string): Arrival {
    const route = toRoute(method, path);
    this.#counts.arrived(route.name);
    const withinRate = this.#limits.admit(this.#settings.clock.now().monotonicMs);
    return { method, path, route, withinRate };
  }

  /** Never rejects: a bug in a call is answered 500 with its message. `onEffect` is called once it was carried out. */
  async serve(arrival: Arrival, request: ReadRequest, onEffect: () => void = () => undefined): Promise<Reply> {
    const reply = await this.#serve(arrival, request, onEffect).catch((error: unknown) =>
      toReply(toError(500, "internal", error instanceof Error ? error.message : String(error))),
    );
    this.#counts.answered(reply.type === "answer" ? reply.status : "dropped");
    return reply;
  }

  async #serve(arrival: Arrival, request: ReadRequest, onEffect: () => void): Promise<Reply> {
    const { body } = request;
    if (body === undefined) return toReply(toError(400, "invalid_request", "body is too large"));
    if (!arrival.withinRate) {
      this.#counts.refusedForRate += 1;
      return toReply(tooMany("more than 10 requests in one second"));
    }
    const refusal = this.#refusal(arrival, request.headers, body);
    if (refusal !== undefined) return toReply(refusal);
    if (arrival.route.name !== "place") return await this.#process(arrival, body, onEffect);
    if (!this.#limits.beginPlacement()) {
      this.#counts.refusedForPlacements += 1;
      return toReply(tooMany("more than 5 placements in flight"));
    }
    try {
      return await this.#process(arrival, body, onEffect);
    } finally {
      this.#limits.endPlacement();
    }
  }

  async #process(arrival: Arrival, body: string, onEffect: () => void): Promise<Reply> {
    const { route } = arrival;
    if (this.#latencyMs > 0) await this.#travel();
    const fault = this.#faults.take(route.name, "before");
    const before = fault === undefined ? undefined : await this.#suffer(fault);
    if (before !== undefined) return before;
    const lie = fault === undefined ? undefined : this.#lie(arrival, fault.type);
    const answer = lie ?? answerTo(this.#faults.orders.over(this.#settings.exchange), route, body);
    if (lie === undefined) onEffect();
    const late = this.#faults.take(route.name, "after");
    const after = late === undefined ? undefined : await this.#suffer(late);
    if (after !== undefined) return after;
    if (this.#latencyMs > 0) await this.#travel();
    return toReply(answer);
  }

  /** Lets a fault have its effect; answers how the request ends with it, or `undefined` when it goes on. */
  async #suffer(effect: FaultEffect): Promise<Reply | undefined> {
    switch (effect.type) {
      case "delay":
        await this.#wait(effect.delayMs);
        return undefined;
      case "drop":
        return { type: "dropped" };
      case "silence":
        return { type: "silence" };
      case "status":
        return toFailure(effect);
      case "garbage":
        return toHtml(200, '<html>{"order_id":');
      case "cancel-ignored":
      case "cancel-pretended":
      case "cancel-not-found":
      case "cancel-shown":
        return undefined;
    }
  }

  /** The false answer to a cancel, of which nothing is carried out; `undefined` where the fault is another one. */
  #lie({ route }: Arrival, type: FaultEffect["type"]): Answer | undefined {
    const orderId = decodeURIComponent(route.segment);
    switch (type) {
      case "cancel-pretended":
        this.#faults.orders.showCancelled(orderId);
        return { status: 200, body: { order_id: orderId, status: "cancelled" } };
      case "cancel-ignored":
        return { status: 200, body: { order_id: orderId, status: "cancelled" } };
      case "cancel-not-found":
        return toError(404, "order_not_found", "no such order");
      case "cancel-shown":
        return { status: 200, body: { order_id: orderId, status: this.#settings.exchange.order(orderId)?.status } };
      default:
        return undefined;
    }
  }

  #refusal({ method, path }: Arrival, headers: ReadRequest["headers"], body: string): Answer | undefined {
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    };
    const network = header("x-cambrian-network");
    const signed = {
      method,
      path,
      body,
      key: header("x-cambrian-key"),
      timestamp: header("x-cambrian-timestamp"),
      signature: header("x-cambrian-signature"),
    };
    const fault = signatureFault(signed, this.#settings.credentials(), this.#settings.clock.now().epochMs);
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

  /** Half of the way there and back: the mean latency halved, give or take half of that. */
  async #travel(): Promise<void> {
    await this.#wait((this.#latencyMs / 2) * (0.5 + this.#settings.rng.next()));
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#settings.clock.after(delayMs, resolve);
    });
  }
}

function toReply(answer: Answer): Reply {
  const body = JSON.stringify(answer.body);
  return {
    type: "answer",
    status: answer.status,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": String(Buffer.byteLength(body)),
      ...answer.headers,
    },
    body,
  };
}

function toFailure(effect: FaultEffect & { readonly type: "status" }): Reply {
  if (effect.html === true) return toHtml(effect.status, "<html><body>An error occurred.</body></html>");
  const answer = toError(effect.status, "unavailable", "a simulated fault");
  const { retryAfterSeconds } = effect;
  return toReply(
    retryAfterSeconds === undefined ? answer : { ...answer, headers: { "Retry-After": String(retryAfterSeconds) } },
  );
}

function toHtml(status: number, body: string): Reply {
  const headers = { "Content-Type": "text/html", "Content-Length": String(Buffer.byteLength(body)) };
  return { type: "answer", status, headers, body };
}

function tooMany(message: string): Answer {
  return { ...toError(429, "too_many_requests", message), headers: { "Retry-After": "1" } };
}
