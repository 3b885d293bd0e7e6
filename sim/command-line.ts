/**
 * What the commands of this room do alike: help, a refusal in plain words with its exit code, whole numbers. Owns no command's grammar.
 */
import { InputError } from "../core/errors.ts";

/** The command line asked for something that cannot be done (`sysexits.h`, EX_USAGE). */
const EXIT_USAGE = 64;

export type CommandLine<Options> = {
  /** Throws `InputError` on what it does not know. */
  readonly parse: (args: readonly string[]) => Options | "help";
  readonly help: string;
  /** Answers the exit code; `InputError` says that what was asked for cannot be done. */
  readonly run: (options: Options) => Promise<number>;
};

/** Answers the exit code of the command. */
export async function runCommand<Options>(args: readonly string[], command: CommandLine<Options>): Promise<number> {
  try {
    const options = command.parse(args);
    if (options !== "help") return await command.run(options);
    process.stdout.write(command.help);
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_USAGE;
  }
}

/** An option's whole number within its range, or the usual one where it is left out. Throws `InputError` naming `what`. */
export function wholeNumber(
  what: string,
  text: string | undefined,
  range: { readonly usual: number; readonly min: number; readonly max: number },
): number {
  if (text === undefined) return range.usual;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new InputError({ what, expected: `a whole number from ${range.min} to ${range.max}`, was: text });
}
