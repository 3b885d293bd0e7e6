import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { stageSettings } from "../../infra/stages.ts";
import { functionOf, operations, removeOutput, statementsOf } from "./mainnet-stacks.ts";

afterAll(removeOutput);

describe("the fill audit", () => {
  const deadLetters = { "Fn::GetAtt": ["FillAuditDeadLetters2E5B0A9D", "Arn"] };

  test("runs every five minutes, is tried until the next run and then set aside", () => {
    operations.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(5 minutes)",
      State: "ENABLED",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: Match.objectLike({
        Arn: { "Fn::GetAtt": ["FillAuditFunction429C51EF", "Arn"] },
        RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 },
        DeadLetterConfig: { Arn: deadLetters },
        Input: Match.absent(),
      }),
    });
    operations.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: "FillAuditFunction429C51EF" },
      MaximumEventAgeInSeconds: 300,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: deadLetters } },
    });
    operations.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "audit-dead-letters",
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test("has ended before the next run", () => {
    expect(functionOf("fill-audit")["Properties"].Timeout).toBeLessThan(300);
  });

  test("may read the ledger, write its own items and halts alone, queue fills, tell of a breach and read its key", () => {
    const statements = statementsOf("fill-audit");
    expect(statements.map((statement) => [statement.Effect, statement.Action])).toEqual([
      ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]],
      ["Allow", ["dynamodb:GetItem", "dynamodb:Query"]],
      ["Allow", ["dynamodb:PutItem", "dynamodb:UpdateItem"]],
      ["Allow", "sqs:SendMessage"],
      ["Allow", "events:PutEvents"],
      ["Allow", "secretsmanager:GetSecretValue"],
      ["Allow", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]],
    ]);
    expect(statements[2]?.Condition).toEqual({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["AUDIT#*", "CONTROL"] },
      Null: { "dynamodb:LeadingKeys": "false" },
    });
    expect(statements[4]?.Condition).toEqual({
      StringEquals: { "events:source": "flashmm.engine", "events:detail-type": "Risk Limit Breached" },
    });
    for (const { Resource } of statements) expect(JSON.stringify(Resource)).not.toContain("*");
    expect(JSON.stringify(statements[3]?.Resource)).toContain("FillsQueue");
    expect(JSON.stringify(statements[5]?.Resource)).toContain("CambrianSecret");
  });

  test("is started by its schedule's own role, which may start nothing else", () => {
    const [schedule] = Object.values(operations.findResources("AWS::Scheduler::Schedule"));
    const role = schedule?.["Properties"].Target.RoleArn["Fn::GetAtt"][0];
    const policies = Object.values(operations.findResources("AWS::IAM::Policy")).filter((policy) =>
      policy["Properties"].Roles.some((each: { readonly Ref: string }) => each.Ref === role),
    );
    const functionArn = { "Fn::GetAtt": ["FillAuditFunction429C51EF", "Arn"] };
    expect(policies.flatMap((policy) => policy["Properties"].PolicyDocument.Statement)).toEqual([
      {
        Effect: "Allow",
        Action: "lambda:InvokeFunction",
        // Its versions too, which the CDK adds.
        Resource: [functionArn, { "Fn::Join": ["", [functionArn, ":*"]] }],
      },
      { Effect: "Allow", Action: "sqs:SendMessage", Resource: deadLetters },
    ]);
  });

  test("asks the order API of its stage, with the key of the secret and none in plain sight", () => {
    const variables = functionOf("fill-audit")["Properties"].Environment.Variables;
    const { markets, cambrian } = stageSettings("mainnet");
    expect(variables).toMatchObject({
      MARKETS: markets.join(","),
      CAMBRIAN_BASE_URL: cambrian.baseUrl,
      CAMBRIAN_TESTNET: "false",
      CAMBRIAN_SECRET_ARN: { "Fn::GetStackOutput": expect.anything() },
    });
    expect(Object.keys(variables)).not.toContain("CAMBRIAN_SECRET_KEY");
  });
});

describe("the alarms of the ledger", () => {
  const alarms = Object.values(operations.findResources("AWS::CloudWatch::Alarm")).map((alarm) => alarm["Properties"]);
  const dimensions = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([Name, Value]) => ({ Name, Value }));
  const [market = ""] = stageSettings("mainnet").markets;

  test.each([
    ["fills that were set aside", { Namespace: "AWS/SQS", MetricName: "ApproximateNumberOfMessagesVisible" }],
    [
      "fills that contradict",
      {
        MetricName: "flashmm_fill_processing_errors_total",
        Dimensions: dimensions({ kind: "conflict", service: "fill-accounting" }),
      },
    ],
    [
      "fills that cannot be read",
      {
        MetricName: "flashmm_fill_processing_errors_total",
        Dimensions: dimensions({ kind: "undecodable", service: "fill-accounting" }),
      },
    ],
    [
      "fills that stay missing",
      {
        MetricName: "flashmm_audit_differences_total",
        Dimensions: dimensions({ kind: "missing", market, service: "fill-audit" }),
        EvaluationPeriods: 3,
      },
    ],
    [
      "an hour's PnL that does not add up",
      {
        MetricName: "flashmm_audit_differences_total",
        Dimensions: dimensions({ kind: "identity", market, service: "fill-audit" }),
      },
    ],
    ["a function that fails", { Namespace: "AWS/Lambda", MetricName: "Errors" }],
  ])("tell of %s at the first one", (_what, properties) => {
    operations.hasResourceProperties("AWS::CloudWatch::Alarm", {
      ...properties,
      Threshold: 1,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      TreatMissingData: "notBreaching",
    });
  });

  test("tell of an audit that was not clean for a quarter of an hour, and of none at all", () => {
    operations.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "flashmm_audit_age_seconds",
      Dimensions: dimensions({ market, service: "fill-audit" }),
      Statistic: "Maximum",
      Period: 900,
      Threshold: 900,
      TreatMissingData: "breaching",
    });
  });

  test("tell of fills that differ or are unknown to the venue, of every market", () => {
    const found = alarms.flatMap((alarm) => alarm.Metrics ?? []).filter((each) => each.MetricStat !== undefined);
    const kinds = found.map(({ MetricStat }) =>
      MetricStat.Metric.Dimensions.map((each: { Value: string }) => each.Value),
    );
    expect(kinds).toEqual(
      stageSettings("mainnet").markets.flatMap((symbol) => [
        ["different", symbol, "fill-audit"],
        ["unknown-to-venue", symbol, "fill-audit"],
      ]),
    );
  });

  test("watch every dead-letter queue of the books and every function of them", () => {
    const names = JSON.stringify(alarms.flatMap((alarm) => alarm.Dimensions ?? []));
    for (const each of ["FillsDeadLetters", "FillAuditDeadLetters", "FillAccountingFunction", "FillAuditFunction"]) {
      expect(names).toContain(each);
    }
  });

  test("say each what it means and which section of the runbook goes on", () => {
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription).toMatch(/^[A-Z].+\. docs\/runbook\.md#[a-z0-9-]+$/);
    }
  });
});
