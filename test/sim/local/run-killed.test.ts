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

const FILLS_WITHIN_MS = 60_000;
/** A task after one that was killed waits a term of the lease (10 s), and until nothing of the other can arrive any more (7 s). */
const TAKEN_OVER_WITHIN_MS = 75_000;
/** A task whose world has gone needs nearly all of the 30 s that CONTRACTS 8 gives it: it asks for its orders until then. */
const ORPHAN_WITHIN_MS = 35_000;

const fillsOf = (state: TaskState): number => state.markets[0]?.fillCount ?? 0;
const hasFills = (more: number) => (state: TaskState) => fillsOf(state) > more;

/** A run that is killed with its market under way; the tests below look at what it left, and at the run after it. */
const dataDir = newFolder();
let knownFills = 0;
let orphanEnded: Promise<unknown>;
let next: ReturnType<typeof startRun>["run"];
beforeAll(async () => {
  const { run } = startRun("--seed", "3", "--data-dir", dataDir);
  knownFills = fillsOf(await run.state("the first fills", FILLS_WITHIN_MS, hasFills(2)));
  const orphan = await run.task(1_000);
  process.kill(run.pid, "SIGKILL");
  orphanEnded = until("the end of the task without a run", ORPHAN_WITHIN_MS, () => !isAlive(orphan) || undefined);
  // The last test awaits it: until then nobody need hear of it.
  orphanEnded.catch(() => undefined);
  expect(await run.end(5_000)).toBe(null);
  next = startRun("--seed", "4", "--data-dir", dataDir).run;
}, 90_000);

describe("after a run was killed with -9", { timeout: 180_000 }, () => {
  test("the next one goes on with its data, and keeps it from any other", async () => {
    await next.line(/^Watch it at /, QUOTES_WITHIN_MS);
    const config = readFileSync(join(dataDir, "config.json"), "utf8");
    const { run: other } = startRun("--data-dir", dataDir, "--markets", "ETH/USDC");
    expect(await other.end(QUOTES_WITHIN_MS)).toBe(1);
    expect(other.text).toContain("is another run using it?");
    expect(readFileSync(join(dataDir, "config.json"), "utf8")).toBe(config);
    await next.state("fills of both runs", TAKEN_OVER_WITHIN_MS, hasFills(knownFills));
  });

  test("a task that is killed is started again by its run", async () => {
    const before = await next.state("an answer", QUOTES_WITHIN_MS, () => true);
    const task = await next.task(1_000);
    process.kill(task, "SIGKILL");
    await next.line(/^the task ended \(SIGKILL\) and is started again, restart 1$/, 5_000);
    const after = await next.state("fills after the restart", TAKEN_OVER_WITHIN_MS, (state) => {
      return quotesBothSides(state) && state.epoch !== before.epoch && hasFills(fillsOf(before))(state);
    });
    expect(after.epoch).toBe((before.epoch ?? 0) + 1);
    expect(await next.task(1_000)).not.toBe(task);
    knownFills = fillsOf(before);
  });

  test("the books agree on the fills of both runs and of all their tasks", async () => {
    next.interrupt();
    expect(await next.end(END_WITHIN_MS)).toBe(0);
    expectAgreement(next);
    expect(next.row("ledger").fills).toBeGreaterThan(knownFills);
  });

  test("no task is left behind", async () => await orphanEnded);
});
