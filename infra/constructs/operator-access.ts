/**
 * What a person or a pipeline needs to operate FlashMM, as one policy to attach. Owns what an operator may do: say the operator's
 * events, and change strategy parameters; nothing of money and nothing of infrastructure.
 */
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

export type OperatorAccessProps = {
  readonly bus: EventBus;
  readonly ledger: TableV2;
};

/** CONTRACTS 6. */
const OPERATOR_EVENTS = [
  "Report Requested",
  "Quoting Halt Requested",
  "Quoting Resume Requested",
  "Dashboards Provision Requested",
  "Health Sweep Requested",
];

export class OperatorAccess extends Construct {
  constructor(scope: Construct, id: string, { bus, ledger }: OperatorAccessProps) {
    super(scope, id);
    new ManagedPolicy(this, "Policy", {
      description: "FlashMM: operator events and strategy parameters",
      statements: [
        new PolicyStatement({
          actions: ["events:PutEvents"],
          resources: [bus.eventBusArn],
          conditions: { StringEquals: { "events:source": "flashmm.operator", "events:detail-type": OPERATOR_EVENTS } },
        }),
        new PolicyStatement({
          actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"],
          resources: [ledger.tableArn],
          conditions: {
            "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["CONTROL"] },
            Null: { "dynamodb:LeadingKeys": "false" },
          },
        }),
      ],
    });
  }
}
