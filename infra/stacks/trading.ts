/**
 * The tasks that make the markets: their network, their cluster, one service a shard. Holds nothing that cannot be made again. Deployed
 * last, so that whoever books the fills is there before whoever makes them.
 */
import { Fn, Stack, type StackProps } from "aws-cdk-lib";
import { Cluster, type ContainerImage, type ICluster } from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";
import { deploymentAlarm } from "../constructs/task-alarms.ts";
import type { TaskPlaces } from "../constructs/task-permissions.ts";
import { TradingNetwork } from "../constructs/trading-network.ts";
import { TradingTask } from "../constructs/trading-task.ts";
import type { StageSettings } from "../stages.ts";

export type TradingStackProps = StackProps &
  TaskPlaces & {
    readonly settings: StageSettings;
    readonly image: ContainerImage;
    /** By the shard's name. */
    readonly shardSecretArns: ReadonlyMap<string, string>;
    /** By the shard's name, of those on chain. */
    readonly walletSecretArns: ReadonlyMap<string, string>;
  };

export class TradingStack extends Stack {
  readonly cluster: ICluster;

  constructor(scope: Construct, id: string, props: TradingStackProps) {
    super(scope, id, { description: "FlashMM: the tasks that make the markets", ...props });
    const { settings } = props;
    const ports = [...new Set(settings.shards.flatMap((shard) => shard.ports))];
    const network = new TradingNetwork(this, "Network", ports);
    // It is one: the CDK's own types do not agree under `exactOptionalPropertyTypes`.
    this.cluster = new Cluster(this, "Cluster", { vpc: network.vpc }) as ICluster;
    for (const shard of settings.shards) {
      const keySecretArn = props.shardSecretArns.get(shard.name);
      if (keySecretArn === undefined) throw new Error(`shard ${shard.name} must have a key of the order API, had none`);
      new TradingTask(this, `Task-${shard.name}`, {
        ...props,
        shard,
        network,
        keySecretArn,
        walletSecretArn: props.walletSecretArns.get(shard.name),
        cluster: this.cluster,
        deploymentAlarm: deploymentAlarm(this, settings, shard),
      });
    }
  }

  /** Two zones of whatever region it is deployed to: nobody is asked at the synthesis. */
  override get availabilityZones(): string[] {
    return [Fn.select(0, Fn.getAzs()), Fn.select(1, Fn.getAzs())];
  }
}
