import { expect, it } from "vitest";
import { BlockStore } from "../../../sim/sei-chain/block-store.ts";

const RESULT = { code: 0, codespace: "", log: "[]", data: "", gasWanted: 1n, gasUsed: 1n, events: [] };

function storeOf(blocks: number): BlockStore {
  const store = new BlockStore(1_000, 0, 20);
  for (let height = 1_001; height < 1_000 + blocks; height += 1) {
    const transactions = [{ bytes: Buffer.from(`tx of ${height}`), result: RESULT }];
    store.add({ height, timeMs: height, transactions, endEvents: [] });
  }
  return store;
}

const heights = (store: BlockStore, from: number, to: number) => store.range(from, to).map(({ height }) => height);

it("blocks are found by height, each naming the one before it", () => {
  const store = storeOf(5);
  expect(store.last.height).toBe(1_004);
  expect(store.at(1_003)?.hash).toBe(store.at(1_004)?.lastHash);
  expect(store.at(999)).toBeUndefined();
  expect(store.at(1_005)).toBeUndefined();
  expect(new Set(heights(store, 0, 9_999).map((height) => store.at(height)?.hash)).size).toBe(5);
  expect(heights(store, 1_002, 1_003)).toEqual([1_002, 1_003]);
  expect(heights(store, 1_005, 1_004)).toEqual([]);
});

it("the oldest blocks are forgotten first, with their transactions, a tenth at a time", () => {
  const full = storeOf(20);
  const [hash] = full.at(1_001)?.transactions.map((tx) => tx.hash) ?? [];
  expect(full.transaction(hash ?? "")?.height).toBe(1_001);
  const store = storeOf(21);
  expect(store.lowestHeight).toBe(1_002);
  expect(store.at(1_001)).toBeUndefined();
  expect(store.transaction(hash ?? "")).toBeUndefined();
  expect(heights(store, 0, 9_999)).toHaveLength(19);
  expect(store.at(1_020)?.height).toBe(1_020);
});
