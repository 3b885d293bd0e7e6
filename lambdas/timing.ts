/** Time, waiting and chance of the functions, so that a test may own all three. Owns the real ones. */
import { setTimeout as sleep } from "node:timers/promises";

export type Timing = {
  /** Epoch milliseconds: for records, and for what is held against a venue's times. */
  epochMs(): number;
  /** Milliseconds that only ever grow: for durations. */
  monotonicMs(): number;
  wait(millis: number): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
};

export function makeTiming(): Timing {
  return {
    epochMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    wait: async (millis) => await sleep(millis),
    random: Math.random,
  };
}
