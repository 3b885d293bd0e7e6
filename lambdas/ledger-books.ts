/**
 * Writing a market's books: its position item and the items of its hours, each by one conditional write.
 * Owns what each write asks for and what it leaves; what is folded, and in which order it is written, is the callers'.
 */
import { type AttributeValue, DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { LedgerState } from "../core/accounting/hourly.ts";
import { ifCondition } from "./ledger-facts.ts";
import { encodeClosedHour, encodeState, HOUR_PREFIX, type Item, STATE_OPTIONS, toMarketKey } from "./ledger-items.ts";
import type { LedgerTable, PositionItem } from "./ledger-table.ts";

/** The books of one version, as an hour's item states them. */
export type VersionedState = { readonly version: number; readonly state: LedgerState };

/**
 * Moves the position item to `next` and takes the keys of `folded` out of `pending`, in one write. Answers false, and writes
 * nothing, when its version is no longer `before`: that attribute as it was read, undefined where the item had none.
 */
export function movePosition(
  table: LedgerTable,
  market: string,
  move: {
    readonly before: AttributeValue | undefined;
    readonly next: Omit<PositionItem, "pending">;
    readonly folded: readonly string[];
  },
): Promise<boolean> {
  const { before, next, folded } = move;
  const attributes: Item = {
    ...encodeState(next.state),
    checkpoints: { L: next.checkpoints.map((state) => ({ M: { ...encodeState(state) } })) },
    version: { N: `${next.version}` },
  };
  const names = Object.keys(attributes);
  const absent = STATE_OPTIONS.filter((name) => attributes[name] === undefined);
  const set = `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`;
  const remove = absent.length === 0 ? "" : ` REMOVE ${absent.map((name) => `#${name}`).join(", ")}`;
  const take = folded.length === 0 ? "" : " DELETE #pending :folded";
  const used = [...names, ...absent, ...(folded.length === 0 ? [] : ["pending"])];
  return ifCondition(
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toMarketKey(market, "POSITION"),
        UpdateExpression: set + remove + take,
        ConditionExpression: before === undefined ? "attribute_not_exists(#version)" : "#version = :before",
        ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
          ...(folded.length === 0 ? {} : { ":folded": { SS: [...folded] } }),
          ...(before === undefined ? {} : { ":before": before }),
        },
      }),
    ),
  );
}

/** Writes the hour a state stands in, unless a newer version of the books has written it. */
export async function putHour(table: LedgerTable, market: string, { version, state }: VersionedState): Promise<void> {
  if (state.hour === undefined) return;
  await ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: encodeHourItem(market, { version, state }),
        ConditionExpression: "attribute_not_exists(#pk) OR #version < :version",
        ExpressionAttributeNames: { "#pk": "pk", "#version": "version" },
        ExpressionAttributeValues: { ":version": { N: `${version}` } },
      }),
    ),
  );
}

/** Puts an hour's item in the place of `stored` (undefined: of none). Answers false when it is another by now. */
export function replaceHour(
  table: LedgerTable,
  market: string,
  replacement: VersionedState & { readonly stored: Item | undefined },
): Promise<boolean> {
  return ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: encodeHourItem(market, replacement),
        ...isStill(replacement.stored),
      }),
    ),
  );
}

/** Removes an hour's item. Answers false when it is another by now. */
export function removeHour(table: LedgerTable, stored: Item): Promise<boolean> {
  const { pk, sk } = stored;
  return ifCondition(
    table.client.send(
      new DeleteItemCommand({
        TableName: table.tableName,
        Key: { ...(pk === undefined ? {} : { pk }), ...(sk === undefined ? {} : { sk }) },
        ...isStill(stored),
      }),
    ),
  );
}

/** An hour's item: its figures, under `closing` the state at its end, and the version of the books that wrote it. */
function encodeHourItem(market: string, { version, state }: VersionedState): Record<string, AttributeValue> {
  const hour = state.hour?.hour ?? "";
  return { ...toMarketKey(market, HOUR_PREFIX + hour), ...encodeClosedHour(state), version: { N: `${version}` } };
}

/**
 * The condition that an hour's item is still the one that was read. It is compared text by text and number by number, the closing's
 * included: whoever writes an hour changes its version, and another rebuild one of its figures.
 */
function isStill(stored: Item | undefined) {
  if (stored === undefined) {
    return { ConditionExpression: "attribute_not_exists(#pk)", ExpressionAttributeNames: { "#pk": "pk" } };
  }
  const closing = Object.entries(stored["closing"]?.M ?? {});
  const values = [
    ...Object.entries(stored).map(([name, value]) => ({ path: [name], value })),
    ...closing.map(([name, value]) => ({ path: ["closing", name], value })),
  ].filter(({ path, value }) => path[0] !== "pk" && path[0] !== "sk" && (value.N ?? value.S) !== undefined);
  const parts = values.map(({ path }, index) => `${path.map((name) => `#${name}`).join(".")} = :value${index}`);
  const names = new Set(["pk", ...values.flatMap(({ path }) => path)]);
  return {
    ConditionExpression: ["attribute_exists(#pk)", ...parts].join(" AND "),
    ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [`#${name}`, name])),
    ...(values.length === 0
      ? {}
      : { ExpressionAttributeValues: Object.fromEntries(values.map(({ value }, index) => [`:value${index}`, value])) }),
  };
}
