/**
 * `hot` and `blocking`: from the sending of a tick to the order at the venue, and to its answer, of the real task and of the usual
 * construction, held to the floor of the same round. Owns the goals of these lines and their making.
 */
import type { BenchContext } from "./context.ts";
import type { RoundReport, Variant } from "./engine/engine-order.ts";
import { exactly, type Goal, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { type Rounds, runRounds, warm } from "./socket-rounds.ts";
import { quantile, quartiles, ratios, type Sample } from "./statistics.ts";

const VARIANTS: readonly Variant[] = ["task", "first", "floor-paced", "requote", "usual"];

/** As many as a venue has in a wild minute. */
const FILLS_A_SECOND = 100;
const FILLS_BLOCK_MS = 5_000;
const FILLS_ROUNDS_MAX = 12;
/** No control fits into real time; but where a tick takes this long alone, its neighbours are what is measured. */
const FILLS_QUIET_MICROS_MAX = 1_500;

type Read = (report: RoundReport) => Sample;
const wire: Read = (report) => report.wire;
const inside: Read = (report) => report.inside;
const ack: Read = (report) => report.ack;
const lastAck: Read = (report) => report.lastAck;

/** Both loops hot: no wake-up of the kernel is in it, so that our own code shows best. */
export async function benchHot({ rounds, isPinned, isGate }: BenchContext): Promise<readonly Row[]> {
  const variants = isGate ? (["task"] as const) : VARIANTS;
  const measured = await measure({ variants, rounds, isPinned, isHot: true });
  const line = lineOf("hot", measured);
  const t2w = line({ what: "tick-to-wire p50, the task", variant: "task", read: wire, goal: { atMost: 1.6 } });
  if (isGate) return [t2w];
  return [
    ...controlLines("hot", measured),
    t2w,
    line({ what: "tick-to-wire p99, the task", variant: "task", read: wire, share: 0.99 }),
    ...taskLines(line),
    ...insideLines("hot", measured),
    line({
      what: "the usual construction p50, against the task",
      variant: "usual",
      read: wire,
      baseline: "task",
      goal: { atLeast: 3 },
    }),
    line({ what: "the usual construction p50", variant: "usual", read: wire }),
    requoteLine(line),
  ];
}

/** Beside the goals of a mode: what stands between the wire and its floor, and the way to the answer. */
function taskLines(line: ReturnType<typeof lineOf>): readonly Row[] {
  return [
    line({
      what: "tick-to-wire p50, against a floor with as much in between",
      variant: "task",
      read: wire,
      baseline: "floor-paced",
    }),
    line({ what: "tick-to-wire p50, first tick after a second of all else", variant: "first", read: wire }),
    line({ what: "tick-to-ack p50, the task", variant: "task", read: ack }),
    line({ what: "tick-to-ack p99, the task", variant: "task", read: ack, share: 0.99 }),
  ];
}

function requoteLine(line: ReturnType<typeof lineOf>): Row {
  return line({
    what: "requote of 4, last answer p50",
    variant: "requote",
    read: lastAck,
    against: ack,
    goal: { atMost: 1.6 },
  });
}

/** Both processes sleep until the tick, as in production. */
export async function benchBlocking({ rounds, isPinned }: BenchContext): Promise<readonly Row[]> {
  const measured = await measure({ variants: VARIANTS, rounds, isPinned, isHot: false });
  const line = lineOf("blocking", measured);
  return [
    ...controlLines("blocking", measured),
    line({ what: "tick-to-wire p50, the task", variant: "task", read: wire, goal: { atMost: 1.2 } }),
    line({ what: "tick-to-wire p99, the task", variant: "task", read: wire, share: 0.99, goal: { atMost: 1.3 } }),
    ...taskLines(line),
    ...insideLines("blocking", measured),
    line({ what: "the usual construction p50, against the task", variant: "usual", read: wire, baseline: "task" }),
    line({ what: "the usual construction p50", variant: "usual", read: wire }),
    requoteLine(line),
  ];
}

/** The usual construction with a clock of one second, as most have: in milliseconds, of ticks at any moment. */
export async function benchClock({ isPinned }: BenchContext): Promise<readonly Row[]> {
  const session = await Session.start({ isStepped: true, isPinned });
  try {
    const { wire: waited } = await session.round({ variant: "usual-clock", ticks: 150, isHot: false });
    const millis = waited.map((micros) => micros / 1_000);
    return [
      makeRow({
        bench: "clock",
        what: "the usual construction that decides once a second",
        goal: undefined,
        figure: quartiles(millis),
        unit: "ms",
        notes: [
          `from the frame to the order's write; p99 ${quantile(millis, 0.99).toFixed(0)} ms of ${millis.length} ticks`,
        ],
      }),
    ];
  } finally {
    await session.stop();
  }
}

/** In real time, a few seconds with fills and a few without in turn: stream, outbox, SDK and ledger as they are. */
export async function benchFills({ rounds, isPinned }: BenchContext): Promise<readonly Row[]> {
  const session = await Session.start({ isStepped: false, isPinned });
  const none: RoundReport[] = [];
  const during: RoundReport[] = [];
  try {
    await warm(session);
    await session.live({ forMs: FILLS_BLOCK_MS, fillsPerSecond: FILLS_A_SECOND });
    for (let round = 0; round < Math.min(rounds, FILLS_ROUNDS_MAX); round += 1) {
      none.push(await session.live({ forMs: FILLS_BLOCK_MS, fillsPerSecond: 0 }));
      during.push(await session.live({ forMs: FILLS_BLOCK_MS, fillsPerSecond: FILLS_A_SECOND }));
    }
  } finally {
    await session.stop();
  }
  const [quiet, busy] = [none.flatMap(wire), during.flatMap(wire)];
  const usual = quantile(quiet, 0.5);
  const voidReasons =
    usual <= FILLS_QUIET_MICROS_MAX ? [] : [`a tick without fills took ${Math.round(usual)} µs: the machine is busy`];
  const row = (what: string, share: number, goal: Goal) =>
    makeRow({
      bench: "fills",
      what: `tick-to-wire ${what} while ${FILLS_A_SECOND} fills a second come, against none`,
      goal,
      figure: exactly(quantile(busy, share) / quantile(quiet, share)),
      unit: "×",
      floor: { what: "none", figure: exactly(quantile(quiet, share)), unit: "µs" },
      voidReasons,
      notes: [`${busy.length} ticks with fills, ${quiet.length} without`, ...(during.at(-1)?.notes ?? [])],
    });
  return [row("p50", 0.5, { atMost: 1.1 }), row("p90", 0.9, { atMost: 1.5 })];
}

async function measure(input: {
  readonly variants: readonly Variant[];
  readonly rounds: number;
  readonly isPinned: boolean;
  readonly isHot: boolean;
}): Promise<Rounds> {
  const session = await Session.start({ isStepped: true, isPinned: input.isPinned });
  try {
    return await runRounds(session, input);
  } finally {
    await session.stop();
  }
}

type LineInput = {
  readonly what: string;
  readonly variant: Variant;
  readonly read: Read;
  readonly share?: number;
  readonly baseline?: Variant;
  /** What of the baseline, where it is not the same. */
  readonly against?: Read;
  readonly goal?: Goal;
};

/** Ratios of a variant to a baseline, round by round. */
function lineOf(bench: string, rounds: Rounds) {
  return ({ what, variant, read, share = 0.5, baseline = "floor", against = read, goal }: LineInput): Row => {
    const baselines = rounds.of(baseline, against);
    const samples = rounds.of(variant, read);
    const own = quartiles(samples.map((sample) => quantile(sample, share)));
    return makeRow({
      bench,
      what,
      goal,
      figure: quartiles(ratios(samples, baselines, share)),
      unit: "×",
      floor: {
        what: baseline,
        figure: quartiles(baselines.map((sample) => quantile(sample, share))),
        unit: "µs",
      },
      voidReasons: rounds.voidReasons,
      notes: [`${own.median.toFixed(1)} µs; ${roundsText(rounds)}`, ...missedText(rounds, variant)],
    });
  };
}

function insideLines(bench: string, rounds: Rounds): readonly Row[] {
  const toFigure = (variant: Variant) => quartiles(rounds.of(variant, inside).map((sample) => quantile(sample, 0.5)));
  const row = {
    bench,
    unit: "µs",
    floor: { what: "floor", figure: toFigure("floor"), unit: "µs" },
    voidReasons: rounds.voidReasons,
    notes: [roundsText(rounds)],
  };
  const what = "from the frame's callback to the first write p50";
  return [
    makeRow({ ...row, what, goal: { atMost: 12 }, figure: toFigure("task") }),
    makeRow({ ...row, what: `${what}, first tick`, goal: undefined, figure: toFigure("first") }),
  ];
}

function controlLines(bench: string, rounds: Rounds): readonly Row[] {
  const line = lineOf(bench, rounds);
  return [
    line({ what: "control: the floor against itself", variant: "floor-again", read: wire }),
    line({ what: "control: the floor and 5 µs", variant: "floor-plus", read: wire }),
  ];
}

function roundsText({ count, dropped }: Rounds): string {
  return `${count} rounds${dropped === 0 ? "" : `, ${dropped} left out by the floor's own p99`}`;
}

function missedText(rounds: Rounds, variant: Variant): readonly string[] {
  const { missed, ticks } = rounds.missedTicks(variant);
  if (missed === 0) return [];
  return [`${missed} of ${ticks} ticks led to no order`, ...rounds.notes.slice(0, 3)];
}
