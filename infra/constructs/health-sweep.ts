/**
 * The function that looks at every integration each minute and ends the orders of a silent task, what starts it, the looks between the
 * sweeps, and where either goes that could not be made. Owns how often it runs and what it may touch: of the ledger its own items alone,
 * and leases and audits to read.
 */
import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { StageSettings } from "../stages.ts";
import { makeAlarm } from "./alarms.ts";
import { makeDeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";

export type HealthSweepProps = {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly fills: IQueue;
  /** Every queue of messages set aside, but the sweep's own, which is added. */
  readonly deadLetters: readonly IQueue[];
  readonly bus: EventBus;
  readonly cambrianSecretArn: string;
  readonly grafanaSecretArn: string;
  /** The ARN of the keys of X; without it that integration is not configured. */
  readonly twitterSecretArn?: string;
};

/** CONTRACTS 6. A sweep that is late is worth nothing: the next one has begun. */
const EVERY = Duration.minutes(1);
const RETRIES = 0;

/** It may watch a heartbeat for half a minute and then end orders. */
const TIMEOUT = Duration.minutes(1);

/** AWS Lambda guide, "Configuring a queue to use with Lambda": what a queue hides a message for, in time-outs of its reader. */
const VISIBILITY_PER_TIMEOUT = 6;

/** The fewest that Lambda knows: one that ends orders leaves the other way open. */
const LOOKS_AT_ONCE = 2;

export class HealthSweep extends Construct {
  readonly function: IFunction;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: HealthSweepProps) {
    super(scope, id);
    const deadLetters = makeDeadLetters(this, "health-dead-letters");
    const queues = [...props.deadLetters, deadLetters];
    const looks = this.#looks(deadLetters);
    const sweep = new NodeFunction(this, "Function", {
      settings: props.settings,
      folder: "health-sweep",
      description: "Looks at every integration and ends the orders of a task that is silent",
      timeout: TIMEOUT,
      // Memory is processor time, and a dead man waits for a cold start.
      memoryMegabytes: 512,
      environment: { ...variablesFor(props, queues), LOOKS_QUEUE_URL: looks.queueUrl },
    }).function;
    for (const statement of statementsFor(props, queues)) sweep.addToRolePolicy(statement);
    sweep.addToRolePolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [looks.queueArn] }));
    // However many there are, one look is enough.
    sweep.addEventSource(new SqsEventSource(looks, { batchSize: 10, maxConcurrency: LOOKS_AT_ONCE }));
    sweep.configureAsyncInvoke({
      maxEventAge: EVERY,
      retryAttempts: RETRIES,
      onFailure: new SqsDestination(deadLetters),
    });
    const delivery = { deadLetterQueue: deadLetters, maxEventAge: EVERY, retryAttempts: RETRIES };
    new Schedule(this, "Schedule", {
      schedule: ScheduleExpression.rate(EVERY),
      description: "Health sweep and dead man",
      target: new LambdaInvoke(sweep, delivery),
    });
    new Rule(this, "Requests", {
      eventBus: props.bus,
      description: "Health sweeps by hand",
      eventPattern: { source: ["flashmm.operator"], detailType: ["Health Sweep Requested"] },
      targets: [new LambdaFunction(sweep, delivery)],
    });
    // It ends the orders of a task that is silent: its own silence must not go unheard.
    makeAlarm(this, "Silent", {
      metric: sweep.metricInvocations({ period: Duration.minutes(5), statistic: Stats.SUM }),
      means: "For five minutes no health sweep was begun: nobody would end the orders of a task that is silent.",
      section: "An integration is ill",
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 1,
      missing: TreatMissingData.BREACHING,
    });
    this.function = sweep;
    this.deadLetters = deadLetters;
  }

  /** Two sweeps may begin 119 s apart: looks between them (`lambdas/health-sweep/looks.ts`). One that fails is not made again. */
  #looks(deadLetters: IQueue): Queue {
    const visibilityTimeout = Duration.minutes(VISIBILITY_PER_TIMEOUT * TIMEOUT.toMinutes());
    return new Queue(this, "Looks", {
      queueName: "health-looks",
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout,
      receiveMessageWaitTime: Duration.seconds(20),
      // Long enough for one that failed to be set aside.
      retentionPeriod: visibilityTimeout.plus(Duration.minutes(5)),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 1 },
    });
  }
}

function variablesFor(props: HealthSweepProps, queues: readonly IQueue[]): Record<string, string> {
  const { baseUrl, network } = props.settings.cambrian;
  return {
    TABLE_NAME: props.ledger.tableName,
    EVENT_BUS_NAME: props.bus.eventBusName,
    MARKETS: props.settings.markets.join(","),
    // Each task's lease is watched apart.
    SHARDS: props.settings.shards.map(toShardText).join(";"),
    FILLS_QUEUE_URL: props.fills.queueUrl,
    DEAD_LETTER_QUEUE_URLS: queues.map((queue) => queue.queueUrl).join(","),
    SEI_REST_URL: props.settings.seiRestUrls.join(","),
    CAMBRIAN_BASE_URL: baseUrl,
    CAMBRIAN_TESTNET: `${network === "testnet"}`,
    CAMBRIAN_SECRET_ARN: props.cambrianSecretArn,
    GRAFANA_SECRET_ARN: props.grafanaSecretArn,
    ...(props.twitterSecretArn === undefined ? {} : { TWITTER_SECRET_ARN: props.twitterSecretArn }),
  };
}

/** As `lambdas/health-sweep/shards.ts` reads it. */
function toShardText({ name, markets }: { readonly name: string; readonly markets: readonly string[] }): string {
  return `${name}=${markets.join(",")}`;
}

function statementsFor(props: HealthSweepProps, queues: readonly IQueue[]): readonly PolicyStatement[] {
  const { ledger, fills, bus } = props;
  const keyed = (actions: readonly string[], keys: readonly string[]) =>
    new PolicyStatement({
      actions: [...actions],
      resources: [ledger.tableArn],
      // A call without a key is no exception.
      conditions: {
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...keys] },
        Null: { "dynamodb:LeadingKeys": "false" },
      },
    });
  const spoken = (source: string, detailType: string) =>
    new PolicyStatement({
      actions: ["events:PutEvents"],
      resources: [bus.eventBusArn],
      conditions: { StringEquals: { "events:source": source, "events:detail-type": detailType } },
    });
  const secrets = [props.cambrianSecretArn, props.grafanaSecretArn, props.twitterSecretArn ?? []].flat();
  return [
    keyed(["dynamodb:GetItem", "dynamodb:Query"], ["HEALTH", "LEASE", "DEADMAN", "AUDIT#*"]),
    keyed(["dynamodb:PutItem", "dynamodb:UpdateItem"], ["HEALTH", "DEADMAN"]),
    new PolicyStatement({
      actions: ["sqs:GetQueueAttributes"],
      resources: [fills, ...queues].map((queue) => queue.queueArn),
    }),
    spoken("flashmm.health", "Integration Health Changed"),
    spoken("flashmm.engine", "Risk Limit Breached"),
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: secrets }),
  ];
}
