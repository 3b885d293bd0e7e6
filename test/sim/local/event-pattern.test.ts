import { expect, test } from "vitest";
import { makeMatcher } from "../../../sim/local/event-pattern.ts";
import type { JsonObject } from "../../../sim/local/template-values.ts";

const event: JsonObject = {
  source: "flashmm.operator",
  "detail-type": "Quoting Halt Requested",
  detail: { market: "SEI/USDC", reason: "drill", tags: ["a", "b"], attempts: 2, none: null },
};

const cases: readonly (readonly [string, JsonObject, boolean])[] = [
  ["one of the values listed", { source: ["flashmm.health", "flashmm.operator"] }, true],
  ["none of the values listed", { source: ["flashmm.health"] }, false],
  ["every key, one of them wrong", { source: ["flashmm.operator"], "detail-type": ["Other"] }, false],
  ["a nested value", { detail: { market: ["SEI/USDC"] } }, true],
  ["a nested value that is another", { detail: { market: ["ATOM/USDC"] } }, false],
  ["a nested key of something that is absent", { nothing: { market: ["SEI/USDC"] } }, false],
  ["a number, which is not its text", { detail: { attempts: ["2"] } }, false],
  ["null, which is not absence", { detail: { none: [null], missing: [{ exists: false }] } }, true],
  ["a prefix", { source: [{ prefix: "flashmm." }] }, true],
  ["another prefix", { source: [{ prefix: "aws." }] }, false],
  ["presence", { detail: { market: [{ exists: true }] } }, true],
  ["presence of what is absent", { detail: { hour: [{ exists: true }] } }, false],
  ["anything but a value", { source: [{ "anything-but": "flashmm.health" }] }, true],
  ["anything but a list with it", { source: [{ "anything-but": ["x", "flashmm.operator"] }] }, false],
  ["anything but, of what is absent", { detail: { hour: [{ "anything-but": "x" }] } }, false],
  ["an element of a list", { detail: { tags: ["b"] } }, true],
  ["everything, by no condition", {}, true],
];

test.each(cases)("a pattern that asks for %s", (_what, pattern, expected) => {
  expect(makeMatcher(pattern, "rule r")(event)).toBe(expected);
});

test.each<[string, JsonObject]>([
  ["an operator that is not known", { source: [{ suffix: "x" }] }],
  ["two operators in one", { source: [{ prefix: "x", exists: true }] }],
  ["a value outside a list", { source: "flashmm.operator" }],
])("%s is refused when the rule is read", (_what, pattern) => {
  expect(() => makeMatcher(pattern, "rule r")).toThrow("rule r.source must be");
});
