/** `npm run replay`: repeats a recorded run and says whether every decision came out as it was. Owns the exit code and the words. */
import { InputError } from "../../core/errors.ts";
import { toTaggedJson } from "../../fargate/recording/tagged-json.ts";
import { readTapeAs } from "../exchange/tape.ts";
import { HELP, parseReplayOptions, type ReplayOptions } from "./options.ts";
import { parseRecordedLine } from "./recorded-line.ts";
import { Repeater, type Repetition } from "./repeat.ts";

const EXIT_DIFFERENT = 1;
const EXIT_USAGE = 64;

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseReplayOptions(args);
    if (options === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    const startedMs = performance.now();
    const { outcome, spanMs } = await repeat(options);
    const seconds = (performance.now() - startedMs) / 1_000;
    process.stdout.write(toReport(outcome, { spanMs, seconds }));
    return outcome.different > 0 || outcome.endedBy !== undefined ? EXIT_DIFFERENT : 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_USAGE;
  }
}

async function repeat({ files }: ReplayOptions): Promise<{ readonly outcome: Repetition; readonly spanMs: number }> {
  const repeater = new Repeater();
  let startMs: number | undefined;
  let endMs = 0;
  try {
    for (const file of files) {
      for await (const line of readTapeAs(file, parseRecordedLine)) {
        startMs ??= line.atMs;
        endMs = line.atMs;
        repeater.take(line);
      }
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

function toReport(outcome: Repetition, took: { readonly spanMs: number; readonly seconds: number }): string {
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

process.exit(await main(process.argv.slice(2)));
