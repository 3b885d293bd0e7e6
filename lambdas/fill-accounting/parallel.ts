/** Work on many items with a limit on how many at once. Owns no retry. */

/** What became of one item. */
export type Settled<Value> =
  | { readonly type: "done"; readonly value: Value }
  | { readonly type: "failed"; readonly error: unknown };

/** Runs `work` on every item, at most `limit` at a time, and answers in the order of the items; it never rejects. */
export async function runLimited<Item, Value>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Value>,
): Promise<readonly Settled<Value>[]> {
  const results: Settled<Value>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item === undefined) return;
      results[index] = await work(item).then(
        (value): Settled<Value> => ({ type: "done", value }),
        (error: unknown): Settled<Value> => ({ type: "failed", error }),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
