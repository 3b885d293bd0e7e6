/**
/**
 * What must survive everything: the ledger, the fills on their way to it, the bus, the reports, the keys, and the topic that people have
 * subscribed to. Terminated by nobody by accident.
 * The logical ids of these resources never change: a new id is a new, empty table.
 */
import { Duration, RemovalPolicy, Stack, type StackProps, Tags } from "aws-cdk-lib";
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { LEDGER_FORMAT } from "../../core/ledger-format.ts";
import { AlarmTopic } from "../constructs/alarm-topic.ts";
import { FillsQueue } from "../constructs/fills-queue.ts";
import { FORMAT_TAG } from "../ledger-tag.ts";
import { type StageSettings, shardSecretName, walletSecretName } from "../stages.ts";

export type StateStackProps = StackProps & { readonly settings: StageSettings };

/** What was posted stays at X; figures stay in the ledger. */
const REPORTS_KEPT = Duration.days(400);

export class StateStack extends Stack {
  readonly ledger: TableV2;
  readonly fills: FillsQueue;
  readonly bus: EventBus;
  /** The ARN of the order API's key: the first shard's, which the functions use too. */
  readonly cambrianSecretArn: string;
  /** The ARN of each shard's key, by the shard's name. */
  readonly shardSecretArns: ReadonlyMap<string, string>;
  /** The ARN of the wallet of each shard on chain, by the shard's name. */
  readonly walletSecretArns: ReadonlyMap<string, string>;
  /** Charts and texts of the reports. */
  readonly reports: Bucket;
  /** The ARN of the keys of our account at X. */
  readonly twitterSecretArn: string;
  /** The ARN of Grafana's address and token. */
  readonly grafanaSecretArn: string;
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    super(scope, id, {
      description: "FlashMM: the ledger, the queue of fills, the event bus, the reports, the keys",
      ...props,
    });
    this.ledger = new TableV2(this, "Ledger", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      timeToLiveAttribute: "ttl",
    });
    Tags.of(this.ledger).add(FORMAT_TAG, String(LEDGER_FORMAT));
    this.fills = new FillsQueue(this, "Fills");
    this.bus = new EventBus(this, "Bus", { eventBusName: "flashmm" });
    // Who halted what, and when the engine said what: a month of it, to be read again or replayed.
    this.bus.archive("Archive", {
      description: "What was said on the bus of FlashMM",
      retention: Duration.days(30),
      eventPattern: { source: ["flashmm.operator", "flashmm.engine", "flashmm.health"] },
    });
    this.shardSecretArns = this.#shardSecrets(props.settings);
    this.walletSecretArns = this.#walletSecrets(props.settings);
    this.cambrianSecretArn = [...this.shardSecretArns.values()][0] ?? "";
    this.grafanaSecretArn = this.#secret("GrafanaSecret", {
      name: "flashmm/grafana",
      holds:
        'Address of Grafana and a token of it, as {"url":"https://….grafana.net","apiKey":"glsa_…"}, and where the task pushes its metrics, as "otlpUrl", "otlpInstanceId", "otlpToken"',
    });
    this.twitterSecretArn = this.#secret("TwitterSecret", {
      name: "flashmm/twitter",
      holds: 'Keys of our account at X, as {"appKey":"…","appSecret":"…","accessToken":"…","accessSecret":"…"}',
    });
    this.reports = this.#reportBucket();
    this.alarmTopic = new AlarmTopic(this, "Alarms").topic;
  }

  /** The venue counts requests by key: a further shard has one of its own, of the same account. */
  #shardSecrets({ shards }: StageSettings): ReadonlyMap<string, string> {
    const holds = 'Key of the Cambrian order API, as {"apiKey":"…","secretKey":"…"}';
    const secrets = shards.map(({ name }, index) => {
      const id = index === 0 ? "CambrianSecret" : `CambrianSecret-${name}`;
      return [name, this.#secret(id, { name: shardSecretName(name, index), holds })] as const;
    });
    return new Map(secrets);
  }

  /** None where no shard is on chain. */
  #walletSecrets({ shards }: StageSettings): ReadonlyMap<string, string> {
    const holds = 'Words of the wallet that signs orders on Sei, as {"mnemonic":"…"}';
    const secrets = shards
      .filter(({ isOnChain }) => isOnChain)
      .map(
        ({ name }) => [name, this.#secret(`WalletSecret-${name}`, { name: walletSecretName(name), holds })] as const,
      );
    return new Map(secrets);
  }

  /**
   * Empty until somebody fills it. The construct of a higher level would make up a value, which would pass for a key:
   * `aws secretsmanager put-secret-value --secret-id flashmm/cambrian --secret-string '{"apiKey":"…","secretKey":"…"}'`
   */
  #secret(id: string, { name, holds }: { readonly name: string; readonly holds: string }): string {
    const description = `${holds}; filled by hand, with put-secret-value`;
    const secret = new CfnSecret(this, id, { name, description });
    secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return secret.ref;
  }

  #reportBucket(): Bucket {
    return new Bucket(this, "Reports", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: "old-reports", prefix: "reports/", expiration: REPORTS_KEPT }],
    });
  }
}
