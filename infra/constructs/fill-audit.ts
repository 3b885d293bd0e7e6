/**
 * The function that holds the venue's fills against the ledger, its schedule, and where a run goes that could not be started or came
 * to nothing. Owns how often it runs and what it may touch: it reads the whole ledger and writes none of the books.
 */
import { Duration } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { StageSettings } from "../stages.ts";
import { makeDeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";

export type FillAuditProps = {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly fills: IQueue;
  readonly bus: EventBus;
  readonly cambrianSecretArn: string;
};

/** CONTRACTS 6. */
const EVERY = Duration.minutes(5);

/** The venue is asked once a second, so a minute is some forty pages of five hundred fills; a usual run asks once or twice a market. */
const TIMEOUT = Duration.minutes(1);

/** What one run did not do the next one does: trying for longer than until then helps nobody. */
const RETRIES = 2;

export class FillAudit extends Construct {
  readonly function: IFunction;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: FillAuditProps) {
    super(scope, id);
    const deadLetters = makeDeadLetters(this, "audit-dead-letters");
    const { baseUrl, network } = props.settings.cambrian;
    const audit = new NodeFunction(this, "Function", {
      settings: props.settings,
      folder: "fill-audit",
      description: "Holds the venue's fills against the ledger and proves each hour's PnL",
      timeout: TIMEOUT,
      // An hour of ten thousand fills is proven in memory.
      memoryMegabytes: 512,
      environment: {
        TABLE_NAME: props.ledger.tableName,
        FILLS_QUEUE_URL: props.fills.queueUrl,
        EVENT_BUS_NAME: props.bus.eventBusName,
        MARKETS: props.settings.markets.join(","),
        CAMBRIAN_BASE_URL: baseUrl,
        CAMBRIAN_TESTNET: `${network === "testnet"}`,
        CAMBRIAN_SECRET_ARN: props.cambrianSecretArn,
      },
    }).function;
    for (const statement of statementsFor(props)) audit.addToRolePolicy(statement);
    audit.configureAsyncInvoke({
      maxEventAge: EVERY,
      retryAttempts: RETRIES,
      onFailure: new SqsDestination(deadLetters),
    });
    new Schedule(this, "Schedule", {
      schedule: ScheduleExpression.rate(EVERY),
      description: "Fill audit",
      target: new LambdaInvoke(audit, { deadLetterQueue: deadLetters, maxEventAge: EVERY, retryAttempts: RETRIES }),
    });
    this.function = audit;
    this.deadLetters = deadLetters;
  }
}

function statementsFor({ ledger, fills, bus, cambrianSecretArn }: FillAuditProps): readonly PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: [ledger.tableArn] }),
    new PolicyStatement({
      actions: ["dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: [ledger.tableArn],
      // Its own items and the halts: whoever proves the books must not be able to write them.
      conditions: {
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["AUDIT#*", "CONTROL"] },
        Null: { "dynamodb:LeadingKeys": "false" },
      },
    }),
    new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [fills.queueArn] }),
    new PolicyStatement({
      actions: ["events:PutEvents"],
      resources: [bus.eventBusArn],
      conditions: {
        StringEquals: { "events:source": "flashmm.engine", "events:detail-type": "Risk Limit Breached" },
      },
    }),
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [cambrianSecretArn] }),
  ];
}
