/**
 * The way of an operator's halt or resume: the rule on the bus, the function that writes it down, and where a request goes
 * that could not be written. Owns how often and how long it is tried.
 */
import { Duration } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { StageSettings } from "../stages.ts";
import { makeDeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";

export type OperatorRequestsProps = {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly bus: EventBus;
};

/** Who asked for a halt has done something else by then, and a late resume would be a danger. */
const TRIED_FOR = Duration.minutes(5);
const RETRIES = 2;

/** Four tries of three seconds at the table, and the start. */
const TIMEOUT = Duration.seconds(20);

export class OperatorRequests extends Construct {
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: OperatorRequestsProps) {
    super(scope, id);
    const deadLetters = makeDeadLetters(this, "operator-dead-letters");
    const control = new NodeFunction(this, "Function", {
      settings: props.settings,
      folder: "operator-control",
      description: "Writes an operator's halt or resume down, where the task reads it",
      timeout: TIMEOUT,
      // Memory is processor time, and a halt waits for a cold start.
      memoryMegabytes: 1_024,
      environment: {
        TABLE_NAME: props.ledger.tableName,
        EVENT_BUS_NAME: props.bus.eventBusName,
        MARKETS: props.settings.markets.join(","),
      },
    }).function;
    control.addToRolePolicy(
      new PolicyStatement({
        actions: ["dynamodb:GetItem", "dynamodb:PutItem"],
        resources: [props.ledger.tableArn],
        // Of the whole ledger it may touch the control items alone; a call without a key is no exception.
        conditions: {
          "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["CONTROL"] },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      }),
    );
    control.addToRolePolicy(
      new PolicyStatement({
        actions: ["events:PutEvents"],
        resources: [props.bus.eventBusArn],
        conditions: {
          StringEquals: { "events:source": "flashmm.engine", "events:detail-type": "Operator Request Refused" },
        },
      }),
    );
    // The rule hands the event to the function's own queue; what fails after that is the function's to bring to an end.
    control.configureAsyncInvoke({
      maxEventAge: TRIED_FOR,
      retryAttempts: RETRIES,
      onFailure: new SqsDestination(deadLetters),
    });
    new Rule(this, "Requests", {
      eventBus: props.bus,
      description: "Halts and resumes of quoting",
      eventPattern: {
        source: ["flashmm.operator"],
        detailType: ["Quoting Halt Requested", "Quoting Resume Requested"],
      },
      targets: [
        new LambdaFunction(control, { deadLetterQueue: deadLetters, maxEventAge: TRIED_FOR, retryAttempts: RETRIES }),
      ],
    });
    this.deadLetters = deadLetters;
  }
}
