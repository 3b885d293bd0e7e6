/**
 * The control items (CONTRACTS 5) as the table holds them: who may quote, and who said so. Owns their form and the two calls;
 * what follows from them is `control.ts`'s, and which kill must still be written is `control-latches.ts`'s. Items of strategy
 * parameters stand beside them and come with the same reading; their form is `strategy-item.ts`'s.
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
import { decodeStrategyItem, marketOfStrategyItem, type StrategyItem, type StrategyItems } from "./strategy-item.ts";

/** The sort key of the item for every market. */
export const ALL_MARKETS = "ALL";

/** A call with all retries of the client: what takes longer is asked again rather than waited for. */
const CALL_WITHIN_MS = 1_500;

/** Of a mebibyte each; ten markets fill a few kilobytes of the first. Only items as large as DynamoDB takes them make more. */
const PAGES_MAX = 8;

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

export type ControlReading = { readonly items: ControlItems; readonly strategies: StrategyItems };

type Item = Readonly<Record<string, AttributeValue>>;

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
  async read(): Promise<ControlReading> {
    const found = await withDeadline(this.#clock, CALL_WITHIN_MS, "read the control items", (abortSignal) =>
      this.#readPages(abortSignal),
    );
    const items = new Map<string, ControlItem | InputError>();
    const strategies = new Map<string, StrategyItem | InputError>();
    for (const item of found) {
      const sortKey = item["sk"]?.S ?? "";
      const market = marketOfStrategyItem(sortKey);
      if (market === undefined) items.set(sortKey, decodeItem(item));
      else strategies.set(market, decodeStrategyItem(item));
    }
    return { items, strategies };
  }

  async #readPages(abortSignal: AbortSignal): Promise<readonly Item[]> {
    const found: Item[] = [];
    let next: Item | undefined;
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const command = new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: "#pk = :pk",
        ExpressionAttributeNames: { "#pk": "pk" },
        ExpressionAttributeValues: { ":pk": { S: "CONTROL" } },
        ConsistentRead: true,
        ...(next === undefined ? {} : { ExclusiveStartKey: next }),
      });
      const answer = await this.#client.send(command, { abortSignal });
      if (answer.Items === undefined) break;
      found.push(...answer.Items);
      next = answer.LastEvaluatedKey;
      if (next === undefined) return found;
    }
    // A part may hide a halt.
    throw new InputError({ what: "control items", expected: `one to ${PAGES_MAX} whole pages`, was: next });
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

function decodeItem(item: Item): ControlItem | InputError {
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
