import { readFileSync } from "node:fs";
import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { stageSettings } from "../../infra/stages.ts";
import { app, functionOf, operations, removeOutput, state, statementsOf, stateStack } from "./mainnet-stacks.ts";

afterAll(removeOutput);

describe("the ledger", () => {
  test("survives a deletion of its stack, by retention and by protection", () => {
    state.hasResource("AWS::DynamoDB::GlobalTable", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: { Replicas: [Match.objectLike({ DeletionProtectionEnabled: true })] },
    });
    expect(stateStack.terminationProtection).toBe(true);
  });

  test("can be restored to any second of the last weeks", () => {
    state.hasResourceProperties("AWS::DynamoDB::GlobalTable", {
      Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
    });
  });

  test("has the keys of CONTRACTS 5, is paid by request and forgets by ttl alone", () => {
    state.hasResourceProperties("AWS::DynamoDB::GlobalTable", {
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
    });
  });

  test("keeps its logical id, since another one is another, empty table", () => {
    expect(Object.keys(state.findResources("AWS::DynamoDB::GlobalTable"))).toEqual(["LedgerB7379752"]);
    expect(Object.keys(state.findResources("AWS::SQS::Queue"))).toEqual([
      "FillsDeadLettersDDAEC176",
      "FillsQueue3A3B7AE3",
    ]);
  });
});

describe("the queue of fills", () => {
  test("sets a message aside after five receives, where it stays fourteen days", () => {
    state.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "fills",
      RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": ["FillsDeadLettersDDAEC176", "Arn"] }, maxReceiveCount: 5 },
    });
    state.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "fills-dead-letters",
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test("survives a deletion of its stack with what is in it, and so does what was set aside", () => {
    for (const name of ["fills", "fills-dead-letters"]) {
      state.hasResource("AWS::SQS::Queue", {
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: { QueueName: name },
      });
    }
  });

  test("is standard, polled long, encrypted, and closed to plain HTTP", () => {
    state.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "fills",
      FifoQueue: Match.absent(),
      ReceiveMessageWaitTimeSeconds: 20,
      SqsManagedSseEnabled: true,
    });
    const policies = Object.values(state.findResources("AWS::SQS::QueuePolicy"));
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      expect(policy["Properties"].PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
      );
    }
  });

  test("hides a message for at least six times the time its reader may take", () => {
    const [queue] = Object.values(state.findResources("AWS::SQS::Queue", { Properties: { QueueName: "fills" } }));
    const reader = functionOf("fill-accounting");
    expect(queue?.["Properties"].VisibilityTimeout).toBeGreaterThanOrEqual(6 * reader["Properties"].Timeout);
  });
});

describe("the key of the order API", () => {
  test("is a secret without a value, since a made-up one would pass for a key", () => {
    state.hasResourceProperties("AWS::SecretsManager::Secret", {
      Name: "flashmm/cambrian",
      SecretString: Match.absent(),
      GenerateSecretString: Match.absent(),
    });
  });

  test("survives a deletion of its stack, and keeps its logical id", () => {
    state.hasResource("AWS::SecretsManager::Secret", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    expect(Object.keys(state.findResources("AWS::SecretsManager::Secret"))).toContain("CambrianSecret");
  });
});

test("the bus has the name of CONTRACTS 6", () => {
  state.hasResourceProperties("AWS::Events::EventBus", { Name: "flashmm" });
});

describe("fill accounting", () => {
  test("reads the queue in batches and reports each failed message by itself", () => {
    operations.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 500,
      // More than one receive's ten want a window.
      MaximumBatchingWindowInSeconds: 1,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
  });

  test("runs on Node 24 and arm64, from the source the local cloud runs", () => {
    operations.hasResource("AWS::Lambda::Function", {
      Metadata: Match.objectLike({ "flashmm:entry": "lambdas/fill-accounting/handler.ts" }),
      Properties: { Runtime: "nodejs24.x", Architectures: ["arm64"] },
    });
  });

  test("may do with the ledger what it does, and with nothing else anything", () => {
    const statements = statementsOf("fill-accounting");
    expect(statements.map((statement) => [statement.Effect, statement.Action])).toEqual([
      ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]],
      ["Allow", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]],
      [
        "Allow",
        [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:GetQueueUrl",
          "sqs:ReceiveMessage",
        ],
      ],
    ]);
    for (const { Resource } of statements) expect(JSON.stringify(Resource)).not.toContain("*");
    operations.allResourcesProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
  });

  test("keeps its logs in a group of its own, for as long as the stage says", () => {
    operations.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
    const functions = Object.keys(operations.findResources("AWS::Lambda::Function")).length;
    operations.resourceCountIs("AWS::Logs::LogGroup", functions);
  });
});

describe("operator control", () => {
  const deadLetters = { "Fn::GetAtt": ["OperatorControlDeadLetters3F203D15", "Arn"] };

  test("is started by halts and resumes of the operator on the bus, tried for minutes, then set aside", () => {
    operations.hasResourceProperties("AWS::Events::Rule", {
      EventBusName: Match.objectLike({ "Fn::GetStackOutput": Match.anyValue() }),
      EventPattern: {
        source: ["flashmm.operator"],
        "detail-type": ["Quoting Halt Requested", "Quoting Resume Requested"],
      },
      State: "ENABLED",
      Targets: [
        Match.objectLike({
          RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 },
          DeadLetterConfig: { Arn: deadLetters },
          InputPath: Match.absent(),
        }),
      ],
    });
    operations.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumEventAgeInSeconds: 300,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: deadLetters } },
    });
    operations.hasResourceProperties("AWS::SQS::Queue", {
      QueueName: "operator-dead-letters",
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    });
  });

  test("may be started by that rule alone", () => {
    const permissions = Object.values(operations.findResources("AWS::Lambda::Permission"))
      .map((permission) => permission["Properties"])
      .filter(({ FunctionName }) => JSON.stringify(FunctionName).includes("OperatorControl"));
    expect(permissions).toEqual([
      expect.objectContaining({
        Principal: "events.amazonaws.com",
        SourceArn: { "Fn::GetAtt": ["OperatorControlRequests5311D145", "Arn"] },
      }),
    ]);
  });

  test("may read and write the control items of the ledger, say refusals, set its failures aside, and nothing else", () => {
    const statements = statementsOf("operator-control");
    expect(statements.map((statement) => [statement.Effect, statement.Action])).toEqual([
      ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"]],
      ["Allow", ["dynamodb:GetItem", "dynamodb:PutItem"]],
      ["Allow", "events:PutEvents"],
      ["Allow", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]],
    ]);
    expect(statements[1]?.Condition).toEqual({
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["CONTROL"] },
      Null: { "dynamodb:LeadingKeys": "false" },
    });
    for (const { Resource } of statements) expect(JSON.stringify(Resource)).not.toContain("*");
  });

  test("knows the markets of its stage", () => {
    const { MARKETS } = functionOf("operator-control")["Properties"].Environment.Variables;
    expect(MARKETS).toBe(stageSettings("mainnet").markets.join(","));
  });
});

describe("an operator", () => {
  test("may say the operator's events and change strategy parameters, and nothing of money or infrastructure", () => {
    const [policy] = Object.values(operations.findResources("AWS::IAM::ManagedPolicy"));
    expect(policy?.["Properties"].PolicyDocument.Statement).toMatchObject([
      {
        Effect: "Allow",
        Action: "events:PutEvents",
        Condition: {
          StringEquals: {
            "events:source": "flashmm.operator",
            "events:detail-type": expect.arrayContaining(["Quoting Halt Requested", "Report Requested"]),
          },
        },
      },
      {
        Action: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
        Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["CONTROL"] } },
      },
    ]);
    expect(policy?.["Properties"].PolicyDocument.Statement).toHaveLength(2);
  });

  test("finds what was said on the bus for a month", () => {
    state.hasResourceProperties("AWS::Events::Archive", {
      RetentionDays: 30,
      EventPattern: { source: ["flashmm.operator", "flashmm.engine", "flashmm.health"] },
    });
  });
});

describe("the app", () => {
  test("is synthesized without an account and leaves all stacks to be read", () => {
    const assembly = app.synth();
    expect(assembly.stacks.map((stack) => stack.stackName).toSorted()).toEqual([
      "FlashMM-mainnet-Observability",
      "FlashMM-mainnet-Operations",
      "FlashMM-mainnet-State",
      "FlashMM-mainnet-Trading",
    ]);
    const cdkJson = JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8"));
    expect(cdkJson.app).toBe("node infra/app.ts");
  });

  test.each([
    [undefined, "testnet"],
    ["testnet", "testnet"],
    ["mainnet", "mainnet"],
  ])("stage %j is %s", (name, expected) => {
    expect(stageSettings(name).name).toBe(expected);
  });

  test.each(["testnet", "mainnet"])("markets and order API of %s are those of its configuration", (name) => {
    const config = JSON.parse(readFileSync(new URL(`../../config/${name}.json`, import.meta.url), "utf8"));
    const symbols = config.markets.map((market: { readonly symbol: string }) => market.symbol);
    expect(stageSettings(name).markets).toEqual(symbols);
    expect(config.cambrian).toMatchObject(stageSettings(name).cambrian);
  });

  test("an unknown stage is refused by name", () => {
    expect(() => stageSettings("mainet")).toThrow('stage must be one of testnet, mainnet, was "mainet"');
  });
});
