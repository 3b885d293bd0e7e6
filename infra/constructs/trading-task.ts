/**
 * The one task of a shard, kept running: its image, what it is told, how it is replaced and when a new version is taken back. Owns that
 * there is never more than one wanted at a time; ECS cannot promise it, so the lease decides who quotes.
 */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { Alarm } from "aws-cdk-lib/aws-cloudwatch";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import {
  AlarmBehavior,
  AvailabilityZoneRebalancing,
  AwsLogDriverMode,
  Capability,
  type ContainerImage,
  CpuArchitecture,
  FargatePlatformVersion,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret as TaskSecret,
} from "aws-cdk-lib/aws-ecs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { ShardSettings, StageSettings } from "../stages.ts";
import { deploymentAlarmName } from "./task-alarms.ts";
import { type TaskPlaces, taskStatements } from "./task-permissions.ts";
import type { TradingNetwork } from "./trading-network.ts";

export type TradingTaskProps = TaskPlaces & {
  readonly settings: StageSettings;
  readonly shard: ShardSettings;
  readonly cluster: ICluster;
  readonly network: TradingNetwork;
  readonly image: ContainerImage;
  readonly keySecretArn: string;
  /** Of the wallet that signs orders on chain; undefined where the shard trades elsewhere. */
  readonly walletSecretArn: string | undefined;
  /** In alarm while a new version is being deployed, that one is taken back. */
  readonly deploymentAlarm: Alarm;
};

const STATUS_PORT = 8_080;

/**
 * Asks /livez with the shell's own sockets: a second Node would take a good part of the small processor, each time. Not /healthz: one
 * market that can not be quoted would end the quotes of all the others with each restart.
 */
const HEALTH_CHECK = [
  "CMD",
  "bash",
  "-c",
  `exec 3<>/dev/tcp/127.0.0.1/${STATUS_PORT} && printf 'GET /livez HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]`,
];

/** The longest Fargate knows; the task needs 30 s (CONTRACTS 8). */
const STOP_TIMEOUT = Duration.seconds(120);

export class TradingTask extends Construct {
  constructor(scope: Construct, id: string, props: TradingTaskProps) {
    super(scope, id);
    const definition = this.#taskDefinition(props);
    const service = new FargateService(this, "Service", {
      cluster: props.cluster,
      taskDefinition: definition,
      desiredCount: 1,
      // The old one goes before the new one comes.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { rollback: true },
      deploymentAlarms: {
        alarmNames: [deploymentAlarmName(props.settings, props.shard)],
        behavior: AlarmBehavior.ROLLBACK_ON_ALARM,
      },
      platformVersion: FargatePlatformVersion.VERSION1_4,
      enableExecuteCommand: false,
      // No NAT: the address is for the way out, the group lets nothing in.
      assignPublicIp: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [props.network.group],
    });
    // A task that starts before its way out or before it may pull its image fails, and of three such a deployment does; one that ends
    // after its way out has gone cannot cancel.
    const { executionRole } = definition;
    service.node.addDependency(props.deploymentAlarm, props.network.vpc.internetConnectivityEstablished);
    if (executionRole !== undefined) service.node.addDependency(executionRole);
  }

  #taskDefinition(props: TradingTaskProps): FargateTaskDefinition {
    const { settings, shard } = props;
    const definition = new FargateTaskDefinition(this, "Definition", {
      cpu: settings.task.cpu,
      memoryLimitMiB: settings.task.memoryMegabytes,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      volumes: [{ name: "tmp" }],
    });
    const logGroup = new LogGroup(this, "Log", {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const key = Secret.fromSecretCompleteArn(this, "Key", props.keySecretArn);
    const container = definition.addContainer("Task", {
      image: props.image,
      user: "1000:1000",
      readonlyRootFilesystem: true,
      linuxParameters: this.#withoutCapabilities(),
      stopTimeout: STOP_TIMEOUT,
      environment: taskEnvironment(this, props),
      secrets: {
        CAMBRIAN_API_KEY: TaskSecret.fromSecretsManager(key, "apiKey"),
        CAMBRIAN_SECRET_KEY: TaskSecret.fromSecretsManager(key, "secretKey"),
        ...walletSecret(this, props),
      },
      // Ten minutes without a quote in any market, and it is started anew: that is the recovery it knows. A start may take five.
      healthCheck: {
        command: HEALTH_CHECK,
        interval: Duration.seconds(60),
        timeout: Duration.seconds(5),
        retries: 10,
        startPeriod: Duration.seconds(300),
      },
      // Quoting never waits for a log that is slow to take its lines.
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: shard.name, mode: AwsLogDriverMode.NON_BLOCKING }),
    });
    container.addMountPoints({ containerPath: "/tmp", sourceVolume: "tmp", readOnly: false });
    for (const statement of taskStatements(props, shard)) definition.addToTaskRolePolicy(statement);
    return definition;
  }

  #withoutCapabilities(): LinuxParameters {
    const parameters = new LinuxParameters(this, "Linux", {});
    parameters.dropCapabilities(Capability.ALL);
    return parameters;
  }
}

function walletSecret(scope: Construct, { walletSecretArn }: TradingTaskProps): Record<string, TaskSecret> {
  if (walletSecretArn === undefined) return {};
  const wallet = Secret.fromSecretCompleteArn(scope, "Wallet", walletSecretArn);
  return { SEI_MNEMONIC: TaskSecret.fromSecretsManager(wallet, "mnemonic") };
}

/** CONTRACTS 8; the rest stands in the stage's configuration, which is in the image. */
function taskEnvironment(scope: Construct, props: TradingTaskProps): Record<string, string> {
  const { settings, shard, ledger, fills, bus, grafanaSecretArn } = props;
  return {
    FLASHMM_STAGE: settings.name,
    FLASHMM_CONFIG: `config/${shard.file}`,
    TABLE_NAME: ledger.tableName,
    FILLS_QUEUE_URL: fills.queueUrl,
    EVENT_BUS_NAME: bus.eventBusName,
    GRAFANA_SECRET_ARN: grafanaSecretArn,
    STATUS_PORT: `${STATUS_PORT}`,
    LOG_LEVEL: settings.logLevel,
    AWS_REGION: Stack.of(scope).region,
  };
}
