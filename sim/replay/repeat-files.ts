/** Repeats the files of a recording and says in words whether every decision came out as it was. Owns neither reading nor comparing. */
import { InputError } from "../../core/errors.ts";
import { toTaggedJson } from "../../fargate/recording/tagged-json.ts";
import { readTapeAs, type TapeFiles } from "../exchange/tape.ts";
import { parseRecordedLine } from "./recorded-line.ts";
import { Repeater, type Repetition } from "./repeat.ts";

/** `spanMs` is from the first line to the last. Throws `InputError` for what can not be read, but for a torn end. */
export async function repeat(files: TapeFiles): Promise<{ readonly outcome: Repetition; readonly spanMs: number }> {
  const repeater = new Repeater();
  let startMs: number | undefined;
  let endMs = 0;
  try {
    for await (const line of readTapeAs(files, parseRecordedLine)) {
      startMs ??= line.atMs;
      endMs = line.atMs;
      repeater.take(line);
    }
  } catch (error) {
    if (startMs === undefined || !isTorn(error)) throw error;
    repeater.end("its last file ends in the middle, as a killed process leaves it");
  }
  return { outcome: repeater.outcome, spanMs: endMs - (startMs ?? endMs) };
}

/** What is left of a gzip file that was being written. */
function isTorn(error: unknown): boolean {
  const cause = error instanceof InputError ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
}

export function repetitionText(
  outcome: Repetition,
  took: { readonly spanMs: number; readonly seconds: number },
): string {
  const spanSeconds = took.spanMs / 1_000;
  const pace = Math.round(spanSeconds / Math.max(took.seconds, 1e-3));
  const lines = [
    `${outcome.lines} lines, ${outcome.events} events of the market, ${spanSeconds.toFixed(1)} s in ${took.seconds.toFixed(1)} s (${pace} times as fast)`,
    `${outcome.decisions} decisions, ${outcome.commands} commands, ${outcome.different} different`,
  ];
  const { first, endedBy } = outcome;
  if (first !== undefined) {
    lines.push(
      `first difference: line ${first.line}, decision ${first.decision}, ${new Date(first.atMs).toISOString()}`,
      `  recorded ${toTaggedJson(first.recorded)}`,
      `  repeated ${toTaggedJson(first.repeated)}`,
    );
  }
  if (endedBy !== undefined) lines.push(`not repeated to the end: ${endedBy}`);
  return `${lines.join("\n")}\n`;
}
