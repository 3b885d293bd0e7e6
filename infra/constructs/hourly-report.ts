/**
 * The function that reports each hour, its schedule, the rule by which an operator asks for a report, and where a run goes that came to
 * nothing. Owns how often and how long it is tried, what it may touch, and whom its failures wake; it reads the whole ledger and writes its
 * own items alone.
 */
import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { CounterName } from "../../core/metrics.ts";
import type { StageSettings } from "../stages.ts";
import { toDescription } from "./alarms.ts";
import { makeDeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";

export type HourlyReportProps = {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly bus: EventBus;
  readonly reports: Bucket;
  readonly twitterSecretArn: string;
};

/** The audit proves an hour in the first of its runs, each five minutes, that is five minutes past the hour's end. */
const MINUTE = "15";

/** What the chart is drawn with, beside the bundle: the same as `lambdas/chart-png.ts` names. */
export const CHART_FILES: readonly string[] = [
  "@resvg/resvg-wasm/index_bg.wasm",
  "@fontsource/inter/files/inter-latin-400-normal.woff2",
  "@fontsource/inter/files/inter-latin-700-normal.woff2",
];

/** A limit of X lasts a quarter of an hour at most, and is waited for in place: the longest a function may take. */
const TIMEOUT = Duration.minutes(15);

const TRIED_FOR = Duration.minutes(15);
const RETRIES = 2;

const ERRORS = "flashmm_twitter_publish_errors_total" satisfies CounterName;
const PERIOD = Duration.minutes(15);

/** Of the runbook. */
const SECTION = "Hourly report";

export class HourlyReport extends Construct {
  readonly function: IFunction;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: HourlyReportProps) {
    super(scope, id);
    const deadLetters = makeDeadLetters(this, "report-dead-letters");
    const report = new NodeFunction(this, "Function", {
      settings: props.settings,
      folder: "hourly-report",
      description: "Reports each hour of market making: figures, chart, post on X",
      timeout: TIMEOUT,
      // The chart takes 200 MB; this much memory is a whole processor, which draws it in a second.
      memoryMegabytes: 1_769,
      filesBeside: CHART_FILES,
      modulesBeside: ["draw-report", "report-text", "x-client"],
      environment: {
        TABLE_NAME: props.ledger.tableName,
        REPORT_BUCKET: props.reports.bucketName,
        MARKETS: props.settings.markets.join(","),
        TWITTER_SECRET_ARN: props.twitterSecretArn,
      },
    }).function;
    for (const statement of statementsFor(props)) report.addToRolePolicy(statement);
    report.configureAsyncInvoke({
      maxEventAge: TRIED_FOR,
      retryAttempts: RETRIES,
      onFailure: new SqsDestination(deadLetters),
    });
    const tries = { deadLetterQueue: deadLetters, maxEventAge: TRIED_FOR, retryAttempts: RETRIES };
    new Schedule(this, "Schedule", {
      schedule: ScheduleExpression.cron({ minute: MINUTE }),
      description: "Report of the last full hour",
      target: new LambdaInvoke(report, tries),
    });
    new Rule(this, "Requests", {
      eventBus: props.bus,
      description: "Reports an operator asks for",
      eventPattern: { source: ["flashmm.operator"], detailType: ["Report Requested"] },
      targets: [new LambdaFunction(report, tries)],
    });
    this.#alarms(report, deadLetters);
    this.function = report;
    this.deadLetters = deadLetters;
  }

  #alarms(report: IFunction, deadLetters: IQueue): void {
    const dimensionsMap = { service: "hourly-report" };
    const over = { statistic: "Sum", period: PERIOD };
    const errors = new Metric({ namespace: "FlashMM", metricName: ERRORS, dimensionsMap, ...over });
    const waiting = deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: "Maximum" });
    const sentences = {
      "Publish errors": [errors, "A report ended unposted, or nobody knows whether X has it."],
      "Report errors": [report.metricErrors(over), "The function failed or ran out of time. It is tried twice more."],
      "Report dead letters": [waiting, "A run of the report could not be started, or failed each time it was tried."],
    } as const;
    for (const [id, [metric, means]] of Object.entries(sentences)) {
      new Alarm(this, id, {
        metric,
        alarmDescription: toDescription(means, SECTION),
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    }
    new Alarm(this, "Report age", {
      metric: report.metricInvocations({ statistic: "Sum", period: Duration.hours(1) }),
      alarmDescription: toDescription("For two hours no report was even begun.", SECTION),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}

function statementsFor({ ledger, reports, twitterSecretArn }: HourlyReportProps): readonly PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: [ledger.tableArn] }),
    new PolicyStatement({
      actions: ["dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: [ledger.tableArn],
      // Its own items: whoever tells of the books must not be able to write them.
      conditions: {
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["REPORT"] },
        Null: { "dynamodb:LeadingKeys": "false" },
      },
    }),
    new PolicyStatement({
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [reports.arnForObjects("reports/*")],
    }),
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [twitterSecretArn] }),
  ];
}
