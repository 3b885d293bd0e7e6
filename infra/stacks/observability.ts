/**
 * What watches from outside: alarms of the tasks and of whatever runs beside them, one that stands for "unsafe", the dashboard, and the
 * word that a task has ended. Holds nothing that cannot be made again. The topic all of it speaks to is kept in the state stack.
 */
import { Stack, type StackProps } from "aws-cdk-lib";
import { Alarm, AlarmRule, AlarmState, CompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { ICluster } from "aws-cdk-lib/aws-ecs";
import { type EventBus, Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { toDescription } from "../constructs/alarms.ts";
import { makeDashboard } from "../constructs/dashboard.ts";
import type { FillsQueue } from "../constructs/fills-queue.ts";
import { NodeFunction } from "../constructs/node-function.ts";
import { OperationsAlarms } from "../constructs/operations-alarms.ts";
import { TaskAlarms } from "../constructs/task-alarms.ts";
import type { StageSettings } from "../stages.ts";

export type ObservabilityStackProps = StackProps & {
  readonly settings: StageSettings;
  readonly ledger: TableV2;
  readonly fills: FillsQueue;
  readonly bus: EventBus;
  readonly cluster: ICluster;
  readonly alarmTopic: ITopic;
  /** Everything in these two is watched, whoever put it there. */
  readonly operations: Stack;
  readonly trading: Stack;
};

export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, { description: "FlashMM: alarms and the dashboard", ...props });
    const { settings, ledger, fills, operations, trading } = props;
    const tasks = settings.shards.map((shard) => new TaskAlarms(this, `Task-${shard.name}`, shard));
    new OperationsAlarms(this, "Operations", { operations, ledger, fills: fills.queue });
    this.#unsafe(settings, tasks);
    // By its ARN: the topic's own policy lets rules in, and stays with the topic.
    const topic = new SnsTopic(Topic.fromTopicArn(this, "Topic", props.alarmTopic.topicArn));
    this.#tellOfEnds(props, topic);
    this.#tellOfDangers(props, topic);
    makeDashboard(this, "Dashboard", {
      settings,
      alarms: [this, operations, trading].flatMap(alarmsIn),
      functions: operations.node.findAll().filter((each) => each instanceof NodeFunction),
      fills,
    });
  }

  #unsafe(settings: StageSettings, tasks: readonly TaskAlarms[]): void {
    const parts = tasks.flatMap((task) => task.unsafe);
    new CompositeAlarm(this, "Unsafe", {
      compositeAlarmName: `FlashMM-${settings.name}-unsafe`,
      alarmDescription: toDescription(
        "Nobody makes a market, money is being lost, or its data is old.",
        "Unsafe",
        "operations",
      ),
      alarmRule: AlarmRule.anyOf(...parts.map((part) => AlarmRule.fromAlarm(part, AlarmState.ALARM))),
    });
  }

  /** Each end of a task, wanted or not: a deployment is one, so is a crash. No metric of ECS says it without Container Insights. */
  #tellOfEnds({ cluster }: ObservabilityStackProps, topic: SnsTopic): void {
    new Rule(this, "TaskEnds", {
      description: "A task has ended",
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: { clusterArn: [cluster.clusterArn], lastStatus: ["STOPPED"] },
      },
      targets: [topic],
    });
  }

  /** What the task and the functions say of limits, orders that were left, integrations and requests that were refused (CONTRACTS 6). */
  #tellOfDangers({ bus }: ObservabilityStackProps, topic: SnsTopic): void {
    new Rule(this, "Dangers", {
      eventBus: bus,
      description: "A limit was breached, an integration changed, a request was refused",
      eventPattern: {
        source: ["flashmm.engine", "flashmm.health"],
        detailType: ["Risk Limit Breached", "Integration Health Changed", "Operator Request Refused"],
      },
      targets: [topic],
    });
  }
}

function alarmsIn(stack: Stack): Alarm[] {
  return stack.node.findAll().filter((each) => each instanceof Alarm);
}
