/**
 * What the task itself keeps in the ledger's table of each market: how far its fills are safe. Owns that item alone, and the
 * reading of the ledger's own position (CONTRACTS 5), which the functions behind the queue write.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Books, KnownFills } from "../core/accounting/pnl.ts";
import { MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import { booksFromText, booksToText, overlapFromText, overlapToText } from "./books-text.ts";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";

/** For one call with the client's own retries. */
const CALL_TIMEOUT_MS = 10_000;

/** Every fill up to `cursor` is on the ledger's queue, and `books` is the fold over exactly those. */
export type FillCheckpoint = {
  /** The venue's, usable as the next `after`; absent before the first. */
  readonly cursor: string | undefined;
  readonly books: Books;
  readonly overlap: FillOverlap;
};

/** Where the last minute of fills begins, and which they are: read again from `cursor`, a fill that is none of them came late. */
export type FillOverlap = KnownFills & { readonly cursor: string | undefined };

/** Which task writes, and which of its writes this is: both only ever grow. */
export type CheckpointVersion = { readonly epoch: number; readonly version: number };

/** `superseded`: a task of a later epoch, or a later write of this one, stands there. */
export type SaveOutcome = "saved" | "superseded";

export class StateTable {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #clock: Clock;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string; readonly clock: Clock }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#clock = options.clock;
  }

  /** The ledger's books of a market (CONTRACTS 5, item `POSITION`), read consistently; empty ones before its first fill. */
  async readLedger(market: string): Promise<{ readonly fillCount: number; readonly position: bigint }> {
    const command = new GetItemCommand({
      TableName: this.#tableName,
      Key: { pk: { S: `MARKET#${market}` }, sk: { S: "POSITION" } },
      ConsistentRead: true,
      ProjectionExpression: "#count, #position",
      ExpressionAttributeNames: { "#count": "fillCount", "#position": "position" },
    });
    const answer = await this.#call("read the ledger's position", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    const count = answer.Item?.["fillCount"]?.N;
    // An item without books only announces fills that are not folded yet.
    if (count === undefined) return { fillCount: 0, position: 0n };
    const fillCount = Number(count);
    const what = `POSITION of MARKET#${market}`;
    if (!Number.isSafeInteger(fillCount) || fillCount < 0) {
      throw new InputError({ what: `fillCount of ${what}`, expected: "an integer of at least 0", was: count });
    }
    return { fillCount, position: parseScaled(answer.Item?.["position"]?.N, MONEY_DECIMALS, `position of ${what}`) };
  }

  /**
   * The highest epoch that wrote a shard's risk or a market's checkpoint, 0 before the first: a lease item that was lost must not
   * begin at one again, since client order ids would repeat.
   */
  async highestEpoch(shard: string, markets: readonly string[]): Promise<number> {
    const keys = [...markets.map(fillsKey), { pk: { S: `ENGINE#${shard}` }, sk: { S: "RISK" } }];
    let highest = 0;
    for (const key of keys) {
      const command = new GetItemCommand({
        TableName: this.#tableName,
        Key: key,
        ConsistentRead: true,
        ProjectionExpression: "#epoch",
        ExpressionAttributeNames: { "#epoch": "epoch" },
      });
      const answer = await this.#call("read the epochs", (abortSignal) => this.#client.send(command, { abortSignal }));
      const epoch = Number(answer.Item?.["epoch"]?.N ?? 0);
      if (Number.isSafeInteger(epoch)) highest = Math.max(highest, epoch);
    }
    return highest;
  }

  /** The market's checkpoint as last written, or null before the first. Throws `InputError` on one that cannot be read. */
  async loadFills(market: string): Promise<FillCheckpoint | null> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: fillsKey(market), ConsistentRead: true });
    const answer = await this.#call("load the fills checkpoint", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    if (answer.Item === undefined) return null;
    const books = booksFromText(answer.Item["books"]?.S, `books of ENGINE#${market} FILLS`);
    const cursor = answer.Item["cursor"]?.S;
    const text = answer.Item["overlap"]?.S;
    const none = { cursor, after: books.lastFill, fills: [] };
    const overlap = text === undefined ? none : overlapFromText(text, `overlap of ENGINE#${market} FILLS`);
    return { cursor, books, overlap };
  }

  /** Writes the checkpoint unless a later one stands there. The same write repeated is `saved` again. */
  async saveFills(market: string, checkpoint: FillCheckpoint, at: CheckpointVersion): Promise<SaveOutcome> {
    const { cursor } = checkpoint;
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: fillsKey(market),
      UpdateExpression: `SET #books = :books, #overlap = :overlap, #epoch = :epoch, #version = :version${cursor === undefined ? "" : ", #cursor = :cursor"}`,
      ConditionExpression: "attribute_not_exists(pk) OR #epoch < :epoch OR (#epoch = :epoch AND #version <= :version)",
      ExpressionAttributeNames: {
        "#books": "books",
        "#overlap": "overlap",
        "#epoch": "epoch",
        "#version": "version",
        ...(cursor === undefined ? {} : { "#cursor": "cursor" }),
      },
      ExpressionAttributeValues: {
        ":books": { S: booksToText(checkpoint.books) },
        ":overlap": { S: overlapToText(checkpoint.overlap) },
        ":epoch": { N: String(at.epoch) },
        ":version": { N: String(at.version) },
        ...(cursor === undefined ? {} : { ":cursor": { S: cursor } }),
      },
    });
    try {
      await this.#call("save the fills checkpoint", (abortSignal) => this.#client.send(command, { abortSignal }));
      return "saved";
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return "superseded";
      throw error;
    }
  }

  async #call<Result>(what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return await withDeadline(this.#clock, CALL_TIMEOUT_MS, what, work);
  }
}

function fillsKey(market: string) {
  return { pk: { S: `ENGINE#${market}` }, sk: { S: "FILLS" } };
}
