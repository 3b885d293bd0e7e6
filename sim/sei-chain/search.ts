/**
 * What `tx_search` and `block_search` find: a query held against the tags of each transaction or block. Owns the range of heights that
 * a query leaves to be looked through.
 */
import type { EventMap } from "../sei-node/chain-event.ts";
import { matchesTags, type Query } from "../sei-node/query.ts";

export function search<Item extends { readonly tags: EventMap }>(
  query: Query,
  items: readonly Item[],
): readonly Item[] {
  return items.filter(({ tags }) => matchesTags(query, tags));
}

/** The heights that can meet the query's conditions on `tag`, both ends included. */
export function heightsAsked(query: Query, tag: string): { readonly from: number; readonly to: number } {
  let [from, to] = [0, Number.MAX_SAFE_INTEGER];
  for (const condition of query.conditions) {
    if (condition.tag !== tag || !("value" in condition)) continue;
    const { operator, value } = condition;
    if (operator === "=" || operator === ">=") from = Math.max(from, value);
    if (operator === ">") from = Math.max(from, value + 1);
    if (operator === "=" || operator === "<=") to = Math.min(to, value);
    if (operator === "<") to = Math.min(to, value - 1);
  }
  return { from, to };
}
