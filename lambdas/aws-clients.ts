/** The AWS clients of the functions. Owns their time-outs and attempts; endpoints and credentials are the environment's. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Environment } from "./environment.ts";
import { Sha256 } from "./sha256.ts";

/**
 * These services answer in milliseconds: what takes longer than this is tried again rather than waited for. All attempts together end
 * before a function of ten seconds does, so that one call that hangs fails its own message and not the whole batch.
 */
const CONNECT_MILLIS_MAX = 1_000;
const REQUEST_MILLIS_MAX = 2_000;
const ATTEMPTS_MAX = 3;

/** `AWS_REGION`, `AWS_ENDPOINT_URL` and those of one service, such as `AWS_ENDPOINT_URL_DYNAMODB`, work as the SDK says. */
const SETTINGS = {
  maxAttempts: ATTEMPTS_MAX,
  requestHandler: {
    connectionTimeout: CONNECT_MILLIS_MAX,
    requestTimeout: REQUEST_MILLIS_MAX,
    throwOnRequestTimeout: true,
  },
};

/** Each is made once for a function's life. */
export function makeDynamoDb(): DynamoDBClient {
  // What a call costs its sender is nearly all the SDK's own time. This, the hash and what is left out below spare it two fifths:
  // the stack of middleware is put together once a kind of command instead of once a call.
  const client = new DynamoDBClient({ ...SETTINGS, cacheMiddleware: true, sha256: Sha256 });
  // One copies what is sent and answered for a logger that is not there; one puts the SDK's own name together, feature by feature;
  // one looks for a trace of functions that call themselves.
  for (const name of ["loggerMiddleware", "getUserAgentMiddleware", "recursionDetectionMiddleware"]) {
    client.middlewareStack.remove(name);
  }
  return client;
}

export function makeSqs(): SQSClient {
  return new SQSClient(SETTINGS);
}

/** Files are larger than items, and may take longer. */
const FILE_MILLIS_MAX = 10_000;

/** Where an endpoint is given the bucket stands in the path: no other name than the endpoint's own need be known there. */
export function makeS3(environment: Environment): S3Client {
  const { AWS_ENDPOINT_URL_S3: ofS3 = "", AWS_ENDPOINT_URL: ofAll = "" } = environment;
  return new S3Client({
    ...SETTINGS,
    requestHandler: { ...SETTINGS.requestHandler, requestTimeout: FILE_MILLIS_MAX },
    forcePathStyle: ofS3 !== "" || ofAll !== "",
  });
}

export function makeEventBridge(): EventBridgeClient {
  return new EventBridgeClient(SETTINGS);
}

export function makeSecretsManager(): SecretsManagerClient {
  return new SecretsManagerClient(SETTINGS);
}
