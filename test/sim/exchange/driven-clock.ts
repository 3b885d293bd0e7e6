/** A clock that moves only when a test moves it: timers fire in order of their due time, each at its own moment. */
import type { Clock } from "../../../fargate/seams.ts";

export type DrivenClock = Clock & { advance(ms: number): void };

export function makeDrivenClock(startEpochMs = Date.UTC(2026, 0, 2, 3, 4, 5)): DrivenClock {
  let nowMs = 0;
  let count = 0;
  const timers = new Map<number, { readonly dueMs: number; readonly callback: () => void }>();
  const nextDue = (untilMs: number) => {
    let found: number | undefined;
    for (const [id, timer] of timers) {
      const best = found === undefined ? undefined : timers.get(found);
      if (timer.dueMs <= untilMs && (best === undefined || timer.dueMs < best.dueMs)) found = id;
    }
    return found;
  };
  return {
    now: () => ({ monotonicMs: nowMs, epochMs: startEpochMs + nowMs }),
    after(delayMs, callback) {
      count += 1;
      const id = count;
      timers.set(id, { dueMs: nowMs + Math.max(0, delayMs), callback });
      return () => timers.delete(id);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id);
        timers.delete(id);
        if (timer === undefined) continue;
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.callback();
      }
      nowMs = untilMs;
    },
  };
}
