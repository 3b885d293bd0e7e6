/** What the benchmark asks of the engine's process, and what that answers. Owns the words alone. */

/**
 * - `floor`, `floor-again`, `floor-plus`: prebuilt bytes, the same once more, and after 5 µs of busy waiting (the controls);
 * - `task`: the real task moves its quotes, tick upon tick; `first`: the first tick after a second of everything else;
 * - `requote`: it places all four quotes anew; `floor-four`: four prebuilt orders on four connections, with the same in between;
 * - `usual`: zod, decimal objects and `fetch`, with the task's seconds in between; `floor-paced`: the floor with the same in between;
 * - `usual-clock`: the usual construction, but it decides once a second.
 */
export type Variant =
  | "floor"
  | "floor-again"
  | "floor-plus"
  | "floor-paced"
  | "floor-four"
  | "task"
  | "first"
  | "requote"
  | "usual"
  | "usual-clock";

export type Reader = "count" | "task" | "usual";

export type EngineOrder =
  | { readonly do: "round"; readonly variant: Variant; readonly ticks: number; readonly isHot: boolean }
  /** The task in real time: a tick now and then, with so many fills a second beside them. */
  | { readonly do: "live"; readonly forMs: number; readonly fillsPerSecond: number }
  | { readonly do: "memory" }
  | { readonly do: "flood"; readonly reader: Reader; readonly count: number; readonly perSecond: number }
  | { readonly do: "profile"; readonly path: string }
  | { readonly do: "end-profile" };

/** Microseconds, one of each a tick that led to an order. */
export type RoundReport = {
  /** From the venue's `send` to the whole first order there. */
  readonly wire: readonly number[];
  /** Its three parts: to the frame's callback, on to the first write, on to the venue. */
  readonly arriving: readonly number[];
  readonly inside: readonly number[];
  readonly leaving: readonly number[];
  /** From the frame's callback to the first whole answer, and to the last one of the tick. */
  readonly ack: readonly number[];
  readonly lastAck: readonly number[];
  /** Ticks without an order. */
  readonly missed: number;
  /** Why the task does not quote at the end of the round, and what it has complained of. */
  readonly notes: readonly string[];
  /** From the frame's callback to the first write, on the machine's monotonic clock, in microseconds; for profiles. */
  readonly windows: readonly (readonly [number, number])[];
};

export type FloodReport = {
  readonly messages: number;
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly gc: { readonly markCompacts: number; readonly minors: number; readonly millis: number };
  readonly lagMillis: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Why the task does not quote, market by market, at the end; empty where it does. */
  readonly reasons: readonly string[];
};

/** Bytes: resident once V8 gave back what it does not use, and the heap in use then. */
export type MemoryReport = { readonly rss: number; readonly heap: number };

export type EngineReport =
  | { readonly type: "ready"; readonly complaints: readonly string[] }
  | ({ readonly type: "round" } & RoundReport)
  | ({ readonly type: "flood" } & FloodReport)
  | ({ readonly type: "memory" } & MemoryReport)
  | { readonly type: "failed"; readonly message: string };
