import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { END_WITHIN_MS, endRuns, newFolder, QUOTES_WITHIN_MS, startRun } from "./local-run.ts";
import { tapeLine, writeTape } from "./made-tape.ts";

afterAll(endRuns);

describe("a run that cannot go as asked", { timeout: 120_000 }, () => {
  test("ends in order when its tape breaks off, and says at which line", async () => {
    // A reader takes up to 5,000 levels a side, the exchange no more than 1,000.
    const lines = Array.from({ length: 30 }, (_, index) => tapeLine(index, index === 11 ? 1_001 : 5));
    const { run, temporary } = startRun("--tape", writeTape(lines));
    expect(await run.end(END_WITHIN_MS)).toBe(1);
    expect(run.text).toMatch(/✗ the tape broke off: line 12 of the tape must be playable/);
    expect(run.row("ledger")).toEqual(run.row("exchange"));
    // What it kept to find the cause is where it says.
    const [kept] = readdirSync(temporary);
    expect(run.text).toContain(`Logs and data of this run are in ${join(temporary, kept ?? "nothing")}`);
  });

  test("ends at once on Ctrl-C before the market is open and leaves nothing", async () => {
    const { run, temporary } = startRun();
    await run.line(/^Starting/, QUOTES_WITHIN_MS);
    run.interrupt();
    expect(await run.end(QUOTES_WITHIN_MS)).toBe(0);
    expect(run.text).toContain("Stopped before the market opened.");
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("refuses a port in use by name", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { run } = startRun("--port", String(port));
    expect(await run.end(QUOTES_WITHIN_MS)).toBe(64);
    expect(run.text).toContain(`--port must be a port of 127.0.0.1 that is free, or 0 to pick one, was ${port}`);
    await new Promise((resolve) => taken.close(resolve));
  });

  const lines = Array.from({ length: 200 }, (_, index) => tapeLine(index));
  const file = join(newFolder(), "a-file");
  writeFileSync(file, "");
  test.each([
    { what: "an option nobody knows", args: ["--marktes", "A/B"], says: "Unknown option '--marktes'", usage: true },
    { what: "a bad value", args: ["--for", "60"], says: "--for must be a duration", usage: true },
    {
      what: "a market nobody knows",
      args: ["--markets", "SEI/USDC,FOO/BAR"],
      says: "--markets must be among SEI/USDC, ",
    },
    { what: "a tape that is not there", args: ["--tape", "/nowhere.gz"], says: "tape /nowhere.gz line 1 must be" },
    {
      what: "a tape cut in the middle",
      args: ["--tape", writeTape(lines, 0.5)],
      says: /tape \S+ line [1-9]\d+ must be whole gzip/,
    },
    {
      what: "a folder that is a file",
      args: ["--data-dir", file],
      says: "--data-dir must be a folder that can be wri",
    },
  ])("says $what, exits with 64 and leaves nothing", async ({ args, says, usage = false }) => {
    const { run, temporary } = startRun(...args);
    expect(await run.end(QUOTES_WITHIN_MS)).toBe(64);
    expect(run.text).toMatch(says);
    expect(run.text.includes("--data-dir DIR")).toBe(usage);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

test("--help says every option and exits with 0", async () => {
  const { run } = startRun("--help");
  expect(await run.end(QUOTES_WITHIN_MS)).toBe(0);
  expect(run.text.match(/^ {2}--[a-z-]+/gm)).toEqual(
    [
      "for",
      "seed",
      "markets",
      "venue",
      "chain-faults",
      "tape",
      "speed",
      "port",
      "data-dir",
      "record",
      "report-every",
      "help",
    ].map((name) => `  --${name}`),
  );
});
