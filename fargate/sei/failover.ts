/**
 * Which node the feed listens to. Owns the race for the next one, its delays and its rounds; the sessions do the talking.
 *
 * The policy, with the numbers of CONTRACTS 1. When the session in use is lost, its endpoint is retried after 2 s,
 * doubling, less up to a fifth by chance, at most 5 times. It does not hold us up: once its first retry has failed, or 2 s have passed,
 * the next endpoint is tried beside it in the same way (at once, then 2 s doubling, 5 attempts), then the one after, and the
 * first to send a book wins; the others are dropped. So a healthy backup is in use about 2 s after the loss, and one
 * blink of the primary costs no failover. An endpoint that went silent, or that was lost twice within 30 s of delivering,
 * goes last. When all have used up their attempts the round has failed, and the next begins with the first endpoint.
 */
import { assert } from "../../core/assert.ts";
import type { Clock, Rng } from "../seams.ts";
import type { End } from "./node-connection.ts";

const BACKOFF_MILLIS = 2_000;
const ATTEMPTS_MAX = 5;
const NEXT_AFTER_MILLIS = 2_000;
const SETTLED_MILLIS = 30_000;
const SHORT_LIVES_MAX = 2;

/** One try at an endpoint, as the failover sees it. */
export type Attempt = { close(): void };

export type AttemptHandlers = {
  onLive(): void;
  onEnd(end: End): void;
};

export type FailoverOptions = {
  /** In order of preference; at least one, each once. */
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly rng: Rng;
  /** Opens a session. Its handlers are not called before it returns. */
  open(endpoint: string, handlers: AttemptHandlers): Attempt;
  onConnected(endpoint: string): void;
  onLost(endpoint: string, end: End): void;
  onFailedAttempt(endpoint: string, attempt: number, end: End): void;
};

/** An endpoint in the race. `trial` is its session that has not delivered yet. */
type Lane = {
  readonly endpoint: string;
  attempts: number;
  backoffs: number;
  trial: Attempt | null;
  stopTimer: () => void;
};

type Active = { readonly endpoint: string; readonly session: Attempt; readonly sinceMs: number };

export class Failover {
  readonly #options: FailoverOptions;
  readonly #shortLives = new Map<string, number>();
  readonly #failed = new Set<string>();
  #active: Active | null = null;
  #waiting: string[] = [];
  #lanes: Lane[] = [];
  #endpoint: string;
  #phase: "new" | "running" | "stopped" = "new";
  #stopNext: () => void = () => {};

  constructor(options: FailoverOptions) {
    const [first] = options.endpoints;
    assert(first !== undefined, "the feed needs at least one endpoint");
    this.#options = options;
    this.#endpoint = first;
  }

  /** `failed` once every endpoint has failed in the current round. */
  get status(): "connected" | "connecting" | "failed" {
    if (this.#active !== null) return "connected";
    return this.#failed.size === this.#options.endpoints.length ? "failed" : "connecting";
  }

  /** The one in use, or the one tried last. */
  get endpoint(): string {
    return this.#endpoint;
  }

  start(): void {
    assert(this.#phase === "new", "the failover starts once");
    this.#phase = "running";
    this.#beginRound(this.#options.endpoints, 0);
  }

  stop(): void {
    this.#phase = "stopped";
    this.#endRace();
    this.#active?.session.close();
    this.#active = null;
  }

  /** Ends the session in use as if it had been lost. Does nothing when there is none. */
  drop(end: End): void {
    const active = this.#active;
    if (active === null) return;
    active.session.close();
    this.#onLost(active, end);
  }

  /** `backoffs` of the first lane: 0 dials at once, 1 after 2 s. */
  #beginRound(order: readonly string[], backoffs: number): void {
    this.#endRace();
    this.#failed.clear();
    this.#waiting = [...order];
    this.#openLane(backoffs);
  }

  #endRace(): void {
    this.#stopNext();
    for (const lane of this.#lanes) {
      lane.stopTimer();
      lane.trial?.close();
    }
    this.#lanes = [];
    this.#waiting = [];
  }

  #openLane(backoffs: number): void {
    this.#stopNext();
    const endpoint = this.#waiting.shift();
    if (endpoint === undefined) return;
    const lane: Lane = { endpoint, attempts: 0, backoffs, trial: null, stopTimer: () => {} };
    this.#lanes.push(lane);
    this.#schedule(lane);
    this.#stopNext = this.#options.clock.after(NEXT_AFTER_MILLIS, () => this.#openLane(0));
  }

  #schedule(lane: Lane): void {
    if (lane.backoffs === 0) {
      this.#try(lane);
      return;
    }
    const jitter = 0.8 + 0.2 * this.#options.rng.next();
    const delayMs = BACKOFF_MILLIS * 2 ** (lane.backoffs - 1) * jitter;
    lane.stopTimer = this.#options.clock.after(delayMs, () => this.#try(lane));
  }

  #try(lane: Lane): void {
    lane.attempts += 1;
    lane.backoffs += 1;
    this.#endpoint = lane.endpoint;
    const trial = this.#options.open(lane.endpoint, {
      onLive: () => this.#onWon(lane, trial),
      onEnd: (end) => {
        if (this.#active !== null && this.#active.session === trial) this.#onLost(this.#active, end);
        else this.#onTrialEnd(lane, end);
      },
    });
    lane.trial = trial;
  }

  #onWon(lane: Lane, session: Attempt): void {
    lane.trial = null;
    this.#endRace();
    this.#failed.clear();
    this.#endpoint = lane.endpoint;
    this.#active = { endpoint: lane.endpoint, session, sinceMs: this.#options.clock.now().monotonicMs };
    this.#options.onConnected(lane.endpoint);
  }

  #onTrialEnd(lane: Lane, end: End): void {
    lane.trial = null;
    this.#failed.add(lane.endpoint);
    this.#options.onFailedAttempt(lane.endpoint, lane.attempts, end);
    // A node that answers and then says nothing would say nothing again: its attempts are over for this round.
    if (end.kind === "stale") lane.attempts = ATTEMPTS_MAX;
    if (lane.attempts < ATTEMPTS_MAX) this.#schedule(lane);
    if (lane === this.#lanes.at(-1)) this.#openLane(0);
    const spent = this.#lanes.every((other) => other.attempts >= ATTEMPTS_MAX && other.trial === null);
    if (spent && this.#waiting.length === 0) this.#beginRound(this.#options.endpoints, 1);
  }

  #onLost(active: Active, end: End): void {
    this.#active = null;
    this.#options.onLost(active.endpoint, end);
    if (this.#phase !== "running") return;
    const { endpoints, clock } = this.#options;
    const settled = clock.now().monotonicMs - active.sinceMs >= SETTLED_MILLIS;
    const shortLives = settled ? 0 : (this.#shortLives.get(active.endpoint) ?? 0) + 1;
    this.#shortLives.set(active.endpoint, shortLives);
    const place = endpoints.indexOf(active.endpoint);
    const order = [...endpoints.slice(place), ...endpoints.slice(0, place)];
    const last = (end.kind === "stale" || shortLives >= SHORT_LIVES_MAX) && order.length > 1;
    if (last) order.push(...order.splice(0, 1));
    this.#beginRound(order, last && end.kind === "stale" ? 0 : 1);
  }
}
