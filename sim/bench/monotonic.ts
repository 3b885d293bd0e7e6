/** The machine's monotonic clock, which is the same in every process of it. Owns the way there from a process's own. */

const READINGS = 1_000;

/** `performance.now()` counts from the start of its process. */
const AHEAD_MS = aheadMs();

/** Of many readings the one in which least time passed between the two clocks: a first call, or a pause in it, takes up to 0.1 ms. */
function aheadMs(): number {
  let [ahead, least] = [0, Number.POSITIVE_INFINITY];
  for (let reading = 0; reading < READINGS; reading += 1) {
    const before = process.hrtime.bigint();
    const ownMs = performance.now();
    const passedMs = Number(process.hrtime.bigint() - before) / 1e6;
    if (passedMs >= least) continue;
    least = passedMs;
    ahead = Number(before) / 1e6 + passedMs / 2 - ownMs;
  }
  return ahead;
}

/** Microseconds of the machine's clock, from milliseconds of `performance.now()`. */
export function toMonotonicMicros(ms: number): number {
  return (ms + AHEAD_MS) * 1_000;
}
