import fc from "fast-check";
import { expect, test } from "vitest";
import { fromTagged, toTaggedJson } from "../../../fargate/recording/tagged-json.ts";

/** Keys that are no tags: of those no recorded object has one. */
const key = fc.string().filter((text) => !text.startsWith("$") && text !== "__proto__");
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
}));

test("what is written is read back equal, bigints, maps and infinite numbers too", () => {
  fc.assert(
    fc.property(value, (written) => {
      expect(fromTagged(JSON.parse(toTaggedJson(written)))).toEqual(written);
    }),
    { numRuns: 500 },
  );
});

test.each([
  { tag: { $bigint: 1 }, fault: "$bigint must be an integer as text" },
  { tag: { $bigint: "1.5" }, fault: "$bigint must be an integer as text" },
  { tag: { $map: {} }, fault: "$map must be a list of pairs" },
  { tag: { $map: [["a"]] }, fault: "$map must be a list of pairs" },
  { tag: { $number: "12" }, fault: "$number must be Infinity, -Infinity or NaN" },
  { tag: { $number: { toString: 0 } }, fault: "$number must be Infinity, -Infinity or NaN" },
])("$tag is refused", ({ tag, fault }) => {
  expect(() => fromTagged(tag)).toThrow(fault);
});

test("what is nested deeper than anything recorded is refused", () => {
  const deep: unknown = JSON.parse(`{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`);
  expect(() => fromTagged(deep)).toThrow("JSON must be at most 64 deep");
});
