/**
 * What wakes somebody through Grafana, as data: each alert with its query, its threshold and what is to be read then. Owns the content; the
 * JSON that Grafana takes is `rule-group.ts`'s. The alarms of CloudWatch stand beside these, on a path of their own.
 */
import { gauge, increase, quantile, silence } from "./queries.ts";

export type AlertSpec = {
  /** Also the name in its uid, `flashmm-<name>`. */
  readonly name: string;
  readonly title: string;
  readonly expr: string;
  /** Alerts above this, or below where `below` says so. */
  readonly above?: number;
  readonly below?: number;
  readonly forDuration: string;
  readonly severity: "critical" | "warning";
  /** Where there is no series at all. */
  readonly noData: "OK" | "Alerting";
  /** What it means, in a sentence; `{{ $labels.… }}` and `{{ $values.B.Value }}` are Grafana's. */
  readonly summary: string;
  /** A section of `docs/runbook.md`. */
  readonly section: string;
  /** The panel that shows it. */
  readonly panelId: number;
};

/** A millisecond is usual; from here on quotes are late, as the alarm in CloudWatch counts it too. */
const P99_SECONDS_MAX = 0.5;

/** `markets` are all there are to be; where nobody says, those are taken that the figures have told of. */
export function makeAlerts(markets: readonly string[]): readonly AlertSpec[] {
  return [...ALERTS, silentAlert(markets)];
}

/** By market, so that one shard's silence is not drowned by the others. */
function silentAlert(markets: readonly string[]): AlertSpec {
  return {
    name: "silent",
    title: "FlashMM's task is silent",
    expr: silence("flashmm_quoting_state", markets),
    above: 0,
    forDuration: "0s",
    severity: "critical",
    noData: "OK",
    summary:
      "No figures {{ with $labels.market }}of {{ . }} {{ end }}have come for two minutes: the task is gone, or its push fails. Orders of a silent task are ended by the health sweep.",
    section: "The task is silent",
    panelId: 5,
  };
}

const ALERTS: readonly AlertSpec[] = [
  {
    name: "drawdown",
    title: "FlashMM drawdown is high",
    expr: `max(${gauge("flashmm_drawdown_percent")})`,
    above: 3,
    forDuration: "1m",
    severity: "critical",
    noData: "OK",
    summary: "The shard has lost {{ $values.B.Value }} % of its capital since its best moment.",
    section: "Risk Limit Breached",
    panelId: 11,
  },
  {
    name: "feed-stale",
    title: "FlashMM market data is stale",
    expr: `max by (market) (${gauge("flashmm_feed_staleness_seconds")})`,
    above: 5,
    forDuration: "1m",
    severity: "critical",
    noData: "OK",
    summary: "The newest book of {{ $labels.market }} is {{ $values.B.Value }} s old.",
    section: "Quoting Halted",
    panelId: 20,
  },
  {
    name: "halted",
    title: "FlashMM does not quote",
    expr: `min by (market) (${gauge("flashmm_quoting_state")})`,
    below: 1,
    forDuration: "2m",
    severity: "critical",
    noData: "OK",
    summary: "{{ $labels.market }} has not been quoted for two minutes.",
    section: "Quoting Halted",
    panelId: 4,
  },
  {
    name: "unknown-orders",
    title: "FlashMM has orders of unknown outcome",
    expr: `max by (market) (${gauge("flashmm_orders_unknown")})`,
    above: 0,
    forDuration: "2m",
    severity: "warning",
    noData: "OK",
    summary: "{{ $values.B.Value }} orders of {{ $labels.market }} have been of unproven outcome for two minutes.",
    section: "Errors that are counted",
    panelId: 7,
  },
  {
    name: "circuit-open",
    title: "FlashMM's order API does not answer",
    expr: `max by (integration) (${gauge("flashmm_circuit_state")})`,
    above: 1,
    forDuration: "1m",
    severity: "critical",
    noData: "OK",
    summary: "The circuit breaker of {{ $labels.integration }} is open: nothing is placed.",
    section: "Quoting Halted",
    panelId: 23,
  },
  {
    name: "order-errors",
    title: "FlashMM's orders fail",
    expr: `sum by (market) (${increase("flashmm_order_placement_errors_total", "5m")}) + sum by (market) (${increase("flashmm_order_cancellation_errors_total", "5m")})`,
    above: 5,
    forDuration: "0s",
    severity: "warning",
    noData: "OK",
    summary:
      "{{ $values.B.Value }} placements and cancels of {{ $labels.market }} had no clear outcome in five minutes.",
    section: "Errors that are counted",
    panelId: 24,
  },
  {
    name: "api-errors",
    title: "FlashMM's order API answers with errors",
    expr: `sum by (kind) (${increase("flashmm_cambrian_api_errors_total", "5m")})`,
    above: 10,
    forDuration: "0s",
    severity: "warning",
    noData: "OK",
    summary: "{{ $values.B.Value }} errors of kind {{ $labels.kind }} in five minutes.",
    section: "Errors that are counted",
    panelId: 24,
  },
  {
    name: "feed-errors",
    title: "FlashMM's market data has errors",
    expr: `sum by (kind) (${increase("flashmm_sei_websocket_errors_total", "5m")})`,
    above: 20,
    forDuration: "0s",
    severity: "warning",
    noData: "OK",
    summary: "{{ $values.B.Value }} errors of kind {{ $labels.kind }} in five minutes.",
    section: "Errors that are counted",
    panelId: 24,
  },
  {
    name: "fill-errors",
    title: "FlashMM's fills could not be handed on",
    expr: `sum by (kind) (${increase("flashmm_fill_processing_errors_total", "10m")})`,
    above: 0,
    forDuration: "0s",
    severity: "warning",
    noData: "OK",
    summary: "{{ $values.B.Value }} fills of kind {{ $labels.kind }} in ten minutes.",
    section: "Errors that are counted",
    panelId: 24,
  },
  {
    name: "latency",
    title: "FlashMM is slow",
    expr: quantile(0.99, "flashmm_tick_to_wire_seconds", { window: "5m" }),
    above: P99_SECONDS_MAX,
    forDuration: "5m",
    severity: "warning",
    noData: "OK",
    summary: "One order in a hundred leaves more than {{ $values.B.Value }} s after the frame that caused it.",
    section: "Quotes that are missing, sides that lose",
    panelId: 18,
  },
  {
    name: "ledger-difference",
    title: "FlashMM's ledger and the venue differ",
    expr: `min(${gauge("flashmm_integration_healthy", 'integration="fill-audit"')})`,
    below: 1,
    forDuration: "0s",
    severity: "critical",
    noData: "OK",
    summary: "The last audit found a difference between the ledger and the venue, failed, or is long ago.",
    section: "Fill audit",
    panelId: 25,
  },
  {
    name: "dead-letters",
    title: "FlashMM has set messages aside",
    expr: `min(${gauge("flashmm_integration_healthy", 'integration="dead-letters"')})`,
    below: 1,
    forDuration: "0s",
    severity: "critical",
    noData: "OK",
    summary: "Messages wait in a dead-letter queue.",
    section: "Fills set aside",
    panelId: 25,
  },
  {
    name: "integration",
    title: "An integration of FlashMM is ill",
    expr: `min by (integration) (${gauge("flashmm_integration_healthy", 'integration!~"dead-letters|fill-audit"')})`,
    below: 1,
    forDuration: "2m",
    severity: "warning",
    noData: "OK",
    summary: "The health sweep finds {{ $labels.integration }} ill.",
    section: "An integration is ill",
    panelId: 25,
  },
];
