/**
 * `hot` and `blocking`: from the sending of a tick to the order at the venue, and to its answer, of the real task and of the usual
 * construction, held to the floor of the same round. Owns the goals of these lines and their making.
 */
import type { BenchContext } from "./context.ts";
import type { RoundReport, Variant } from "./engine/engine-order.ts";
import { type Goal, makeRow, type Row } from "./row.ts";
import { Session } from "./session.ts";
import { type Rounds, runRounds } from "./socket-rounds.ts";
import { type Quartiles, quantile, quartiles, ratios, type Sample, sampledQuantile } from "./statistics.ts";

const VARIANTS: readonly Variant[] = ["task", "first", "floor-paced", "requote", "floor-four", "usual"];

type Read = (report: RoundReport) => Sample;
const wire: Read = (report) => report.wire;
const arriving: Read = (report) => report.arriving;
const inside: Read = (report) => report.inside;
const leaving: Read = (report) => report.leaving;
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
    ...partLines("hot", measured),
    line({
      what: "the usual construction p50, against the task",
      variant: "usual",
      read: wire,
      baseline: "task",
      goal: { atLeast: 3 },
    }),
    line({ what: "the usual construction p50", variant: "usual", read: wire }),
    ...requoteLines(line),
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

function requoteLines(line: ReturnType<typeof lineOf>): readonly Row[] {
  const what = "requote of 4, last answer p50";
  return [
    line({ what, variant: "requote", read: lastAck, against: ack, goal: { atMost: 1.6 } }),
    line({ what: `${what}, against four prebuilt orders`, variant: "requote", read: lastAck, baseline: "floor-four" }),
    line({ what: "four prebuilt orders, last answer p50", variant: "floor-four", read: lastAck, against: ack }),
  ];
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
    ...partLines("blocking", measured),
    line({ what: "the usual construction p50, against the task", variant: "usual", read: wire, baseline: "task" }),
    line({ what: "the usual construction p50", variant: "usual", read: wire }),
    ...requoteLines(line),
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

/** A round has too few ticks to tell of more than this: a tail is one of all rounds together. */
const TAIL_FROM = 0.9;

function over({ q1, median, q3 }: Quartiles, baseline: number): Quartiles {
  return { q1: q1 / baseline, median: median / baseline, q3: q3 / baseline };
}

/** Ratios of a variant to a baseline, round by round. */
function lineOf(bench: string, rounds: Rounds) {
  return ({ what, variant, read, share = 0.5, baseline = "floor", against = read, goal }: LineInput): Row => {
    const baselines = rounds.of(baseline, against);
    const samples = rounds.of(variant, read);
    const isTail = share > TAIL_FROM;
    const own = isTail
      ? sampledQuantile(samples.flat(), share)
      : quartiles(samples.map((sample) => quantile(sample, share)));
    return makeRow({
      bench,
      what,
      goal,
      figure: isTail ? over(own, quantile(baselines.flat(), share)) : quartiles(ratios(samples, baselines, share)),
      unit: "×",
      floor: {
        what: baseline,
        figure: isTail
          ? sampledQuantile(baselines.flat(), share)
          : quartiles(baselines.map((sample) => quantile(sample, share))),
        unit: "µs",
      },
      voidReasons: rounds.voidReasons,
      notes: [`${own.median.toFixed(1)} µs; ${roundsText(rounds)}`, ...missedText(rounds, variant)],
    });
  };
}

/** The three parts of the way, beside those of the floor: the first and the last are the kernel's and its wake-ups, the second is ours. */
function partLines(bench: string, rounds: Rounds): readonly Row[] {
  const part = (read: Read) => (what: string, variant: Variant, goal?: Goal) => {
    const toFigure = (of: Variant) => quartiles(rounds.of(of, read).map((sample) => quantile(sample, 0.5)));
    return makeRow({
      bench,
      what,
      goal,
      figure: toFigure(variant),
      unit: "µs",
      floor: { what: "floor", figure: toFigure("floor"), unit: "µs" },
      voidReasons: rounds.voidReasons,
      notes: [roundsText(rounds)],
    });
  };
  const inner = "from the frame's callback to the first write p50";
  return [
    part(arriving)("from the tick's send to the frame's callback p50", "task"),
    part(inside)(inner, "task", { atMost: 12 }),
    part(inside)(`${inner}, first tick`, "first"),
    part(leaving)("from the first write to the venue p50", "task"),
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
