/**
 * Schedule expressions of EventBridge: when one fires next. Owns the forms our templates use, `rate(5 minutes)` and the
 * hourly `cron(0 * * * ? *)`; every other one is refused.
 */
import { InputError } from "../../core/errors.ts";

export type Schedule =
  | { readonly kind: "rate"; readonly everyMs: number }
  /** Each hour at this minute, 0 to 59, UTC. */
  | { readonly kind: "hourly"; readonly minute: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const RATE = /^rate\((?:(1) (minute|hour)|([2-9]|[1-9]\d{1,4}) (minutes|hours))\)$/;
const HOURLY = /^cron\(([0-5]?\d) \* (?:\* \* \?|\? \* \*|\* \? \*) \*\)$/;

export function parseSchedule(expression: string): Schedule {
  const hourly = HOURLY.exec(expression);
  if (hourly !== null) return { kind: "hourly", minute: Number(hourly[1]) };
  const rate = RATE.exec(expression);
  if (rate === null) {
    throw new InputError({
      what: "a schedule expression",
      expected: "rate(1 minute), rate(n hours) or the like, or cron(m * * * ? *)",
      was: expression,
    });
  }
  const unitMs = (rate[2] ?? rate[4] ?? "").startsWith("hour") ? HOUR_MS : MINUTE_MS;
  return { kind: "rate", everyMs: Number(rate[1] ?? rate[3]) * unitMs };
}

/** The first time it fires after `afterMs`; `previousMs` is when it fired last or was made. Epoch milliseconds. */
export function nextFire(schedule: Schedule, times: { readonly afterMs: number; readonly previousMs: number }): number {
  switch (schedule.kind) {
    case "rate": {
      const missed = Math.max(0, Math.floor((times.afterMs - times.previousMs) / schedule.everyMs));
      return times.previousMs + (missed + 1) * schedule.everyMs;
    }
    case "hourly": {
      const offsetMs = schedule.minute * MINUTE_MS;
      return (Math.floor((times.afterMs - offsetMs) / HOUR_MS) + 1) * HOUR_MS + offsetMs;
    }
  }
}
