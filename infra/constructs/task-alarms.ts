/**
 * What wakes somebody for a task: silence, loss, old data, orders that fail, slowness. Owns thresholds and words. The task brakes by
 * itself and at once; an alarm comes minutes later and is the second line.
 */
import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { CounterName, GaugeName, HistogramName } from "../../core/metrics.ts";
import type { ShardSettings, StageSettings } from "../stages.ts";
import { makeAlarm } from "./alarms.ts";

type TaskMetricName = CounterName | GaugeName | HistogramName;

/** As `fargate/emf.ts` writes them. */
const NAMESPACE = "FlashMM";
const SERVICE = "task";

const MINUTE = Duration.minutes(1);
const {
  GREATER_THAN_OR_EQUAL_TO_THRESHOLD: FROM,
  LESS_THAN_THRESHOLD: BELOW,
  GREATER_THAN_THRESHOLD: ABOVE,
} = ComparisonOperator;
const { BREACHING, NOT_BREACHING, IGNORE } = TreatMissingData;

/** Orders a minute that came to nothing, of the shard: a version that is broken reaches it at once, a bad minute of the venue does not. */
const FAILED_ORDERS_MAX = 30;

/** Quotes are pulled long before: at `bookAgeMs` of the market. */
const STALE_SECONDS = 5;

/** The budget is a millisecond on a machine of its own; a small one shares its processor. */
const TICK_TO_WIRE_SECONDS = 0.1;

const REJECTED_SHARE = 0.2;

/** A figure of one market, or of the shard. */
export function taskMetric(
  metricName: TaskMetricName,
  of: { readonly market: string } | { readonly shard: string },
  statistic: string,
  period: Duration = MINUTE,
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { service: SERVICE, ...of },
    statistic,
    period,
  });
}

/** Written out, since ECS knows alarms by name: a reference would make the service wait for whatever the alarm refers to. */
export function deploymentAlarmName(settings: StageSettings, shard: ShardSettings): string {
  return `FlashMM-${settings.name}-${shard.name}-deployment`;
}

/** The alarm that takes a new version back while it is deployed. It stands beside the service. */
export function deploymentAlarm(scope: Construct, settings: StageSettings, shard: ShardSettings): Alarm {
  const failed = shard.markets.flatMap((market) =>
    (
      [
        "flashmm_orders_rejected_total",
        "flashmm_order_placement_errors_total",
        "flashmm_order_cancellation_errors_total",
      ] as const
    ).map((name) => taskMetric(name, { market }, Stats.SUM)),
  );
  const usingMetrics = Object.fromEntries(failed.map((metric, index) => [`m${index}`, metric]));
  return makeAlarm(scope, `Deployment of ${shard.name}`, {
    name: deploymentAlarmName(settings, shard),
    metric: new MathExpression({
      expression: Object.keys(usingMetrics).join(" + "),
      usingMetrics,
      label: "orders that came to nothing",
      period: MINUTE,
    }),
    means: `Orders of shard ${shard.name} came to nothing, ${FAILED_ORDERS_MAX} or more in each of two minutes. A deployment under way is taken back.`,
    section: "Orders that fail",
    page: "operations",
    threshold: FAILED_ORDERS_MAX,
    comparison: FROM,
    periods: 2,
    of: 3,
    missing: NOT_BREACHING,
  });
}

/** `unsafe`: what the composite alarm is made of. */
export class TaskAlarms extends Construct {
  readonly unsafe: readonly Alarm[];

  constructor(scope: Construct, id: string, shard: ShardSettings) {
    super(scope, id);
    this.unsafe = [
      this.#drawdown(shard),
      ...shard.markets.flatMap((market) => [this.#silent(market), this.#stale(market)]),
    ];
    this.#halted(shard);
    this.#faults(shard);
    for (const market of shard.markets) this.#orders(market);
  }

  #silent(market: string): Alarm {
    return makeAlarm(this, `Silent ${market}`, {
      metric: taskMetric("flashmm_quoting_state", { market }, Stats.SAMPLE_COUNT),
      means: `For three minutes no task said whether ${market} is quoted: it is not running, or does not come to quoting.`,
      section: "No task makes the market",
      page: "operations",
      threshold: 1,
      comparison: BELOW,
      periods: 3,
      missing: BREACHING,
    });
  }

  #drawdown({ name, drawdown }: ShardSettings): Alarm {
    return makeAlarm(this, "Drawdown", {
      metric: taskMetric("flashmm_drawdown_percent", { shard: name }, Stats.MAXIMUM),
      means: `The loss of shard ${name} from its best moment has come to ${drawdown.alertPercent} % of the capital. At ${drawdown.haltPercent} % the task halts by itself.`,
      section: "Risk Limit Breached",
      threshold: drawdown.alertPercent,
      comparison: FROM,
      periods: 1,
      missing: IGNORE,
    });
  }

  #stale(market: string): Alarm {
    return makeAlarm(this, `Stale ${market}`, {
      metric: taskMetric("flashmm_feed_staleness_seconds", { market }, Stats.MAXIMUM),
      means: `The newest book of ${market} was older than ${STALE_SECONDS} s in two of three minutes. Its quotes are pulled.`,
      section: "Quoting Halted",
      threshold: STALE_SECONDS,
      comparison: ABOVE,
      periods: 2,
      of: 3,
      missing: IGNORE,
    });
  }

  #halted({ markets }: ShardSettings): void {
    for (const market of markets) {
      makeAlarm(this, `Halted ${market}`, {
        metric: taskMetric("flashmm_quoting_state", { market }, Stats.MAXIMUM),
        means: `${market} was not quoted for a moment in ten minutes: an operator, a limit, or something that is missing.`,
        section: "Quoting Halted",
        threshold: 1,
        comparison: BELOW,
        periods: 10,
        missing: IGNORE,
      });
    }
  }

  #faults({ name }: ShardSettings): void {
    makeAlarm(this, "Fills not handed on", {
      metric: taskMetric("flashmm_fill_processing_errors_total", { shard: name }, Stats.SUM, Duration.minutes(5)),
      means: `Fills of shard ${name} could not be read, or not be handed to the queue, three times or more in five minutes.`,
      section: "Errors that are counted",
      threshold: 3,
      comparison: FROM,
      periods: 1,
      missing: NOT_BREACHING,
    });
    makeAlarm(this, "Order API fails", {
      metric: taskMetric("flashmm_cambrian_api_errors_total", { shard: name }, Stats.SUM, Duration.minutes(5)),
      means: `The order API gave shard ${name} twenty answers or more in five minutes that were errors, or none.`,
      section: "Errors that are counted",
      threshold: 20,
      comparison: FROM,
      periods: 2,
      missing: NOT_BREACHING,
    });
  }

  #orders(market: string): void {
    const sum = (name: CounterName, period = MINUTE) => taskMetric(name, { market }, Stats.SUM, period);
    makeAlarm(this, `Rejected ${market}`, {
      metric: new MathExpression({
        // A few of few are no share.
        expression: "IF(placed > 10, rejected / placed, 0)",
        usingMetrics: { placed: sum("flashmm_orders_placed_total"), rejected: sum("flashmm_orders_rejected_total") },
        label: "share of orders that the venue refused",
        period: MINUTE,
      }),
      means: `The venue refused more than a fifth of the orders of ${market} in three of five minutes.`,
      section: "Orders that fail",
      page: "operations",
      threshold: REJECTED_SHARE,
      comparison: ABOVE,
      periods: 3,
      of: 5,
      missing: NOT_BREACHING,
    });
    makeAlarm(this, `Slow ${market}`, {
      metric: taskMetric("flashmm_tick_to_wire_seconds", { market }, Stats.p(99)),
      means: `From a frame of ${market} read to orders written it took more than ${TICK_TO_WIRE_SECONDS} s for one in a hundred, in three of five minutes.`,
      section: "A task that is slow",
      page: "operations",
      threshold: TICK_TO_WIRE_SECONDS,
      comparison: ABOVE,
      periods: 3,
      of: 5,
      missing: NOT_BREACHING,
    });
    const hour = Duration.hours(1);
    makeAlarm(this, `No fills ${market}`, {
      metric: new MathExpression({
        expression: "IF(placed > 100 AND filled < 1, 1, 0)",
        usingMetrics: {
          placed: sum("flashmm_orders_placed_total", hour),
          filled: sum("flashmm_orders_filled_total", hour),
        },
        label: "an hour of quotes without a fill",
        period: hour,
      }),
      means: `In an hour more than a hundred orders of ${market} were placed and none was filled.`,
      section: "An hour without a fill",
      page: "operations",
      threshold: 1,
      comparison: FROM,
      periods: 1,
      missing: NOT_BREACHING,
    });
  }
}
