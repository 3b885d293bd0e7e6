/**
 * What the dashboard shows, as data: rows of panels, each with its queries. Owns the content and the order; the JSON that Grafana takes is
 * `dashboard.ts`'s. Ids are fixed, since alerts point at panels by them.
 */
import { chosen, gauge, increase, MARKET_SELECTOR, quantile, rate } from "./queries.ts";

type Query = { readonly expr: string; readonly legend: string };

export type PanelSpec = {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly kind: "timeseries" | "stat";
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
  readonly min?: number;
  readonly max?: number;
  /** Red from here on; green below. */
  readonly redFrom?: number;
  /** Red below. */
  readonly redBelow?: number;
};

export type RowSpec = { readonly title: string; readonly panels: readonly PanelSpec[] };

const series = { kind: "timeseries" } as const;
const stat = { kind: "stat" } as const;

const TRADING: RowSpec = {
  title: "Trading",
  panels: [
    {
      ...series,
      id: 1,
      title: "Spread improvement",
      description:
        "Time-weighted spread of the others less the spread with us, in bps of the mid, and its mean of an hour",
      unit: "bps",
      width: 8,
      queries: [
        { expr: `avg by (market) (${chosen("flashmm_spread_improvement_bps")})`, legend: "{{market}}" },
        {
          expr: `avg by (market) (avg_over_time(${chosen("flashmm_spread_improvement_bps")}[1h]))`,
          legend: "{{market}}, mean of 1 h",
        },
      ],
    },
    {
      ...series,
      id: 2,
      title: "PnL over time",
      description: "Average cost, in quote currency, fees taken off",
      unit: "currencyUSD",
      width: 8,
      queries: [{ expr: `sum by (kind) (${chosen("flashmm_pnl_usdc")})`, legend: "{{kind}}" }],
    },
    {
      ...series,
      id: 3,
      title: "Order fill rate",
      description: "Orders filled to their end, in percent of the orders placed",
      unit: "percent",
      width: 8,
      min: 0,
      queries: [
        {
          expr: `100 * sum by (market) (${rate("flashmm_orders_filled_total")}) / (sum by (market) (${rate("flashmm_orders_placed_total")}) > 0)`,
          legend: "{{market}}",
        },
      ],
    },
  ],
};

const STATE: RowSpec = {
  title: "State",
  panels: [
    {
      ...stat,
      id: 4,
      title: "Quoting",
      description: "1 quoting, 0 halted",
      unit: "none",
      width: 4,
      redBelow: 1,
      queries: [{ expr: `min by (market) (${chosen("flashmm_quoting_state")})`, legend: "{{market}}" }],
    },
    {
      ...stat,
      id: 5,
      title: "Heartbeat",
      description: "Age of the task's newest figures",
      unit: "s",
      width: 4,
      redFrom: 60,
      queries: [
        { expr: `time() - max by (market) (timestamp(${gauge("flashmm_quoting_state")}))`, legend: "{{market}}" },
      ],
    },
    {
      ...stat,
      id: 6,
      title: "Drawdown",
      description: "Fall of the shard's profit from its best moment, in percent of the stated capital",
      unit: "percent",
      width: 4,
      redFrom: 3,
      queries: [{ expr: `max(${gauge("flashmm_drawdown_percent")})`, legend: "drawdown" }],
    },
    {
      ...stat,
      id: 7,
      title: "Unknown orders",
      description: "Placed or cancelled with an outcome that is not proven; they count in full as exposure",
      unit: "none",
      width: 4,
      redFrom: 1,
      queries: [{ expr: `sum by (market) (${chosen("flashmm_orders_unknown")})`, legend: "{{market}}" }],
    },
    {
      ...stat,
      id: 8,
      title: "Two-sided uptime",
      description: "Share of the time since the start with a live quote on both sides",
      unit: "percentunit",
      width: 4,
      queries: [{ expr: `avg by (market) (${chosen("flashmm_uptime_ratio")})`, legend: "{{market}}" }],
    },
    {
      ...stat,
      id: 9,
      title: "Volume of 24 h",
      description: "In quote currency",
      unit: "currencyUSD",
      width: 4,
      queries: [
        {
          expr: `sum by (market) (${increase("flashmm_volume_usdc_total", "24h", MARKET_SELECTOR)})`,
          legend: "{{market}}",
        },
      ],
    },
    {
      ...series,
      id: 10,
      title: "Position",
      description: "In base currency, negative when short",
      unit: "none",
      width: 8,
      queries: [{ expr: `sum by (market) (${chosen("flashmm_position")})`, legend: "{{market}}" }],
    },
    {
      ...series,
      id: 11,
      title: "Drawdown over time",
      description: "The alert is at 3 %",
      unit: "percent",
      width: 8,
      min: 0,
      redFrom: 3,
      queries: [{ expr: `max(${gauge("flashmm_drawdown_percent")})`, legend: "drawdown" }],
    },
    {
      ...series,
      id: 12,
      title: "Quotes held back",
      description: "By the risk gate, a second, by its reason",
      unit: "ops",
      width: 8,
      min: 0,
      // Before the first one there is no series: a line at 0 is no missing data.
      queries: [
        { expr: `sum by (reason) (${rate("flashmm_orders_denied_total")}) or vector(0)`, legend: "{{reason}}" },
      ],
    },
  ],
};

const QUALITY: RowSpec = {
  title: "Fills and spreads",
  panels: [
    {
      ...series,
      id: 13,
      title: "Markouts",
      description: "What the fills of the last hour made at the mid so long after them, in bps of the mid",
      unit: "bps",
      width: 8,
      queries: [
        {
          expr: `avg by (side, horizon) (${chosen("flashmm_markout_bps", 'level="all"')})`,
          legend: "{{side}} after {{horizon}}",
        },
      ],
    },
    {
      ...series,
      id: 14,
      title: "Spread capture and adverse selection",
      description: "Of the fills of the last hour, in bps of the mid",
      unit: "bps",
      width: 8,
      queries: [
        {
          expr: `avg by (side) (${chosen("flashmm_spread_capture_bps", 'level="all"')})`,
          legend: "{{side}} captured",
        },
        {
          expr: `avg by (side, horizon) (${chosen("flashmm_adverse_selection_bps", 'level="all"')})`,
          legend: "{{side}} against us after {{horizon}}",
        },
      ],
    },
    {
      ...series,
      id: 15,
      title: "Market spread",
      description: "With our orders (self) and without them (others)",
      unit: "bps",
      width: 8,
      min: 0,
      queries: [
        {
          expr: `avg by (market, including) (${chosen("flashmm_market_spread_bps")})`,
          legend: "{{market}} {{including}}",
        },
      ],
    },
    {
      ...series,
      id: 16,
      title: "Orders a second",
      description: "Placed, cancelled, filled to their end, rejected",
      unit: "ops",
      width: 12,
      min: 0,
      queries: [
        { expr: `sum(${rate("flashmm_orders_placed_total")})`, legend: "placed" },
        { expr: `sum(${rate("flashmm_orders_cancelled_total")})`, legend: "cancelled" },
        { expr: `sum(${rate("flashmm_orders_filled_total")})`, legend: "filled" },
        { expr: `sum(${rate("flashmm_orders_rejected_total")})`, legend: "rejected" },
      ],
    },
    {
      ...series,
      id: 17,
      title: "Volume and fees an hour",
      description: "In quote currency",
      unit: "currencyUSD",
      width: 12,
      min: 0,
      queries: [
        {
          expr: `sum by (market) (${increase("flashmm_volume_usdc_total", "1h", MARKET_SELECTOR)})`,
          legend: "{{market}} volume",
        },
        {
          expr: `sum by (market) (${increase("flashmm_fees_usdc_total", "1h", MARKET_SELECTOR)})`,
          legend: "{{market}} fees",
        },
      ],
    },
  ],
};

const MACHINE: RowSpec = {
  title: "Latency, connections, errors",
  panels: [
    {
      ...series,
      id: 18,
      title: "Tick to wire",
      description: "Market data frame read to orders written",
      unit: "s",
      width: 8,
      min: 0,
      queries: [
        { expr: quantile(0.5, "flashmm_tick_to_wire_seconds", { selector: MARKET_SELECTOR }), legend: "p50" },
        { expr: quantile(0.99, "flashmm_tick_to_wire_seconds", { selector: MARKET_SELECTOR }), legend: "p99" },
      ],
    },
    {
      ...series,
      id: 19,
      title: "Order round trip",
      description: "Request sent to answer read",
      unit: "s",
      width: 8,
      min: 0,
      queries: [
        { expr: quantile(0.5, "flashmm_order_round_trip_seconds", { by: ["operation"] }), legend: "{{operation}} p50" },
        {
          expr: quantile(0.99, "flashmm_order_round_trip_seconds", { by: ["operation"] }),
          legend: "{{operation}} p99",
        },
      ],
    },
    {
      ...series,
      id: 20,
      title: "Age of the newest book",
      description: "The alert is at 5 s",
      unit: "s",
      width: 8,
      min: 0,
      redFrom: 5,
      queries: [{ expr: `max by (market) (${chosen("flashmm_feed_staleness_seconds")})`, legend: "{{market}}" }],
    },
    {
      ...series,
      id: 21,
      title: "Feed endpoint",
      description: "1 where the market data comes from",
      unit: "none",
      width: 8,
      min: 0,
      max: 1,
      queries: [{ expr: `max by (endpoint) (${gauge("flashmm_feed_connected")})`, legend: "{{endpoint}}" }],
    },
    {
      ...series,
      id: 22,
      title: "Reconnects and gaps",
      description: "In ten minutes",
      unit: "none",
      width: 8,
      min: 0,
      queries: [
        { expr: `sum by (endpoint) (${increase("flashmm_feed_reconnects_total", "10m")})`, legend: "{{endpoint}}" },
        {
          expr: `sum by (market) (${increase("flashmm_feed_sequence_gaps_total", "10m", MARKET_SELECTOR)})`,
          legend: "{{market}} gaps",
        },
      ],
    },
    {
      ...series,
      id: 23,
      title: "Circuit breakers",
      description: "0 closed, 1 half-open, 2 open",
      unit: "none",
      width: 8,
      min: 0,
      max: 2,
      redFrom: 2,
      queries: [{ expr: `max by (integration) (${gauge("flashmm_circuit_state")})`, legend: "{{integration}}" }],
    },
    {
      ...series,
      id: 24,
      title: "Errors by kind",
      description: "In ten minutes; docs/runbook.md says what each kind means",
      unit: "none",
      width: 16,
      min: 0,
      queries: [
        { expr: `sum by (kind) (${increase("flashmm_sei_websocket_errors_total", "10m")})`, legend: "feed {{kind}}" },
        {
          expr: `sum by (kind) (${increase("flashmm_cambrian_api_errors_total", "10m")})`,
          legend: "order API {{kind}}",
        },
        { expr: `sum(${increase("flashmm_order_placement_errors_total", "10m")})`, legend: "placements" },
        { expr: `sum(${increase("flashmm_order_cancellation_errors_total", "10m")})`, legend: "cancellations" },
        {
          expr: `sum by (kind) (${increase("flashmm_fill_processing_errors_total", "10m")})`,
          legend: "fills {{kind}}",
        },
        { expr: `sum by (kind) (${increase("flashmm_minute_write_errors_total", "10m")})`, legend: "minutes {{kind}}" },
        { expr: `sum by (kind) (${increase("flashmm_metrics_push_errors_total", "10m")})`, legend: "push {{kind}}" },
        { expr: `sum(${increase("flashmm_twitter_publish_errors_total", "10m")})`, legend: "posts" },
      ],
    },
    {
      ...series,
      id: 25,
      title: "Integrations",
      description: "1 well, 0 ill, as the health sweep settled it: the functions, the queues and the audit among them",
      unit: "none",
      width: 8,
      min: 0,
      max: 1,
      queries: [
        {
          expr: `min by (integration) (${gauge("flashmm_integration_healthy")})`,
          legend: "{{integration}}",
        },
      ],
    },
  ],
};

export const ROWS: readonly RowSpec[] = [TRADING, STATE, QUALITY, MACHINE];
