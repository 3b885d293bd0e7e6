/**
 * The queue of fills and where the messages go that can never succeed (CONTRACTS 4).
 * Owns the delivery guarantees of the queue; who reads it is the operations stack's.
 */
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** A full batch takes about a second; the rest is for a slow table. */
export const FILLS_CONSUMER_TIMEOUT_SECONDS = 10;

/** AWS Lambda guide, "Configuring a queue to use with Lambda": room for retries of the whole batch. */
const VISIBILITY_PER_TIMEOUT = 6;

/** AWS advises at least five, so that a short outage of the table sends nothing aside. */
const RECEIVES_MAX = 5;

export class FillsQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, "DeadLetters", {
      queueName: "fills-dead-letters",
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The longest SQS knows: a fill set aside is money to be explained.
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.queue = new Queue(this, "Queue", {
      queueName: "fills",
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * FILLS_CONSUMER_TIMEOUT_SECONDS),
      receiveMessageWaitTime: Duration.seconds(20),
      retentionPeriod: Duration.days(14),
      // A fill on its way is in no other place yet: a deleted stack leaves both queues behind, as it does the table.
      removalPolicy: RemovalPolicy.RETAIN,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES_MAX },
    });
  }
}
