import { expect, test } from "vitest";
import { outcomeOf } from "../../../fargate/otlp/outcome.ts";
import { GIVEN } from "./push-world.ts";

const PROTOBUF = { "content-type": "application/x-protobuf" };

test.each([
  ["an empty answer", 200, PROTOBUF, "", { type: "taken" }],
  ["one without a body", 204, {}, "", { type: "taken" }],
  ["one that says in an empty field that nothing was left out", 200, PROTOBUF, "\n\u0000", { type: "taken" }],
  ["a page, which says nothing of it", 200, { "content-type": "text/html" }, "<p>OK", { type: "taken" }],
  ["a count without a word", 200, PROTOBUF, "\n\u0002\b\u0005", { type: "partial", reason: "no reason given" }],
  ["a word", 200, PROTOBUF, "\n\u0007\u0012\u0005limit", { type: "partial", reason: "limit" }],
  [
    "one that asks for rest",
    429,
    { "retry-after": "7" },
    "slow\n\ndown",
    { type: "throttled", reason: "status 429, slow down", retryAfterMs: 7_000 },
  ],
  [
    "a long page",
    500,
    {},
    "x".repeat(9_999),
    { type: "failed", reason: `status 500, ${"x".repeat(200)}`, retryAfterMs: 0 },
  ],
  ["a wrong path", 404, {}, "", { type: "refused", reason: "status 404" }],
])("%s is understood", (_name, status, headers, body, outcome) => {
  if (GIVEN?.type !== "given") throw new Error("a target must be given");
  expect(outcomeOf({ status, headers, body }, GIVEN.target)).toEqual(outcome);
});
