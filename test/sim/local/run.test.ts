import { readdirSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { END_WITHIN_MS, endRuns, expectAgreement, QUOTES_WITHIN_MS, quotesBothSides, startRun } from "./local-run.ts";
import { EVENTS_PER_LINE, tapeLine, writeTape } from "./made-tape.ts";

afterAll(endRuns);

describe("a run", { timeout: 120_000 }, () => {
  test("quotes soon, trades, reports, and ends by itself with books that agree", async () => {
    const { run, temporary } = startRun("--for", "16s", "--seed", "7", "--report-every", "1m");
    await run.state("quotes on both sides", QUOTES_WITHIN_MS, quotesBothSides);
    expect(await run.end(16_000 + END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("exchange").fills).toBeGreaterThan(0);
    expect(run.text).toMatch(/^\d\d:\d\d:\d\d {2}SEI\/USDC 0\.4\d+ {2}spread .* fills \d+/m);
    expect(run.text).toMatch(/metrics pushed: [1-9]\d* times, 0 refused/);
    expect(run.text).toMatch(/The report of this run, posted, chart .*\.png:\n\n {2}🤖 FlashMM · /);
    // Nothing but the reports is left of a sound run that was not asked to keep anything.
    const files = readdirSync(temporary, { recursive: true }).map(String);
    expect(files.map((file) => file.replace(/.*(?=\/reports)/, "").replace(/\d{4}-.*(?=\.)/, "TIME"))).toEqual([
      expect.stringMatching(/^flashmm-/),
      "/reports",
      "/reports/TIME.png",
      "/reports/TIME.txt",
    ]);
  });

  test("plays a tape from its first line to its last, trades, and ends with it", async () => {
    const lines = Array.from({ length: 100 }, (_, index) => tapeLine(index));
    const { run } = startRun("--tape", writeTape(lines), "--speed", "4");
    expect(await run.end(QUOTES_WITHIN_MS + END_WITHIN_MS)).toBe(0);
    expect(run.text).toContain("the tape has ended after 100 lines");
    expectAgreement(run);
    expect(run.row("exchange").fills).toBeGreaterThan(0);
    // Every event of the tape and, beside those, books that our own orders changed: none was played to nobody.
    const decoded = Number(/events decoded: (\d+)/.exec(run.text)?.[1]);
    expect(decoded).toBeGreaterThanOrEqual(EVENTS_PER_LINE * lines.length);
  });
});
