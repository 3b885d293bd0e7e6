/** Ticks in the engine's process: one is asked for, and awaited with what it led to. Owns their stamps and the report made of them. */
import { toMonotonicMicros } from "../monotonic.ts";
import type { TickKind, VenueTick } from "../venue/venue-order.ts";
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
  /** As many as a requote has orders, each with a connection of its own. */
  readonly floors: readonly Floor[];
  readonly usual: UsualEngine;
  readonly line: VenueLine;
  readonly path: MidPath;
};

/** A tick that led to an order, with the moment at which its frame came. */
export type Tick = TickStamps & { readonly framedMs: number };

/** A tick that the task reads, once all that came of it is answered. Undefined when it led to no order at once: one of a later turn may be of a fill. */
export async function taskTick(parts: RoundParts, kind: TickKind, isHot: boolean): Promise<Tick | undefined> {
  const { watch, tap } = parts.bench;
  watch.begin();
  await frame(parts, kind, isHot);
  const { atMs: framedMs, doneMs } = tap;
  const { writesMs, answersMs } = await watch.quiet();
  const writtenMs = writesMs.find((atMs) => atMs >= framedMs && atMs <= doneMs);
  return writtenMs === undefined ? undefined : { writtenMs, answersMs, framedMs };
}

/** Asks for a tick, and waits until its frame was read and what it led to at once is done. */
export async function frame({ bench, line, path }: RoundParts, kind: TickKind, isHot: boolean): Promise<void> {
  const framed = new Promise<void>((resolve) => bench.tap.onNextFrame(resolve));
  line.order({ do: "tick", kind, level: path.next(), hot: isHot });
  await framed;
}

export function toReport(
  done: readonly Tick[],
  rest: { readonly ticks: readonly VenueTick[]; readonly missed: number; readonly notes: readonly string[] },
): RoundReport {
  const ways = done.map((tick) => wayOf(tick, rest.ticks)).filter(({ arrived }) => Number.isFinite(arrived));
  return {
    wire: ways.map(({ sent, arrived }) => arrived - sent),
    arriving: ways.map(({ sent, framed }) => framed - sent),
    leaving: ways.map(({ written, arrived }) => arrived - written),
    inside: ways.map(({ framed, written }) => written - framed),
    ack: done.map((tick) => ((tick.answersMs[0] ?? Number.NaN) - tick.framedMs) * 1_000),
    lastAck: done.map((tick) => ((tick.answersMs.at(-1) ?? Number.NaN) - tick.framedMs) * 1_000),
    missed: rest.missed,
    notes: rest.notes,
    windows: ways.map(({ framed, written }) => [framed, written]),
  };
}

/** On the machine's clock, in microseconds. */
type Way = { readonly sent: number; readonly framed: number; readonly written: number; readonly arrived: number };

/** The venue's tick is the last one sent before its frame came, its order the first request that came after the write. */
function wayOf(tick: Tick, ticks: readonly VenueTick[]): Way {
  const framed = toMonotonicMicros(tick.framedMs);
  const written = toMonotonicMicros(tick.writtenMs);
  const { sentMicros: sent, requestsMicros } = ticks.findLast(({ sentMicros }) => sentMicros <= framed) ?? NO_TICK;
  return { sent, framed, written, arrived: requestsMicros.find((atMicros) => atMicros >= written) ?? Number.NaN };
}

const NO_TICK: VenueTick = { sentMicros: Number.NaN, requestsMicros: [] };
