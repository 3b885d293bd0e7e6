import { expect, test } from "vitest";
import { InputError } from "../../core/errors.ts";
import { toJsonText, toWritable } from "../../core/json-text.ts";

/** Read without trouble, and too deep to be written. */
const DEEP: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));

const RING: { self?: unknown } = {};
RING.self = RING;

test.each<[string, unknown, string]>([
  ["text", "a", '"a"'],
  ["an object", { a: [1] }, '{"a":[1]}'],
  ["nothing", undefined, "a value that cannot be written"],
  ["too deep a list", DEEP, "a value that cannot be written"],
  ["a ring", RING, "a value that cannot be written"],
  ["a bigint inside", { a: 1n }, "a value that cannot be written"],
])("%s has words", (_, value, text) => {
  expect(toJsonText(value)).toBe(text);
});

test("what is passed on is the value itself, or words for one that cannot be written", () => {
  const value = { market: "BTC/USDC" };
  expect(toWritable(value)).toBe(value);
  expect(toWritable({ market: DEEP })).toBe("a value that cannot be written");
});

test("a value too deep to be written is refused like any other", () => {
  const error = new InputError({ what: "price", expected: "a decimal string", was: DEEP });
  expect(error.message).toBe("price must be a decimal string, was a value that cannot be written");
});
