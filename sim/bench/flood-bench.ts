/**
 * `feed` and `gc`: what reading books costs the task's process, in processor time, collections and event-loop lag. Owns the goals of these lines;
 * the floor of reading is counting what comes.
 */
import type { BenchContext } from "./context.ts";
import type { FloodReport, Reader } from "./engine/engine-order.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { quartiles, shuffled } from "./statistics.ts";

const READERS: readonly Reader[] = ["count", "task", "usual"];
const FLOOD_BOOKS: Readonly<Record<Reader, number>> = { count: 40_000, task: 40_000, usual: 8_000 };
const FLOOD_ROUNDS_MAX = 12;

const GC_BOOKS_A_SECOND = 5_000;
const GC_SECONDS = 60;

/** Processor time a message of the whole task, next to counting. */
export async function benchFeed({ rounds, isPinned, isGate }: BenchContext): Promise<readonly Row[]> {
  const session = await Session.start({ isStepped: false, isPinned });
  const readers = isGate ? (["count", "task"] as const) : READERS;
  const micros: Record<Reader, number[]> = { count: [], task: [], usual: [] };
  try {
    for (const reader of readers) await session.flood({ reader, count: FLOOD_BOOKS[reader], perSecond: 0 });
    for (let round = 0; round < Math.min(rounds, FLOOD_ROUNDS_MAX); round += 1) {
      for (const reader of shuffled(readers, Math.random)) {
        const report = await session.flood({ reader, count: FLOOD_BOOKS[reader], perSecond: 0 });
        micros[reader].push(report.cpuMicros / report.messages);
      }
    }
  } finally {
    await session.stop();
  }
  const against = (values: readonly number[], others: readonly number[]) =>
    quartiles(values.map((value, round) => value / (others[round] ?? Number.NaN)));
  const task = makeRow({
    bench: "feed",
    what: "processor time a message, the task",
    goal: { atMost: 5 },
    // A gate tells of the code: of both the least, which is the nearest to what they take where nobody disturbs.
    figure: isGate ? exactly(Math.min(...micros.task) / Math.min(...micros.count)) : against(micros.task, micros.count),
    unit: "×",
    floor: { what: "counting", figure: quartiles(micros.count), unit: "µs" },
    notes: [
      `${quartiles(micros.task).median.toFixed(2)} µs a message: ${perSecondText(micros.task)} a core and second`,
    ],
  });
  if (isGate) return [task];
  return [
    task,
    makeRow({
      bench: "feed",
      what: "processor time a message, the usual construction against the task",
      goal: undefined,
      figure: against(micros.usual, micros.task),
      unit: "×",
      floor: { what: "the task", figure: quartiles(micros.task), unit: "µs" },
    }),
  ];
}

function perSecondText(micros: readonly number[]): string {
  return Math.round(1e6 / quartiles(micros).median).toLocaleString("en-US");
}

/** A minute of 5,000 books a second through the whole task. */
export async function benchGc({ isPinned }: BenchContext): Promise<readonly Row[]> {
  const session = await Session.start({ isStepped: false, isPinned });
  let report: FloodReport;
  try {
    await session.flood({ reader: "task", count: 20_000, perSecond: GC_BOOKS_A_SECOND });
    const count = GC_BOOKS_A_SECOND * GC_SECONDS;
    report = await session.flood({ reader: "task", count, perSecond: GC_BOOKS_A_SECOND });
  } finally {
    await session.stop();
  }
  const { gc, seconds, lagMillis, messages, cpuMicros } = report;
  const notes = [
    `${Math.round(messages / seconds)} books a second for ${seconds.toFixed(0)} s, ${gc.minors} scavenges`,
  ];
  // The rate is part of what is claimed: a venue that could not keep it proves nothing.
  const voidReasons = messages / seconds < 0.95 * GC_BOOKS_A_SECOND ? ["the venue did not keep the rate"] : [];
  const row = { bench: "gc", notes, voidReasons };
  return [
    makeRow({
      ...row,
      what: "full collections",
      goal: { atMost: 0 },
      figure: exactly(gc.markCompacts),
      unit: "in all",
    }),
    makeRow({
      ...row,
      what: "collecting",
      goal: { atMost: 0.5 },
      figure: exactly(gc.millis / seconds),
      unit: "ms a second",
    }),
    makeRow({
      ...row,
      what: "event-loop lag p99",
      goal: undefined,
      figure: exactly(lagMillis.p99),
      unit: "ms",
      notes: [`p50 ${lagMillis.p50.toFixed(2)} ms, longest ${lagMillis.max.toFixed(2)} ms, timers of 1 ms included`],
    }),
    makeRow({
      ...row,
      what: "processor time",
      goal: undefined,
      figure: exactly((100 * cpuMicros) / (seconds * 1e6)),
      unit: "% of a core",
    }),
  ];
}
