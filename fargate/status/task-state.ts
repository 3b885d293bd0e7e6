/** The task's picture of itself (`GET /api/state`), from its parts. Owns the putting together alone. */
import type { Engine } from "../../core/engine.ts";
import type { Instant } from "../../core/units.ts";
import type { Config } from "../config.ts";
import type { ControlState } from "../control.ts";
import type { OutboxCounts } from "../fill-outbox.ts";
import type { LeaseState } from "../lease-types.ts";
import type { VenueState } from "../venue.ts";
import { toMarketState } from "./market-state.ts";
import type {
  ChainState,
  ControlView,
  FeedState,
  PushState,
  RiskView,
  StepState,
  StrategyState,
  TaskState,
} from "./state.ts";
import type { WatchedMetrics } from "./watched-metrics.ts";

/** `engine`, `feed` and `venue` are undefined until the task is assembled. */
export function toTaskState(parts: {
  readonly engineId: string;
  readonly config: Config;
  readonly startedAt: Instant;
  readonly now: Instant;
  readonly phase: TaskState["phase"];
  readonly startup: readonly StepState[];
  readonly lease: LeaseState;
  readonly control: ControlState;
  readonly engine: Engine | undefined;
  readonly feed: FeedState | undefined;
  readonly venue: VenueState | undefined;
  readonly chain: ChainState | null;
  readonly integrations: TaskState["integrations"];
  readonly audits: TaskState["audits"];
  readonly reports: TaskState["reports"];
  readonly alarms: TaskState["alarms"];
  readonly strategyOf: (market: string) => StrategyState;
  readonly outbox: OutboxCounts;
  readonly metricsPush: PushState;
  readonly watched: WatchedMetrics;
  readonly memoryRssBytes: number;
}): TaskState {
  const { config, now, outbox, watched, lease } = parts;
  return {
    engineId: parts.engineId,
    stage: config.stage,
    reportsUrl: config.reportsUrl ?? null,
    epoch: lease.epoch,
    startedAtMs: parts.startedAt.epochMs,
    nowMs: now.epochMs,
    phase: parts.phase,
    startup: parts.startup,
    lease: {
      owner: lease.owner,
      heldBy: lease.heldBy,
      validForMs: lease.validForMs,
      status: lease.status,
      detail: lease.detail,
    },
    control: toControlView(parts.control),
    risk: toRiskView(parts.engine, config),
    feed: parts.feed ?? feedBeforeStart(config.sei.wsUrls),
    markets: (parts.engine?.markets ?? []).map((market) => ({
      ...toMarketState(market, now),
      ...parts.strategyOf(market.settings.market.symbol),
    })),
    chain: parts.chain,
    latency: {
      tickToWireMicrosP50: watched.tickToWire.percentileMicros(50),
      tickToWireMicrosP99: watched.tickToWire.percentileMicros(99),
      orderRoundTripMicrosP50: watched.placeRoundTrip.percentileMicros(50),
      orderRoundTripMicrosP99: watched.placeRoundTrip.percentileMicros(99),
    },
    venue: {
      streamConnected: parts.venue?.streamConnected ?? false,
      circuit: parts.venue?.circuit ?? 0,
      requestsLastSecond: parts.venue?.requestsLastSecond ?? 0,
      placementsInFlight: parts.venue?.placementsInFlight ?? 0,
    },
    fills: { outbox: outbox.waiting, sent: outbox.sent, sendFailures: outbox.sendFailures },
    integrations: parts.integrations,
    audits: parts.audits,
    reports: parts.reports,
    alarms: parts.alarms,
    metricsPush: parts.metricsPush,
    errors: watched.errors(),
    memoryRssBytes: parts.memoryRssBytes,
  };
}

function toControlView({ readable, readAgeMs, markets }: ControlState): ControlView {
  return {
    readable,
    readAgeMs,
    markets: markets.map(({ market, control }) => ({
      market,
      state: control.state,
      reason: control.state === "running" ? null : control.reason,
      by: control.state === "halted" ? control.by : null,
      at: control.state === "unreadable" ? null : control.at,
    })),
  };
}

function toRiskView(engine: Engine | undefined, { shardLimits }: Config): RiskView {
  return {
    tradingState: engine?.loss.state ?? "active",
    drawdownPercent: engine?.loss.drawdownPercent ?? 0,
    drawdownAlertPercent: shardLimits.drawdownAlertPercent,
    dailyLossPercent: engine?.loss.dailyLossPercent ?? 0,
    latch: engine?.loss.latch?.reason ?? null,
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
