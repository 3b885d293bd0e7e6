/**
 * The calls of CONTRACTS 3, typed: signs, sends, reads the answer and says what it proves. Owns time-out, circuit breaker,
 * repeats and the settling of the request budget; what an outcome means for an order belongs to `venue.ts`.
 */
import type { RequestBudget, RequestKind } from "../../core/execution/request-budget.ts";
import type { Instant } from "../../core/units.ts";
import { CallDeadlines, Cancellation } from "../call-deadlines.ts";
import { DeadlineError } from "../deadline.ts";
import type { Log } from "../log.ts";
import type { Clock, Fetch, HttpResponse, Rng } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";
import type { Refusal } from "./answers.ts";
import { readRefusal } from "./answers.ts";
import { Circuit } from "./circuit.ts";
import { type ErrorKind, Fenced, isRefusal, NoProof, type Outcome, refusedBy } from "./outcome.ts";
import { SignedRequests, type SignedRequestsOptions } from "./signed-requests.ts";

export type ClientOptions = SignedRequestsOptions & {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly fetch: Fetch;
  readonly budget: RequestBudget;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timeoutMs?: number;
};

type Operation = "place" | "cancel" | "query";

/** One request to be made. Only those that may safely be made twice have more than one attempt. */
export type Call<T> = {
  readonly kind: RequestKind;
  readonly method: "GET" | "POST" | "DELETE";
  /** From `/v1` on, percent-encoded. */
  readonly path: string;
  readonly body?: string;
  readonly attempts: number;
  /** The slot the first attempt was paid with; without one the client waits for a slot of its `kind`. */
  readonly requestId?: number;
  /** Counted in `flashmm_order_round_trip_seconds` when named. */
  readonly operation?: Operation;
  /** Asked right before the bytes are written; a reason keeps them here. */
  readonly fence?: () => string | undefined;
  /** Told once the bytes are written. */
  readonly onWritten?: () => void;
  /** Reads the JSON of a 200 or 201; throws when it does not fit. */
  readonly read: (json: unknown) => T;
};

/** Handed to the socket, or waiting for one. */
type Written = {
  readonly sent: Instant;
  readonly cancellation: Cancellation;
  readonly answer: Promise<HttpResponse>;
};

const TIMEOUT_MS = 2_000;
/** A lookup or cancel that finds the budget spent waits this long for a slot, looking this often. */
const SLOT_WAIT_MS_MAX = 5_000;
const SLOT_LOOK_MS = 50;
const REPEAT_BASE_MS = 100;
/** Longest text of the venue's that is carried into an event or a log. */
const REASON_CHARACTERS_MAX = 200;

export class CambrianClient {
  readonly #options: ClientOptions;
  readonly #requests: SignedRequests;
  readonly #deadlines: CallDeadlines;
  readonly #circuit: Circuit;
  /** Like `#circuit`, for calls that are never sent: their success must not close it. */
  readonly #rehearsal: Circuit;
  /** The newest call of each kind that waits for a slot; it waits for those before it. */
  readonly #lastWaiting = new Map<RequestKind, Promise<number | undefined>>();
  #unauthorized: { readonly sinceMs: number; readonly lastMs: number } | undefined;
  #stopped = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#requests = new SignedRequests(options);
    const { clock, timeoutMs = TIMEOUT_MS } = options;
    this.#deadlines = new CallDeadlines(clock, timeoutMs, "a request to the venue");
    this.#circuit = new Circuit({
      onState: (state) => options.metrics.set("flashmm_circuit_state", { integration: "cambrian" }, state),
    });
    this.#rehearsal = new Circuit({ onState: () => undefined });
  }

  /** Takes a call up to its signature, which is kept for a while where it is a cancel's. Sends nothing and costs no slot. */
  rehearse<T>(call: Call<T>): void {
    this.#requests.prepare(call, this.#options.clock.now().epochMs);
    void this.#rehearsal.follow(async () => call);
  }

  /** 0 closed, 1 half-open, 2 open. */
  get circuit(): 0 | 1 | 2 {
    return this.#circuit.state;
  }

  /** See `VenueState`. */
  get unauthorized(): { readonly sinceMs: number; readonly lastMs: number } | undefined {
    return this.#unauthorized;
  }

  /** The headers of `GET /v1/stream` as its first frame carries them. */
  streamAuth(): { readonly key: string; readonly timestamp: string; readonly signature: string } {
    return this.#requests.streamAuth(this.#options.clock.now().epochMs);
  }

  /** Nothing is sent afterwards; what is in flight still ends by its answer or its time-out. */
  stop(): void {
    this.#stopped = true;
  }

  /** Makes the call. Its first bytes are written before this returns when the slot is paid and a connection is warm. Rejects on a fault of our own alone. */
  async call<T>(call: Call<T>): Promise<Outcome<T>> {
    const { requestId } = call;
    if (requestId === undefined || this.#stopped || !this.#circuit.isClosed) {
      return await this.#insist(call, await this.#attempt(call, requestId));
    }
    const written = this.#write(call);
    // All that only an answer needs waits until the other commands of the turn are written too.
    await undefined;
    const answered = () => this.#circuit.follow(() => this.#answered(call, written));
    return await this.#insist(call, await this.#settled(requestId, answered));
  }

  /** Makes it again, as often as it may be made, while asking again may bring what was not had. */
  async #insist<T>(call: Call<T>, first: Outcome<T>): Promise<Outcome<T>> {
    let outcome = first;
    for (let attempt = 1; attempt < call.attempts && this.#isRepeatable(call, outcome); attempt += 1) {
      if (this.#stopped) break;
      const span = REPEAT_BASE_MS * 2 ** (attempt - 1);
      await this.#pause(span * (0.5 + this.#options.rng.next()));
      const next = await this.#attempt(call, undefined);
      // A repeat that was never sent proves nothing of the attempt before it.
      if (next.type === "unsent") break;
      outcome = next;
    }
    return outcome;
  }

  async #attempt<T>(call: Call<T>, paid: number | undefined): Promise<Outcome<T>> {
    const { budget, clock } = this.#options;
    // First come, first served: a call that waits must not lose its slot to one that has just come.
    const mayTake = paid === undefined && !this.#lastWaiting.has(call.kind);
    const taken = mayTake ? budget.take(call.kind, clock.now()) : paid;
    const requestId = taken ?? (await this.#slot(call));
    if (requestId === undefined) return this.#failed("unsent", "no-slot", "no request slot came free");
    if (this.#stopped) return this.#refrained(requestId, "no-slot", "the client is stopped");
    // Asked again at the write itself; here so that what is held back is no success of the venue's.
    const fenced = call.fence?.();
    if (fenced !== undefined) return this.#refrained(requestId, "fenced", fenced);
    return await this.#settled(requestId, () =>
      this.#circuit.run(call.kind === "place", () => this.#answered(call, this.#write(call))),
    );
  }

  #refrained(requestId: number, kind: ErrorKind, reason: string): Outcome<never> {
    this.#options.budget.settle(requestId, this.#options.clock.now());
    return this.#failed("unsent", kind, reason);
  }

  /** Whether asking again may bring what this attempt did not. */
  #isRepeatable({ kind }: Call<unknown>, outcome: Outcome<unknown>): boolean {
    if (outcome.type !== "refused") return outcome.type === "unknown";
    if (outcome.kind === "rate-limited") return true;
    const isDoubted = kind === "cancel" && outcome.kind === "unauthorized";
    return isDoubted && this.#requests.distrust(this.#options.clock.now().epochMs);
  }

  /** What an attempt proved; its slot is settled then. */
  async #settled<T>(requestId: number, attempt: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { budget, clock, metrics } = this.#options;
    try {
      const outcome = await attempt();
      if (outcome.type === "refused") metrics.increment("flashmm_cambrian_api_errors_total", { kind: outcome.kind });
      this.#noteAuthority(outcome);
      return outcome;
    } catch (error) {
      if (Circuit.isOpenError(error)) return this.#failed("unsent", "circuit-open", "the circuit breaker is open");
      if (error instanceof DeadlineError) return this.#failed("unknown", "timeout", "no answer in time");
      if (error instanceof Fenced) return this.#failed("unsent", "fenced", error.message);
      if (error instanceof NoProof) return this.#failed("unknown", error.code, error.message);
      throw error;
    } finally {
      budget.settle(requestId, clock.now());
    }
  }

  /** Signs, and hands the bytes to the socket before it returns where a connection is warm. */
  #write(call: Call<unknown>): Written {
    const sent = this.#options.clock.now();
    const cancellation = new Cancellation();
    const request = this.#requests.make(call, sent.epochMs, cancellation);
    return { sent, cancellation, answer: this.#options.fetch(request) };
  }

  /** Reads what was answered in time; throws `NoProof` unless the venue proved something. */
  async #answered<T>(call: Call<T>, { sent, cancellation, answer }: Written): Promise<Outcome<T>> {
    const { clock, metrics } = this.#options;
    let response: HttpResponse;
    try {
      response = await this.#deadlines.within(answer, cancellation);
    } catch (error) {
      if (error instanceof DeadlineError) throw error;
      if (codeOf(error) === "FENCED") throw new Fenced(messageOf(error));
      throw new NoProof("network", `no whole answer: ${codeOf(error)}`, error);
    }
    if (call.operation !== undefined) {
      const seconds = (clock.now().monotonicMs - sent.monotonicMs) / 1_000;
      metrics.observe("flashmm_order_round_trip_seconds", { operation: call.operation }, seconds);
    }
    return this.#judge(call, response, sent);
  }

  #judge<T>(call: Call<T>, response: HttpResponse, sent: Instant): Outcome<T> {
    const { status } = response;
    if (status === 429) this.#holdBack(response);
    if (status >= 500) throw new NoProof("server", `the venue answered ${status}`);
    if (status !== 200 && status !== 201 && !isRefusal(status)) {
      throw new NoProof("unexpected-status", `the venue answered ${status}`);
    }
    try {
      const json: unknown = JSON.parse(response.body);
      if (!isRefusal(status)) return { type: "proven", value: call.read(json), sentMs: sent.monotonicMs };
      return refusedBy(status, shortened(readRefusal(json)));
    } catch (error) {
      throw new NoProof("unreadable", `${status} with a body that cannot be read: ${cut(messageOf(error))}`, error);
    }
  }

  /** Any answer but a 401 or 403 shows that key and clock are good. */
  #noteAuthority(outcome: Outcome<unknown>): void {
    if (outcome.type === "proven") this.#unauthorized = undefined;
    if (outcome.type !== "refused") return;
    const { monotonicMs } = this.#options.clock.now();
    this.#unauthorized =
      outcome.kind === "unauthorized"
        ? { sinceMs: this.#unauthorized?.sinceMs ?? monotonicMs, lastMs: monotonicMs }
        : undefined;
  }

  #holdBack(response: HttpResponse): void {
    const seconds = Number(response.headers["retry-after"] ?? "1");
    const delayMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : 1_000;
    this.#options.budget.holdBack(delayMs, this.#options.clock.now());
  }

  /** Waits for a slot, for at most five seconds. The engine's commands do not wait: it decides anew by what it knows then. */
  async #slot({ kind, requestId: paid }: Pick<Call<unknown>, "kind" | "requestId">): Promise<number | undefined> {
    if (paid !== undefined) return undefined;
    const mine = (this.#lastWaiting.get(kind) ?? Promise.resolve()).then(() => this.#awaitSlot(kind));
    this.#lastWaiting.set(kind, mine);
    const requestId = await mine;
    if (this.#lastWaiting.get(kind) === mine) this.#lastWaiting.delete(kind);
    return requestId;
  }

  async #awaitSlot(kind: RequestKind): Promise<number | undefined> {
    const { budget, clock } = this.#options;
    const untilMs = clock.now().monotonicMs + SLOT_WAIT_MS_MAX;
    for (let look = 0; look <= SLOT_WAIT_MS_MAX && !this.#stopped; look += 1) {
      const now = clock.now();
      const requestId = budget.take(kind, now);
      if (requestId !== undefined) return requestId;
      if (now.monotonicMs >= untilMs) return undefined;
      await this.#pause(Math.min(Math.max(1, budget.nextFreeMs(kind, now)), SLOT_LOOK_MS));
    }
    return undefined;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(delayMs, resolve);
    });
  }

  #failed(type: "unknown" | "unsent", kind: ErrorKind, reason: string): Outcome<never> {
    this.#options.metrics.increment("flashmm_cambrian_api_errors_total", { kind });
    return { type, kind, reason };
  }
}

function shortened(refusal: Refusal): Refusal {
  return { code: cut(refusal.code), message: cut(refusal.message) };
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > REASON_CHARACTERS_MAX ? `${line.slice(0, REASON_CHARACTERS_MAX)}…` : line;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unnamed error";
}
