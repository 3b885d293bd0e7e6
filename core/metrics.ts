/** The names of every metric, nowhere else (CONTRACTS 7): dashboards, alarms and code cannot drift. Owns no values. */

/** What the figures of fills are told apart by: `level` is that of our quotes, from 0, or `all`. */
type FillLabels = { market: string; side: "buy" | "sell"; level: string };

/** Gauges: the value now. */
export type GaugeLabels = {
  flashmm_spread_improvement_bps: { market: string };
  flashmm_market_spread_bps: { market: string; including: "self" | "others" };
  flashmm_pnl_usdc: { market: string; kind: "realized" | "unrealized" | "total" };
  flashmm_drawdown_percent: Record<never, string>;
  flashmm_position: { market: string };
  flashmm_feed_staleness_seconds: { market: string };
  flashmm_feed_connected: { endpoint: string };
  flashmm_circuit_state: { integration: string };
  flashmm_quoting_state: { market: string };
  flashmm_uptime_ratio: { market: string };
  /** Not in CONTRACTS 7: orders of unproven fate. */
  flashmm_orders_unknown: { market: string };
  /** Not in CONTRACTS 7: what the health sweep says, 1 or 0, and of the sweep itself whether it has come lately. */
  flashmm_integration_healthy: { integration: string };
  /** Not in CONTRACTS 7 either, like the two after it: figures of the fills of the last hour. */
  flashmm_spread_capture_bps: FillLabels;
  flashmm_markout_bps: FillLabels & { horizon: "1s" | "5s" | "60s" };
  flashmm_adverse_selection_bps: FillLabels & { horizon: "1s" | "5s" | "60s" };
};

/**
 * Every kind of the errors that are told apart, so that each stands at 0 from the start: a rate sees the first one of a kind only if
 * there was a 0 before it. None is counted that does not stand here.
 */
export const ERROR_KINDS = {
  flashmm_sei_websocket_errors_total: [
    ...["closed", "malformed-event", "malformed-frame", "no-answer", "node-error", "no-pong", "not-open"],
    ...["repeated-book", "repeated-trade", "stale", "subscription-ended", "subscription-refused", "trades-lost"],
    // What the engine finds in the books.
    ...["crossed-book", "book-behind", "mid-jump"],
  ],
  flashmm_cambrian_api_errors_total: [
    ...["timeout", "network", "server", "unexpected-status", "unreadable", "unauthorized", "rate-limited", "refused"],
    ...["circuit-open", "fenced", "no-slot", "stream-error", "stream-malformed", "stream-closed"],
    // What the engine finds in the answers.
    ...["contradiction", "stray-order"],
  ],
  flashmm_fill_processing_errors_total: [
    ...["unreadable", "history", "out-of-order", "checkpoint", "checkpoint-superseded", "outbox-full", "queue-send"],
    ...["foreign-order", "late"],
  ],
  flashmm_minute_write_errors_total: ["failed", "refused", "dropped"],
  flashmm_metrics_push_errors_total: ["no-answer", "throttled", "failed", "refused", "partial"],
} as const satisfies Partial<Record<CounterName, readonly string[]>>;

type ErrorKindLabel<Name extends keyof typeof ERROR_KINDS> = { kind: (typeof ERROR_KINDS)[Name][number] };

/** Counters: only ever grow. */
export type CounterLabels = {
  flashmm_orders_placed_total: { market: string; side: "buy" | "sell" };
  flashmm_orders_cancelled_total: { market: string; side: "buy" | "sell" };
  flashmm_orders_rejected_total: { market: string; side: "buy" | "sell" };
  flashmm_orders_filled_total: { market: string; side: "buy" | "sell" };
  /** Not in CONTRACTS 7: quotes that the risk gate held back, by its reason. */
  flashmm_orders_denied_total: { market: string; reason: string };
  flashmm_volume_usdc_total: { market: string };
  flashmm_fees_usdc_total: { market: string };
  flashmm_feed_reconnects_total: { endpoint: string };
  flashmm_feed_sequence_gaps_total: { market: string };
  flashmm_sei_websocket_errors_total: ErrorKindLabel<"flashmm_sei_websocket_errors_total">;
  flashmm_cambrian_api_errors_total: ErrorKindLabel<"flashmm_cambrian_api_errors_total">;
  flashmm_order_placement_errors_total: { market: string };
  flashmm_order_cancellation_errors_total: { market: string };
  flashmm_fill_processing_errors_total: ErrorKindLabel<"flashmm_fill_processing_errors_total">;
  /** Not in CONTRACTS 7: prices from outside the venue that were asked for and not had. */
  flashmm_reference_price_errors_total: { market: string; kind: "no-answer" | "refused" | "unreadable" };
  flashmm_twitter_publish_errors_total: Record<never, string>;
  /** Not in CONTRACTS 7: items of engine minutes that could not be written at an attempt, ever, or for want of room. */
  flashmm_minute_write_errors_total: ErrorKindLabel<"flashmm_minute_write_errors_total">;
  /** Not in CONTRACTS 7: pushes of these figures that were not taken, or not whole. */
  flashmm_metrics_push_errors_total: ErrorKindLabel<"flashmm_metrics_push_errors_total">;
};

/** Histograms, in seconds. */
export type HistogramLabels = {
  flashmm_tick_to_wire_seconds: { market: string };
  flashmm_order_round_trip_seconds: { operation: "place" | "cancel" | "query" };
};

/** What the fill audit may find wrong: of one fill, or of an hour's PnL. */
export type AuditDifferenceKind = "missing" | "different" | "unknown-to-venue" | "identity";

/**
 * Metrics of the functions, which write them to CloudWatch alone: the task has none of these. Not in CONTRACTS 7. Differences are
 * counted at every audit for as long as they stand.
 */
export type FunctionMetricLabels = {
  flashmm_audit_age_seconds: { market: string };
  flashmm_audit_checked_total: { market: string };
  flashmm_audit_differences_total: { market: string; kind: AuditDifferenceKind };
  /** 0 while an integration is ill, and nothing while it is well: the task's gauge of that name has both. */
  flashmm_integration_healthy: { integration: string };
  /** Of the task, as the health sweep sees it; none before the first task. */
  flashmm_heartbeat_age_seconds: Record<never, string>;
  /** Orders of a silent task that the health sweep ended. */
  flashmm_dead_man_cancelled_total: Record<never, string>;
};

export type FunctionMetricName = keyof FunctionMetricLabels;
export type GaugeName = keyof GaugeLabels;
export type CounterName = keyof CounterLabels;
export type HistogramName = keyof HistogramLabels;
