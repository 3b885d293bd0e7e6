/** One line of the benchmark: what was measured, the goal, the figure and the floor of the same run. Owns its making, judging and text. */
import type { Quartiles } from "./statistics.ts";

/** At most or at least so much, in the figure's unit. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** - `void`: the controls were off, or nothing was measured: it proves nothing. */
type Verdict = "met" | "missed" | "void" | "shown";

export type Row = {
  readonly bench: string;
  readonly what: string;
  /** Undefined where the figure is only shown. */
  readonly goal: Goal | undefined;
  readonly figure: Quartiles;
  /** `×` for ratios, else what it is counted in. */
  readonly unit: string;
  /** What it is held to, of the same run. */
  readonly floor: { readonly what: string; readonly figure: Quartiles; readonly unit: string } | undefined;
  readonly verdict: Verdict;
  /** Why it is void, what was left out, what else there is to say. */
  readonly notes: readonly string[];
  /** Takes it again alone. */
  readonly command: string;
};

/** A goal of the gate is so much easier: it must not fail for the machine's noise. */
export const GATE_SLACK = 1.3;

export function makeRow(
  input: Omit<Row, "verdict" | "command" | "floor" | "notes"> & {
    readonly floor?: Row["floor"];
    readonly notes?: readonly string[];
    readonly voidReasons?: readonly string[];
  },
): Row {
  const { voidReasons = [], notes = [], floor, ...rest } = input;
  return {
    ...rest,
    floor,
    notes: [...voidReasons, ...notes],
    verdict: verdictOf(input, voidReasons),
    command: `npm run bench -- --only ${input.bench}`,
  };
}

function verdictOf({ goal, figure }: Pick<Row, "goal" | "figure">, voidReasons: readonly string[]): Verdict {
  if (voidReasons.length > 0 || !Number.isFinite(figure.median)) return "void";
  if (goal === undefined) return "shown";
  return meets(goal, figure.median, 1) ? "met" : "missed";
}

/** Whether the value meets the goal when it is made easier by `slack`. */
export function meets(goal: Goal, value: number, slack: number): boolean {
  return "atMost" in goal ? value <= goal.atMost * slack : value >= goal.atLeast / slack;
}

/** A figure without rounds. */
export function exactly(value: number): Quartiles {
  return { q1: value, median: value, q3: value };
}

/** The rows as a table to be read at a terminal. */
export function tableText(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.verdict,
    row.bench,
    row.what,
    goalText(row),
    figureText(row.figure, row.unit),
    row.floor === undefined ? "" : `${row.floor.what} ${figureText(row.floor.figure, row.floor.unit)}`,
  ]);
  const head = ["", "bench", "what", "goal", "figure (quartiles)", "held to"];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const lines = [toLine(head), ...rows.flatMap((row, index) => [toLine(cells[index] ?? []), ...noteLines(row)])];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function noteLines({ notes }: Row): readonly string[] {
  return notes.map((note) => `      ${note}`);
}

function goalText({ goal, unit }: Row): string {
  if (goal === undefined) return "";
  return "atMost" in goal ? `≤ ${numberText(goal.atMost)} ${unit}` : `≥ ${numberText(goal.atLeast)} ${unit}`;
}

function figureText({ q1, median, q3 }: Quartiles, unit: string): string {
  const around = q1 === median && q3 === median ? "" : ` (${numberText(q1)}–${numberText(q3)})`;
  return `${numberText(median)}${around} ${unit}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}
