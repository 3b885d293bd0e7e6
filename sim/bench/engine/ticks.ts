/** Ticks in the engine's process: one is asked for, and awaited with what it led to. Owns their stamps and the report made of them. */
import type { TickKind } from "../venue/venue-order.ts";
import type { BenchTask } from "./bench-task.ts";
import type { RoundReport } from "./engine-order.ts";
import type { Floor } from "./floor.ts";
import type { MidPath } from "./mid-path.ts";
import type { TickStamps } from "./order-watch.ts";
import type { UsualEngine } from "./usual.ts";
import type { VenueLine } from "./venue-line.ts";

export type RoundParts = {
  readonly bench: BenchTask;
  readonly floor: Floor;
  readonly usual: UsualEngine;
  readonly line: VenueLine;
  readonly path: MidPath;
};

/** A tick that led to an order, with the moment at which its frame came. */
export type Tick = TickStamps & { readonly framedMs: number };

/** `performance.now()` to the machine's monotonic clock, in milliseconds. */
const MONOTONIC_AHEAD_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** A tick that the task reads, once all that came of it is answered. */
export async function taskTick(parts: RoundParts, kind: TickKind, isHot: boolean): Promise<Tick | undefined> {
  const { watch, tap } = parts.bench;
  watch.begin();
  await frame(parts, kind, isHot);
  const stamps = await watch.quiet();
  return stamps === undefined ? undefined : { ...stamps, framedMs: tap.atMs };
}

/** Asks for a tick, and waits until its frame was read and what it led to at once is done. */
export async function frame({ bench, line, path }: RoundParts, kind: TickKind, isHot: boolean): Promise<void> {
  const framed = new Promise<void>((resolve) => bench.tap.onNextFrame(resolve));
  line.order({ do: "tick", kind, level: path.next(), hot: isHot });
  await framed;
}

export function toReport(
  done: readonly Tick[],
  rest: { readonly wireMicros: readonly number[]; readonly missed: number; readonly notes: readonly string[] },
): RoundReport {
  return {
    wire: rest.wireMicros,
    inside: done.map((tick) => (tick.writtenMs - tick.framedMs) * 1_000),
    ack: done.map((tick) => ((tick.answersMs[0] ?? Number.NaN) - tick.framedMs) * 1_000),
    lastAck: done.map((tick) => ((tick.answersMs.at(-1) ?? Number.NaN) - tick.framedMs) * 1_000),
    missed: rest.missed,
    notes: rest.notes,
    windows: done.map((tick) => [toMonotonicMicros(tick.framedMs), toMonotonicMicros(tick.writtenMs)]),
  };
}

function toMonotonicMicros(ms: number): number {
  return (ms + MONOTONIC_AHEAD_MS) * 1_000;
}
