import { readFileSync } from "node:fs";
import { join } from "node:path";
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

afterAll(endRuns);

const FILLS_WITHIN_MS = 25_000;
/** A task after one that was killed waits a term of the lease (10 s), and until nothing of the other can arrive any more (7 s). */
const TAKEN_OVER_WITHIN_MS = 45_000;
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

// Side by side, since all of them mostly wait.
describe.concurrent("killed with -9", { timeout: 90_000 }, () => {
  test("a run leaves data that the next one goes on with and keeps from any other, and the books agree", async () => {
    const { run } = startRun("--seed", "4", "--data-dir", dataDir);
    await run.line(/^Watch it at /, QUOTES_WITHIN_MS);
    const config = readFileSync(join(dataDir, "config.json"), "utf8");
    const { run: other } = startRun("--data-dir", dataDir, "--markets", "ETH/USDC");
    expect(await other.end(QUOTES_WITHIN_MS)).toBe(1);
    expect(other.text).toContain("is another run using it?");
    expect(readFileSync(join(dataDir, "config.json"), "utf8")).toBe(config);
    await run.state("fills of both runs", TAKEN_OVER_WITHIN_MS, hasFills(knownFills));
    run.interrupt();
    expect(await run.end(END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("ledger").fills).toBeGreaterThan(knownFills);
  });

  test("a task is started again by its run, and the books agree", async () => {
    const { run } = startRun("--seed", "11");
    const before = await run.state("the first fills", FILLS_WITHIN_MS, hasFills(2));
    const task = await run.task(1_000);
    process.kill(task, "SIGKILL");
    await run.line(/^the task ended \(SIGKILL\) and is started again, restart 1$/, 5_000);
    const after = await run.state("fills after the restart", TAKEN_OVER_WITHIN_MS, (state) => {
      return quotesBothSides(state) && state.epoch !== before.epoch && hasFills(fillsOf(before))(state);
    });
    expect(after.epoch).toBe((before.epoch ?? 0) + 1);
    expect(await run.task(1_000)).not.toBe(task);
    run.interrupt();
    expect(await run.end(END_WITHIN_MS)).toBe(0);
    expectAgreement(run);
    expect(run.row("exchange").fills).toBeGreaterThan(fillsOf(before));
  });

  test("a run leaves no task behind", async () => {
    const leftMs = ORPHAN_WITHIN_MS - (performance.now() - killedMs);
    await until("the end of the task without a run", leftMs, () => (isAlive(orphan) ? undefined : true));
  });
});
