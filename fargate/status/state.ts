/**
 * What the task shows of itself at `GET /api/state`: the one picture the page, the local run and an operator read.
 * Amounts are decimal strings; times are epoch milliseconds; `null` means "not known yet", never zero.
 */
import type { MarketConfig } from "../config.ts";

/** One price level of the book as shown: `own` is the part of `size` that is ours, `"0"` for none. */
export type LevelState = { readonly price: string; readonly size: string; readonly own: string };

export type OrderState = {
  readonly clientOrderId: string;
  readonly orderId: string | null;
  readonly side: "buy" | "sell";
  readonly level: number;
  readonly price: string;
  readonly size: string;
  readonly filled: string;
  /** One of the open states of `docs/orders.md`. */
  readonly state: string;
};

export type FillState = {
  readonly fillId: string;
  readonly side: "buy" | "sell";
  readonly price: string;
  readonly size: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly venueTimeMs: number;
};

/** The parameters that a market is quoted with, and who last changed them since the task's start. */
export type StrategyState = {
  /** As it would stand in the configuration's file. */
  readonly strategy: MarketConfig["strategy"];
  /** `item`: an operator's item counts over the file for as long as it stands. */
  readonly strategySource: "file" | "item";
  /** ISO-8601, null while they are what the task was started with; of an item the time that it bears. */
  readonly strategyChangedAt: string | null;
  readonly strategyBy: string | null;
  /** Why the file or the item as they are now were not taken; empty when all was. The parameters before them stay. */
  readonly strategyRefused: readonly string[];
};

/** A mean weighted by size, in bps of the mid at each fill. */
export type MeanState = {
  /** Fills in it. */
  readonly count: number;
  readonly bps: number | null;
  /** Half of its 95 % confidence interval; null while there are too few fills. */
  readonly plusMinusBps: number | null;
};

/** What became of the fills of one side at one level, or over `all` levels. */
export type MarkoutState = {
  readonly side: "buy" | "sell";
  readonly level: number | "all";
  /** How much better than the mid they filled; what they made at the mid so long after; how far the mid had moved against them. */
  readonly capture: MeanState;
  readonly markout: Readonly<Record<MarkoutHorizon, MeanState>>;
  readonly adverseSelection: Readonly<Record<MarkoutHorizon, MeanState>>;
};

export type MarkoutHorizon = "1s" | "5s" | "60s";

export type MarkoutsState = {
  /** Of the last hour, to the minute; the same rows in the same order whatever was filled. */
  readonly rolling: readonly MarkoutState[];
  /** Of the hour that is running, by the fills' venue times; null when no fill of it was marked. */
  readonly hour: { readonly hour: string; readonly rows: readonly MarkoutState[] } | null;
  /** Fills since the start without a mark: told too late, taken without a mid, or too many. */
  readonly unmarked: number;
};

/** One of the reasons of `core/execution/why.ts`, and what it means. */
export type ReasonState = { readonly reason: string; readonly meaning: string };

/** What the last decision says of one level of one side. */
type QuoteAccountState = {
  readonly side: "buy" | "sell";
  readonly level: number;
  /** Within the limits; null when no quote is wanted or allowed there. */
  readonly wanted: { readonly price: string; readonly size: string } | null;
  /** The order that stands there, or may; null when there is none. */
  readonly order: { readonly price: string; readonly size: string; readonly state: string } | null;
  /** Why it is missing, moved, resized or held back; empty where it stands as its model says. */
  readonly reasons: readonly ReasonState[];
};

/** Seconds without our quotes on both sides, each charged to one reason; the longest first. */
export type UnquotedState = readonly (ReasonState & { readonly seconds: number })[];

export type WhyState = {
  /** Buys, then sells, the first level first. */
  readonly quotes: readonly QuoteAccountState[];
  readonly unquoted: {
    /** Since the start; they come to the time that `uptimeRatio` lacks. */
    readonly total: UnquotedState;
    /** By hour (`YYYY-MM-DDTHH`), the newest first, at most a day's. */
    readonly hours: readonly { readonly hour: string; readonly reasons: UnquotedState }[];
  };
};

/** What the quotes go by. */
export type EstimatesState = {
  /** Why there is no fair value, or why its reference has no part in it; null when all is well. */
  readonly fairValueNote: string | null;
  /** In basis points of the fair value per square root of a second. */
  readonly volatilityBps: number | null;
  /** Arrivals a second and side at the mid, and how fast they get fewer with each basis point; null before the first fit. */
  readonly arrivals: { readonly perSecond: number; readonly decayPerBps: number } | null;
  /** Sides that wait because what filled there had no counterpart. */
  readonly pausedSides: readonly ("buy" | "sell")[];
};

export type MarketState = StrategyState & {
  readonly market: string;
  readonly base: string;
  readonly quote: string;
  readonly quoting: boolean;
  /** Why it is not quoting, or what holds a side back; empty when all is well. People read these. */
  readonly reasons: readonly string[];
  readonly mid: string | null;
  readonly fairValue: string | null;
  /** Spread of the book without our orders and with them, in basis points of the mid, as of the last update. */
  readonly spreadOthersBps: number | null;
  readonly spreadSelfBps: number | null;
  /** Time-weighted since the task's start: (others − with us), in bps and in percent of the others' spread. */
  readonly spreadImprovementBps: number | null;
  readonly spreadImprovementPercent: number | null;
  /** At most ten levels a side, best first. */
  readonly bids: readonly LevelState[];
  readonly asks: readonly LevelState[];
  readonly position: string;
  readonly averageCost: string;
  readonly realizedPnl: string;
  /** Of the position at the mid; null without a mid. */
  readonly unrealizedPnl: string | null;
  readonly totalPnl: string | null;
  readonly fees: string;
  readonly volume: string;
  readonly fillCount: number;
  /** Newest first, at most 20. */
  readonly fills: readonly FillState[];
  readonly openOrders: readonly OrderState[];
  readonly ordersPlaced: number;
  readonly ordersCancelled: number;
  readonly ordersRejected: number;
  readonly ordersFilled: number;
  readonly ordersUnknown: number;
  /** `active`, `reducing` (only what makes the position smaller is placed) or `halted`. */
  readonly tradingState: "active" | "reducing" | "halted";
  /** Quotes that the risk gate held back since the start, by reason (`docs/orders.md`). */
  readonly denials: Readonly<Record<string, number>>;
  /** Where engine, ledger and venue show different positions now; only one that lasts halts the market. */
  readonly differences: readonly string[];
  /** Share of the time since start with a live quote of ours on both sides, 0 to 1. */
  readonly uptimeRatio: number | null;
  /** Age of the newest book, in milliseconds. */
  readonly bookAgeMs: number | null;
  readonly markouts: MarkoutsState;
  readonly why: WhyState;
  readonly estimates: EstimatesState;
};

export type FeedState = {
  readonly status: "connected" | "connecting" | "failed";
  readonly endpoint: string;
  readonly endpoints: readonly string[];
  /** Since the last message of any kind. */
  readonly ageMs: number | null;
  readonly reconnects: number;
  readonly failovers: number;
  readonly sequenceGaps: number;
  readonly malformed: number;
  /** Events decoded since the start, and held unread now. */
  readonly events: number;
  readonly queued: number;
};

/** Our address as Sei's REST interface shows it; the last good reading stays when one fails. */
export type ChainState = {
  readonly address: string;
  /** Whole micro-denoms, as the chain counts them. */
  readonly balances: readonly { readonly denom: string; readonly amount: string }[];
  readonly openOrders: number;
  readonly readAtMs: number | null;
  /** Why the last reading failed. */
  readonly fault: string | null;
};

export type StepState = {
  readonly step: string;
  readonly state: "waiting" | "running" | "done";
  readonly detail: string;
};

/** Who may make this shard's markets (CONTRACTS 5, item `lease`). */
type LeaseView = {
  readonly owner: string;
  readonly heldBy: string | null;
  readonly validForMs: number | null;
  readonly status: string;
  readonly detail: string;
};

/** What operators, and the engine's own kills, say (CONTRACTS 5, item `control`). */
export type ControlView = {
  readonly readable: boolean;
  readonly readAgeMs: number | null;
  /** By market: `running`, `halted` or `unreadable`, and why. */
  readonly markets: readonly {
    readonly market: string;
    readonly state: string;
    readonly reason: string | null;
    /** Who said so, and when (ISO-8601); null where nobody did. */
    readonly by: string | null;
    readonly at: string | null;
  }[];
};

/** Loss of all markets together; percentages are of the capital (`shardLimits`). */
export type RiskView = {
  readonly tradingState: "active" | "reducing" | "halted";
  readonly drawdownPercent: number;
  /** From where on it is an alarm. */
  readonly drawdownAlertPercent: number;
  readonly dailyLossPercent: number;
  /** Why all is halted until an operator resumes; null when it is not. */
  readonly latch: string | null;
};

/** An integration as the health sweep last found it (CONTRACTS 5, item `health`). */
export type IntegrationState = {
  readonly integration: string;
  readonly healthy: boolean;
  readonly configured: boolean;
  /** What the last look said; people read it. */
  readonly detail: string;
  /** `closed`, `half-open` or `open`. */
  readonly breaker: string;
  readonly checkedAtMs: number | null;
  /** Since when it has been as `healthy` says. */
  readonly sinceMs: number | null;
};

/** What the fill audit last said of a market (`lambdas/fill-audit`). Counts of differences are of those that stand. */
export type AuditState = {
  readonly market: string;
  /** `clean`, `repairing`, `different` or `failed`. */
  readonly state: string;
  readonly checkedAtMs: number | null;
  /** Venue time through which all fills are compared. */
  readonly checkedThroughMs: number | null;
  /** When the last whole round over older history began: all of it was compared then or later. */
  readonly againSinceMs: number | null;
  /** When it was clean last. */
  readonly cleanAtMs: number | null;
  /** The last hour (`YYYY-MM-DDTHH`) whose profit is proven. */
  readonly provenThrough: string | null;
  readonly checkedTotal: number;
  readonly missing: number;
  readonly different: number;
  readonly unknownToVenue: number;
  /** Hours whose profit does not add up. */
  readonly unprovenHours: number;
  /** Why it is not clean. */
  readonly reason: string | null;
};

/** An hourly report (CONTRACTS 5, item `report`). */
export type ReportState = {
  /** Its hour, or its time from minute to minute. */
  readonly id: string;
  /** `waiting`, `posted`, `skipped`, `failed` or `dry-run`. */
  readonly state: string;
  readonly text: string | null;
  /** What the chart shows, in words. */
  readonly altText: string | null;
  readonly reason: string | null;
  readonly postedAtMs: number | null;
  /** Whether `GET /api/reports/<id>/chart` has its PNG. */
  readonly hasChart: boolean;
};

/** Something that an alarm or a limit of ours is about, as it is now. */
export type AlarmState = {
  /** The same for as long as it lasts. */
  readonly key: string;
  readonly severity: "critical" | "warning";
  /** Plain words: what is the matter, and how much. */
  readonly what: string;
  readonly detail: string;
  readonly sinceMs: number;
  /** Where to go on: a page of the documentation and its anchor. */
  readonly runbook: string;
};

/** The push of the metrics to Grafana Cloud, or whatever takes OTLP. */
export type PushState = {
  /** `waiting` for the lease, whose holder alone pushes; `off` where there is nowhere to push to. */
  readonly status: "off" | "waiting" | "working" | "failing";
  /** Why it is off or failing; people read it. */
  readonly detail: string;
  readonly sinceMs: number;
  /** Since the start. */
  readonly pushes: number;
  readonly failures: number;
  readonly lastPushAtMs: number | null;
};

export type TaskState = {
  readonly engineId: string;
  readonly stage: string;
  /** Where the hourly reports can be seen; null when the configuration does not say. */
  readonly reportsUrl: string | null;
  readonly epoch: number | null;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** `starting` until the start-up steps are done, `running`, then `stopping`. */
  readonly phase: "starting" | "running" | "stopping";
  readonly startup: readonly StepState[];
  readonly lease: LeaseView;
  readonly control: ControlView;
  readonly risk: RiskView;
  readonly feed: FeedState;
  readonly markets: readonly MarketState[];
  /** Null when the configuration names no address. */
  readonly chain: ChainState | null;
  /** Frame read to orders written, and order sent to answer read, over the last 1,000; microseconds. */
  readonly latency: {
    readonly tickToWireMicrosP50: number | null;
    readonly tickToWireMicrosP99: number | null;
    readonly orderRoundTripMicrosP50: number | null;
    readonly orderRoundTripMicrosP99: number | null;
  };
  readonly venue: {
    readonly streamConnected: boolean;
    /** 0 closed, 1 half-open, 2 open. */
    readonly circuit: 0 | 1 | 2;
    readonly requestsLastSecond: number;
    readonly placementsInFlight: number;
  };
  readonly fills: {
    /** Waiting for the queue's acknowledgement. */
    readonly outbox: number;
    readonly sent: number;
    readonly sendFailures: number;
  };
  /** By name; null before they were read. The sweep that writes them is no part of the task. */
  readonly integrations: readonly IntegrationState[] | null;
  /** By market, null before they were read; a market that was never audited has none. */
  readonly audits: readonly AuditState[] | null;
  /** Newest first, at most six; null before they were read. */
  readonly reports: readonly ReportState[] | null;
  /** The worst first, then the oldest; as of the last second. */
  readonly alarms: readonly AlarmState[];
  readonly metricsPush: PushState;
  /** Errors by kind since the start. */
  readonly errors: Readonly<Record<string, number>>;
  readonly memoryRssBytes: number;
};

/** One point of the plots, one a second, at most 1,800, at `GET /api/history?market=…`. */
export type HistoryPoint = {
  readonly atMs: number;
  readonly mid: number | null;
  readonly spreadOthersBps: number | null;
  readonly spreadSelfBps: number | null;
  readonly position: number;
  readonly realizedPnl: number;
  readonly totalPnl: number | null;
};
