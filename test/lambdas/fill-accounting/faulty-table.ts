/**
 * One process's way to the table, by requests and answers as the SDK sends and gets them: each may be lost, refused, repeated, late,
 * or the last thing the process ever did. Owns the faults; what the SDK makes of them is its own.
 */
import { setImmediate } from "node:timers/promises";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import {
  AWS_SETTINGS,
  type AwsAnswer,
  type AwsRequest,
  makeRequestHandler,
  muteClient,
} from "../../../sim/world/aws-access.ts";
import type { TableHost } from "../../../sim/world/table-host.ts";

export const HOW = [
  /** The request never arrives, and its sender finds out after its time. */
  "lost",
  /** It takes effect, and its sender gives up waiting for the answer. */
  "answer-lost",
  /** It takes effect two times, as a proxy may have it. */
  "twice",
  /** It takes effect, its answer is lost, and once more after all that its sender sends besides. */
  "again-at-the-end",
  "throttled",
  "throughput-exceeded",
  "server-error",
] as const;

/** Strikes the `at`-th request of a process, counted from 1, reads included; with `kills` nothing of the process goes on after it. */
export type TableFault = { readonly at: number; readonly how: (typeof HOW)[number]; readonly kills: boolean };

export type FaultyTable = LedgerTable & {
  readonly sent: { requests: number; itemsRead: number; readonly operations: string[] };
  /** Whether the process has ended: then nobody ever hears what it answered. */
  readonly isDead: () => boolean;
  /** What arrives late. */
  settle(): Promise<void>;
};

/**
 * `attempts` of one request are the SDK's, without its pauses; those that `refuses` names are throttled each time. A request waits
 * for as many turns of the loop as `turns` says in turn, so that those on their way together arrive in another order, and a process
 * that ends takes some of them with it.
 */
export function connect(
  host: TableHost,
  options: {
    readonly fault?: TableFault | undefined;
    readonly attempts?: number;
    readonly turns?: readonly number[];
    readonly refuses?: (request: AwsRequest) => boolean;
    /** Awaited before the request of a number arrives. */
    readonly hold?: (number: number) => Promise<unknown>;
  } = {},
): FaultyTable {
  const { fault, attempts = 1, turns = [], refuses = () => false } = options;
  const sent = { requests: 0, itemsRead: 0, operations: [] as string[] };
  const late: AwsRequest[] = [];
  let isDead = false;
  const carry = async (request: AwsRequest): Promise<AwsAnswer> => {
    sent.requests++;
    const number = sent.requests;
    if (isDead) throw timedOut();
    sent.operations.push(request.headers["x-amz-target"]?.split(".")[1] ?? "");
    const strikes = number === fault?.at;
    if (strikes && fault.kills && fault.how === "lost") isDead = true;
    for (let turn = turns[number % turns.length] ?? 0; turn > 0; turn--) await setImmediate();
    await options.hold?.(number);
    if (isDead) throw timedOut();
    if (refuses(request)) return THROTTLED;
    if (!strikes) return count(await host.backend(request), sent);
    if (fault.kills) isDead = true;
    const refused = REFUSALS[fault.how];
    if (refused !== undefined) return refused;
    if (fault.how === "lost") throw timedOut();
    const answer = await host.backend(request);
    if (fault.how === "again-at-the-end") late.push(request);
    if (fault.how !== "twice") throw timedOut();
    await host.backend(request);
    if (isDead) throw timedOut();
    return answer;
  };
  const client = new DynamoDBClient({
    ...AWS_SETTINGS,
    cacheMiddleware: true,
    retryStrategy: retryAtOnce(attempts),
    requestHandler: makeRequestHandler(carry),
  });
  muteClient(client);
  const settle = async () => {
    for (const request of late.splice(0)) await host.backend(request);
  };
  return { client, tableName: host.tableName, sent, isDead: () => isDead, settle };
}

const THROTTLED = refusal(400, "com.amazon.coral.availability#ThrottlingException");
const REFUSALS: Partial<Record<TableFault["how"], AwsAnswer>> = {
  throttled: THROTTLED,
  "throughput-exceeded": refusal(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
  "server-error": refusal(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
};

function refusal(statusCode: number, type: string): AwsAnswer {
  const headers = { "content-type": "application/x-amz-json-1.0" };
  return { statusCode, headers, body: JSON.stringify({ __type: type, message: "not now" }) };
}

/** As the SDK's own request handler fails, so that its retries take it for what it is. */
function timedOut(): Error {
  return Object.assign(new Error("the request took too long"), { name: "TimeoutError" });
}

function count(answer: AwsAnswer, sent: FaultyTable["sent"]): AwsAnswer {
  if (!answer.body.includes('"Items"')) return answer;
  const { Items } = JSON.parse(answer.body);
  sent.itemsRead += Items.length;
  return answer;
}

/** The SDK's verdict of what may be tried again, without its pauses, which are real time. */
function retryAtOnce(attempts: number): NonNullable<DynamoDBClientConfig["retryStrategy"]> {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    acquireInitialRetryToken: () => Promise.resolve(token(0)),
    refreshRetryTokenForRetry: (before, { errorType }) => {
      const next = before.getRetryCount() + 1;
      if (errorType === "CLIENT_ERROR" || next >= attempts) return Promise.reject(new Error("no more attempts"));
      return Promise.resolve(token(next));
    },
    recordSuccess: () => undefined,
  };
}
