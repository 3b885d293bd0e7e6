/**
 * The item of a market's strategy parameters as an operator reads and changes it. Owns the condition of a change: it is made of
 * what was seen, so that nobody's word is overwritten that came in between.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { InputError } from "../../core/errors.ts";
import { readIsoTime } from "../../core/sei/iso-time.ts";
import {
  decodeStrategyItem,
  type StrategyItem,
  strategyItemKey,
  toStrategyAttributes,
} from "../../fargate/strategy-item.ts";

export type StrategyTable = { readonly client: DynamoDBClient; readonly tableName: string };

/** What stands there: nothing, an item, or an error for one that can not be understood. `at` is its time as it is written. */
export type Standing = {
  readonly item: StrategyItem | InputError | undefined;
  readonly at: AttributeValue | undefined;
};

/** `superseded`: somebody changed the item since it was seen, and nothing was done. */
export type Outcome = "done" | "superseded";

export async function readStrategy({ client, tableName }: StrategyTable, market: string): Promise<Standing> {
  const command = new GetItemCommand({ TableName: tableName, Key: strategyItemKey(market), ConsistentRead: true });
  const { Item } = await client.send(command);
  return { item: Item === undefined ? undefined : decodeStrategyItem(Item), at: Item?.["at"] };
}

/** The time of a word said at `nowMs` (epoch): later than what stands, however the clocks of two operators differ. */
export function timeAfter({ at }: Standing, nowMs: number): string {
  return new Date(Math.max(nowMs, readIsoTime(at?.S ?? "") + 1)).toISOString();
}

export async function writeStrategy(
  { client, tableName }: StrategyTable,
  market: string,
  { seen, item }: { readonly seen: Standing; readonly item: Omit<StrategyItem, "atMs"> },
): Promise<Outcome> {
  const Item = toStrategyAttributes(market, item);
  return await orSuperseded(client.send(new PutItemCommand({ TableName: tableName, Item, ...conditionOf(seen) })));
}

export async function removeStrategy(
  { client, tableName }: StrategyTable,
  market: string,
  seen: Standing,
): Promise<Outcome> {
  const Key = strategyItemKey(market);
  return await orSuperseded(client.send(new DeleteItemCommand({ TableName: tableName, Key, ...conditionOf(seen) })));
}

function conditionOf({ at }: Standing) {
  const ExpressionAttributeNames = { "#at": "at" };
  if (at === undefined) return { ConditionExpression: "attribute_not_exists(#at)", ExpressionAttributeNames };
  return { ConditionExpression: "#at = :at", ExpressionAttributeNames, ExpressionAttributeValues: { ":at": at } };
}

async function orSuperseded(sent: Promise<unknown>): Promise<Outcome> {
  try {
    await sent;
    return "done";
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return "superseded";
    throw error;
  }
}
