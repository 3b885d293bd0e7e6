/** The names of every metric, nowhere else (CONTRACTS 7): dashboards, alarms and code cannot drift. Owns no values. */

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
};

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
  flashmm_sei_websocket_errors_total: { kind: string };
  flashmm_cambrian_api_errors_total: { kind: string };
  flashmm_order_placement_errors_total: { market: string };
  flashmm_order_cancellation_errors_total: { market: string };
  flashmm_fill_processing_errors_total: { kind: string };
  flashmm_twitter_publish_errors_total: Record<never, string>;
};

/** Histograms, in seconds. */
export type HistogramLabels = {
  flashmm_tick_to_wire_seconds: { market: string };
  flashmm_order_round_trip_seconds: { operation: "place" | "cancel" | "query" };
};

export type GaugeName = keyof GaugeLabels;
export type CounterName = keyof CounterLabels;
export type HistogramName = keyof HistogramLabels;
