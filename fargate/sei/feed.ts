/**
 * The Sei feed: from a list of endpoints to events in the queue. Owns the promise that the engine is told at once when data
 * stops, and that data flows when it is told `feed-connected`; how to get there is the failover's and the sessions'.
 */
import { assert } from "../../core/assert.ts";
import type { MarketEvent } from "../../core/events.ts";
import type { Markets } from "../../core/sei/market-events.ts";
import type { Log } from "../log.ts";
import type { Clock, Connect, Rng } from "../seams.ts";
import type { FeedState } from "../status/state.ts";
import type { Metrics } from "../telemetry.ts";
import type { EventQueue } from "./event-queue.ts";
import { Failover } from "./failover.ts";
import { FeedCounters } from "./feed-counters.ts";
import type { End } from "./node-connection.ts";
import { NodeSession } from "./node-session.ts";
import { RecentTrades } from "./recent-trades.ts";

/** Their subscriptions fit on the connections that a session opens, even where a node allows five on each. */
const MARKETS_MAX = 32;

export type FeedOptions = {
  /** WebSocket addresses in order of preference, at least one, each once. */
  readonly endpoints: readonly string[];
  readonly markets: Markets;
  /** Without a book for so long a node is left for the next one. */
  readonly stalenessMs: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "increment" | "set">;
  readonly queue: EventQueue;
  /** Called after events were pushed to the queue: once a frame, and at once when the feed is lost. */
  readonly onEvents: () => void;
};

export type Feed = {
  start(): void;
  /** Closes every connection. Nothing is pushed after it. */
  stop(): void;
  state(): FeedState;
};

/** Nothing is opened before `start`. */
export function makeFeed(options: FeedOptions): Feed {
  assert(options.stalenessMs > 0, `the staleness limit must be positive, was ${options.stalenessMs}`);
  assert(options.markets.size > 0, "the feed needs at least one market");
  assert(options.markets.size <= MARKETS_MAX, `the feed takes ${MARKETS_MAX} markets, was ${options.markets.size}`);
  return new SeiFeed(options);
}

class SeiFeed implements Feed {
  readonly #options: FeedOptions;
  readonly #counters: FeedCounters;
  readonly #failover: Failover;
  readonly #trades: RecentTrades;
  #lastMessageMs: number | null = null;
  #lastEndpoint: string | null = null;
  #lostTrades = 0;
  #reconnects = 0;
  #failovers = 0;
  #events = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#counters = new FeedCounters(options);
    this.#trades = new RecentTrades(options.markets.keys());
    this.#failover = new Failover({
      endpoints: options.endpoints,
      clock: options.clock,
      rng: options.rng,
      open: (endpoint, { onLive, onEnd }) => {
        const context = { ...options, counters: this.#counters };
        const session = new NodeSession(endpoint, options.stalenessMs, context, {
          onLive,
          onEnd,
          onEvents: (events) => this.#onEvents(events),
          onMessage: (at) => {
            this.#lastMessageMs = at.monotonicMs;
          },
        });
        session.open();
        return session;
      },
      onConnected: (endpoint) => this.#onConnected(endpoint),
      onLost: (endpoint, end) => this.#onLost(endpoint, end),
      onFailedAttempt: (endpoint, attempt, end) => {
        this.#counters.error(end.kind, { endpoint, attempt, detail: end.detail });
      },
    });
  }

  start(): void {
    for (const endpoint of this.#options.endpoints) this.#setConnected(endpoint, false);
    this.#failover.start();
  }

  stop(): void {
    this.#failover.stop();
    for (const endpoint of this.#options.endpoints) this.#setConnected(endpoint, false);
  }

  state(): FeedState {
    const { clock, endpoints, queue } = this.#options;
    return {
      status: this.#failover.status,
      endpoint: this.#failover.endpoint,
      endpoints,
      ageMs: this.#lastMessageMs === null ? null : clock.now().monotonicMs - this.#lastMessageMs,
      reconnects: this.#reconnects,
      failovers: this.#failovers,
      sequenceGaps: this.#counters.sequenceGaps,
      malformed: this.#counters.malformed,
      events: this.#events,
      queued: queue.size,
    };
  }

  #onConnected(endpoint: string): void {
    const { clock, log, metrics, queue, endpoints } = this.#options;
    if (this.#lastEndpoint !== null) {
      this.#reconnects += 1;
      metrics.increment("flashmm_feed_reconnects_total", { endpoint });
    }
    const failedOver = endpoint !== (this.#lastEndpoint ?? endpoints[0]);
    if (failedOver) this.#failovers += 1;
    log.info("feed connected", { endpoint, failedOver, from: this.#lastEndpoint });
    this.#lastEndpoint = endpoint;
    this.#setConnected(endpoint, true);
    // The book that proves it follows in the same call, and with it the word to the engine.
    queue.push({ type: "feed-connected", endpoint, at: clock.now() });
  }

  #onLost(endpoint: string, end: End): void {
    const { clock, log, queue, onEvents } = this.#options;
    queue.push({ type: "feed-lost", endpoint, reason: `${end.kind}: ${end.detail}`, at: clock.now() });
    this.#setConnected(endpoint, false);
    this.#counters.count(end.kind);
    log.warn("feed lost", { endpoint, kind: end.kind, detail: end.detail });
    onEvents();
  }

  #onEvents(events: readonly MarketEvent[]): void {
    const { queue, onEvents } = this.#options;
    for (const event of events) {
      if (event.type === "trade" && !this.#trades.add(event.market, event.tradeId)) {
        this.#counters.count("repeated-trade");
        continue;
      }
      this.#events += 1;
      queue.push(event);
    }
    onEvents();
    const lost = queue.lostTrades - this.#lostTrades;
    if (lost === 0) return;
    // An engine that far behind knows too little to quote: it gets a clean start with fresh books.
    this.#lostTrades = queue.lostTrades;
    this.#failover.drop({ kind: "trades-lost", detail: `${lost} unread trades had to be dropped` });
  }

  #setConnected(endpoint: string, connected: boolean): void {
    this.#options.metrics.set("flashmm_feed_connected", { endpoint }, connected ? 1 : 0);
  }
}
