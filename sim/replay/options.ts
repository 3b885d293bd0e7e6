/** The command line of the replay. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";

export type ReplayOptions = {
  /** Of one run, in the order they were written. */
  readonly files: readonly [string, ...string[]];
};

export const HELP = `npm run replay -- FILE [FILE ...]   repeats a recorded run, decision by decision

  The files are those of one run, first to last, as \`npm start -- --record DIR\` or the task's
  \`recording\` wrote them. The same engine is moved by the same facts at full speed: every decision must
  come out as it was recorded, bit for bit. Exit code 0 when all did, 1 when one did not or the
  recording has a gap, 64 for what cannot be read.

  --help             this text
`;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseReplayOptions(args: readonly string[]): ReplayOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [first, ...others] = positionals;
  if (first === undefined) throw new InputError({ what: "FILE", expected: "at least one recording", was: undefined });
  return { files: [first, ...others] };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { help: { type: "boolean" } }, strict: true, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
