import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { functionOf, operations, removeOutput, statementsOf } from "./mainnet-stacks.ts";

afterAll(removeOutput);

describe("the provisioning of Grafana", () => {
  test.each([
    ["on request", { source: ["flashmm.operator"], "detail-type": ["Dashboards Provision Requested"] }],
    [
      "after a deployment of its own stack",
      Match.objectLike({
        source: ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        detail: {
          "stack-id": [{ Ref: "AWS::StackId" }],
          "status-details": { status: ["CREATE_COMPLETE", "UPDATE_COMPLETE"] },
        },
      }),
    ],
  ])("starts %s, is tried for an hour and then set aside", (_what, EventPattern) => {
    operations.hasResourceProperties("AWS::Events::Rule", {
      EventPattern,
      Targets: [
        Match.objectLike({
          RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 2 },
          DeadLetterConfig: { Arn: Match.anyValue() },
        }),
      ],
    });
  });

  test("may read the secret of Grafana, and nothing else of ours", () => {
    expect(statementsOf("grafana-provisioning").map(({ Action }) => Action)).toEqual([
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      "secretsmanager:GetSecretValue",
      ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"],
    ]);
    const variables = functionOf("grafana-provisioning")["Properties"].Environment.Variables;
    expect(variables.MARKETS).toBe("SEI/USDC");
    expect(variables.GRAFANA_SECRET_ARN).toEqual({ "Fn::GetStackOutput": expect.anything() });
    expect(Object.keys(variables).filter((name) => /API_KEY|TOKEN/.test(name))).toEqual([]);
  });
});
