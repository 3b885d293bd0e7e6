/**
 * Everything we have with one node: as many connections as its limit asks for, all subscriptions spread over them.
 * Owns the judgement whether the node delivers. The loss of one connection is the end of the session: half a feed is none.
 */
import type { MarketEvent } from "../../core/events.ts";
import type { Instant } from "../../core/units.ts";
import { type End, NodeConnection, type NodeContext } from "./node-connection.ts";
import { type Subscription, toSubscriptions } from "./subscriptions.ts";

/** What 32 markets need where a node allows five subscriptions on each; one that would have us open more is refused. */
const CONNECTIONS_MAX = 20;

/** Events held back until the first book shows that the node delivers; a node that sends so many without one does not. */
const HELD_EVENTS_MAX = 1_024;

/** A silent market of a living session is asked for again after the staleness limit, doubling up to 32 times the limit. */
const RENEWALS_DOUBLED_MAX = 5;

export type SessionHandlers = {
  /** The first book came. Nothing of the session was told before it. */
  onLive(at: Instant): void;
  onEvents(events: readonly MarketEvent[]): void;
  onMessage(at: Instant): void;
  /** The end, once; not called after `close`. */
  onEnd(end: End): void;
};

/** When a market's book came last, and how often it has been asked for again since. */
type Progress = { readonly subscription: Subscription; bookAtMs: number; renewals: number };

export class NodeSession {
  readonly #endpoint: string;
  readonly #context: NodeContext;
  readonly #stalenessMs: number;
  readonly #handlers: SessionHandlers;
  readonly #subscriptions: readonly Subscription[];
  readonly #connections: NodeConnection[] = [];
  readonly #progress = new Map<string, Progress>();
  readonly #held: MarketEvent[] = [];
  #live = false;
  #ended = false;
  #opened = false;
  #bookAtMs = 0;
  #stopWatch: () => void = () => {};

  constructor(endpoint: string, stalenessMs: number, context: NodeContext, handlers: SessionHandlers) {
    this.#endpoint = endpoint;
    this.#stalenessMs = stalenessMs;
    this.#context = context;
    this.#handlers = handlers;
    this.#subscriptions = toSubscriptions(context.markets);
  }

  /** Dials and asks for everything. Must be called once. */
  open(): void {
    for (const subscription of this.#subscriptions) this.#place(subscription);
  }

  /** Ends the session without a word to the handlers. */
  close(): void {
    this.#ended = true;
    this.#stopWatch();
    for (const connection of this.#connections) connection.close();
  }

  #end(end: End): void {
    if (this.#ended) return;
    this.close();
    this.#handlers.onEnd(end);
  }

  #place(subscription: Subscription): void {
    if (this.#ended) return;
    const roomy = this.#connections.find((connection) => connection.free > 0);
    if (roomy !== undefined) {
      roomy.add(subscription);
    } else if (this.#connections.length === CONNECTIONS_MAX) {
      this.#end({ kind: "subscription-refused", detail: `${CONNECTIONS_MAX} connections are full` });
    } else {
      this.#dial().add(subscription);
    }
  }

  #dial(): NodeConnection {
    const connection = new NodeConnection(this.#endpoint, this.#context, {
      onOpen: () => this.#onOpen(),
      onMessage: (at) => this.#handlers.onMessage(at),
      onEvents: (events, at) => this.#onEvents(events, at),
      onFull: (subscription, held) => this.#onFull(subscription, held),
      onEnd: (end) => this.#end(end),
    });
    this.#connections.push(connection);
    return connection;
  }

  /** The first connection's opening starts the watch: from here on the node has the staleness limit to send a book. */
  #onOpen(): void {
    if (this.#opened) return;
    this.#opened = true;
    this.#bookAtMs = this.#context.clock.now().monotonicMs;
    for (const subscription of this.#subscriptions) {
      if (subscription.event !== "OrderBookUpdate") continue;
      this.#progress.set(subscription.market, { subscription, bookAtMs: this.#bookAtMs, renewals: 0 });
    }
    this.#watch();
  }

  #onFull(subscription: Subscription, held: number): void {
    if (held === 0) this.#end({ kind: "subscription-refused", detail: "the node takes no subscription at all" });
    else this.#place(subscription);
  }

  #onEvents(events: readonly MarketEvent[], at: Instant): void {
    let hasBook = false;
    for (const event of events) {
      if (event.type !== "book-update") continue;
      hasBook = true;
      this.#noteBook(event.market, at);
    }
    if (this.#live) {
      this.#handlers.onEvents(events);
      return;
    }
    this.#held.push(...events);
    if (hasBook) {
      this.#live = true;
      this.#handlers.onLive(at);
      this.#handlers.onEvents(this.#held.splice(0));
    } else if (this.#held.length > HELD_EVENTS_MAX) {
      this.#end({ kind: "stale", detail: `${HELD_EVENTS_MAX} events and no book` });
    }
  }

  #noteBook(market: string, at: Instant): void {
    this.#bookAtMs = at.monotonicMs;
    const progress = this.#progress.get(market);
    if (progress === undefined) return;
    progress.bookAtMs = at.monotonicMs;
    progress.renewals = 0;
  }

  /** Books alone count as life: an acknowledgement, a trade or a status does not show that the book would move. */
  #watch(): void {
    const nowMs = this.#context.clock.now().monotonicMs;
    const leftMs = this.#bookAtMs + this.#stalenessMs - nowMs;
    if (leftMs <= 0) {
      this.#end({ kind: "stale", detail: `no book for ${this.#stalenessMs} ms` });
      return;
    }
    for (const progress of this.#progress.values()) this.#renewIfSilent(progress, nowMs);
    this.#stopWatch = this.#context.clock.after(leftMs, () => this.#watch());
  }

  /** One market silent while others move: its subscription may have ended without a word. */
  #renewIfSilent(progress: Progress, nowMs: number): void {
    const patienceMs = this.#stalenessMs * 2 ** Math.min(progress.renewals, RENEWALS_DOUBLED_MAX);
    if (nowMs - progress.bookAtMs < patienceMs) return;
    progress.renewals += 1;
    const { subscription } = progress;
    this.#connections.find((connection) => connection.holds(subscription))?.renew(subscription);
  }
}
