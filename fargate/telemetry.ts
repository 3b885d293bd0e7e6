/**
 * The task's metrics: one registry, read at `/metrics` and by whoever pushes them on. Owns the instruments; their names are
 * `core/metrics.ts`'s.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, type ScopeMetrics } from "@opentelemetry/sdk-metrics";
import {
  type CounterLabels,
  type CounterName,
  ERROR_KINDS,
  type GaugeLabels,
  type GaugeName,
  type HistogramLabels,
  type HistogramName,
} from "../core/metrics.ts";

export type Metrics = {
  /** Sets a gauge. */
  set<Name extends GaugeName>(name: Name, labels: GaugeLabels[Name], value: number): void;
  /** Adds to a counter; `by` is at least 0 and defaults to 1. */
  increment<Name extends CounterName>(name: Name, labels: CounterLabels[Name], by?: number): void;
  /** Records one duration, in seconds. */
  observe<Name extends HistogramName>(name: Name, labels: HistogramLabels[Name], seconds: number): void;
  /** Answers `GET /metrics` in the Prometheus text format. */
  handle(request: IncomingMessage, response: ServerResponse): void;
};

/** All that `/metrics` says at one moment, counters since the start. */
export type MetricsSnapshot = readonly ScopeMetrics[];

/** The metrics where they are made. */
export type Registry = Metrics & { collect(): Promise<MetricsSnapshot> };

/** What is known before the first event, so that counters stand at 0 from the start and a rate of them is right. */
export type KnownLabels = { readonly markets: readonly string[]; readonly endpoints: readonly string[] };

/** The type Prometheus asks for (https://prometheus.io/docs/instrumenting/exposition_formats/). */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const GAUGES: Record<GaugeName, string> = {
  flashmm_spread_improvement_bps: "Time-weighted spread of the others minus the spread with us, in bps of the mid",
  flashmm_market_spread_bps: "Spread of the book with our orders (self) and without them (others), in bps of the mid",
  flashmm_pnl_usdc: "Profit and loss in quote currency, average cost, fees taken off",
  flashmm_drawdown_percent: "Fall of the equity from its peak, in percent",
  flashmm_position: "Position in base currency, negative when short",
  flashmm_feed_staleness_seconds: "Age of the newest book",
  flashmm_feed_connected: "1 when the market data comes from this endpoint, else 0",
  flashmm_circuit_state: "Circuit breaker: 0 closed, 1 half-open, 2 open",
  flashmm_quoting_state: "1 quoting, 0 halted",
  flashmm_uptime_ratio: "Share of the time since start with a live quote on both sides, 0 to 1",
  flashmm_orders_unknown: "Orders whose placing or cancelling is of unproven outcome",
  flashmm_integration_healthy:
    "1 when the health sweep finds the integration well, else 0; not configured ones have none",
  flashmm_spread_capture_bps: "How much better than the mid we filled in the last hour, by size, in bps of the mid",
  flashmm_markout_bps: "What the fills of the last hour made at the mid so long after them, by size, in bps of the mid",
  flashmm_adverse_selection_bps:
    "How far the mid had moved against the fills so long after them, by size, in bps of the mid",
};

const COUNTERS: Record<CounterName, string> = {
  flashmm_orders_placed_total: "Orders sent to the venue",
  flashmm_orders_cancelled_total: "Orders proven cancelled",
  flashmm_orders_rejected_total: "Orders proven refused by the venue",
  flashmm_orders_filled_total: "Orders filled to their end",
  flashmm_orders_denied_total: "Quotes held back by the risk gate, by reason",
  flashmm_volume_usdc_total: "Traded volume in quote currency",
  flashmm_fees_usdc_total: "Fees paid in quote currency",
  flashmm_feed_reconnects_total: "Connections to a Sei endpoint after the first",
  flashmm_feed_sequence_gaps_total: "Gaps in the sequence of book updates",
  flashmm_sei_websocket_errors_total: "Errors of the Sei market data connection",
  flashmm_cambrian_api_errors_total: "Errors of the order API",
  flashmm_order_placement_errors_total: "Placements that failed or whose outcome is unknown",
  flashmm_order_cancellation_errors_total: "Cancellations that failed or whose outcome is unknown",
  flashmm_fill_processing_errors_total: "Fills that could not be read or handed on",
  flashmm_reference_price_errors_total: "Prices from outside the venue that were asked for and not had",
  flashmm_twitter_publish_errors_total: "Reports that could not be published",
  flashmm_minute_write_errors_total: "Engine minutes that could not be written",
  flashmm_metrics_push_errors_total: "Pushes of these figures that were not taken, or not whole",
};

/** Bucket bounds in seconds: 50 µs to 1 s for our own path, 1 ms to 10 s for the venue's answer. */
const HISTOGRAMS: Record<HistogramName, { readonly help: string; readonly bounds: readonly number[] }> = {
  flashmm_tick_to_wire_seconds: {
    help: "Market data frame read to orders written",
    bounds: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  flashmm_order_round_trip_seconds: {
    help: "Request sent to answer read",
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
};

/** A registry of its own, with all counters of the known labels at 0. Costs about a microsecond a record. */
export function makeMetrics(known: KnownLabels = { markets: [], endpoints: [] }): Registry {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const meter = new MeterProvider({ readers: [exporter] }).getMeter("flashmm");
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, description]) => [name, meter.createGauge(name, { description })]),
  );
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, description]) => [name, meter.createCounter(name, { description })]),
  );
  const histograms = new Map(
    Object.entries(HISTOGRAMS).map(([name, { help, bounds }]) => {
      const advice = { explicitBucketBoundaries: [...bounds] };
      return [name, meter.createHistogram(name, { description: help, advice })];
    }),
  );
  const metrics: Registry = {
    set: (name, labels, value) => gauges.get(name)?.record(value, labels),
    increment: (name, labels, by = 1) => counters.get(name)?.add(by, labels),
    observe: (name, labels, seconds) => histograms.get(name)?.record(seconds, labels),
    handle: (request, response) => {
      exporter.getMetricsRequestHandler(request, response);
      response.setHeader("content-type", CONTENT_TYPE);
    },
    collect: async () => {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0) throw new Error("the metrics can not be collected", { cause: errors[0] });
      return resourceMetrics.scopeMetrics;
    },
  };
  startAtZero(metrics, known);
  for (const [name, kinds] of Object.entries(ERROR_KINDS)) {
    for (const kind of kinds) counters.get(name)?.add(0, { kind });
  }
  // Beside their kinds these have a series without a label, as CONTRACTS 7 writes them.
  for (const name of ERRORS_WITHOUT_LABEL) counters.get(name)?.add(0);
  return metrics;
}

const ERRORS_WITHOUT_LABEL = [
  "flashmm_sei_websocket_errors_total",
  "flashmm_cambrian_api_errors_total",
  "flashmm_fill_processing_errors_total",
] as const satisfies readonly CounterName[];

function startAtZero(metrics: Metrics, { markets, endpoints }: KnownLabels): void {
  for (const market of markets) {
    for (const side of ["buy", "sell"] as const) {
      metrics.increment("flashmm_orders_placed_total", { market, side }, 0);
      metrics.increment("flashmm_orders_cancelled_total", { market, side }, 0);
      metrics.increment("flashmm_orders_rejected_total", { market, side }, 0);
      metrics.increment("flashmm_orders_filled_total", { market, side }, 0);
    }
    metrics.increment("flashmm_volume_usdc_total", { market }, 0);
    metrics.increment("flashmm_fees_usdc_total", { market }, 0);
    metrics.increment("flashmm_feed_sequence_gaps_total", { market }, 0);
    metrics.increment("flashmm_order_placement_errors_total", { market }, 0);
    metrics.increment("flashmm_order_cancellation_errors_total", { market }, 0);
    for (const kind of ["no-answer", "refused", "unreadable"] as const) {
      metrics.increment("flashmm_reference_price_errors_total", { market, kind }, 0);
    }
  }
  for (const endpoint of endpoints) metrics.increment("flashmm_feed_reconnects_total", { endpoint }, 0);
  metrics.increment("flashmm_twitter_publish_errors_total", {}, 0);
}
