/** `npm run replay`: repeats a recording, or drives the engine over a tape. Owns which of the two, and the exit code. */

import { InputError } from "../../core/errors.ts";
import { runCommand } from "../command-line.ts";
import { HELP, parseReplayOptions, type ReplayOptions } from "./options.ts";
import { isRecording } from "./recorded-line.ts";
import { repeat, repetitionText } from "./repeat-files.ts";

const EXIT_DIFFERENT = 1;

async function carryOut(options: ReplayOptions): Promise<number> {
  const { files, isSimulated, simulateOnly } = options;
  if (isSimulated || !(await isRecording(files))) {
    // What a simulation needs takes a while to load, which a repetition has no use for.
    const { simulate } = await import("./simulate.ts");
    await simulate(files, options.simulate, (text) => process.stdout.write(text));
    return 0;
  }
  if (simulateOnly.length > 0) {
    throw new InputError({ what: files[0], expected: "a tape without decisions, or --simulate", was: simulateOnly });
  }
  const startedMs = performance.now();
  const { outcome, spanMs } = await repeat(files);
  const seconds = (performance.now() - startedMs) / 1_000;
  process.stdout.write(repetitionText(outcome, { spanMs, seconds }));
  return outcome.different > 0 || outcome.endedBy !== undefined ? EXIT_DIFFERENT : 0;
}

process.exitCode = await runCommand(process.argv.slice(2), { parse: parseReplayOptions, help: HELP, run: carryOut });
