import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Match } from "aws-cdk-lib/assertions";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "../../fargate/config.ts";
import { configFileSchema } from "../../fargate/config-schema.ts";
import { app, removeOutput, state, statementsOfRole, trading } from "./mainnet-stacks.ts";

afterAll(removeOutput);

const [definition] = Object.values(trading.findResources("AWS::ECS::TaskDefinition"));
const container = definition?.["Properties"].ContainerDefinitions[0];

describe("the service of a shard", () => {
  test("wants one task, ends the old one before the new one comes, and moves it for nobody's balance", () => {
    trading.hasResourceProperties("AWS::ECS::Service", {
      DesiredCount: 1,
      LaunchType: "FARGATE",
      PlatformVersion: "1.4.0",
      AvailabilityZoneRebalancing: "DISABLED",
      EnableExecuteCommand: false,
      DeploymentConfiguration: Match.objectLike({ MinimumHealthyPercent: 0, MaximumPercent: 100 }),
    });
    trading.resourceCountIs("AWS::ECS::Service", 1);
  });

  test("takes back a version whose tasks do not come up, and one whose orders fail", () => {
    trading.hasResource("AWS::ECS::Service", {
      Properties: {
        DeploymentConfiguration: Match.objectLike({
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
          Alarms: { AlarmNames: ["FlashMM-mainnet-main-deployment"], Enable: true, Rollback: true },
        }),
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp("^Deploymentofmain")]),
    });
    trading.hasResourceProperties("AWS::CloudWatch::Alarm", { AlarmName: "FlashMM-mainnet-main-deployment" });
  });

  test("stands in two public subnets without a NAT, an address or a way in", () => {
    for (const [type, count] of [
      ["AWS::EC2::Subnet", 2],
      ["AWS::EC2::NatGateway", 0],
      ["AWS::EC2::EIP", 0],
      ["AWS::KMS::Key", 0],
      ["AWS::EC2::SecurityGroup", 1],
      ["AWS::EC2::SecurityGroupIngress", 0],
    ] as const) {
      trading.resourceCountIs(type, count);
    }
    trading.hasResourceProperties("AWS::EC2::SecurityGroup", {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ IpProtocol: "tcp", FromPort: 443, ToPort: 443 })],
    });
    trading.hasResourceProperties("AWS::ECS::Service", {
      NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: "ENABLED" }) },
    });
  });

  test("reaches the table and the image's layers without leaving AWS", () => {
    const endpoints = Object.values(trading.findResources("AWS::EC2::VPCEndpoint"));
    expect(endpoints.map((each) => each["Properties"].VpcEndpointType)).toEqual(["Gateway", "Gateway"]);
    const names = endpoints.map((each) => each["Properties"].ServiceName["Fn::Join"][1].at(-1));
    expect(names.toSorted()).toEqual([".dynamodb", ".s3"]);
  });

  test("is found in zones by the account it is deployed to, not by a look-up at the synthesis", () => {
    const zones = Object.values(trading.findResources("AWS::EC2::Subnet")).map(
      (each) => each["Properties"].AvailabilityZone,
    );
    expect(zones).toEqual([0, 1].map((index) => ({ "Fn::Select": [index, { "Fn::GetAZs": "" }] })));
  });
});

describe("the task", () => {
  test("is small, on arm64, and never two processes of another user", () => {
    expect(definition?.["Properties"]).toMatchObject({
      Cpu: "256",
      Memory: "512",
      RequiresCompatibilities: ["FARGATE"],
      NetworkMode: "awsvpc",
      RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
    });
    expect(definition?.["Properties"].ContainerDefinitions).toHaveLength(1);
  });

  test("runs as nobody of importance, on a disk that is not written but under /tmp", () => {
    expect(container).toMatchObject({
      User: "1000:1000",
      ReadonlyRootFilesystem: true,
      MountPoints: [{ ContainerPath: "/tmp", ReadOnly: false, SourceVolume: "tmp" }],
      LinuxParameters: { Capabilities: { Drop: ["ALL"] } },
    });
    expect(definition?.["Properties"].Volumes).toEqual([{ Name: "tmp" }]);
    expect(container.Privileged).toBeUndefined();
    expect(container.PortMappings).toBeUndefined();
  });

  test("has two minutes to end in order, and is asked at /livez whether a restart would help", () => {
    expect(container.StopTimeout).toBe(120);
    expect(container.HealthCheck).toMatchObject({ Interval: 60, Retries: 10, StartPeriod: 300, Timeout: 5 });
    expect(container.HealthCheck.Command.at(-1)).toContain("GET /livez");
    expect(container.Environment).toContainEqual({ Name: "STATUS_PORT", Value: "8080" });
  });

  test("gets its keys from the secret alone, and no wallet, since no venue of its configuration signs on chain", () => {
    const secrets = container.Secrets as readonly { readonly Name: string; readonly ValueFrom: unknown }[];
    expect(secrets.map((each) => each.Name)).toEqual(["CAMBRIAN_API_KEY", "CAMBRIAN_SECRET_KEY"]);
    expect(JSON.stringify(secrets[0]?.ValueFrom)).toContain(":apiKey::");
    expect(JSON.stringify(secrets[1]?.ValueFrom)).toContain(":secretKey::");
    const variables = container.Environment.map((each: { readonly Name: string }) => each.Name);
    expect(variables).not.toEqual(expect.arrayContaining([expect.stringMatching(/KEY|SECRET(?!_ARN)|MNEMONIC/)]));
  });

  test("reads Grafana's secret by itself while it runs: a field that is not there must not keep it from starting", () => {
    const { Value: arn } = container.Environment.find(
      ({ Name }: { readonly Name: string }) => Name === "GRAFANA_SECRET_ARN",
    );
    const output = arn["Fn::GetStackOutput"].OutputName;
    expect(output).toMatch(/GrafanaSecret/);
    const role = definition?.["Properties"].TaskRoleArn["Fn::GetAtt"][0];
    const reading = statementsOfRole(trading, role).filter((each) => each.Action === "secretsmanager:GetSecretValue");
    expect(reading.map((each) => each.Resource)).toEqual([arn]);
  });

  test("never waits for its log, which is kept as long as the stage says", () => {
    expect(container.LogConfiguration).toMatchObject({ LogDriver: "awslogs", Options: { mode: "non-blocking" } });
    trading.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 90 });
  });

  test("has of the ledger its own items, of the bus its own words, and may not delete or scan anything", () => {
    const role = definition?.["Properties"].TaskRoleArn["Fn::GetAtt"][0];
    const statements = statementsOfRole(trading, role);
    const byAction = statements.map((each) => [each.Action, each.Condition]);
    const own = (...keys: readonly string[]) => ({
      "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": keys },
      Null: { "dynamodb:LeadingKeys": "false" },
    });
    expect(byAction).toEqual([
      ["dynamodb:Query", own("CONTROL", "HEALTH", "REPORT")],
      ["dynamodb:GetItem", own("LEASE", "ENGINE#main", "ENGINE#SEI/USDC", "MARKET#SEI/USDC", "AUDIT#SEI/USDC")],
      ["dynamodb:PutItem", own("CONTROL", "ENGINE#SEI/USDC")],
      ["dynamodb:UpdateItem", own("LEASE", "ENGINE#main", "ENGINE#SEI/USDC")],
      ["sqs:SendMessage", undefined],
      ["secretsmanager:GetSecretValue", undefined],
      [
        "events:PutEvents",
        {
          StringEquals: {
            "events:source": "flashmm.engine",
            "events:detail-type": ["Risk Limit Breached", "Quoting Halted", "Quoting Resumed", "Feed Failed Over"],
          },
        },
      ],
    ]);
  });
});

describe("the configuration of a stage", () => {
  const folder = new URL("../../config/", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".json") && !file.endsWith("schema.json"));

  test.each(files)("%s is whole by the task's own grammar, with nothing but keys and places from outside", (file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    expect(configFileSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
    const env = {
      CAMBRIAN_API_KEY: "k",
      CAMBRIAN_SECRET_KEY: "s",
      TABLE_NAME: "ledger",
      FILLS_QUEUE_URL: "https://q/fills",
    };
    const config = loadConfig({ env: { ...env, FLASHMM_STAGE: file.split(".")[0] }, readFile: () => text });
    expect(config.recording).toBeUndefined();
  });

  test.each(["testnet", "mainnet"])(
    "%s starts small: worst case, loss of a day and first sizes are those of a first day",
    (stage) => {
      const config = JSON.parse(readFileSync(new URL(`${stage}.json`, folder), "utf8"));
      expect(Number(config.shardLimits.exposureValue)).toBeLessThanOrEqual(500);
      expect((Number(config.shardLimits.capital) * config.shardLimits.dailyLossPercent) / 100).toBeLessThanOrEqual(50);
      for (const { limits } of config.markets) expect(limits.startSizePercent).toBeLessThanOrEqual(20);
      expect(existsSync(new URL(config.$schema, folder))).toBe(true);
    },
  );
});

describe("the whole app", () => {
  test("deploys whoever books the fills before whoever makes them", () => {
    const artifact = app.synth().getStackByName("FlashMM-mainnet-Trading");
    const before = artifact.dependencies.map((each) => each.id);
    expect(before).toEqual(expect.arrayContaining(["FlashMM-mainnet-State", "FlashMM-mainnet-Operations"]));
  });

  test("keeps what it keeps under ids that never change: another id is another, empty thing", () => {
    const kept = Object.entries(
      state.toJSON()["Resources"] as Record<string, { DeletionPolicy?: string; Type: string }>,
    )
      .filter(([, resource]) => resource.DeletionPolicy === "Retain")
      .map(([id, resource]) => `${id} ${resource.Type}`);
    // What is added is added here; what stands here is never renamed.
    expect(kept).toEqual(
      expect.arrayContaining([
        "LedgerB7379752 AWS::DynamoDB::GlobalTable",
        "FillsDeadLettersDDAEC176 AWS::SQS::Queue",
        "FillsQueue3A3B7AE3 AWS::SQS::Queue",
        "CambrianSecret AWS::SecretsManager::Secret",
        "AlarmsTopic3A2DFEBA AWS::SNS::Topic",
      ]),
    );
  });

  test("tells by the table's tag which ledger format its code writes", () => {
    state.hasResourceProperties("AWS::DynamoDB::GlobalTable", {
      Replicas: [Match.objectLike({ Tags: [{ Key: "flashmm:ledger-format", Value: "1" }] })],
    });
  });
});
