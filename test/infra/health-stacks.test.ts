import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { stageSettings } from "../../infra/stages.ts";
import { functionOf, operations, removeOutput, state, statementsOf } from "./mainnet-stacks.ts";

afterAll(removeOutput);

describe("the health sweep", () => {
  const delivery = { RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } };

  test("runs each minute and on request, and what could not be started is set aside and not tried again", () => {
    operations.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(1 minute)",
      State: "ENABLED",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: Match.objectLike({ ...delivery, DeadLetterConfig: { Arn: Match.anyValue() }, Input: Match.absent() }),
    });
    operations.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: { source: ["flashmm.operator"], "detail-type": ["Health Sweep Requested"] },
      Targets: [Match.objectLike({ ...delivery, DeadLetterConfig: { Arn: Match.anyValue() } })],
    });
    operations.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
    operations.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "health-dead-letters",
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test("looks again between two sweeps, from a queue of its own, and one that fails is set aside at once", () => {
    operations.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "health-looks",
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 360,
      MessageRetentionPeriod: 660,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 1 }),
    });
    operations.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 2 },
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("HealthSweepLooks"), "Arn"] },
    });
    expect(functionOf("health-sweep")["Properties"].Environment.Variables.LOOKS_QUEUE_URL).toEqual({
      Ref: expect.stringMatching("HealthSweepLooks"),
    });
  });

  test("may read the leases, write its own items alone, look at queues, speak two words and read its secrets", () => {
    const statements = statementsOf("health-sweep");
    const keys = (names: readonly string[]) => ({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": names },
      Null: { "dynamodb:LeadingKeys": "false" },
    });
    const word = (source: string, type: string) => ({
      StringEquals: { "events:source": source, "events:detail-type": type },
    });
    expect(statements.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      [["logs:CreateLogStream", "logs:PutLogEvents"], undefined],
      [["dynamodb:GetItem", "dynamodb:Query"], keys(["HEALTH", "LEASE", "DEADMAN", "AUDIT#*"])],
      [["dynamodb:PutItem", "dynamodb:UpdateItem"], keys(["HEALTH", "DEADMAN"])],
      ["sqs:GetQueueAttributes", undefined],
      ["events:PutEvents", word("flashmm.health", "Integration Health Changed")],
      ["events:PutEvents", word("flashmm.engine", "Risk Limit Breached")],
      ["secretsmanager:GetSecretValue", undefined],
      // Its own looks: to ask for and to take.
      [
        [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:GetQueueUrl",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        undefined,
      ],
      [["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], undefined],
    ]);
    for (const { Resource } of statements) expect(JSON.stringify(Resource)).not.toContain("*");
  });

  test("is missed when no sweep is begun for five minutes", () => {
    operations.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "Invocations",
      Period: 300,
      Statistic: "Sum",
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "breaching",
      AlarmDescription: Match.stringLikeRegexp("nobody would end the orders"),
    });
  });

  test("is told where everything is that it looks at, and no key in plain sight", () => {
    const variables = functionOf("health-sweep")["Properties"].Environment.Variables;
    const { markets, cambrian, seiRestUrls } = stageSettings("mainnet");
    expect(variables).toMatchObject({
      MARKETS: markets.join(","),
      SEI_REST_URL: seiRestUrls.join(","),
      CAMBRIAN_BASE_URL: cambrian.baseUrl,
      CAMBRIAN_TESTNET: "false",
      CAMBRIAN_SECRET_ARN: { "Fn::GetStackOutput": expect.anything() },
      GRAFANA_SECRET_ARN: { "Fn::GetStackOutput": expect.anything() },
    });
    const aside = JSON.stringify(variables.DEAD_LETTER_QUEUE_URLS);
    for (const each of [
      "FillsDeadLetters",
      "FillAuditDeadLetters",
      "OperatorControlDeadLetters",
      "HealthSweepDeadLetters",
    ]) {
      expect(aside).toContain(each);
    }
    expect(Object.keys(variables).filter((name) => /KEY|TOKEN/.test(name))).toEqual([]);
  });

  test("has its secrets made empty, and kept when the stack goes", () => {
    state.hasResource("AWS::SecretsManager::Secret", {
      DeletionPolicy: "Retain",
      Properties: { Name: "flashmm/grafana", SecretString: Match.absent(), GenerateSecretString: Match.absent() },
    });
  });
});
