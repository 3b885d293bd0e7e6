/**
 * One line of a recording: the tape's own part by the tape's grammar, and beside it the steps of the journal. Owns the check of a
 * step's shape; what stands inside one was written by this program and is held to it by the repetition itself.
 */
import { InputError } from "../../core/errors.ts";
import type { JournalStep, WrittenStep } from "../../fargate/recording/journal.ts";
import { fromTagged } from "../../fargate/recording/tagged-json.ts";
import { readTapeAs, type TapeFiles } from "../exchange/tape.ts";
import { parseTapeLine, type TapeLine } from "../exchange/tape-line.ts";

export type RecordedStep = WrittenStep;
export type RecordedLine = TapeLine & { readonly steps: readonly RecordedStep[] };

const STEP_TYPES: Readonly<Record<JournalStep["type"], true>> = {
  "budget-made": true,
  budget: true,
  "engine-made": true,
  "market-event": true,
  fact: true,
  decision: true,
  gap: true,
};

/** Reads one line. Throws `InputError` naming `where` for a line that is no tape's, or that has no journal. */
export function parseRecordedLine(text: string, where: string): RecordedLine {
  const line = parseTapeLine(text, where);
  const { journal }: { readonly journal?: unknown } = JSON.parse(text);
  if (!Array.isArray(journal)) {
    throw new InputError({
      what: `${where}: journal`,
      expected: "the steps of a recorded run, which a plain tape does not have",
      was: journal,
    });
  }
  return { ...line, steps: journal.map((step: unknown, index) => toStep(step, `${where}: journal[${index}]`)) };
}

/** Whether the first line has a journal, which makes the tape a recording. Throws the `InputError` of `readTapeAs`. */
export async function isRecording(files: TapeFiles): Promise<boolean> {
  const parse = (text: string, where: string) => ({ ...parseTapeLine(text, where), isRecorded: hasJournal(text) });
  for await (const { isRecorded } of readTapeAs(files, parse)) return isRecorded;
  return false;
}

function hasJournal(text: string): boolean {
  const line: object = JSON.parse(text);
  return "journal" in line;
}

function toStep(value: unknown, where: string): RecordedStep {
  const step = fromTagged(value);
  if (isStep(step)) return step;
  throw new InputError({ what: where, expected: `a step of type ${Object.keys(STEP_TYPES).join(", ")}`, was: value });
}

function isStep(value: unknown): value is RecordedStep {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    Object.hasOwn(STEP_TYPES, value.type)
  );
}
