import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextFire, parseSchedule } from "../../../sim/local/schedule-expression.ts";
import { startScheduler } from "../../../sim/local/scheduler.ts";
import type { ScheduleDescription } from "../../../sim/local/template-resources.ts";
import { ManualClock } from "./manual-clock.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe("an expression", () => {
  test.each([
    ["rate(1 minute)", { kind: "rate", everyMs: MINUTE_MS }],
    ["rate(5 minutes)", { kind: "rate", everyMs: 5 * MINUTE_MS }],
    ["rate(1 hour)", { kind: "rate", everyMs: 60 * MINUTE_MS }],
    ["rate(12 hours)", { kind: "rate", everyMs: 720 * MINUTE_MS }],
    ["cron(0 * * * ? *)", { kind: "hourly", minute: 0 }],
    ["cron(2 * ? * * *)", { kind: "hourly", minute: 2 }],
  ])("%s is understood", (expression, expected) => {
    expect(parseSchedule(expression)).toEqual(expected);
  });

  test.each([
    "rate(0 minutes)",
    "rate(1 minutes)",
    "rate(5 minute)",
    "rate(1 day)",
    "cron(60 * * * ? *)",
    "cron(0 3 * * ? *)",
    "",
  ])("%j is refused", (expression) => {
    expect(() => parseSchedule(expression)).toThrow("a schedule expression must be");
  });

  test("fires next after now, never more than a period away", () => {
    const schedules = fc.oneof(
      fc.record({
        kind: fc.constant("rate" as const),
        everyMs: fc.integer({ min: 1, max: 1_000 }).map((n) => n * MINUTE_MS),
      }),
      fc.record({ kind: fc.constant("hourly" as const), minute: fc.integer({ min: 0, max: 59 }) }),
    );
    fc.assert(
      fc.property(schedules, fc.nat(2e12), fc.nat(1e9), (schedule, previousMs, agoMs) => {
        const afterMs = previousMs + agoMs;
        const next = nextFire(schedule, { afterMs, previousMs });
        const periodMs = schedule.kind === "rate" ? schedule.everyMs : 60 * MINUTE_MS;
        expect(next).toBeGreaterThan(afterMs);
        expect(next - afterMs).toBeLessThanOrEqual(periodMs);
        const phase = schedule.kind === "rate" ? previousMs : schedule.minute * MINUTE_MS;
        expect((next - phase) % periodMs).toBe(0);
      }),
    );
  });
});

describe("the scheduler", () => {
  const fired = (description: Partial<ScheduleDescription>, advanceMs: number) => {
    const clock = new ManualClock(START_MS);
    const events: { readonly atMs: number; readonly event: unknown }[] = [];
    const stop = startScheduler({
      clock,
      schedules: [
        {
          name: "sweep",
          arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/sweep",
          expression: "rate(1 minute)",
          kind: "schedule",
          target: { functionName: "health-sweep", input: null },
          ...description,
        },
      ],
      fire: (_functionName, event) => events.push({ atMs: clock.now().epochMs, event }),
    });
    clock.advance(advanceMs);
    return { clock, events, stop };
  };

  test("a rate of the Scheduler fires at its start and then each period", () => {
    const { events } = fired({}, 3 * MINUTE_MS);
    expect(events.map((each) => each.atMs - START_MS)).toEqual([0, MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS]);
  });

  test("a rate of a rule fires after its first period", () => {
    const { events } = fired({ kind: "rule" }, 2 * MINUTE_MS);
    expect(events.map((each) => each.atMs - START_MS)).toEqual([MINUTE_MS, 2 * MINUTE_MS]);
  });

  test("an hourly schedule fires on the hour", () => {
    const { events } = fired({ expression: "cron(0 * * * ? *)" }, 120 * MINUTE_MS);
    expect(events.map((each) => new Date(each.atMs).toISOString())).toEqual([
      "2026-01-02T04:00:00.000Z",
      "2026-01-02T05:00:00.000Z",
    ]);
  });

  test("an event of the Scheduler names its schedule and its time", () => {
    const { events } = fired({}, 0);
    expect(events[0]?.event).toMatchObject({
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      time: "2026-01-02T03:04:05Z",
      resources: ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/sweep"],
    });
  });

  test("a constant input comes in place of the event, with the scheduled time put in", () => {
    const input = '{"at":"<aws.scheduler.scheduled-time>","dryRun":true}';
    const { events } = fired({ target: { functionName: "report", input } }, 0);
    expect(events[0]?.event).toEqual({ at: "2026-01-02T03:04:05Z", dryRun: true });
  });

  test("a stopped scheduler leaves no timer behind", () => {
    const { clock, stop } = fired({}, 0);
    stop();
    expect(clock.pending).toBe(0);
  });
});
