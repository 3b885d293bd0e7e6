/** The command line of the fault world. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../../core/errors.ts";

export type Wanted =
  /** These seeds, in order. */
  | { readonly type: "seeds"; readonly first: number; readonly last: number }
  /** Fresh seeds, derived from the commit, until so many hours have been simulated and so many seeds run. */
  | { readonly type: "hours"; readonly hours: number; readonly seedsMin: number }
  /** So many fresh seeds, each in two fresh processes. */
  | { readonly type: "double"; readonly seeds: number };

export type SimulateOptions = {
  readonly wanted: Wanted;
  readonly only: string | undefined;
  readonly minutes: number | undefined;
  /** Each seed has the hourly report and Grafana; drawn unless set. */
  readonly reports: boolean | undefined;
  readonly workers: number;
  readonly isTraced: boolean;
  readonly isShrunk: boolean;
  /** Counts the branches of `core/` that are reached: in this process, and slower. */
  readonly countsBranches: boolean;
  /** Where a violation is written down as a regression; undefined where it is not. */
  readonly out: string | undefined;
  /** A folder of `cdk synth`; undefined has them synthesized. */
  readonly templates: string | undefined;
};

export const HELP = `npm run simulate -- [options]   the whole system from one seed, with everything going wrong

  --seed N          one seed
  --seeds A..B      those seeds
  --hours H         fresh seeds, derived from the commit, until H hours have been simulated
  --least N         with --hours: at least so many seeds (default 0)
  --double N        N fresh seeds, each in two fresh processes: their traces must be the same
  --only FAULT      faults whose name begins so (\`aws/\`, \`process/freeze\`), each of them, and no others
  --minutes M       about so much simulated time for each seed (default: drawn)
  --reports         each seed has the hourly report and Grafana (default: one in eight of their own length has one)
  --workers 2       processes
  --trace           says each episode as it begins and ends; for one seed
  --branches        counts the branches of core/ that are reached, in one process; slower
  --no-shrink       a violation is shown as it came, with all its episodes
  --out FILE        writes a violation down, to be kept in sim/regressions
  --templates DIR   of \`npm run synth\`; synthesized anew where left out
  --help            this text

  Exit code 0 when nothing was violated, 1 when something was, 64 for what cannot be read.
`;

const SEED = { least: 0, most: 2 ** 32 - 1 };

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const { minutes } = values;
  return {
    wanted: wantedOf(values),
    only: values.only,
    minutes: minutes === undefined ? undefined : number("--minutes", minutes, { least: 1, most: 100_000 }),
    reports: values.reports,
    workers: number("--workers", values.workers ?? "2", { least: 1, most: 64 }),
    isTraced: values.trace === true,
    isShrunk: values["no-shrink"] !== true,
    countsBranches: values.branches === true,
    out: values.out,
    templates: values.templates,
  };
}

function wantedOf(values: ReturnType<typeof parse>): Wanted {
  const { seed, seeds, hours, double, least = "0" } = values;
  const given = Object.entries({ seed, seeds, hours, double }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    const was = given.map(([name]) => `--${name}`).join(", ") || "none";
    throw new InputError({ what: "what to run", expected: "one of --seed, --seeds, --hours, --double", was });
  }
  if (seed !== undefined) {
    const only = number("--seed", seed, SEED);
    return { type: "seeds", first: only, last: only };
  }
  if (double !== undefined) return { type: "double", seeds: number("--double", double, { least: 1, most: 10_000 }) };
  if (hours !== undefined) {
    const seedsMin = number("--least", least, { least: 0, most: 1_000_000 });
    return { type: "hours", hours: number("--hours", hours, { least: 1, most: 1_000_000 }), seedsMin };
  }
  const [from = "", to = from] = (seeds ?? "").split("..");
  const range = { first: number("--seeds", from, SEED), last: number("--seeds", to, SEED) };
  if (range.first > range.last) throw new InputError({ what: "--seeds", expected: "A..B with A up to B", was: seeds });
  return { type: "seeds", ...range };
}

function number(
  name: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InputError({ what: name, expected: `a whole number of ${least} to ${most}`, was: text });
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    ...{ seed: text, seeds: text, hours: text, least: text, double: text, only: text, minutes: text, workers: text },
    ...{ reports: flag, trace: flag, "no-shrink": flag, branches: flag, out: text, templates: text, help: flag },
  };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
