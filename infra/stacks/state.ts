/**
 * What must survive everything: the ledger, the fills on their way to it, the bus, the reports, and the keys of the order API and of X.
 * Terminated by nobody by accident.
 * The logical ids of these resources never change: a new id is a new, empty table.
 */
import { Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { FillsQueue } from "../constructs/fills-queue.ts";

/** What was posted stays at X; figures stay in the ledger. */
const REPORTS_KEPT = Duration.days(400);

export class StateStack extends Stack {
  readonly ledger: TableV2;
  readonly fills: FillsQueue;
  readonly bus: EventBus;
  /** The ARN of the order API's key. */
  readonly cambrianSecretArn: string;
  /** Charts and texts of the reports. */
  readonly reports: Bucket;
  /** The ARN of the keys of our account at X. */
  readonly twitterSecretArn: string;
  /** The ARN of Grafana's address and token. */
  readonly grafanaSecretArn: string;

  constructor(scope: Construct, id: string, props: StackProps) {
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
    this.fills = new FillsQueue(this, "Fills");
    this.bus = new EventBus(this, "Bus", { eventBusName: "flashmm" });
    this.cambrianSecretArn = this.#secret("CambrianSecret", {
      name: "flashmm/cambrian",
      holds: 'Key of the Cambrian order API, as {"apiKey":"…","secretKey":"…"}',
    });
    this.grafanaSecretArn = this.#secret("GrafanaSecret", {
      name: "flashmm/grafana",
      holds: 'Address of Grafana and a token of it, as {"url":"https://….grafana.net","apiKey":"glsa_…"}',
    });
    this.twitterSecretArn = this.#secret("TwitterSecret", {
      name: "flashmm/twitter",
      holds: 'Keys of our account at X, as {"appKey":"…","appSecret":"…","accessToken":"…","accessSecret":"…"}',
    });
    this.reports = this.#reportBucket();
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
