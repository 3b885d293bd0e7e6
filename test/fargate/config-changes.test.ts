import { expect, test } from "vitest";
import { changesBetween, changeText } from "../../fargate/config-changes.ts";

test.each<[unknown, unknown, readonly string[]]>([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 6 }, { a: 8 }, ["a 6 → 8"]],
  [{ a: "500" }, { a: "600" }, ['a "500" → "600"']],
  [{ a: 1 }, { a: 1, b: 2 }, ["b absent → 2"]],
  [{ a: 1, b: 2 }, { a: 1 }, ["b 2 → absent"]],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, ["a.c 2 → 3"]],
  [{ a: { b: 1 } }, { a: undefined }, ['a {"b":1} → absent']],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }, 4] }, ["a[1].b 2 → 3", "a[2] absent → 4"]],
  [{ a: [1] }, { a: { 0: 1 } }, ['a [1] → {"0":1}']],
  [{ a: null }, { a: 0 }, ["a null → 0"]],
  [{ a: "x".repeat(500) }, { a: 1 }, [`a "${"x".repeat(119)}… → 1`]],
])("from %j to %j", (before, after, expected) => {
  expect(changesBetween(before, after).map(changeText)).toEqual(expected);
});
