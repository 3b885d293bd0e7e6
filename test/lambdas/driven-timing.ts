/** The time of functions in the hand of a test: a wait is over at once, and time has moved by it. */
import type { Timing } from "../../lambdas/timing.ts";
import { type DrivenClock, makeDrivenClock } from "../sim/exchange/driven-clock.ts";

export type DrivenTiming = Timing & { readonly clock: DrivenClock };

/** Begins at noon UTC of 2026-01-02 unless told. */
export function makeDrivenTiming(startMs = Date.UTC(2026, 0, 2, 12)): DrivenTiming {
  const clock = makeDrivenClock(startMs);
  return {
    clock,
    epochMs: () => clock.now().epochMs,
    monotonicMs: () => clock.now().monotonicMs,
    wait: async (millis) => {
      clock.advance(millis);
      await new Promise((resolve) => setImmediate(resolve));
    },
    random: () => 0.5,
  };
}
