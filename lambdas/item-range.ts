/** Items of one partition between two sort keys, both included, read consistently. Owns the paging; what they mean is the reader's. */
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import type { Item } from "./ledger-items.ts";
import type { LedgerTable } from "./ledger-table.ts";

export type ItemRange = {
  readonly pk: string;
  readonly from: string;
  readonly to: string;
  /** Newest first, that is from `to` down. */
  readonly descending?: boolean;
};

/** Pages of one range at most: a mebibyte each. */
const PAGES_MAX = 1_000;

/** At most `limit` items of a range, and whether these are all there are. */
export async function readSome(
  table: LedgerTable,
  range: ItemRange,
  limit: number,
): Promise<{ readonly items: readonly Item[]; readonly complete: boolean }> {
  const items: Item[] = [];
  for await (const page of readPages(table, range, limit)) {
    items.push(...page);
    // One more than asked for would be needed to know that nothing is left: whoever asks on finds out.
    if (items.length >= limit) return { items: items.slice(0, limit), complete: false };
  }
  return { items, complete: true };
}

/** Every item of a range. */
export async function readAll(table: LedgerTable, range: ItemRange): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of readPages(table, range)) items.push(...page);
  return items;
}

async function* readPages(table: LedgerTable, range: ItemRange, limit?: number): AsyncGenerator<readonly Item[]> {
  if (range.from > range.to) return;
  let next: Item | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
        ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
        ExpressionAttributeValues: { ":pk": { S: range.pk }, ":from": { S: range.from }, ":to": { S: range.to } },
        ConsistentRead: true,
        ScanIndexForward: range.descending !== true,
        ...(limit === undefined ? {} : { Limit: limit }),
        ...(next === undefined ? {} : { ExclusiveStartKey: { ...next } }),
      }),
    );
    yield answer.Items ?? [];
    next = answer.LastEvaluatedKey;
    if (next === undefined) return;
  }
  throw new RangeError(`more than ${PAGES_MAX} pages between ${range.from} and ${range.to} of ${range.pk}`);
}
