import { describe, expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { parseReportOptions } from "../../../sim/local/report-options.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 4, 15);
const parse = (...args: readonly string[]) => parseReportOptions(args, NOW_MS);

describe("the report's command line", () => {
  test.each([
    [[], { detail: { hour: "2026-01-02T03" }, isDryRun: false, dataDir: undefined }],
    [["--hour", "2026-01-01T23", "--dry-run"], { detail: { hour: "2026-01-01T23" }, isDryRun: true }],
    [
      ["--from", "2026-01-02T03:04", "--to", "2026-01-02T03:07", "--data-dir", "run"],
      {
        detail: { from: "2026-01-02T03:04", to: "2026-01-02T03:07" },
        period: { id: "2026-01-02T03:04_2026-01-02T03:07" },
        dataDir: "run",
      },
    ],
  ])("%o is read", (args, expected) => {
    expect(parse(...args)).toMatchObject(expected);
  });

  test("help is help", () => {
    expect(parse("--help")).toBe("help");
  });

  test.each([
    [["--hour", "3"], "hour must be an hour such as"],
    [["--hour", "2026-01-02T04"], "one that is over"],
    [["--from", "2026-01-02T03:04"], "the time must be"],
    [["--hour", "2026-01-02T03", "--from", "2026-01-02T03:04", "--to", "2026-01-02T03:05"], "the time must be"],
    [["--data-dir", ""], "--data-dir must be"],
    [["--post"], "options must be those of --help"],
    [["2026-01-02T03"], "options must be those of --help"],
  ])("%o is refused", (args, message) => {
    expect(() => parse(...args)).toThrow(InputError);
    expect(() => parse(...args)).toThrow(message);
  });
});
