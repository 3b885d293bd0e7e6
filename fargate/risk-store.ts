/**
 * What the risk of a shard must remember over a restart, in one item of the ledger's table: the loss (peak, day, latch) and, by
 * market, what the venue holds beyond the books. Owns that item and when it is written; the figures are the engine's.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import type { LossSnapshot } from "../core/risk/loss-watch.ts";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";
import type { CheckpointVersion } from "./state-table.ts";

const CALL_TIMEOUT_MS = 3_000;

export type RiskMemory = {
  readonly loss: LossSnapshot | undefined;
  /** By market; integers of 10^-18 base. */
  readonly baselines: ReadonlyMap<string, bigint>;
  /** Markets whose position differed lastingly from the venue's or the ledger's, and when that was written (epoch ms). */
  readonly differing: readonly string[];
  readonly writtenAtMs: number;
};

const NOTHING: RiskMemory = { loss: undefined, baselines: new Map(), differing: [], writtenAtMs: 0 };

const storedSchema = z.strictObject({
  loss: z
    .strictObject({
      peak: z.string(),
      day: z.int(),
      dayStart: z.string(),
      latch: z.strictObject({ reason: z.string(), atMs: z.number() }).exactOptional(),
    })
    .exactOptional(),
  baselines: z.record(z.string(), z.string()),
  differing: z.array(z.string()),
  writtenAtMs: z.number(),
});

export class RiskStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #shard: string;
  readonly #clock: Clock;

  constructor(options: {
    readonly client: DynamoDBClient;
    readonly tableName: string;
    readonly shard: string;
    readonly clock: Clock;
  }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#shard = options.shard;
    this.#clock = options.clock;
  }

  /** What an earlier start kept, read consistently; empty before the first. Throws `InputError` on an item that cannot be read. */
  async load(): Promise<RiskMemory> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: this.#key(), ConsistentRead: true });
    const answer = await withDeadline(this.#clock, CALL_TIMEOUT_MS, "load the risk item", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return answer.Item === undefined ? NOTHING : decode(answer.Item, this.#shard);
  }

  /** Writes it, unless a later epoch, or a later write of this one, has: that word stands, and the answer is false. */
  async save(memory: RiskMemory, { epoch, version }: CheckpointVersion): Promise<boolean> {
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: this.#key(),
      UpdateExpression: "SET #memory = :memory, #epoch = :epoch, #version = :version",
      ConditionExpression: "attribute_not_exists(pk) OR #epoch < :epoch OR (#epoch = :epoch AND #version <= :version)",
      ExpressionAttributeNames: { "#memory": "memory", "#epoch": "epoch", "#version": "version" },
      ExpressionAttributeValues: {
        ":memory": { S: encode(memory) },
        ":epoch": { N: String(epoch) },
        ":version": { N: String(version) },
      },
    });
    try {
      await withDeadline(this.#clock, CALL_TIMEOUT_MS, "save the risk item", (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  #key() {
    return { pk: { S: `ENGINE#${this.#shard}` }, sk: { S: "RISK" } };
  }
}

function encode({ loss, baselines, differing, writtenAtMs }: RiskMemory): string {
  const text = (amount: bigint) => formatScaled(amount, MONEY_DECIMALS);
  const stored: z.input<typeof storedSchema> = {
    ...(loss === undefined
      ? {}
      : {
          loss: {
            peak: text(loss.peak),
            day: loss.day,
            dayStart: text(loss.dayStart),
            ...(loss.latch === undefined ? {} : { latch: { ...loss.latch } }),
          },
        }),
    baselines: Object.fromEntries([...baselines].map(([market, amount]) => [market, text(amount)])),
    differing: [...differing],
    writtenAtMs,
  };
  return JSON.stringify(stored);
}

function decode(item: Record<string, AttributeValue>, shard: string): RiskMemory {
  const what = `memory of ENGINE#${shard} RISK`;
  const text = item["memory"]?.S;
  const stored = storedSchema.safeParse(parseJson(text));
  if (!stored.success) {
    throw new InputError({ what, expected: "what this task writes there", was: text, cause: stored.error });
  }
  const amount = (value: string) => parseScaled(value, MONEY_DECIMALS, what);
  const { loss, baselines, differing, writtenAtMs } = stored.data;
  return {
    differing,
    writtenAtMs,
    loss:
      loss === undefined
        ? undefined
        : { peak: amount(loss.peak), day: loss.day, dayStart: amount(loss.dayStart), latch: loss.latch },
    baselines: new Map(Object.entries(baselines).map(([market, value]) => [market, amount(value)])),
  };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
