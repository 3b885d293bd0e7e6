/** The task's picture of itself (`GET /api/state`), from its parts. Owns the putting together alone. */
import type { MarketEngine } from "../../core/market-engine.ts";
import type { Instant } from "../../core/units.ts";
import type { Config } from "../config.ts";
import type { OutboxCounts } from "../fill-outbox.ts";
import type { VenueState } from "../venue.ts";
import { toMarketState } from "./market-state.ts";
import type { ChainState, FeedState, StepState, TaskState } from "./state.ts";
import type { WatchedMetrics } from "./watched-metrics.ts";

/** `feed` and `venue` are undefined until the task is assembled. */
export function toTaskState(parts: {
  readonly engineId: string;
  readonly config: Config;
  readonly startedAt: Instant;
  readonly now: Instant;
  readonly phase: TaskState["phase"];
  readonly startup: readonly StepState[];
  readonly epoch: number | null;
  readonly feed: FeedState | undefined;
  readonly venue: VenueState | undefined;
  readonly markets: readonly MarketEngine[];
  readonly chain: ChainState | null;
  readonly outbox: OutboxCounts;
  readonly watched: WatchedMetrics;
  readonly memoryRssBytes: number;
}): TaskState {
  const { config, now, outbox, watched } = parts;
  return {
    engineId: parts.engineId,
    stage: config.stage,
    epoch: parts.epoch,
    startedAtMs: parts.startedAt.epochMs,
    nowMs: now.epochMs,
    phase: parts.phase,
    startup: parts.startup,
    feed: parts.feed ?? feedBeforeStart(config.sei.wsUrls),
    markets: parts.markets.map((market) => toMarketState(market, now)),
    chain: parts.chain,
    latency: {
      tickToWireMicrosP50: watched.tickToWire.percentileMicros(50),
      tickToWireMicrosP99: watched.tickToWire.percentileMicros(99),
      orderRoundTripMicrosP50: watched.placeRoundTrip.percentileMicros(50),
      orderRoundTripMicrosP99: watched.placeRoundTrip.percentileMicros(99),
    },
    venue: parts.venue ?? { streamConnected: false, circuit: 0, requestsLastSecond: 0, placementsInFlight: 0 },
    fills: { outbox: outbox.waiting, sent: outbox.sent, sendFailures: outbox.sendFailures },
    errors: watched.errors(),
    memoryRssBytes: parts.memoryRssBytes,
  };
}

function feedBeforeStart(endpoints: readonly string[]): FeedState {
  return {
    status: "connecting",
    endpoint: endpoints[0] ?? "",
    endpoints,
    ageMs: null,
    reconnects: 0,
    failovers: 0,
    sequenceGaps: 0,
    malformed: 0,
    events: 0,
    queued: 0,
  };
}
