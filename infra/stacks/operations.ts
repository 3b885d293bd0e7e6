/** The functions and what starts them. Holds nothing that cannot be made again. */
import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { FillAudit } from "../constructs/fill-audit.ts";
import { FILLS_CONSUMER_TIMEOUT_SECONDS, type FillsQueue } from "../constructs/fills-queue.ts";
import { GrafanaProvisioning } from "../constructs/grafana-provisioning.ts";
import { HealthSweep } from "../constructs/health-sweep.ts";
import { HourlyReport } from "../constructs/hourly-report.ts";
import { LedgerAlarms } from "../constructs/ledger-alarms.ts";
import { NodeFunction } from "../constructs/node-function.ts";
import { OperatorAccess } from "../constructs/operator-access.ts";
import { OperatorRequests } from "../constructs/operator-requests.ts";
import type { StageSettings } from "../stages.ts";

/**
 * Fills of one batch: two announcements, so that the claims of the second overlap the booking of the first. A message has well under two
 * kilobytes, a batch a tenth of the 6 MB that Lambda takes at most; at 30 ms a write, some times what is usual, it takes two seconds.
 */
const FILLS_BATCH_SIZE = 500;

/** One stuck batch leaves the other way open. More than two would only race for the position of the one market that is busy. */
const FILLS_BATCHES_AT_ONCE = 2;

export type OperationsStackProps = StackProps & {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly fills: FillsQueue;
  readonly bus: EventBus;
  readonly cambrianSecretArn: string;
  readonly reports: Bucket;
  readonly twitterSecretArn: string;
  readonly grafanaSecretArn: string;
};

export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: OperationsStackProps) {
    super(scope, id, { description: "FlashMM: the functions and what starts them", ...props });
    const accounting = this.#fillAccounting(props);
    const audit = new FillAudit(this, "FillAudit", { ...props, fills: props.fills.queue });
    new LedgerAlarms(this, "LedgerAlarms", {
      markets: props.settings.markets,
      functions: { "fill-accounting": accounting, "fill-audit": audit.function },
      deadLetters: { fills: props.fills.deadLetters, audits: audit.deadLetters },
    });
    const operator = new OperatorRequests(this, "OperatorControl", props);
    const report = new HourlyReport(this, "HourlyReport", props);
    const grafana = new GrafanaProvisioning(this, "GrafanaProvisioning", { ...props, stackId: this.stackId });
    new HealthSweep(this, "HealthSweep", {
      ...props,
      fills: props.fills.queue,
      deadLetters: [props.fills.deadLetters, ...[audit, operator, report, grafana].map((each) => each.deadLetters)],
    });
    new OperatorAccess(this, "OperatorAccess", props);
  }

  #fillAccounting(props: OperationsStackProps): IFunction {
    const accounting = new NodeFunction(this, "FillAccounting", {
      settings: props.settings,
      folder: "fill-accounting",
      description: "Books each fill once and folds the market's position, PnL and hours",
      timeout: Duration.seconds(FILLS_CONSUMER_TIMEOUT_SECONDS),
      memoryMegabytes: 512,
      environment: { TABLE_NAME: props.ledger.tableName },
    }).function;
    accounting.addToRolePolicy(
      new PolicyStatement({
        actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
        resources: [props.ledger.tableArn],
        // The books, and who has claimed which fill: neither halts nor leases nor reports. A call without a key is no exception.
        conditions: {
          "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["MARKET#*", "FILLID#*"] },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      }),
    );
    accounting.addEventSource(
      new SqsEventSource(props.fills.queue, {
        batchSize: FILLS_BATCH_SIZE,
        maxBatchingWindow: Duration.seconds(1),
        maxConcurrency: FILLS_BATCHES_AT_ONCE,
        reportBatchItemFailures: true,
      }),
    );
    return accounting;
  }
}
