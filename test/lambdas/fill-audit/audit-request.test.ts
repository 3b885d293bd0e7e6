import { expect, it } from "vitest";
import { parseAuditRequest } from "../../../lambdas/fill-audit/audit-request.ts";

const BY_SCHEDULE = { graceMs: 120_000, restart: false };

it.each<[string, unknown, object]>([
  ["the schedule's event", { source: "aws.scheduler", "detail-type": "Scheduled Event", detail: "{}" }, BY_SCHEDULE],
  ["an event of a rule", { source: "aws.events", detail: {} }, BY_SCHEDULE],
  ["nothing at all", undefined, BY_SCHEDULE],
  ["an event without a detail", {}, BY_SCHEDULE],
  ["an event with more in it", { detail: { color: "red" } }, BY_SCHEDULE],
  ["no grace", { detail: { graceSeconds: 0 } }, { graceMs: 0, restart: false }],
  ["another grace, as text", { detail: '{"graceSeconds":30}' }, { graceMs: 30_000, restart: false }],
  ["a restart", { detail: { restart: true } }, { graceMs: 120_000, restart: true }],
])("%s is understood", (_what, event, expected) => {
  expect(parseAuditRequest(event)).toEqual(expected);
});

it.each<[string, unknown, string]>([
  ["a grace below 0", { detail: { graceSeconds: -1 } }, "detail.graceSeconds must be graceSeconds of 0 to 3600"],
  ["a grace that is text", { detail: { graceSeconds: "0" } }, "detail.graceSeconds must be"],
  ["a grace of half a second", { detail: { graceSeconds: 0.5 } }, "detail.graceSeconds must be"],
  ["a grace of a day", { detail: { graceSeconds: 86_400 } }, "detail.graceSeconds must be"],
  ["a restart that is text", { detail: { restart: "true" } }, "detail.restart must be"],
  ["a detail that is no JSON", { detail: "{" }, 'detail must be JSON, was "{"'],
  ["a detail that is a list", { detail: [] }, "detail must be"],
])("%s is refused by name", (_what, event, expected) => {
  expect(() => parseAuditRequest(event)).toThrow(expected);
});
