/** The AWS clients of the task. Owns how often each tries; endpoints, region and credentials are the environment's, as the SDK reads them. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";

export type AwsClients = {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
};

/** Each caller has its own deadline; these are the tries within it. */
export function makeAwsClients(): AwsClients {
  return {
    dynamodb: new DynamoDBClient({ maxAttempts: 5 }),
    sqs: new SQSClient({ maxAttempts: 3 }),
    eventBridge: new EventBridgeClient({ maxAttempts: 2 }),
  };
}
