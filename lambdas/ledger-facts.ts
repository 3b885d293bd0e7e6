/**
 * Writing fills down, each once, by single-item conditional writes. Owns the three steps in front of the fold:
 *
 * 1. claim:    `FILLID#<id>` takes the whole first copy; a later copy that says something else is kept aside.
 * 2. announce: the fill's key joins `pending` of the market's position item.
 * 3. fact:     the fill is put in its place among the market's fills.
 *
 * So every fact is in the books or announced, at every moment and wherever a process ends; the fold takes keys out of
 * `pending` in the same write that takes their fills into the books.
 */
import { createHash } from "node:crypto";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { isSameFill, type LedgerFill } from "../core/messages.ts";
import {
  decodeFill,
  encodeFill,
  FILL_PREFIX,
  type ItemKey,
  toClaimKey,
  toFillText,
  toMarketKey,
} from "./ledger-items.ts";
import { decodePosition, type LedgerTable, type PositionItem, readItem } from "./ledger-table.ts";

/**
 * `first`: nobody had it before. `repeat`: it was claimed already, saying the same. `conflict`: it was claimed already,
 * saying something else. `fill` is the copy that stands.
 */
export type Claim = { readonly type: "first" | "repeat" | "conflict"; readonly fill: LedgerFill };

/**
 * Keys that may wait in one position item before it takes no more, and keys of one announcement: of 153 bytes each at
 * most, so that the item stays far below DynamoDB's 400 KB. Two functions at work leave room for one that ended half-way.
 */
const PENDING_MAX = 750;
export const ANNOUNCED_AT_ONCE_MAX = 250;

/** Claims the fill's id for the first copy that comes. */
export async function claimFill(table: LedgerTable, fill: LedgerFill): Promise<Claim> {
  const key = toClaimKey(fill.fillId);
  if (await putOnce(table, key, fill)) return { type: "first", fill };
  const standing = await readClaim(table, fill.fillId);
  if (isSameFill(standing, fill)) return { type: "repeat", fill: standing };
  await putAside(table, fill);
  return { type: "conflict", fill: standing };
}

/** Claims an id for a fact that stands already; whoever claimed it meanwhile keeps it. */
export async function putClaim(table: LedgerTable, fill: LedgerFill): Promise<void> {
  await putOnce(table, toClaimKey(fill.fillId), fill);
}

/** Keeps a copy aside that contradicts the one that stands: never booked, never lost. */
async function putAside(table: LedgerTable, fill: LedgerFill): Promise<void> {
  // The digest keeps different wrong copies apart and makes a redelivered one write the same item again.
  const digest = createHash("sha256")
    .update(JSON.stringify(encodeFill(fill)))
    .digest("hex")
    .slice(0, 16);
  await putOnce(table, toMarketKey(fill.market, `CONFLICT#${fill.fillId}#${digest}`), fill);
}

/** Takes a fact out of the market's facts and keeps it aside: for a second one of a fill, when the first stands where its claim says. */
export async function moveFactAside(table: LedgerTable, fill: LedgerFill): Promise<void> {
  await putAside(table, fill);
  await table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key: toFactKey(fill) }));
}

/** The copy that claimed an id. It is there for every announced fill: a claim comes before its announcement. */
export async function readClaim(table: LedgerTable, fillId: string): Promise<LedgerFill> {
  const item = await readItem(table, toClaimKey(fillId));
  if (item === undefined) throw new Error(`the claim of fill ${fillId} is not in the table`);
  return decodeFill(item);
}

/** Whether the fact is written; when it is, it was announced before. */
export async function hasFact(table: LedgerTable, fill: LedgerFill): Promise<boolean> {
  return (await readItem(table, toFactKey(fill))) !== undefined;
}

/** Puts the fact in its place; it may be there already. */
export async function putFact(table: LedgerTable, fill: LedgerFill): Promise<void> {
  await putOnce(table, toFactKey(fill), fill);
}

/**
 * Announces fills of one market before their facts are put, and answers the position item as that left it: a fold that moves it
 * from this version need not read it again. Undefined: too many wait already, and nothing was written.
 */
export async function announceFills(
  table: LedgerTable,
  market: string,
  fills: readonly LedgerFill[],
): Promise<PositionItem | undefined> {
  try {
    const { Attributes } = await table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toMarketKey(market, "POSITION"),
        UpdateExpression: "ADD #pending :keys",
        ConditionExpression: "attribute_not_exists(#pending) OR size(#pending) < :max",
        ExpressionAttributeNames: { "#pending": "pending" },
        ExpressionAttributeValues: { ":keys": { SS: fills.map(toFillText) }, ":max": { N: `${PENDING_MAX}` } },
        ReturnValues: "ALL_NEW",
      }),
    );
    return decodePosition(Attributes ?? {});
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** Whether a conditional write's condition held. A write tried again by the SDK may find its own first try: no harm here. */
export async function ifCondition(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function putOnce(table: LedgerTable, key: ItemKey, fill: LedgerFill): Promise<boolean> {
  return ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: { ...encodeFill(fill), ...key },
        ConditionExpression: "attribute_not_exists(#pk)",
        ExpressionAttributeNames: { "#pk": "pk" },
      }),
    ),
  );
}

function toFactKey(fill: LedgerFill): ItemKey {
  return toMarketKey(fill.market, FILL_PREFIX + toFillText(fill));
}
