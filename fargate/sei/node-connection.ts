/**
 * One WebSocket to one node: its subscriptions, its heartbeat, its sequences. Owns what is true on a connection and ends
 * with it. How many connections a node needs is the session's, which node to talk to is the failover's.
 */
import type { MarketEvent } from "../../core/events.ts";
import { decodeFrame } from "../../core/sei/frames.ts";
import type { Markets } from "../../core/sei/market-events.ts";
import type { Instant } from "../../core/units.ts";
import type { Clock, Connect, Rng, Socket } from "../seams.ts";
import type { FeedCounters, FeedErrorKind } from "./feed-counters.ts";
import { type Subscription, toRequest } from "./subscriptions.ts";

/** CONTRACTS 1. Real nodes allow 5, and say so. */
const SUBSCRIPTIONS_MAX = 10;
const PING_MILLIS = 30_000;
const PONG_MILLIS = 10_000;

const OPEN_MILLIS = 5_000;
const ANSWER_MILLIS = 10_000;

/** An ended or refused subscription is asked for again after 250 ms, doubling, at most 5 times in a row. */
const RESUBSCRIBE_MILLIS = 250;
const RESUBSCRIBE_ATTEMPTS_MAX = 5;
/** A subscription that has lived so long starts its attempts anew. */
const SETTLED_MILLIS = 10_000;

const FULL = /max_subscriptions_per_client/;
const ALREADY = /already subscribed/;

export type End = { readonly kind: FeedErrorKind; readonly detail: string };

export type NodeContext = {
  readonly markets: Markets;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly counters: FeedCounters;
};

export type ConnectionHandlers = {
  onOpen(): void;
  /** A frame of any kind came. */
  onMessage(at: Instant): void;
  /** In the order of the frame, repeats left out; never empty. */
  onEvents(events: readonly MarketEvent[], at: Instant): void;
  /** The node takes no more than `held` subscriptions on this connection: this one must go elsewhere. */
  onFull(subscription: Subscription, held: number): void;
  /** The end, once; not called after `close`. */
  onEnd(end: End): void;
};

type Entry = {
  readonly subscription: Subscription;
  id: number;
  attempts: number;
  answeredAtMs: number | null;
  stopTimer: () => void;
};

export class NodeConnection {
  readonly #endpoint: string;
  readonly #context: NodeContext;
  readonly #handlers: ConnectionHandlers;
  readonly #socket: Socket;
  readonly #entries = new Set<Entry>();
  readonly #sequences = new Map<string, number>();
  #phase: "opening" | "open" | "ended" = "opening";
  #limit = SUBSCRIPTIONS_MAX;
  #lastId = 0;
  #stopHeartbeat: () => void;

  constructor(endpoint: string, context: NodeContext, handlers: ConnectionHandlers) {
    this.#endpoint = endpoint;
    this.#context = context;
    this.#handlers = handlers;
    this.#stopHeartbeat = context.clock.after(OPEN_MILLIS, () =>
      this.#end("not-open", `not open in ${OPEN_MILLIS} ms`),
    );
    this.#socket = context.connect(endpoint, {
      onOpen: () => this.#onOpen(),
      onMessage: (data) => this.#onMessage(data),
      onPong: () => this.#onPong(),
      onClose: (reason) => this.#end("closed", reason),
    });
  }

  /** How many more subscriptions may be added. */
  get free(): number {
    return this.#limit - this.#entries.size;
  }

  holds(subscription: Subscription): boolean {
    return [...this.#entries].some((entry) => entry.subscription === subscription);
  }

  /** Subscribes at once, or when the connection is open. */
  add(subscription: Subscription): void {
    const entry: Entry = { subscription, id: 0, attempts: 0, answeredAtMs: null, stopTimer: () => {} };
    this.#entries.add(entry);
    if (this.#phase === "open") this.#subscribe(entry);
  }

  /** Ends and asks again for a subscription that has gone silent while the connection lives. */
  renew(subscription: Subscription): void {
    for (const entry of this.#entries) {
      if (entry.subscription !== subscription || entry.answeredAtMs === null) continue;
      this.#send("unsubscribe", this.#nextId(), subscription);
      this.#subscribe(entry);
    }
  }

  /** Ends the connection without a word to the handlers. */
  close(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#stopHeartbeat();
    for (const entry of this.#entries) entry.stopTimer();
    this.#entries.clear();
    this.#socket.terminate();
  }

  #end(kind: FeedErrorKind, detail: string): void {
    if (this.#phase === "ended") return;
    this.close();
    this.#handlers.onEnd({ kind, detail });
  }

  #onOpen(): void {
    if (this.#phase !== "opening") return;
    this.#phase = "open";
    this.#waitToPing();
    this.#handlers.onOpen();
    for (const entry of this.#entries) this.#subscribe(entry);
  }

  #waitToPing(): void {
    this.#stopHeartbeat();
    this.#stopHeartbeat = this.#context.clock.after(PING_MILLIS, () => {
      this.#stopHeartbeat = this.#context.clock.after(PONG_MILLIS, () =>
        this.#end("no-pong", `no pong in ${PONG_MILLIS} ms`),
      );
      this.#socket.ping();
    });
  }

  #onPong(): void {
    if (this.#phase === "open") this.#waitToPing();
  }

  #onMessage(data: Buffer): void {
    if (this.#phase !== "open") return;
    const at = this.#context.clock.now();
    this.#handlers.onMessage(at);
    const frame = decodeFrame(data, this.#context.markets, at);
    switch (frame.kind) {
      case "events": {
        if (frame.id !== null) this.#onAnswer(frame.id, at);
        for (const fault of frame.faults) {
          this.#context.counters.badInput("malformed-event", this.#endpoint, fault);
        }
        const events = this.#newOf(frame.events);
        if (events.length > 0) this.#handlers.onEvents(events, at);
        return;
      }
      case "ack":
        this.#onAnswer(frame.id, at);
        return;
      case "error":
        this.#onRefusal(frame, at);
        return;
      case "malformed":
        this.#context.counters.badInput("malformed-frame", this.#endpoint, frame.fault);
        return;
    }
  }

  /** Mostly it is one book, and new. */
  #newOf(events: readonly MarketEvent[]): readonly MarketEvent[] {
    const [event] = events;
    if (events.length === 1 && event !== undefined) return this.#isNew(event) ? events : [];
    return events.filter((each) => this.#isNew(each));
  }

  /** Sequences grow by one per market on one connection: a repeat or a step back is dropped, a gap is counted. */
  #isNew(event: MarketEvent): boolean {
    if (event.type !== "book-update") return true;
    const last = this.#sequences.get(event.market);
    if (last !== undefined && event.sequence <= last) {
      this.#context.counters.count("repeated-book");
      return false;
    }
    if (last !== undefined && event.sequence > last + 1) this.#context.counters.sequenceGap(event.market);
    this.#sequences.set(event.market, event.sequence);
    return true;
  }

  #subscribe(entry: Entry): void {
    entry.id = this.#nextId();
    entry.answeredAtMs = null;
    entry.stopTimer();
    entry.stopTimer = this.#context.clock.after(ANSWER_MILLIS, () =>
      this.#end("no-answer", `no answer in ${ANSWER_MILLIS} ms to ${entry.subscription.query}`),
    );
    this.#send("subscribe", entry.id, entry.subscription);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #send(method: "subscribe" | "unsubscribe", id: number, subscription: Subscription): void {
    this.#socket.send(toRequest(method, id, subscription.query));
  }

  #find(id: number): Entry | undefined {
    for (const entry of this.#entries) if (entry.id === id) return entry;
    return undefined;
  }

  #onAnswer(id: number, at: Instant): void {
    const entry = this.#find(id);
    if (entry === undefined || entry.answeredAtMs !== null) return;
    entry.answeredAtMs = at.monotonicMs;
    entry.stopTimer();
  }

  #onRefusal(
    error: { readonly id: number | null; readonly message: string; readonly data: string },
    at: Instant,
  ): void {
    const entry = error.id === null ? undefined : this.#find(error.id);
    const detail = `${error.message} ${error.data}`.trim();
    if (entry === undefined) {
      this.#context.counters.error("node-error", { endpoint: this.#endpoint, id: error.id, detail });
      return;
    }
    entry.stopTimer();
    if (entry.answeredAtMs === null && ALREADY.test(detail)) {
      entry.answeredAtMs = at.monotonicMs;
      return;
    }
    if (entry.answeredAtMs === null && FULL.test(detail)) {
      this.#entries.delete(entry);
      const held = [...this.#entries].filter((other) => other.answeredAtMs !== null).length;
      this.#limit = Math.min(this.#limit, held);
      this.#handlers.onFull(entry.subscription, held);
      return;
    }
    this.#askAgain(entry, detail, at);
  }

  /** The node refused a subscription, or ended it while the socket stays open. */
  #askAgain(entry: Entry, detail: string, at: Instant): void {
    const { counters, clock, rng } = this.#context;
    const ended = entry.answeredAtMs !== null;
    const kind = ended ? "subscription-ended" : "subscription-refused";
    if (entry.answeredAtMs !== null && at.monotonicMs - entry.answeredAtMs >= SETTLED_MILLIS) entry.attempts = 0;
    entry.attempts += 1;
    if (entry.attempts > RESUBSCRIBE_ATTEMPTS_MAX) {
      this.#end(kind, `${entry.subscription.query}: ${detail}`);
      return;
    }
    counters.error(kind, { endpoint: this.#endpoint, query: entry.subscription.query, detail });
    const delayMs = RESUBSCRIBE_MILLIS * 2 ** (entry.attempts - 1) * (0.5 + rng.next() / 2);
    entry.stopTimer = clock.after(delayMs, () => this.#subscribe(entry));
  }
}
