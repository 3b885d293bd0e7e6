/**
 * The control items (CONTRACTS 5) as the table holds them: who may quote, and who said so. Owns their form and the two calls;
 * what follows from them is `control.ts`'s, and which kill must still be written is `control-latches.ts`'s.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { InputError } from "../core/errors.ts";
import { readIsoTime } from "../core/sei/iso-time.ts";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";

/** The sort key of the item for every market. */
export const ALL_MARKETS = "ALL";

/** A call with all retries of the client: what takes longer is asked again rather than waited for. */
const CALL_WITHIN_MS = 1_500;

export type ControlItem = {
  readonly state: "halted" | "running";
  readonly reason: string;
  readonly by: string;
  /** When it was said, ISO-8601 with milliseconds, by the clock of whoever said it; and the same as epoch milliseconds. */
  readonly at: string;
  readonly atMs: number;
};

/** By sort key. An error stands for an item that is there and cannot be understood; nothing means that there is none. */
export type ControlItems = ReadonlyMap<string, ControlItem | InputError>;

export class ControlTable {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #clock: Clock;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string; readonly clock: Clock }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#clock = options.clock;
  }

  /** Every control item, read consistently. Rejects when no whole answer came within 1.5 s. */
  async read(): Promise<ControlItems> {
    const command = new QueryCommand({
      TableName: this.#tableName,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": "pk" },
      ExpressionAttributeValues: { ":pk": { S: "CONTROL" } },
      ConsistentRead: true,
    });
    const answer = await withDeadline(this.#clock, CALL_WITHIN_MS, "read the control items", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    // Ten markets fill a few kilobytes of the mebibyte of a page: more is not ours, and a part may hide a halt.
    if (answer.LastEvaluatedKey !== undefined || answer.Items === undefined) {
      throw new InputError({ what: "control items", expected: "one whole page", was: answer.LastEvaluatedKey });
    }
    return new Map(answer.Items.map((item) => [item["sk"]?.S ?? "", decodeItem(item)]));
  }

  /** Writes a halt unless an item of a later time stands there: then it is `superseded`. The same halt again is `written`. */
  async writeHalt(scope: string, halt: Omit<ControlItem, "state" | "atMs">): Promise<"written" | "superseded"> {
    const command = new PutItemCommand({
      TableName: this.#tableName,
      Item: {
        pk: { S: "CONTROL" },
        sk: { S: scope },
        state: { S: "halted" },
        reason: { S: halt.reason },
        by: { S: halt.by },
        at: { S: halt.at },
      },
      // An item without a time, or whose time is no text, is broken and stops nobody.
      ConditionExpression: "attribute_not_exists(#at) OR NOT attribute_type(#at, :text) OR #at <= :at",
      ExpressionAttributeNames: { "#at": "at" },
      ExpressionAttributeValues: { ":text": { S: "S" }, ":at": { S: halt.at } },
    });
    try {
      await withDeadline(this.#clock, CALL_WITHIN_MS, "write the halt", (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      return "written";
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return "superseded";
      throw error;
    }
  }
}

function decodeItem(item: Readonly<Record<string, AttributeValue>>): ControlItem | InputError {
  const [state, reason, by, at] = ["state", "reason", "by", "at"].map((name) => item[name]?.S);
  const atMs = readIsoTime(at ?? "");
  const isState = state === "halted" || state === "running";
  if (isState && reason !== undefined && by !== undefined && at !== undefined && atMs >= 0) {
    return { state, reason, by, at, atMs };
  }
  return new InputError({
    what: `control item ${item["sk"]?.S}`,
    expected: "halted or running, with reason, by and a time with milliseconds",
    was: { state, reason, by, at },
  });
}
