/**
 * The gate: the least noisy benchmarks alone, each at its goal × 1.3, in under a minute. Owns what is among them and what a void run means:
 * it is taken once more, and one that is void twice fails nobody, since it says something of the machine alone.
 */
import type { BenchContext } from "./context.ts";
import { benchFeed } from "./flood-bench.ts";
import { benchBundles, benchDecision } from "./program-bench.ts";
import { GATE_SLACK, meets, type Row, tableText } from "./row.ts";
import { benchHot } from "./socket-bench.ts";

const HOT_ROUNDS = 8;
const FEED_ROUNDS = 5;

type Step = (context: BenchContext) => Promise<readonly Row[]>;

const STEPS: readonly Step[] = [
  (context) => benchHot({ ...context, rounds: HOT_ROUNDS }),
  (context) => benchFeed({ ...context, rounds: FEED_ROUNDS }),
  benchDecision,
  benchBundles,
];

export async function runGate(
  context: BenchContext,
  say: (text: string) => void,
): Promise<{ readonly rows: readonly Row[]; readonly isPassed: boolean }> {
  const rows: Row[] = [];
  for (const step of STEPS) {
    const first = await step(context);
    const isVoid = first.some(({ verdict }) => verdict === "void");
    const taken = isVoid ? await step(context) : first;
    if (isVoid) say("a run was void and was taken once more\n");
    rows.push(...taken);
    say(`${tableText(taken)}\n`);
  }
  const failed = rows.filter((row) => !passes(row));
  for (const { bench, what } of failed) say(`missed by more than a factor of ${GATE_SLACK}: ${bench}, ${what}\n`);
  return { rows, isPassed: failed.length === 0 };
}

/** Void or only shown is no failure. */
export function passes({ verdict, goal, figure }: Pick<Row, "verdict" | "goal" | "figure">): boolean {
  if (verdict === "void" || goal === undefined) return true;
  return meets(goal, figure.median, GATE_SLACK);
}
