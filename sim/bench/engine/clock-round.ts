/** A round of the usual construction that decides once a second, and real time of the task. Owns both, since neither steps over a second. */
import { setTimeout as wait } from "node:timers/promises";
import type { RoundReport } from "./engine-order.ts";
import { type RoundParts, type Tick, taskTick, toReport } from "./ticks.ts";

const CLOCK_MS = 1_000;
const CLOCK_TICKS_APART_MS_MAX = 200;

/** Ticks of the live task come so far apart, more or less by half: what its request budget of a second allows. */
const LIVE_APART_MS = 450;

/** Ticks come at any moment; an order goes when the second is over, on the newest book. How long each tick waited is counted. */
export async function runClockRound({ bench, usual, line, path }: RoundParts, ticks: number): Promise<RoundReport> {
  const waiting: number[] = [];
  const waited: number[] = [];
  let newest: Buffer | undefined;
  bench.tap.feed((data) => {
    newest = Buffer.from(data);
    waiting.push(performance.now());
  });
  while (waited.length < ticks) {
    const endMs = performance.now() + CLOCK_MS;
    while (performance.now() < endMs) {
      line.order({ do: "tick", kind: "book", level: path.next(), hot: false });
      await wait(Math.min(Math.random() * CLOCK_TICKS_APART_MS_MAX, Math.max(0, endMs - performance.now())));
    }
    const [quote] = newest === undefined ? [] : usual.read(newest);
    if (quote === undefined) continue;
    const sent = usual.place(quote);
    const writtenMs = performance.now();
    waited.push(...waiting.splice(0).map((sinceMs) => (writtenMs - sinceMs) * 1_000));
    await sent;
  }
  bench.tap.feed(undefined);
  await line.report();
  return { ...toReport([], { ticks: [], missed: 0, notes: [] }), wire: waited };
}

/** Real time of the task: a tick now and then, at moments of their own, and fills beside them. */
export async function runLive(
  parts: RoundParts,
  { forMs, fillsPerSecond }: { readonly forMs: number; readonly fillsPerSecond: number },
): Promise<RoundReport> {
  const { line, bench } = parts;
  bench.tap.feed(undefined);
  await line.report();
  if (fillsPerSecond > 0) line.order({ do: "fills", perSecond: fillsPerSecond, forMs });
  const endMs = performance.now() + forMs;
  const done: Tick[] = [];
  let missed = 0;
  while (performance.now() < endMs) {
    await wait(LIVE_APART_MS * (0.5 + Math.random()));
    const tick = await taskTick(parts, "book", false);
    if (tick !== undefined) done.push(tick);
    else missed += 1;
  }
  const { ticks } = await line.report();
  return toReport(done, { ticks, missed, notes: [...bench.task.health().reasons, ...bench.complaints] });
}
