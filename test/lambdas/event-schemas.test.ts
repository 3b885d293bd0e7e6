import { readFileSync } from "node:fs";
import { expect, it, test } from "vitest";
import { EVENT_DETAILS, makeEventsJsonSchema } from "../../lambdas/event-schemas.ts";
import { parseReportRequest } from "../../lambdas/hourly-report/report-request.ts";

test("config/events.schema.json is what the grammars say (after a change: node config/write-schema.ts)", () => {
  expect(JSON.parse(readFileSync("config/events.schema.json", "utf8"))).toEqual(makeEventsJsonSchema());
});

/** The entries of every `aws events put-events` in the pages that people copy from. */
const ENTRIES = ["README.md", "docs/operations.md", "docs/runbook.md"].flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/--entries '(\[.*?\])'/g)].flatMap(
    ([, json = ""]): readonly Record<string, string>[] => JSON.parse(json),
  ),
);

test("every operator's event has a command to copy, and each is what the grammar takes", () => {
  const operator: Readonly<Record<string, { safeParse(detail: unknown): { success: boolean } }>> =
    EVENT_DETAILS["flashmm.operator"];
  expect(new Set(ENTRIES.map((entry) => entry["DetailType"]))).toEqual(new Set(Object.keys(operator)));
  for (const { EventBusName, Source, DetailType = "", Detail = "" } of ENTRIES) {
    expect([EventBusName, Source]).toEqual(["flashmm", "flashmm.operator"]);
    expect(operator[DetailType]?.safeParse(JSON.parse(Detail)).success, Detail).toBe(true);
  }
});

it.each([
  [{}, true],
  [{ hour: "2026-01-02T03", dryRun: true }, true],
  [{ hour: "2026-01-02 03" }, false],
  [{ dryRun: "yes" }, false],
])("the report takes the detail %j exactly when the grammar does", (detail, isGood) => {
  const schema = EVENT_DETAILS["flashmm.operator"]["Report Requested"];
  expect(schema.safeParse(detail).success).toBe(isGood);
  const parse = () => parseReportRequest({ detail, time: "2026-01-03T00:00:00Z" }, Date.UTC(2026, 0, 3));
  if (isGood) expect(parse).not.toThrow();
  else expect(parse).toThrow();
});
