/**
 * What must survive everything: the ledger, the fills on their way to it, and the bus. Terminated by nobody by accident.
 * The logical ids of these resources never change: a new id is a new, empty table.
 */
import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { EventBus } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { FillsQueue } from "../constructs/fills-queue.ts";

export class StateStack extends Stack {
  readonly ledger: TableV2;
  readonly fills: FillsQueue;
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, { description: "FlashMM: the ledger, the queue of fills, the event bus", ...props });
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
  }
}
