/**
 * The dead man's bound (95 s after the last heartbeat) for everything that EventBridge and SQS allow: a schedule of each minute begins
 * anywhere within its minute, a look comes no earlier than it was asked for, and later by a little.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOOKS_AFTER_SECONDS } from "../../../lambdas/health-sweep/looks.ts";
import { lawLength } from "../../law-length.ts";
import { MINUTE_MS, OURS, STRANGER } from "./silent-task.ts";
import { makeSweepWorld, type SweepWorld } from "./sweep-world.ts";

const BOUND_MS = 95_000;
const SILENT_MS = 30_000;
/** A cold start, and a poll of the queue. */
const LATE_MS_MAX = 4_000;
const JITTER_MS_MAX = 59_999;
/** Between two moments of death that are tried, with and without all of the looks, and with a large book; cases of the two laws. */
const STEPS = lawLength({
  usual: { allMs: 11_900, someMs: 23_900, largeMs: 19_900, anyRuns: 10, aliveRuns: 4 },
  long: { allMs: 1_700, someMs: 6_900, largeMs: 3_700, anyRuns: 300, aliveRuns: 60 },
});

type Spacing = {
  /** How late within its minute each sweep begins, from the first minute on; the last one holds for all after. */
  readonly jitters: readonly number[];
  readonly lateMs: number;
  readonly looksAfter: readonly number[];
};

type Task = { readonly taskAheadMs?: number; readonly ours?: readonly string[] };

/** Begins sweeps and their looks, for as long as the world is. */
function schedule({ time, sweep }: SweepWorld, { jitters, lateMs, looksAfter }: Spacing): void {
  const startMs = time.nowMs;
  const begin = (minute: number): void => {
    const atMs = startMs + minute * MINUTE_MS + (jitters[minute] ?? jitters.at(-1) ?? 0) + lateMs;
    time.after(atMs - time.nowMs, () => {
      void sweep();
      for (const seconds of looksAfter) time.after(1_000 * seconds + lateMs, () => void sweep());
      begin(minute + 1);
    });
  };
  begin(0);
}

/** When nothing of ours was open any more and when the first of it was ended, in milliseconds since the last heartbeat. */
async function killAt(spacing: Spacing, killAtMs: number, { taskAheadMs = 0, ours = OURS }: Task = {}) {
  const world = makeSweepWorld({ taskAheadMs });
  for (const id of [...ours, STRANGER]) world.place(id);
  world.startTask();
  schedule(world, spacing);
  await world.time.pass(killAtMs);
  expect(world.open()).toHaveLength(ours.length + 1);
  world.killTask();
  let firstMs: number | undefined;
  const stop = world.time.onEvent(() => {
    if (world.open().length <= ours.length) firstMs ??= world.time.nowMs;
  });
  await world.time.until(() => world.open().length === 1, "the orders are ended", 5 * MINUTE_MS);
  stop();
  const endedAtMs = world.time.nowMs;
  // Whoever else was about has told what it came to.
  await world.time.pass(3_000);
  expect(world.api.stats().refusedForRate).toBe(0);
  const since = (atMs: number) => atMs - world.lastBeatMs();
  const cancelled = world.measured.filter(({ name }) => name === "flashmm_dead_man_cancelled_total");
  return {
    endedMs: since(endedAtMs),
    firstMs: since(firstMs ?? endedAtMs),
    measured: cancelled.reduce((sum, { value }) => sum + value, 0),
  };
}

describe("sweeps that begin as late within their minute as EventBridge may let them", () => {
  const furthest = { jitters: [0, JITTER_MS_MAX, JITTER_MS_MAX], lateMs: 1_000 };

  it("would be too late by themselves", async () => {
    const { endedMs } = await killAt({ ...furthest, looksAfter: [] }, 1_500);
    expect(endedMs).toBeGreaterThan(BOUND_MS);
  });

  it("end everything in time with their looks, whenever between the two furthest sweeps the task dies", async () => {
    for (let killAtMs = 1_500; killAtMs < 2 * MINUTE_MS; killAtMs += STEPS.allMs) {
      const { endedMs, firstMs } = await killAt({ ...furthest, looksAfter: LOOKS_AFTER_SECONDS }, killAtMs);
      expect(endedMs, `killed at ${killAtMs}`).toBeLessThan(BOUND_MS);
      expect(firstMs, `killed at ${killAtMs}`).toBeGreaterThan(SILENT_MS);
    }
  });

  it.each([
    [30, 60],
    [30, 90],
    [60, 90],
  ])("end everything in time where of the looks only those after %d and %d s come", async (...looksAfter) => {
    for (let killAtMs = 1_500; killAtMs < 2 * MINUTE_MS; killAtMs += STEPS.someMs) {
      const { endedMs } = await killAt({ ...furthest, looksAfter }, killAtMs);
      expect(endedMs, `killed at ${killAtMs}`).toBeLessThan(BOUND_MS);
    }
  });
});

describe("a large book, whose end takes longer than the time between two looks", () => {
  const usual = { jitters: [0], lateMs: 1_000, looksAfter: LOOKS_AFTER_SECONDS };
  const furthest = { ...usual, jitters: [0, JITTER_MS_MAX, JITTER_MS_MAX] };

  it.each([
    [20, furthest],
    [100, furthest],
    [250, usual],
    [250, furthest],
    [330, { ...furthest, lateMs: LATE_MS_MAX }],
  ])("of %d orders is ended within the bound, and no dead man gets in the way of another", async (count, spacing) => {
    const ours = Array.from({ length: count }, (_, index) => `fm-1-SEIUSDC-b0-${index}`);
    for (let killAtMs = 61_500; killAtMs < 2 * MINUTE_MS; killAtMs += STEPS.largeMs) {
      const { endedMs, measured } = await killAt(spacing, killAtMs, { ours });
      expect(endedMs, `killed at ${killAtMs}`).toBeLessThan(BOUND_MS);
      expect(measured, `killed at ${killAtMs}`).toBe(count);
    }
  });
});

it("at every phase and spacing all is ended within 95 s of the last heartbeat, and nothing within 30 s", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        jitters: fc.array(fc.integer({ min: 0, max: JITTER_MS_MAX }), { minLength: 4, maxLength: 4 }),
        lateMs: fc.integer({ min: 0, max: LATE_MS_MAX }),
        looksAfter: fc.constant(LOOKS_AFTER_SECONDS),
      }),
      // After the first sweep has begun at the latest.
      fc.integer({ min: MINUTE_MS + LATE_MS_MAX, max: 3 * MINUTE_MS }),
      fc.integer({ min: -5_000, max: 5_000 }),
      async (spacing, killAtMs, taskAheadMs) => {
        const { endedMs, firstMs } = await killAt(spacing, killAtMs, { taskAheadMs });
        expect(endedMs).toBeLessThan(BOUND_MS);
        expect(firstMs).toBeGreaterThan(SILENT_MS);
      },
    ),
    { numRuns: STEPS.anyRuns },
  );
});

it("a task that beats on is never touched, however the sweeps and looks lie over one another", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: JITTER_MS_MAX }), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: -3_600_000, max: 3_600_000 }),
      async (jitters, taskAheadMs) => {
        const world = makeSweepWorld({ taskAheadMs });
        for (const id of OURS) world.place(id);
        world.startTask();
        await world.time.pass(15_000);
        schedule(world, { jitters, lateMs: 500, looksAfter: LOOKS_AFTER_SECONDS });
        await world.time.pass(4 * MINUTE_MS);
        expect(world.api.stats().byRoute).toEqual({});
        expect(world.events).toEqual([]);
      },
    ),
    { numRuns: STEPS.aliveRuns },
  );
});
