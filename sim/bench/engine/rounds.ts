/**
 * Rounds of ticks in the engine's process: each tick is asked of the venue, and led to the floor, the task or the usual construction.
 * Owns the order of things within a round; what is said of the figures is the parent's.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { TickKind } from "../venue/venue-order.ts";
import type { BenchTask } from "./bench-task.ts";
import { type RoundReport, TICK_OF, type Variant } from "./engine-order.ts";
import type { Floor } from "./floor.ts";
import type { TickStamps } from "./order-watch.ts";
import type { UsualEngine } from "./usual.ts";
import type { VenueLine } from "./venue-line.ts";

/** Beyond the request budget's second, so that each tick finds it free, and below the age at which a book may not be quoted on. */
const MARKET_STEP_MS = 1_050;
/** What the second control is slower by. */
const PLUS_MICROS = 5;
/** Ticks at moments of their own within the seconds of a clock. */
const CLOCK_MS = 1_000;
const CLOCK_TICKS_APART_MS_MAX = 200;

export type RoundParts = {
  readonly bench: BenchTask;
  readonly floor: Floor;
  readonly usual: UsualEngine;
  readonly line: VenueLine;
};

type Tick = TickStamps & { readonly framedMs: number };

/** `performance.now()` to the machine's monotonic clock, in milliseconds. */
const MONOTONIC_AHEAD_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export async function runRound(
  parts: RoundParts,
  { variant, ticks, isHot }: { readonly variant: Variant; readonly ticks: number; readonly isHot: boolean },
): Promise<RoundReport> {
  await parts.line.report();
  if (variant === "usual-clock") return await runClockRound(parts, ticks);
  const done: Tick[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const stamps = await runTick(parts, variant, isHot);
    if (stamps === undefined) parts.line.order({ do: "forget" });
    else done.push(stamps);
  }
  parts.bench.tap.feed(undefined);
  await parts.bench.stepped?.stop();
  const { wireMicros } = await parts.line.report();
  return {
    wire: wireMicros,
    inside: done.map((tick) => (tick.writtenMs - tick.framedMs) * 1_000),
    ack: done.map((tick) => ((tick.answersMs[0] ?? Number.NaN) - tick.framedMs) * 1_000),
    lastAck: done.map((tick) => ((tick.answersMs.at(-1) ?? Number.NaN) - tick.framedMs) * 1_000),
    missed: ticks - done.length,
    notes: [...parts.bench.task.health().reasons, ...parts.bench.complaints],
    windows: done.map((tick) => [toMonotonicMicros(tick.framedMs), toMonotonicMicros(tick.writtenMs)]),
  };
}

/** One tick; undefined when it led to no order. */
async function runTick(parts: RoundParts, variant: Variant, isHot: boolean): Promise<Tick | undefined> {
  const { bench, floor, usual } = parts;
  switch (variant) {
    case "floor":
    case "floor-again":
    case "floor-plus": {
      bench.tap.feed(floor.sink(variant === "floor-plus" ? PLUS_MICROS : 0));
      const answered = floor.answered();
      await frame(parts, "step", isHot);
      return { ...(await answered), framedMs: bench.tap.atMs };
    }
    case "usual":
    case "usual-clock": {
      bench.tap.feed(usual.sink);
      const answered = usual.answered();
      await frame(parts, "step", isHot);
      return { ...(await answered), framedMs: bench.tap.atMs };
    }
    case "task":
    case "filling":
    case "requote": {
      bench.tap.feed(undefined);
      if (variant === "requote") {
        await runTaskTick(parts, "halt", isHot);
        parts.line.order({ do: "forget" });
      }
      return await runTaskTick(parts, TICK_OF[variant], isHot);
    }
  }
}

/** A second of the market passes first, in which the task does all that it does beside its quotes. */
export async function runTaskTick(parts: RoundParts, kind: TickKind, isHot: boolean): Promise<Tick | undefined> {
  const { watch, tap, stepped } = parts.bench;
  await stepped?.step(MARKET_STEP_MS);
  watch.begin();
  await frame(parts, kind, isHot);
  const stamps = await watch.quiet();
  return stamps === undefined ? undefined : { ...stamps, framedMs: tap.atMs };
}

/** Asks for a tick, and waits until its frame was read and what it led to at once is done. */
async function frame({ bench, line }: RoundParts, kind: TickKind, isHot: boolean): Promise<void> {
  const framed = new Promise<void>((resolve) => bench.tap.onNextFrame(resolve));
  line.order({ do: "tick", kind, hot: isHot });
  await framed;
}

/** Ticks come at any moment; an order goes when the second is over, on the newest book. How long each tick waited is counted. */
async function runClockRound({ bench, usual, line }: RoundParts, ticks: number): Promise<RoundReport> {
  const waiting: number[] = [];
  const wire: number[] = [];
  let newest: Buffer | undefined;
  bench.tap.feed((data) => {
    newest = Buffer.from(data);
    waiting.push(performance.now());
  });
  while (wire.length < ticks) {
    const endMs = performance.now() + CLOCK_MS;
    while (performance.now() < endMs) {
      line.order({ do: "tick", kind: "step", hot: false });
      await wait(Math.min(Math.random() * CLOCK_TICKS_APART_MS_MAX, Math.max(0, endMs - performance.now())));
    }
    const [quote] = newest === undefined ? [] : usual.read(newest);
    if (quote === undefined) continue;
    const sent = usual.place(quote);
    const writtenMs = performance.now();
    wire.push(...waiting.splice(0).map((sinceMs) => (writtenMs - sinceMs) * 1_000));
    await sent;
  }
  bench.tap.feed(undefined);
  await line.report();
  return { wire, inside: wire, ack: [], lastAck: [], missed: 0, notes: [], windows: [] };
}

function toMonotonicMicros(ms: number): number {
  return (ms + MONOTONIC_AHEAD_MS) * 1_000;
}
