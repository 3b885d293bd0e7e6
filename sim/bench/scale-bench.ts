/**
 * `scale`: one task with few and with many markets, and what each further one costs it: processor time of a message, of a market that is only
 * followed, and memory. Owns the numbers of markets and the making of these lines. All by processor time, next to counting the same messages.
 */
import type { BenchContext } from "./context.ts";
import type { FloodReport, MemoryReport } from "./engine/engine-order.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { quartiles } from "./statistics.ts";

/** One, what a file takes about, and three times that: more than any task is given. */
const MARKETS = [1, 8, 32];

const BOOKS = 40_000;
const WARM_FLOODS = 3;
const ROUNDS_MAX = 7;

/** Each book is in a turn of its own then, and is decided on alone: so they come where nothing has piled up. */
const APART_A_SECOND = 1_000;
const APART_SECONDS = 5;

/** A Sei block takes about 0.4 s, and changes each book once. */
const BLOCKS_A_SECOND = 2.5;
const PACE_SECONDS = 20;
/** Four orders a market, some four a second of what one account may ask: so long until all markets are quoted. */
const QUOTED_SECONDS_A_MARKET = 1.1;

const MEGABYTE = 2 ** 20;

type Measured = {
  readonly markets: number;
  /** Microseconds a message, round by round. */
  readonly counted: readonly number[];
  readonly read: readonly number[];
  readonly apart: FloodReport;
  readonly pace: FloodReport;
  readonly memory: MemoryReport;
};

export async function benchScale(context: BenchContext): Promise<readonly Row[]> {
  const all: Measured[] = [];
  for (const markets of MARKETS) all.push(await measure(markets, context));
  const [one] = all;
  return all.flatMap((measured) => [
    readLine(measured),
    apartLine(measured),
    paceLine(measured, one ?? measured),
    memoryLine(measured, one ?? measured),
  ]);
}

async function measure(markets: number, { rounds, isPinned }: BenchContext): Promise<Measured> {
  const session = await Session.start({ isStepped: false, isPinned, markets });
  try {
    for (let flood = 0; flood < WARM_FLOODS; flood += 1) {
      await session.flood({ reader: "task", count: BOOKS, perSecond: 0 });
    }
    const counted: number[] = [];
    const read: number[] = [];
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      counted.push(microsOf(await session.flood({ reader: "count", count: BOOKS, perSecond: 0 })));
      read.push(microsOf(await session.flood({ reader: "task", count: BOOKS, perSecond: 0 })));
    }
    const perSecond = BLOCKS_A_SECOND * markets;
    const seconds = PACE_SECONDS + QUOTED_SECONDS_A_MARKET * markets;
    await session.flood({ reader: "task", count: Math.round(seconds * perSecond), perSecond });
    const apart = { count: APART_A_SECOND * APART_SECONDS, perSecond: APART_A_SECOND };
    return {
      ...{ markets, counted, read },
      apart: await session.flood({ reader: "task", ...apart }),
      pace: await session.flood({ reader: "task", count: PACE_SECONDS * perSecond, perSecond }),
      memory: await session.memory(),
    };
  } finally {
    await session.stop();
  }
}

function microsOf({ cpuMicros, messages }: FloodReport): number {
  return cpuMicros / messages;
}

function readLine({ markets, counted, read }: Measured): Row {
  const own = quartiles(read).median;
  return makeRow({
    bench: "scale",
    what: `processor time a message, ${marketsText(markets)}, as fast as they are read`,
    goal: undefined,
    figure: quartiles(read.map((micros, round) => micros / (counted[round] ?? Number.NaN))),
    unit: "×",
    floor: { what: "counting", figure: quartiles(counted), unit: "µs" },
    notes: [`${own.toFixed(2)} µs: ${perSecondText(own)} messages a second fill a core`],
  });
}

function apartLine({ markets, apart }: Measured): Row {
  const micros = microsOf(apart);
  return makeRow({
    bench: "scale",
    what: `processor time a message, ${marketsText(markets)}, each decided on by itself`,
    goal: undefined,
    figure: exactly(micros),
    unit: "µs",
    voidReasons: notQuoting(apart),
    notes: [
      `${Math.round(apart.messages / apart.seconds)} a second, all else of the task in it; ${perSecondText(micros)} fill a core`,
    ],
  });
}

function paceLine({ markets, pace }: Measured, one: Measured): Row {
  const millis = (report: FloodReport) => report.cpuMicros / 1_000 / report.seconds;
  const more = (millis(pace) - millis(one.pace)) / (markets - one.markets);
  return makeRow({
    bench: "scale",
    what: `processor time at a book each 0.4 s, ${marketsText(markets)}`,
    goal: undefined,
    figure: exactly(millis(pace) / 10),
    unit: "% of a core",
    voidReasons: notQuoting(pace),
    notes: Number.isFinite(more) ? [`each further market ${(more / 10).toFixed(2)} %`] : [],
  });
}

function memoryLine({ markets, memory }: Measured, one: Measured): Row {
  const more = (memory.heap - one.memory.heap) / (markets - one.markets) / MEGABYTE;
  return makeRow({
    bench: "scale",
    what: `resident memory, ${marketsText(markets)}`,
    goal: undefined,
    figure: exactly(memory.rss / MEGABYTE),
    unit: "MB",
    notes: [
      `${(memory.heap / MEGABYTE).toFixed(1)} MB of heap after a full collection`,
      ...(Number.isFinite(more) ? [`each further market ${more.toFixed(2)} MB of heap`] : []),
    ],
  });
}

/** A market that does not quote costs less. */
function notQuoting({ reasons }: FloodReport): readonly string[] {
  return reasons.slice(0, 2).map((reason) => `at its end: ${reason}`);
}

function perSecondText(micros: number): string {
  return Math.round(1e6 / micros).toLocaleString("en-US");
}

function marketsText(markets: number): string {
  return markets === 1 ? "one market" : `${markets} markets`;
}
