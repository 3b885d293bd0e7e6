/**
 * The writing of engine minutes and markouts (CONTRACTS 5) to the ledger's table. Owns how tasks share a minute: each adds its part
 * once, by conditional writes of that one item alone, whoever comes first and however often it is tried.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { FillMarkout } from "../core/accounting/markout.ts";
import { compareParts, type MinutePart } from "../core/accounting/minute.ts";
import { InputError } from "../core/errors.ts";
import { withDeadline } from "./deadline.ts";
import {
  decodeParts,
  encodeMarkouts,
  encodeMinute,
  expiryOf,
  type MinuteParts,
  minuteKey,
  minuteText,
} from "./minute-item.ts";
import type { Clock } from "./seams.ts";

const CALL_TIMEOUT_MS = 3_000;

/** Another task that writes the same minute does so once: so many conflicts in a row mean something else. */
const CONFLICTS_MAX = 5;

/** Each fill takes some 300 bytes, an item at most 400 KB. */
export const MARKOUTS_PER_ITEM_MAX = 500;

type StoredMinute = { readonly version: number; readonly parts: MinuteParts };

/** A minute of a market by its beginning, epoch ms. */
export type MarketMinute = { readonly market: string; readonly minuteMs: number };

export class MinuteTable {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #clock: Clock;

  constructor(options: { readonly client: DynamoDBClient; readonly tableName: string; readonly clock: Clock }) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#clock = options.clock;
  }

  /** Adds a task's part to its minute; one that is there already changes nothing. Throws `InputError` on an item that cannot be read. */
  async addPart(minute: MarketMinute, part: MinutePart): Promise<void> {
    // Nearly always nothing stands there yet.
    let stored: StoredMinute | undefined;
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
      if (stored?.parts.some((each) => compareParts(each, part) === 0)) return;
      if (await this.#put(minute, part, stored)) return;
      stored = await this.#read(minute);
    }
    throw new Error(
      `minute ${minuteText(minute.minuteMs)} of ${minute.market} changed ${CONFLICTS_MAX} times meanwhile`,
    );
  }

  /**
   * Writes fills whose markouts were finished in a minute. `part` tells the items of one epoch in one minute apart; the same one again
   * is the same item.
   */
  async putMarkouts(
    { market, minuteMs }: MarketMinute,
    { epoch, part, fills }: { readonly epoch: number; readonly part: number; readonly fills: readonly FillMarkout[] },
  ): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.#tableName,
      Item: {
        pk: { S: `ENGINE#${market}` },
        sk: { S: `MARKOUTS#${minuteText(minuteMs)}#${epoch}#${part}` },
        fills: encodeMarkouts(fills),
        ttl: expiryOf(minuteMs),
      },
    });
    await this.#call("write markouts", (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  /** Answers false when something else stands there meanwhile, or this very write whose answer was lost. */
  async #put(minute: MarketMinute, part: MinutePart, stored: StoredMinute | undefined): Promise<boolean> {
    const { market, minuteMs } = minute;
    const parts: MinuteParts = stored === undefined ? [part] : [...stored.parts, part];
    const command = new PutItemCommand({
      TableName: this.#tableName,
      Item: {
        ...minuteKey(market, minuteMs),
        ...encodeMinute(parts),
        version: { N: String((stored?.version ?? 0) + 1) },
        ttl: expiryOf(minuteMs),
      },
      ...(stored === undefined
        ? { ConditionExpression: "attribute_not_exists(pk)" }
        : {
            ConditionExpression: "#version = :version",
            ExpressionAttributeNames: { "#version": "version" },
            ExpressionAttributeValues: { ":version": { N: String(stored.version) } },
          }),
    });
    try {
      await this.#call("write an engine minute", (abortSignal) => this.#client.send(command, { abortSignal }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #read({ market, minuteMs }: MarketMinute): Promise<StoredMinute | undefined> {
    const Key = minuteKey(market, minuteMs);
    const command = new GetItemCommand({ TableName: this.#tableName, Key, ConsistentRead: true });
    const { Item } = await this.#call("read an engine minute", (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    if (Item === undefined) return undefined;
    const what = `${Key.sk.S} of ${Key.pk.S}`;
    const version = Number(Item["version"]?.N);
    if (!Number.isSafeInteger(version)) {
      throw new InputError({ what: `version of ${what}`, expected: "a whole number", was: Item["version"]?.N });
    }
    return { version, parts: decodeParts(Item, `parts of ${what}`) };
  }

  async #call<Result>(what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return await withDeadline(this.#clock, CALL_TIMEOUT_MS, what, work);
  }
}
