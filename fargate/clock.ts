/** The real clock and the real dice, for `main.ts` alone: everything else takes a `Clock` and an `Rng`. */
import type { Clock, Rng } from "./seams.ts";

/** Durations from the monotonic clock, records from the wall clock. Timers keep the process alive until stopped. */
export function makeSystemClock(): Clock {
  return {
    now: () => ({ monotonicMs: performance.now(), epochMs: Date.now() }),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

/** Chance for jitter; nothing secret may come of it. */
export function makeSystemRng(): Rng {
  return { next: () => Math.random() };
}
