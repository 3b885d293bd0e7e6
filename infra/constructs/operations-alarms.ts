/**
 * What wakes somebody for whatever runs beside the tasks: every function and every dead-letter queue of a stack, whoever put it there,
 * the queue of fills, the schedules and the table. Owns that none of them is without an alarm: what already has one of its own gets no
 * second.
 */
import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Operation, type TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type IQueue, Queue } from "aws-cdk-lib/aws-sqs";
import { Construct, type IConstruct } from "constructs";
import { makeAlarm } from "./alarms.ts";
import { FILLS_CONSUMER_TIMEOUT_SECONDS } from "./fills-queue.ts";
import { NodeFunction } from "./node-function.ts";

export type OperationsAlarmsProps = {
  /** Where the functions and their dead-letter queues stand. */
  readonly operations: IConstruct;
  readonly ledger: TableV2;
  readonly fills: IQueue;
};

const PERIOD = Duration.minutes(5);
const MINUTE = Duration.minutes(1);
const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD: FROM, GREATER_THAN_THRESHOLD: ABOVE } = ComparisonOperator;
const { NOT_BREACHING } = TreatMissingData;

/** Twelve times what its reader may take for a batch: it reads nothing. */
const FILL_AGE_SECONDS = 12 * FILLS_CONSUMER_TIMEOUT_SECONDS;

/** On demand the table follows a doubled load within minutes; more than this is something that writes in a loop. */
const THROTTLES_MAX = 20;

export class OperationsAlarms extends Construct {
  constructor(scope: Construct, id: string, { operations, ledger, fills }: OperationsAlarmsProps) {
    super(scope, id);
    const present = operations.node.findAll().filter((each) => each instanceof Alarm);
    for (const each of operations.node.findAll()) {
      if (each instanceof NodeFunction) this.#function(each, present);
      else if (each instanceof Queue && each.node.id === "DeadLetters") this.#deadLetters(each, present);
    }
    this.#throttles();
    this.#fills(fills);
    this.#schedules();
    this.#ledger(ledger);
  }

  #function({ function: each, folder }: NodeFunction, present: readonly Alarm[]): void {
    const errors = each.metricErrors({ period: PERIOD, statistic: Stats.SUM });
    if (!present.some((alarm) => isOf(alarm.metric, errors))) {
      makeAlarm(this, `Errors of ${folder}`, {
        metric: errors,
        means: `The function ${folder} failed or ran out of time.`,
        section: "A function fails",
        threshold: 1,
        comparison: FROM,
        periods: 1,
        missing: NOT_BREACHING,
      });
    }
  }

  /** Of all functions of the account at once: what holds one back holds back any. */
  #throttles(): void {
    makeAlarm(this, "Throttles", {
      metric: new Metric({ namespace: "AWS/Lambda", metricName: "Throttles", period: PERIOD, statistic: Stats.SUM }),
      means: "A function of this account was held back: its concurrency is used up.",
      section: "A function fails",
      threshold: 1,
      comparison: FROM,
      periods: 1,
      missing: NOT_BREACHING,
    });
  }

  #deadLetters(queue: Queue, present: readonly Alarm[]): void {
    const waiting = queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: Stats.MAXIMUM });
    if (present.some((alarm) => isOf(alarm.metric, waiting))) return;
    const owner = queue.node.scope?.node.id ?? queue.node.id;
    makeAlarm(this, `Dead letters of ${owner}`, {
      metric: waiting,
      means: `What should have started ${owner} was set aside after every try.`,
      section: "Set aside after every try",
      page: "operations",
      threshold: 1,
      comparison: FROM,
      periods: 1,
      missing: NOT_BREACHING,
    });
  }

  #fills(fills: IQueue): void {
    makeAlarm(this, "Fills wait", {
      metric: fills.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: Stats.MAXIMUM }),
      means: `A fill has waited for more than ${FILL_AGE_SECONDS} s to be booked, in three minutes in a row.`,
      section: "Fills set aside",
      threshold: FILL_AGE_SECONDS,
      comparison: ABOVE,
      periods: 3,
      missing: NOT_BREACHING,
    });
  }

  #schedules(): void {
    for (const metricName of ["InvocationDroppedCount", "TargetErrorCount"]) {
      makeAlarm(this, `Schedules ${metricName}`, {
        metric: new Metric({
          namespace: "AWS/Scheduler",
          metricName,
          dimensionsMap: { ScheduleGroup: "default" },
          period: PERIOD,
          statistic: Stats.SUM,
        }),
        means: "A schedule could not start its function.",
        section: "A function fails",
        threshold: 1,
        comparison: FROM,
        periods: 1,
        missing: NOT_BREACHING,
      });
    }
  }

  #ledger(ledger: TableV2): void {
    makeAlarm(this, "Ledger throttled", {
      metric: ledger.metricThrottledRequestsForOperations({
        operations: [Operation.GET_ITEM, Operation.PUT_ITEM, Operation.UPDATE_ITEM, Operation.QUERY],
        period: PERIOD,
      }),
      means: `The table refused ${THROTTLES_MAX} requests or more in five minutes for want of capacity.`,
      section: "The table is slow or away",
      page: "operations",
      threshold: THROTTLES_MAX,
      comparison: FROM,
      periods: 1,
      missing: NOT_BREACHING,
    });
  }
}

/** Whether an alarm's metric is this one of this resource; period and statistic are the alarm's own affair. */
function isOf(metric: IMetric, wanted: IMetric): boolean {
  const [has, wants] = [metric.toMetricConfig().metricStat, wanted.toMetricConfig().metricStat];
  if (has === undefined || wants === undefined || has.metricName !== wants.metricName) return false;
  return JSON.stringify(has.dimensions) === JSON.stringify(wants.dimensions);
}
