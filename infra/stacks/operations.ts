/** The functions and what starts them. Holds nothing that cannot be made again. */
import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { FILLS_CONSUMER_TIMEOUT_SECONDS } from "../constructs/fills-queue.ts";
import { NodeFunction } from "../constructs/node-function.ts";
import { OperatorRequests } from "../constructs/operator-requests.ts";
import type { StageSettings } from "../stages.ts";

/** The most a standard queue gives in one receive. */
const FILLS_BATCH_SIZE = 10;

export type OperationsStackProps = StackProps & {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly fills: Queue;
  readonly bus: EventBus;
};

export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: OperationsStackProps) {
    super(scope, id, { description: "FlashMM: the functions and what starts them", ...props });
    this.#fillAccounting(props);
    new OperatorRequests(this, "OperatorControl", props);
  }

  #fillAccounting(props: OperationsStackProps): void {
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
      }),
    );
    accounting.addEventSource(
      new SqsEventSource(props.fills, {
        batchSize: FILLS_BATCH_SIZE,
        maxBatchingWindow: Duration.seconds(1),
        reportBatchItemFailures: true,
      }),
    );
  }
}
