/** The one dashboard: is it safe, what it makes, how fast and how sound it is. Owns the layout; every figure is named elsewhere. */
import { Duration } from "aws-cdk-lib";
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  Metric,
  Stats,
} from "aws-cdk-lib/aws-cloudwatch";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { FunctionMetricName } from "../../core/metrics.ts";
import type { StageSettings } from "../stages.ts";
import type { NodeFunction } from "./node-function.ts";
import { taskMetric } from "./task-alarms.ts";

export type DashboardProps = {
  readonly settings: StageSettings;
  readonly alarms: readonly IAlarm[];
  readonly functions: readonly NodeFunction[];
  readonly fills: { readonly queue: IQueue; readonly deadLetters: IQueue };
};

const PERIOD = Duration.minutes(5);
const HALF = 12;
const THIRD = 8;

export function makeDashboard(scope: Construct, id: string, props: DashboardProps): Dashboard {
  const { settings, alarms, functions } = props;
  return new Dashboard(scope, id, {
    dashboardName: `FlashMM-${settings.name}`,
    defaultInterval: Duration.hours(6),
    widgets: [
      [new AlarmStatusWidget({ title: "Alarms", width: 24, height: 4, alarms: [...alarms] })],
      ...settings.markets.flatMap(marketRows),
      settings.shards.map(({ name }) =>
        graph(`Loss and faults of shard ${name}`, Math.floor(24 / settings.shards.length), {
          left: [taskMetric("flashmm_drawdown_percent", { shard: name }, Stats.MAXIMUM)],
          right: [
            taskMetric("flashmm_cambrian_api_errors_total", { shard: name }, Stats.SUM, PERIOD),
            taskMetric("flashmm_sei_websocket_errors_total", { shard: name }, Stats.SUM, PERIOD),
            taskMetric("flashmm_fill_processing_errors_total", { shard: name }, Stats.SUM, PERIOD),
          ],
        }),
      ),
      booksRow(props),
      functionsRow(functions),
    ],
  });
}

function marketRows(market: string): IWidget[][] {
  const last = (name: Parameters<typeof taskMetric>[0]) => taskMetric(name, { market }, Stats.AVERAGE, PERIOD);
  const sum = (name: Parameters<typeof taskMetric>[0]) => taskMetric(name, { market }, Stats.SUM, PERIOD);
  return [
    [
      graph(`${market}: spread improvement (bps), quoting`, THIRD, {
        left: [last("flashmm_spread_improvement_bps")],
        right: [last("flashmm_quoting_state")],
      }),
      graph(`${market}: profit (quote)`, THIRD, { left: [last("flashmm_pnl_usdc")] }),
      graph(`${market}: position (base)`, THIRD, { left: [last("flashmm_position")] }),
    ],
    [
      graph(`${market}: orders in five minutes`, THIRD, {
        left: [sum("flashmm_orders_placed_total"), sum("flashmm_orders_filled_total")],
        right: [sum("flashmm_orders_rejected_total"), sum("flashmm_order_placement_errors_total")],
      }),
      graph(`${market}: tick to wire (s)`, THIRD, {
        left: [50, 99].map((percent) =>
          taskMetric("flashmm_tick_to_wire_seconds", { market }, Stats.p(percent), PERIOD).with({
            label: `p${percent}`,
          }),
        ),
      }),
      graph(`${market}: age of the newest book (s)`, THIRD, {
        left: [taskMetric("flashmm_feed_staleness_seconds", { market }, Stats.MAXIMUM)],
      }),
    ],
  ];
}

function booksRow({ settings, fills }: DashboardProps): IWidget[] {
  const metricName = "flashmm_audit_age_seconds" satisfies FunctionMetricName;
  return [
    graph("Fills on their way, and set aside", HALF, {
      left: [
        fills.queue.metricApproximateNumberOfMessagesVisible(),
        fills.deadLetters.metricApproximateNumberOfMessagesVisible(),
      ],
      right: [fills.queue.metricApproximateAgeOfOldestMessage()],
    }),
    graph("Age of the last clean audit (s)", HALF, {
      left: settings.markets.map(
        (market) =>
          new Metric({
            namespace: "FlashMM",
            metricName,
            dimensionsMap: { market, service: "fill-audit" },
            statistic: Stats.MAXIMUM,
            label: market,
          }),
      ),
    }),
  ];
}

function functionsRow(functions: readonly NodeFunction[]): IWidget[] {
  const each = (metricOf: (made: NodeFunction) => Metric) =>
    functions.map((made) => metricOf(made).with({ label: made.folder }));
  return [
    graph("Errors of functions", HALF, { left: each((made) => made.function.metricErrors()) }),
    graph("Duration of functions (ms, p99)", HALF, {
      left: each((made) => made.function.metricDuration({ statistic: Stats.p(99) })),
    }),
  ];
}

function graph(
  title: string,
  width: number,
  axes: { readonly left: IMetric[]; readonly right?: IMetric[] },
): GraphWidget {
  return new GraphWidget({ title, width, ...axes });
}
