/**
 * The lease's item in the ledger's table (`LEASE` / `<shard>`, CONTRACTS 5): how it is read and written, each call within a
 * deadline. Owns the wire form and the conditions; what a record means, and when to call, is the lease's.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { InputError } from "../core/errors.ts";
import { withDeadline } from "./deadline.ts";
import type { Told } from "./lease-types.ts";
import type { Clock } from "./seams.ts";

/** What decisions rest on, as it stands in the item; undefined is absent there, and a record of none of them is no item. */
export type LeaseRecord = {
  /** Undefined, or empty as a person may leave it: the lease is free. */
  readonly owner: string | undefined;
  /** Grows with every holder; 0 or more. */
  readonly epoch: number | undefined;
  /** Grows with every write; 0 or more. */
  readonly version: number | undefined;
  /** The holder's, in milliseconds: a taker with a shorter one must wait for it all the same. */
  readonly termMs: number | undefined;
};

/** For people and the health sweep: no decision ever rests on it. */
export type Heartbeat = Told & { readonly epochMs: number };

/** `refused`: the record is not what the write was conditioned on. A call that rejects may have been done or not. */
export type WriteOutcome = "written" | "refused";

/** The call was given up by our side; whether the table did it is unknown. */
class CallInterruptedError extends Error {
  readonly code = "CALL_INTERRUPTED";

  constructor(reason: string) {
    super(`the call to the lease was interrupted: ${reason}`);
    this.name = "CallInterruptedError";
  }
}

export class LeaseTable {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #shard: string;
  readonly #clock: Clock;
  readonly #callTimeoutMs: number;
  /** The calls under way: at most two, a release beside a call that was just interrupted. */
  readonly #interrupts = new Set<(error: CallInterruptedError) => void>();

  constructor(options: {
    readonly client: DynamoDBClient;
    readonly tableName: string;
    readonly shard: string;
    readonly clock: Clock;
    /** For one call with the client's own retries. */
    readonly callTimeoutMs: number;
  }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#shard = options.shard;
    this.#clock = options.clock;
    this.#callTimeoutMs = options.callTimeoutMs;
  }

  /** Reads consistently. Throws `InputError` on an item that cannot be read. */
  async read(): Promise<LeaseRecord> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: this.#key, ConsistentRead: true });
    const { Item } = await this.#call("read the lease", (abortSignal) => this.#client.send(command, { abortSignal }));
    return {
      owner: this.#toOwner(Item?.["owner"]),
      epoch: this.#toCount(Item?.["epoch"], "epoch"),
      version: this.#toCount(Item?.["version"], "version"),
      termMs: this.#toCount(Item?.["termMs"], "termMs"),
    };
  }

  /** Writes `next` if owner, epoch and version are still exactly those of `seen`. */
  async replace(
    seen: LeaseRecord,
    next: { readonly owner: string; readonly epoch: number; readonly version: number; readonly termMs: number },
    heartbeat: Heartbeat,
  ): Promise<WriteOutcome> {
    const values: Record<string, AttributeValue> = {
      ":owner": { S: next.owner },
      ":epoch": { N: String(next.epoch) },
      ":version": { N: String(next.version) },
      ":termMs": { N: String(next.termMs) },
      ":heartbeatAt": { S: new Date(heartbeat.epochMs).toISOString() },
      ":feed": { S: heartbeat.feed },
      ":openOrders": { N: String(heartbeat.openOrders) },
      ":markets": { L: heartbeat.markets.map((market) => ({ S: market })) },
    };
    const conditions: string[] = [];
    const expect = (name: "owner" | "epoch" | "version", value: AttributeValue | undefined) => {
      conditions.push(value === undefined ? `attribute_not_exists(#${name})` : `#${name} = :seen_${name}`);
      if (value !== undefined) values[`:seen_${name}`] = value;
    };
    expect("owner", seen.owner === undefined ? undefined : { S: seen.owner });
    expect("epoch", seen.epoch === undefined ? undefined : { N: String(seen.epoch) });
    expect("version", seen.version === undefined ? undefined : { N: String(seen.version) });
    return await this.#write("write the lease", {
      UpdateExpression:
        "SET #owner = :owner, #epoch = :epoch, #version = :version, termMs = :termMs, heartbeatAt = :heartbeatAt, feed = :feed, openOrders = :openOrders, markets = :markets",
      ConditionExpression: conditions.join(" AND "),
      ExpressionAttributeNames: { "#owner": "owner", "#epoch": "epoch", "#version": "version" },
      ExpressionAttributeValues: values,
    });
  }

  /** Frees the lease if `owner` holds it, whatever its version: a renewal still under way must not stand in the way. */
  async release(owner: string): Promise<WriteOutcome> {
    return await this.#write("release the lease", {
      UpdateExpression: "REMOVE #owner SET #version = #version + :one",
      ConditionExpression: "#owner = :owner",
      ExpressionAttributeNames: { "#owner": "owner", "#version": "version" },
      ExpressionAttributeValues: { ":owner": { S: owner }, ":one": { N: "1" } },
    });
  }

  /** Gives up the calls under way: they reject at once, their outcome unknown. */
  interrupt(reason: string): void {
    for (const reject of this.#interrupts) reject(new CallInterruptedError(reason));
  }

  get #key() {
    return { pk: { S: "LEASE" }, sk: { S: this.#shard } };
  }

  async #write(
    what: string,
    expressions: {
      readonly UpdateExpression: string;
      readonly ConditionExpression: string;
      readonly ExpressionAttributeNames: Record<string, string>;
      readonly ExpressionAttributeValues: Record<string, AttributeValue>;
    },
  ): Promise<WriteOutcome> {
    const command = new UpdateItemCommand({ TableName: this.#tableName, Key: this.#key, ...expressions });
    try {
      await this.#call(what, (abortSignal) => this.#client.send(command, { abortSignal }));
      return "written";
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return "refused";
      throw error;
    }
  }

  async #call<Result>(what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController();
    const interrupted = Promise.withResolvers<never>();
    const interrupt = (error: CallInterruptedError) => {
      interrupted.reject(error);
      controller.abort(error);
    };
    this.#interrupts.add(interrupt);
    try {
      // One signal for both: `AbortSignal.any` takes five times as long, and a lease is renewed for as long as the task lives.
      const worked = withDeadline(this.#clock, this.#callTimeoutMs, what, (late) => {
        late.addEventListener("abort", () => controller.abort(late.reason), { once: true });
        return work(controller.signal);
      });
      return await Promise.race([worked, interrupted.promise]);
    } finally {
      this.#interrupts.delete(interrupt);
    }
  }

  #toOwner(value: AttributeValue | undefined): string | undefined {
    if (value === undefined || value.S !== undefined) return value?.S;
    throw new InputError({ what: `owner of LEASE ${this.#shard}`, expected: "text", was: value });
  }

  #toCount(value: AttributeValue | undefined, name: string): number | undefined {
    if (value === undefined) return undefined;
    const count = Number(value.N);
    if (Number.isSafeInteger(count) && count >= 0) return count;
    throw new InputError({ what: `${name} of LEASE ${this.#shard}`, expected: "a non-negative integer", was: value });
  }
}
