/**
 * The topic that alarms speak to, and the aspect that makes each of them do so. The topic stands with what is kept: people subscribe
 * by hand and confirm, and a topic made anew would tell nobody. Owns who may publish there and that no alarm is silent.
 */
import { type IAspect, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Alarm, CompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { Construct, type IConstruct } from "constructs";

export class AlarmTopic extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const topic = new Topic(this, "Topic", { topicName: "flashmm-alarms", enforceSSL: true });
    topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsOfThisAccount",
        actions: ["sns:Publish"],
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    topic.addToResourcePolicy(
      new PolicyStatement({
        // EventBridge tells no account when it publishes to a topic: a statement with a condition would let none of its rules in.
        sid: "Rules",
        actions: ["sns:Publish"],
        principals: [new ServicePrincipal("events.amazonaws.com")],
        resources: [topic.topicArn],
      }),
    );
    this.topic = topic;
  }
}

/** Gives every alarm of the app the topic, when it begins and when it is over. Parts of a composite speak for themselves too. */
export class AlarmsTell implements IAspect {
  readonly #action: SnsAction;

  constructor(topic: ITopic) {
    this.#action = new SnsAction(topic);
  }

  visit(node: IConstruct): void {
    if (!(node instanceof Alarm || node instanceof CompositeAlarm)) return;
    node.addAlarmAction(this.#action);
    node.addOkAction(this.#action);
  }
}
