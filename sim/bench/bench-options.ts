/** The command line of the ledger's benchmark. Owns its grammar and its help. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { wholeNumber } from "../command-line.ts";

export type BenchOptions = {
  /** The longest history after which a batch is measured. */
  readonly fills: number;
  /** How long the table's answers wait while throughput is measured. */
  readonly delayMs: number;
};

const FILLS_DEFAULT = 1_000_000;
const FILLS_MIN = 5_000;
const FILLS_MAX = 5_000_000;
/** What a write takes from a function to DynamoDB in its region, its answer included, is "single-digit milliseconds" (AWS). */
const DELAY_MS_DEFAULT = 4;
const DELAY_MS_MAX = 1_000;

export const BENCH_HELP = `npm run bench:ledger -- [options]   what accounting for a fill costs, and whether its cost grows

  --fills 50000   the longest history after which a batch is measured (default 1000000: a quarter of an hour)
  --delay 4       milliseconds that each answer of the table waits while throughput is measured
  --help          this text

Exit code 0: every goal was met and the ledger is proven. 2: one was not. 64: wrong usage.
`;

/** Reads the arguments; throws `InputError` on anything it does not know. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  return {
    fills: wholeNumber("--fills", values.fills, { usual: FILLS_DEFAULT, min: FILLS_MIN, max: FILLS_MAX }),
    delayMs: wholeNumber("--delay", values.delay, { usual: DELAY_MS_DEFAULT, min: 0, max: DELAY_MS_MAX }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { fills: { type: "string" }, delay: { type: "string" }, help: { type: "boolean" } },
    });
  } catch (cause) {
    throw new InputError({ what: "the command line", expected: "options of --help", was: args.join(" "), cause });
  }
}
