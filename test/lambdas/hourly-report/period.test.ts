import { describe, expect, it } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { hourPeriod, lastFullHour, periodTitle, pointTime, spanPeriod } from "../../../lambdas/hourly-report/period.ts";
import { parseReportRequest } from "../../../lambdas/hourly-report/report-request.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 4, 15);

describe("a period", () => {
  it("is an hour of its key", () => {
    expect(hourPeriod("2026-01-02T23")).toEqual({
      id: "2026-01-02T23",
      hour: "2026-01-02T23",
      from: "2026-01-02T23:00:00.000Z",
      to: "2026-01-03T00:00:00.000Z",
      seconds: 3_600,
      stepMs: 60_000,
      points: 60,
    });
  });

  it("is the hour that was over last", () => {
    expect(lastFullHour(Date.UTC(2026, 0, 2, 4)).id).toBe("2026-01-02T03");
    expect(lastFullHour(Date.UTC(2026, 0, 2, 3, 59, 59, 999)).id).toBe("2026-01-02T02");
    expect(lastFullHour(Date.UTC(2026, 0, 1, 0, 15)).id).toBe("2025-12-31T23");
  });

  it("is any other time from a minute on, with closer points where it is short", () => {
    const short = spanPeriod("2026-01-02T03:04", "2026-01-02T03:05:12");
    expect(short).toMatchObject({ id: "2026-01-02T03:04_2026-01-02T03:05:12", seconds: 72, stepMs: 5_000, points: 15 });
    expect(pointTime(short, 0)).toBe(short.from);
    expect(pointTime(short, 15)).toBe("2026-01-02T03:05:12.000Z");
    expect(spanPeriod("2026-01-02T03:00", "2026-01-03T03:00")).toMatchObject({ points: 1_440, hour: undefined });
  });

  it.each([["2026-01-02T3"], ["2026-02-30T03"], ["2026-01-02T24"], ["2026-01-02T03:00"], ["next"]])(
    "is not the hour %s",
    (text) => {
      expect(() => hourPeriod(text)).toThrow(InputError);
    },
  );

  it.each([
    ["2026-01-02T03:04", "2026-01-02T03:04"],
    ["2026-01-02T03:04", "2026-01-02T03:03"],
    ["2026-01-02T03:04", "2026-01-03T03:05"],
    ["2026-01-02T03:04:01", "2026-01-02T03:05"],
    ["2026-01-02T03:60", "2026-01-02T05:00"],
  ])("is not the time from %s to %s", (from, to) => {
    expect(() => spanPeriod(from, to)).toThrow(InputError);
  });

  it.each([
    [hourPeriod("2026-01-02T03"), "2026-01-02 03:00–04:00 UTC"],
    [hourPeriod("2026-01-02T23"), "2026-01-02 23:00–00:00 UTC"],
    [spanPeriod("2026-01-02T23:50", "2026-01-03T00:10"), "2026-01-02 23:50 – 2026-01-03 00:10 UTC"],
    [spanPeriod("2026-01-02T03:04", "2026-01-02T03:07:12"), "2026-01-02 03:04–03:07:12 UTC"],
  ])("has a title with day, times and UTC", (period, title) => {
    expect(periodTitle(period)).toBe(title);
  });
});

describe("a request", () => {
  it.each([
    [
      "the schedule's event",
      { source: "aws.scheduler", time: "2026-01-02T04:15:00Z", detail: "{}" },
      "2026-01-02T03",
      false,
    ],
    [
      "the schedule's event of an hour ago, delivered late",
      { time: "2026-01-02T03:15:00Z", detail: "{}" },
      "2026-01-02T02",
      false,
    ],
    ["an hour", { detail: { hour: "2025-12-31T23" } }, "2025-12-31T23", false],
    ["a dry run", { detail: { dryRun: true } }, "2026-01-02T03", true],
    [
      "another time",
      { detail: { from: "2026-01-02T03:04", to: "2026-01-02T03:05" } },
      "2026-01-02T03:04_2026-01-02T03:05",
      false,
    ],
    ["an operator's event without an hour", { source: "flashmm.operator", detail: {} }, "2026-01-02T03", false],
    ["an event whose time is no text", { time: { toString: 1, valueOf: 1 }, detail: {} }, "2026-01-02T03", false],
    ["nothing at all", undefined, "2026-01-02T03", false],
  ])("is read from %s", (_what, event, id, isDryRun) => {
    expect(parseReportRequest(event, NOW_MS)).toMatchObject({ period: { id }, isDryRun });
    const isScheduled = !JSON.stringify(event ?? {}).match(/hour|from|dryRun|operator/);
    expect(parseReportRequest(event, NOW_MS).isScheduled).toBe(isScheduled);
  });

  it.each([
    [{ detail: { hour: 3 } }, "detail.hour must be"],
    [{ detail: { dryRun: "yes" } }, "detail.dryRun must be"],
    [{ detail: "{" }, "detail must be JSON"],
    [{ detail: { hour: "2026-01-02T04" } }, "the report's period must be one that is over"],
    [{ detail: { from: "2026-01-02T03:04" } }, "detail must be hour, or from and to"],
    [
      { detail: { hour: "2026-01-02T03", from: "2026-01-02T03:04", to: "2026-01-02T03:05" } },
      "detail must be hour, or",
    ],
  ])("that does not fit is refused: %o", (event, message) => {
    expect(() => parseReportRequest(event, NOW_MS)).toThrow(message);
  });
});
