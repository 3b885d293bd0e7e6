/**
 * The gate: the least noisy benchmarks alone, each at its goal × 1.3. Owns what is among them, what a goal that is missed may be missed by, and that a busy
 * machine fails nobody: what failed or was void is asked once more, and the better answer counts.
 */
import type { BenchContext } from "./context.ts";
import { benchFeed } from "./flood-bench.ts";
import { benchDecision } from "./program-bench.ts";
import { GATE_SLACK, meets, type Row, tableText } from "./row.ts";
import { benchHot } from "./socket-bench.ts";

const HOT_ROUNDS = 8;
const FEED_ROUNDS = 7;

type Step = (context: BenchContext) => Promise<readonly Row[]>;

/** Sizes and starts of the bundles are not among them: `npm run bench:bundles` holds those by itself. */
const STEPS: readonly Step[] = [
  (context) => benchFeed({ ...context, rounds: FEED_ROUNDS }),
  benchDecision,
  async (context) => {
    const rows = await benchHot({ ...context, rounds: HOT_ROUNDS });
    // A requote's last answer differs by a factor of four from run to run: it would fail a change for nothing.
    return rows.filter(({ what }) => !what.startsWith("requote"));
  },
];

/** A goal that is missed, and known to be: no figure may be above `atMost` until it is met. Nothing else passes beyond its goal × 1.3. */
export type Ceiling = {
  readonly bench: string;
  /** What the line's text has in it. */
  readonly what: string;
  readonly atMost: number;
  readonly because: string;
};

const CEILINGS: readonly Ceiling[] = [
  {
    bench: "decision",
    what: "a decision of 5 levels a side, hot",
    atMost: 6,
    because: "2.5 to 3.1 µs were seen, spread over many places, none dear (docs/performance.md, A decision)",
  },
  {
    bench: "hot",
    what: "tick-to-wire p50, the task",
    atMost: 7,
    because:
      "2.8 to 3.4 times were seen on a quiet machine: a tick finds code and data out of the caches (docs/performance.md)",
  },
  {
    bench: "hot",
    what: "from the frame's callback to the first write p50",
    atMost: 70,
    because: "26 to 29 µs were seen on a quiet machine (docs/performance.md, Where the time goes)",
  },
];

/** - `over`: the goal is missed, and not by more than its ceiling; - `void`: it says something of the machine alone. */
export type GateVerdict = "passed" | "over" | "void" | "failed";

export async function runGate(
  context: BenchContext,
  say: (text: string) => void,
): Promise<{ readonly rows: readonly Row[]; readonly isPassed: boolean }> {
  const rows: Row[] = [];
  for (const step of STEPS) {
    const first = await step(context);
    const isAsked = first.some((row) => ["failed", "void"].includes(gateVerdict(row)));
    if (isAsked) say("a line failed or was void, and is asked once more\n");
    const taken = isAsked ? betterOf(first, await step(context)) : first;
    rows.push(...taken);
    say(`${tableText(taken)}\n`);
  }
  for (const row of rows) say(verdictText(row));
  return { rows, isPassed: rows.every((row) => gateVerdict(row) !== "failed") };
}

/** Void or only shown is no failure. */
export function gateVerdict(row: Row, ceilings: readonly Ceiling[] = CEILINGS): GateVerdict {
  const { verdict, goal, figure } = row;
  if (verdict === "void") return "void";
  if (goal === undefined || meets(goal, figure.median, GATE_SLACK)) return "passed";
  const ceiling = ceilingOf(row, ceilings);
  return ceiling !== undefined && figure.median <= ceiling.atMost ? "over" : "failed";
}

/** Line by line, of two answers to the same question: one that proves something before one that is void, then the better figure. */
export function betterOf(first: readonly Row[], second: readonly Row[]): readonly Row[] {
  return first.map((row) => {
    const other = second.find(({ what }) => what === row.what);
    if (other === undefined || other.verdict === "void") return row;
    if (row.verdict === "void" || row.goal === undefined) return other;
    const isLess = other.figure.median < row.figure.median;
    return "atMost" in row.goal === isLess ? other : row;
  });
}

function ceilingOf({ bench, what }: Row, ceilings: readonly Ceiling[]): Ceiling | undefined {
  return ceilings.find((each) => each.bench === bench && what.includes(each.what));
}

function verdictText(row: Row): string {
  const { bench, what, goal } = row;
  const ceiling = ceilingOf(row, CEILINGS);
  const line = `${bench}, ${what}`;
  switch (gateVerdict(row)) {
    case "failed":
      return `FAILED: ${line}: worse than ${ceiling === undefined ? `its goal × ${GATE_SLACK}` : `its ceiling of ${ceiling.atMost} ${row.unit}`}\n`;
    case "void":
      return `void, twice: ${line}: ${row.notes[0] ?? "nothing was measured"}\n`;
    case "over":
      return `goal MISSED, not by more than its ceiling of ${ceiling?.atMost} ${row.unit}: ${line}: ${ceiling?.because}\n`;
    case "passed":
      if (goal === undefined) return "";
      return `good: ${line}${ceiling === undefined ? "" : "; its ceiling is not needed any more"}\n`;
  }
}
