/**
 * What the task itself keeps in the ledger's table: the epoch of its shard, and how far each market's fills are safe.
 * Owns these two items alone; the ledger's own (CONTRACTS 5) are written by the functions behind the queue.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Books } from "../core/accounting/pnl.ts";
import { InputError } from "../core/errors.ts";
import { booksFromText, booksToText } from "./books-text.ts";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";

/** For one call with the client's own retries. */
const CALL_TIMEOUT_MS = 10_000;

/** Every fill up to `cursor` is on the ledger's queue, and `books` is the fold over exactly those. */
export type FillCheckpoint = {
  /** The venue's, usable as the next `after`; absent before the first. */
  readonly cursor: string | undefined;
  readonly books: Books;
};

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

  /**
   * Makes a new epoch for a shard: greater than any before, from 1. A lost answer costs a number, never a repeat, since
   * numbers only have to grow.
   */
  async raiseEpoch(shard: string): Promise<number> {
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: { pk: { S: "LEASE" }, sk: { S: shard } },
      UpdateExpression: "ADD #epoch :one",
      ExpressionAttributeNames: { "#epoch": "epoch" },
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ReturnValues: "UPDATED_NEW",
    });
    const answer = await this.#call("raise the epoch", (abortSignal) => this.#client.send(command, { abortSignal }));
    const epoch = Number(answer.Attributes?.["epoch"]?.N);
    if (Number.isSafeInteger(epoch) && epoch > 0) return epoch;
    throw new InputError({ what: `epoch of LEASE ${shard}`, expected: "a positive integer", was: answer.Attributes });
  }

  /** The market's checkpoint as last written, or null before the first. Throws `InputError` on one that cannot be read. */
  async loadFills(market: string): Promise<FillCheckpoint | null> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: fillsKey(market), ConsistentRead: true });
    const answer = await this.#call("load the fills checkpoint", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    if (answer.Item === undefined) return null;
    const books = booksFromText(answer.Item["books"]?.S, `books of ENGINE#${market} FILLS`);
    return { cursor: answer.Item["cursor"]?.S, books };
  }

  /** Writes the checkpoint unless a later one stands there. The same write repeated is `saved` again. */
  async saveFills(market: string, checkpoint: FillCheckpoint, at: CheckpointVersion): Promise<SaveOutcome> {
    const { cursor } = checkpoint;
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: fillsKey(market),
      UpdateExpression: `SET #books = :books, #epoch = :epoch, #version = :version${cursor === undefined ? "" : ", #cursor = :cursor"}`,
      ConditionExpression: "attribute_not_exists(pk) OR #epoch < :epoch OR (#epoch = :epoch AND #version <= :version)",
      ExpressionAttributeNames: {
        "#books": "books",
        "#epoch": "epoch",
        "#version": "version",
        ...(cursor === undefined ? {} : { "#cursor": "cursor" }),
      },
      ExpressionAttributeValues: {
        ":books": { S: booksToText(checkpoint.books) },
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
