/**
 * Loaded into the deployed task before its own first line (`--import`): makes its time pass quicker, and tells its memory. The task takes time from
 * three functions alone (`fargate/clock.ts`), and these are what is replaced: its code is what is deployed. Owns that clock. Imports nothing that
 * would take memory of what is measured.
 */

/** From the parent: time passes so many times as quickly from here on; or what the memory is. */
export type ClockOrder = { readonly times: number } | { readonly do: "look" };

/** Bytes. Of what is resident, `anonymous` is the process's own, the rest files of the system: the program and its libraries. */
export type MemoryLook = {
  /** Before V8 gave back what it does not use. */
  readonly rssBefore: number;
  readonly rss: number;
  /** Undefined where the system does not say. */
  readonly anonymous: number | undefined;
  /** Of the quoting thread, in use and in all. */
  readonly heap: number;
  readonly heapTotal: number;
};

const now = performance.now.bind(performance);
const later = globalThis.setTimeout;

let times = 1;
/** When it last began to go at another pace: real, and as it is told. */
let realMs = now();
let monotonicMs = realMs;
let epochMs = Date.now();

const sinceMs = () => (now() - realMs) * times;

performance.now = () => monotonicMs + sinceMs();
Date.now = () => Math.floor(epochMs + sinceMs());
Object.defineProperty(globalThis, "setTimeout", {
  value: Object.assign((callback: () => void, delayMs = 0) => later(callback, delayMs / times), later),
});

process.on("message", (order: ClockOrder) => {
  if ("do" in order) process.send?.(look());
  else setPace(order.times);
});
// What keeps the process alive is the task.
process.channel?.unref();

function setPace(next: number): void {
  const passedMs = sinceMs();
  realMs = now();
  monotonicMs += passedMs;
  epochMs += passedMs;
  times = next;
}

function look(): MemoryLook {
  const { rss: rssBefore } = process.memoryUsage();
  // What V8 gives back by itself where a process is idle most of the time; here, at many times the pace, it is not.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { rss, heapUsed: heap, heapTotal } = process.memoryUsage();
  return { rssBefore, rss, anonymous: anonymousBytes(), heap, heapTotal };
}

function anonymousBytes(): number | undefined {
  try {
    const { readFileSync } = process.getBuiltinModule("node:fs");
    const kilobytes = /^Anonymous: +(\d+) kB$/m.exec(readFileSync("/proc/self/smaps_rollup", "latin1"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  } catch {
    // Linux alone tells it.
    return undefined;
  }
}
