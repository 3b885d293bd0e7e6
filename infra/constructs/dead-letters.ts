/** Where something goes that could not be done after every try. Owns how it is kept; whoever uses it owns what is tried, and how often. */
import { Duration } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

/** Named so that the alarms of a stack find it (`operations-alarms.ts`); kept for the longest that SQS knows. */
export function makeDeadLetters(scope: Construct, queueName: string): Queue {
  return new Queue(scope, "DeadLetters", {
    queueName,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
}
