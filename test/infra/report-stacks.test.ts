import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { CHART_FILES } from "../../infra/constructs/hourly-report.ts";
import { CHART_FILES as CHART_FILES_READ } from "../../lambdas/chart-png.ts";
import { functionOf, operations, removeOutput, state, statementsOf } from "./mainnet-stacks.ts";

afterAll(removeOutput);

describe("the hourly report", () => {
  const [[id] = [""]] = Object.entries(operations.findResources("AWS::Lambda::Function")).filter(
    ([, resource]) => resource["Metadata"]["flashmm:entry"] === "lambdas/hourly-report/handler.ts",
  );
  const functionArn = { "Fn::GetAtt": [id, "Arn"] };
  const tries = { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 2 };

  test("runs each hour once the audit has proven it, is tried twice more and then set aside", () => {
    operations.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "cron(15 * * * ? *)",
      ScheduleExpressionTimezone: "Etc/UTC",
      State: "ENABLED",
      Target: Match.objectLike({ Arn: functionArn, RetryPolicy: tries, DeadLetterConfig: Match.anyValue() }),
    });
    operations.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: id },
      ...tries,
      DestinationConfig: { OnFailure: Match.anyValue() },
    });
    operations.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "report-dead-letters",
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test("runs when an operator asks, and on no other event", () => {
    operations.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: { source: ["flashmm.operator"], "detail-type": ["Report Requested"] },
      Targets: [Match.objectLike({ Arn: functionArn, RetryPolicy: tries, DeadLetterConfig: Match.anyValue() })],
    });
  });

  test("may read the ledger, write its own items and files alone, and read its keys", () => {
    const statements = statementsOf("hourly-report");
    expect(statements.map((statement) => [statement.Effect, statement.Action])).toEqual([
      ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]],
      ["Allow", ["dynamodb:GetItem", "dynamodb:Query"]],
      ["Allow", ["dynamodb:PutItem", "dynamodb:UpdateItem"]],
      ["Allow", ["s3:GetObject", "s3:PutObject"]],
      ["Allow", "secretsmanager:GetSecretValue"],
      ["Allow", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]],
    ]);
    expect(statements[2]?.Condition).toEqual({
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["REPORT"] },
      Null: { "dynamodb:LeadingKeys": "false" },
    });
    expect(JSON.stringify(statements[3]?.Resource)).toContain("/reports/*");
    expect(JSON.stringify(statements[4]?.Resource)).toContain("TwitterSecret");
    for (const [index, { Resource }] of statements.entries()) {
      if (index !== 3) expect(JSON.stringify(Resource)).not.toContain("*");
    }
  });

  test("is told its table, bucket and markets, and no key in plain sight", () => {
    const { Environment, Timeout, MemorySize } = functionOf("hourly-report")["Properties"];
    expect(Object.keys(Environment.Variables)).toEqual(
      expect.arrayContaining(["TABLE_NAME", "REPORT_BUCKET", "MARKETS", "TWITTER_SECRET_ARN"]),
    );
    expect(JSON.stringify(Environment.Variables)).not.toMatch(/TWITTER_API|REPORT_GAP/);
    expect({ Timeout, MemorySize }).toEqual({ Timeout: 900, MemorySize: 1_769 });
  });

  test("has beside its bundle what the chart is drawn with", () => {
    expect(CHART_FILES).toEqual(CHART_FILES_READ);
  });

  test("wakes somebody when a post was refused, when it fails, and for what was set aside", () => {
    const alarm = (properties: object) =>
      operations.hasResourceProperties("AWS::CloudWatch::Alarm", { Threshold: 1, ...properties });
    alarm({
      MetricName: "flashmm_twitter_publish_errors_total",
      Dimensions: [{ Name: "service", Value: "hourly-report" }],
    });
    alarm({ MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: { Ref: id } }] });
    alarm({ AlarmDescription: Match.stringLikeRegexp("A run of the report could not be started") });
    alarm({
      MetricName: "Invocations",
      ComparisonOperator: "LessThanThreshold",
      EvaluationPeriods: 2,
      TreatMissingData: "breaching",
    });
  });
});

describe("the reports' bucket", () => {
  test("outlives its stack, is closed to the public, encrypted, spoken to over TLS alone, and forgets old reports", () => {
    const [[id, bucket] = ["", {}]] = Object.entries(state.findResources("AWS::S3::Bucket"));
    expect(bucket).toMatchObject({
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
        LifecycleConfiguration: { Rules: [{ Prefix: "reports/", ExpirationInDays: 400, Status: "Enabled" }] },
      },
    });
    state.hasResourceProperties("AWS::S3::BucketPolicy", {
      Bucket: { Ref: id },
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } })],
      },
    });
  });

  test("stands beside the keys of X, which nobody makes up", () => {
    state.hasResource("AWS::SecretsManager::Secret", {
      DeletionPolicy: "Retain",
      Properties: { Name: "flashmm/twitter", GenerateSecretString: Match.absent(), SecretString: Match.absent() },
    });
  });
});
