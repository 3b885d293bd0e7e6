import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TaskState } from "../../../fargate/status/state.ts";
import {
  END_WITHIN_MS,
  endRuns,
  expectAgreement,
  isAlive,
  newFolder,
  QUOTES_WITHIN_MS,
  quotesBothSides,
  startRun,
  until,
} from "./local-run.ts";
import { EVENTS_PER_LINE, tapeLine, writeTape } from "./made-tape.ts";

afterAll(endRuns);

const FILLS_WITHIN_MS = 25_000;
/** A task whose world has gone needs nearly all of the 30 s that CONTRACTS 8 gives it: it asks for its orders until then. */
const ORPHAN_WITHIN_MS = 35_000;

const fillsOf = (state: TaskState): number => state.markets[0]?.fillCount ?? 0;
const hasFills = (more: number) => (state: TaskState) => fillsOf(state) > more;

/** A run that is killed with its market under way; the tests below look at what it left. */
const dataDir = newFolder();
let knownFills = 0;
let orphan = 0;
let killedMs = 0;
beforeAll(async () => {
  const { run } = startRun("--seed", "3", "--data-dir", dataDir);
  knownFills = fillsOf(await run.state("the first fills", FILLS_WITHIN_MS, hasFills(2)));
  orphan = await run.task(1_000);
  process.kill(run.pid, "SIGKILL");
  killedMs = performance.now();
  expect(await run.end(5_000)).toBe(null);
}, 60_000);

describe("a run", { timeout: 75_000 }, () => {
  test("on the data of one killed with -9 goes on with its books", async () => {
    const { run } = startRun("--seed", "4", "--data-dir", dataDir);
    await run.state("fills of both runs", FILLS_WITHIN_MS, hasFills(knownFills));
    run.interrupt();
    expect(await run.end(END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("ledger").fills).toBeGreaterThan(knownFills);
  });

  test("quotes within 15 s, trades, and ends by itself with books that agree", async () => {
    const { run, temporary } = startRun("--for", "12s", "--seed", "7");
    await run.state("quotes on both sides", QUOTES_WITHIN_MS, quotesBothSides);
    expect(await run.end(12_000 + END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("exchange").fills).toBeGreaterThan(0);
    expect(run.text).toMatch(/^\d\d:\d\d:\d\d {2}SEI\/USDC 0\.4\d+ {2}spread .* fills \d+/m);
    // Nothing is left of a sound run that was not asked to keep anything.
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("starts a task killed with -9 again, and the books agree", async () => {
    const { run } = startRun("--seed", "11");
    const before = await run.state("the first fills", FILLS_WITHIN_MS, hasFills(2));
    const task = await run.task(1_000);
    process.kill(task, "SIGKILL");
    await run.line(/^the task ended \(SIGKILL\) and is started again, restart 1$/, 5_000);
    const after = await run.state("fills after the restart", FILLS_WITHIN_MS, (state) => {
      return quotesBothSides(state) && state.epoch !== before.epoch && hasFills(fillsOf(before))(state);
    });
    expect(after.epoch).toBe((before.epoch ?? 0) + 1);
    expect(await run.task(1_000)).not.toBe(task);
    run.interrupt();
    expect(await run.end(END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("exchange").fills).toBeGreaterThan(fillsOf(before));
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

  // Last, since the other tests are what passes the time.
  test("killed with -9 leaves no task behind", async () => {
    const leftMs = ORPHAN_WITHIN_MS - (performance.now() - killedMs);
    await until("the end of the task without a run", leftMs, () => (isAlive(orphan) ? undefined : true));
  });
});
