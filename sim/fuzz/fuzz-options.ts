/** The command line of the fuzzer. Owns its grammar and its help. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { wholeNumber } from "../command-line.ts";

export type FuzzOptions = {
  /** Of all targets together; at least a thousand a target. */
  readonly inputs: number;
  readonly seed: number;
  /** One target's name; all of them when undefined. */
  readonly only: string | undefined;
  /** Number of the first input of each target. */
  readonly from: number;
  readonly workers: number;
  /** Where failing inputs are written. */
  readonly out: string;
};

const INPUTS_DEFAULT = 1_000_000;
const INPUTS_MAX = 1_000_000_000;
const SEED_MAX = 2 ** 32 - 1;
const WORKERS_DEFAULT = 2;
const WORKERS_MAX = 64;

export const FUZZ_HELP = `npm run fuzz -- [options]   throws changed recordings and hostile texts at every parser

  --inputs 1000000   of all targets together, by their shares
  --seed 1           the same seed makes the same inputs
  --only NAME        one target alone, such as sei-frames
  --from 0           number of the first input: with --only and --inputs 1 a failing one is made again
  --workers 2        threads; they change nothing but the time
  --out DIR          where failing inputs are written (default: a new directory for temporary files)
  --help             this text

Exit code 0: every input was accepted or refused within 50 ms, and what was accepted kept its laws. 1: one was not; the input, and the
smallest one that fails in the same way, are written down. 64: wrong usage.
`;

/** Reads the arguments; throws `InputError` on anything it does not know. */
export function parseFuzzOptions(args: readonly string[], out: string): FuzzOptions | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  return {
    inputs: wholeNumber("--inputs", values.inputs, { usual: INPUTS_DEFAULT, min: 1, max: INPUTS_MAX }),
    seed: wholeNumber("--seed", values.seed, { usual: 1, min: 0, max: SEED_MAX }),
    only: values.only,
    from: wholeNumber("--from", values.from, { usual: 0, min: 0, max: INPUTS_MAX }),
    workers: wholeNumber("--workers", values.workers, { usual: WORKERS_DEFAULT, min: 1, max: WORKERS_MAX }),
    out: values.out ?? out,
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    return parseArgs({
      args: [...args],
      options: {
        inputs: text,
        seed: text,
        only: text,
        from: text,
        workers: text,
        out: text,
        help: { type: "boolean" },
      },
    });
  } catch (cause) {
    throw new InputError({ what: "the command line", expected: "options of --help", was: args.join(" "), cause });
  }
}
