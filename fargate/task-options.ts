/** What a task is made of from outside: the edges of its process (`seams.ts`, the AWS clients), what is told of its end, and what is seen of it. Owns no default. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Engine } from "../core/engine.ts";
import type { Config } from "./config.ts";
import type { ConfigSource } from "./config-watch.ts";
import type { Log } from "./log.ts";
import type { Recorder } from "./recording/recorder.ts";
import type { Clock, Connect, Fetch, Rng } from "./seams.ts";
import type { TaskState } from "./status/state.ts";
import type { Venue } from "./venue.ts";
import type { MakeVenue } from "./venue-choice.ts";

export type TaskOptions = {
  readonly config: Config;
  /** Where `config` came from, looked at while the task runs; undefined when it does not change. */
  readonly configSource?: ConfigSource | undefined;
  readonly engineId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly fetch: Fetch;
  /** The venue that the configuration names, opened; Cambrian's unless told. */
  readonly makeVenue?: MakeVenue;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  /** Undefined where the configuration names no secret. */
  readonly secrets?: SecretsManagerClient | undefined;
  readonly log: Log;
  /** Takes down what moves the engine; undefined when nothing is recorded. */
  readonly recorder?: Recorder | undefined;
  readonly memoryRssBytes: () => number;
  /** Nothing is rehearsed: in virtual time nothing is faster for it. */
  readonly isColdAllowed?: boolean;
  /** Neither figures nor plots are kept: nobody looks. */
  readonly isUnwatched?: boolean;
  /** See `QuotingLoop`. */
  readonly idleDecisionMs?: number;
  /** Takes a line of figures for CloudWatch; undefined where nobody reads them. */
  readonly writeFigures?: ((line: string) => void) | undefined;
  /** A bug was found: the task decides nothing any more and must be stopped. */
  readonly onCrash: (error: unknown) => void;
  /** It can not go on, though nothing is wrong with it: another task has its lease, the venue refuses its key. It must be stopped. */
  readonly onUseless: (reason: string) => void;
};

/** What a task is in charge of; the epoch is there while the lease is held or in doubt. */
export type TaskCharge = {
  readonly engine: Engine | undefined;
  readonly venue: Venue | undefined;
  readonly epoch: number | null;
  readonly phase: TaskState["phase"];
  readonly startup: TaskState["startup"];
};
