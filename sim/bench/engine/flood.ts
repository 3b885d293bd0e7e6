/**
 * Many books in the engine's process, as fast as they are read or at a rate. Owns what reading them cost: processor time, collections,
 * and how late the event loop was.
 */
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { FloodReport, Reader } from "./engine-order.ts";
import type { RoundParts } from "./ticks.ts";

const LOOK_MS = 5;
/** A connection was lost, and with it what was on its way. */
const LATE_MS_MAX = 60_000;
/** `perf_hooks.constants.NODE_PERFORMANCE_GC_MAJOR`; a mark-compact is told as one. */
const GC_MAJOR = 4;
const NANOS_PER_MS = 1e6;

export async function runFlood(
  { bench, usual, line }: RoundParts,
  { reader, count, perSecond }: { readonly reader: Reader; readonly count: number; readonly perSecond: number },
): Promise<FloodReport> {
  const { tap } = bench;
  if (reader === "count") tap.feed(() => undefined);
  else if (reader === "usual") tap.feed((data) => void usual.read(data));
  else tap.feed(undefined);
  const gc = { markCompacts: 0, minors: 0, millis: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      gc.millis += entry.duration;
      const { detail }: { readonly detail: { readonly kind: number } } = entry.toJSON();
      if (detail.kind === GC_MAJOR) gc.markCompacts += 1;
      else gc.minors += 1;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  await bench.stepped?.step(0);
  const wanted = tap.frames + count;
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  line.order({ do: "flood", count, perSecond });
  const dueMs = perSecond === 0 ? 0 : (1_000 * count) / perSecond;
  while (tap.frames < wanted) {
    if (performance.now() - startMs > dueMs + LATE_MS_MAX) {
      throw new Error(`${count} books must come within ${LATE_MS_MAX / 1_000} s, ${wanted - tap.frames} did not`);
    }
    await wait(LOOK_MS);
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startMs) / 1_000;
  lag.disable();
  await wait(LOOK_MS);
  observer.disconnect();
  const { reasons } = bench.task.health();
  tap.feed(undefined);
  await bench.stepped?.stop();
  return {
    messages: count,
    seconds,
    cpuMicros: user + system,
    gc,
    reasons,
    lagMillis: {
      p50: lag.percentile(50) / NANOS_PER_MS,
      p99: lag.percentile(99) / NANOS_PER_MS,
      max: lag.max / NANOS_PER_MS,
    },
  };
}
