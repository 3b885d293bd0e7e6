/**
 * The function that puts dashboard and alerts into Grafana, what starts it, and where a request goes that came to nothing. Owns how long it
 * is tried. It is no part of a deployment's success: an outage of Grafana must not roll trading back.
 */
import { Duration } from "aws-cdk-lib";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { StageSettings } from "../stages.ts";
import { makeDeadLetters } from "./dead-letters.ts";
import { NodeFunction } from "./node-function.ts";

export type GrafanaProvisioningProps = {
  readonly settings: StageSettings;
  readonly bus: EventBus;
  readonly grafanaSecretArn: string;
  /** The stack whose end of deployment starts it too. */
  readonly stackId: string;
};

/** Some twenty calls, of which each may be tried four times. */
const TIMEOUT = Duration.minutes(3);

/** Grafana may be away for a while; what is asked for stays right. */
const TRIED_FOR = Duration.hours(1);
const RETRIES = 2;

export class GrafanaProvisioning extends Construct {
  readonly function: IFunction;
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: GrafanaProvisioningProps) {
    super(scope, id);
    const deadLetters = makeDeadLetters(this, "grafana-dead-letters");
    const provisioning = new NodeFunction(this, "Function", {
      settings: props.settings,
      folder: "grafana-provisioning",
      description: "Puts the dashboard and the alerts into Grafana, as often as one likes",
      timeout: TIMEOUT,
      memoryMegabytes: 256,
      modulesBeside: ["provision"],
      environment: { GRAFANA_SECRET_ARN: props.grafanaSecretArn, MARKETS: props.settings.markets.join(",") },
    }).function;
    provisioning.addToRolePolicy(
      new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [props.grafanaSecretArn] }),
    );
    provisioning.configureAsyncInvoke({
      maxEventAge: TRIED_FOR,
      retryAttempts: RETRIES,
      onFailure: new SqsDestination(deadLetters),
    });
    const target = () =>
      new LambdaFunction(provisioning, {
        deadLetterQueue: deadLetters,
        maxEventAge: TRIED_FOR,
        retryAttempts: RETRIES,
      });
    new Rule(this, "Requests", {
      eventBus: props.bus,
      description: "Dashboards asked for by hand",
      eventPattern: { source: ["flashmm.operator"], detailType: ["Dashboards Provision Requested"] },
      targets: [target()],
    });
    // CloudFormation speaks on the account's default bus.
    new Rule(this, "Deployed", {
      eventBus: EventBus.fromEventBusName(this, "DefaultBus", "default"),
      description: "Dashboards after a deployment",
      eventPattern: {
        source: ["aws.cloudformation"],
        detailType: ["CloudFormation Stack Status Change"],
        detail: {
          "stack-id": [props.stackId],
          "status-details": { status: ["CREATE_COMPLETE", "UPDATE_COMPLETE"] },
        },
      },
      targets: [target()],
    });
    this.function = provisioning;
    this.deadLetters = deadLetters;
  }
}
