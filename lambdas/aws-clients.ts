/** The AWS clients of the functions. Owns their time-outs and attempts; endpoints and credentials are the environment's. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** DynamoDB answers in milliseconds: what takes longer than this is tried again rather than waited for. */
const CONNECT_MILLIS_MAX = 1_000;
const REQUEST_MILLIS_MAX = 3_000;
const ATTEMPTS_MAX = 4;

/** One for a function's life. `AWS_REGION`, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_DYNAMODB` work as the SDK says. */
export function makeDynamoDb(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: CONNECT_MILLIS_MAX,
      requestTimeout: REQUEST_MILLIS_MAX,
      throwOnRequestTimeout: true,
    },
  });
}
