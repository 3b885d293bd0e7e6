/**
 * Fires the schedules of the templates. A schedule of EventBridge Scheduler with a rate fires at its start, a scheduled
 * rule after its first period. Owns the timers; what a firing does is the caller's.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../fargate/seams.ts";
import { isoSeconds } from "./event-bus.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "./resource-identity.ts";
import { nextFire, parseSchedule, type Schedule } from "./schedule-expression.ts";
import type { ScheduleDescription } from "./template-resources.ts";
import type { JsonObject } from "./template-values.ts";

export type SchedulerOptions = {
  readonly schedules: readonly ScheduleDescription[];
  readonly clock: Clock;
  fire(functionName: string, event: unknown): void;
};

/** Starts all schedules; returns what ends them. Throws `InputError` for an expression it does not know. */
export function startScheduler(options: SchedulerOptions): () => void {
  const parsed = options.schedules.map((described) => ({ described, schedule: parseSchedule(described.expression) }));
  const stops = parsed.map(({ described, schedule }) => run(described, schedule, options));
  return () => {
    for (const stop of stops) stop();
  };
}

function run(described: ScheduleDescription, schedule: Schedule, options: SchedulerOptions): () => void {
  const { clock } = options;
  let cancel = () => {};
  const fire = (atMs: number) => {
    options.fire(described.target.functionName, scheduledEvent(described, atMs));
    wait(atMs);
  };
  const wait = (previousMs: number) => {
    const nowMs = clock.now().epochMs;
    const atMs = nextFire(schedule, { afterMs: nowMs, previousMs });
    cancel = clock.after(atMs - nowMs, () => fire(atMs));
  };
  const startedMs = clock.now().epochMs;
  if (described.kind === "schedule" && schedule.kind === "rate") fire(startedMs);
  else wait(startedMs);
  return () => cancel();
}

function scheduledEvent(described: ScheduleDescription, atMs: number): unknown {
  const time = isoSeconds(atMs);
  const { input } = described.target;
  // The one context variable our inputs may use (Scheduler guide, "Adding context attributes").
  if (input !== null) return JSON.parse(input.replaceAll("<aws.scheduler.scheduled-time>", time));
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: described.kind === "schedule" ? "aws.scheduler" : "aws.events",
    account: LOCAL_ACCOUNT,
    time,
    region: LOCAL_REGION,
    resources: [described.arn],
    // The Scheduler gives its detail as text, a rule as an object.
    detail: described.kind === "schedule" ? "{}" : {},
  } satisfies JsonObject;
}
