/** The machine's monotonic clock, which is the same in every process of it. Owns the way there from a process's own. */

/** `performance.now()` counts from the start of its process. */
const AHEAD_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Microseconds of the machine's clock, from milliseconds of `performance.now()`. */
export function toMonotonicMicros(ms: number): number {
  return (ms + AHEAD_MS) * 1_000;
}
