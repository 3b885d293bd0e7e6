/** The command line of the benchmark. Owns its grammar and its help. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";

export const BENCHES = [
  "hot",
  "blocking",
  "clock",
  "fills",
  "calls",
  "feed",
  "gc",
  "memory",
  "scale",
  "decision",
  "ledger",
  "units",
  "bundles",
  "report",
  "simulate",
  "start",
] as const;

export type BenchName = (typeof BENCHES)[number];

/** What may be profiled, and how. */
const PROFILES = ["task", "usual", "decision", "feed"] as const;
export type ProfileName = (typeof PROFILES)[number];

export type RunOptions =
  | { readonly mode: "help" }
  | { readonly mode: "profile"; readonly name: ProfileName; readonly file: string }
  | { readonly mode: "gate"; readonly file: string }
  | { readonly mode: "bench"; readonly only: readonly BenchName[]; readonly rounds: number; readonly file: string };

const ROUNDS_DEFAULT = 25;
const ROUNDS_MAX = 1_000;
const RESULTS_FILE = "bench/results.json";
const GATE_FILE = "bench/gate.json";

export const RUN_HELP = `npm run bench [-- options]   how near to the machine's floor FlashMM is, and to its goals

  --only hot,feed   these alone: ${BENCHES.join(", ")}
  --rounds 25       rounds of what is measured in rounds (3 to ${ROUNDS_MAX})
  --json FILE       where the results go (default ${RESULTS_FILE})
  --gate            the least noisy ones, at their goal × 1.3, in a minute or two; what fails or is void is asked once more
  --profile NAME    in place of figures, where the time goes: ${PROFILES.join(", ")}; writes bench/NAME.cpuprofile
  --help            this text

Exit code 0: measured (with --gate: all were met, within their ceilings, or void twice). 2: with --gate, one was missed. 64: wrong usage.
`;

/** Reads the arguments; throws `InputError` on anything it does not know. */
export function parseRunOptions(args: readonly string[]): RunOptions {
  const values = parse(args);
  if (values.help === true) return { mode: "help" };
  const isGate = values.gate === true;
  const alone = { only: values.only, rounds: values.rounds };
  if (values.profile !== undefined) {
    refuseBeside("--profile", { ...alone, json: values.json, gate: values.gate });
    const name = oneOf("--profile", values.profile, PROFILES);
    return { mode: "profile", name, file: `bench/${name}.cpuprofile` };
  }
  const file = values.json ?? (isGate ? GATE_FILE : RESULTS_FILE);
  if (file === "") throw new InputError({ what: "--json", expected: "a file", was: file });
  if (isGate) {
    refuseBeside("--gate", alone);
    return { mode: "gate", file };
  }
  const only = values.only?.split(",").map((name) => oneOf("--only", name, BENCHES)) ?? BENCHES;
  return { mode: "bench", only, rounds: toRounds(values.rounds), file };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { only: text, rounds: text, json: text, profile: text, gate: flag, help: flag },
    }).values;
  } catch (cause) {
    throw new InputError({ what: "the command line", expected: "options of --help", was: args.join(" "), cause });
  }
}

/** An option that would change nothing is a misunderstanding. */
function refuseBeside(what: string, others: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  throw new InputError({ what, expected: "without other options", was: given.map(([name]) => `--${name}`).join(" ") });
}

function oneOf<Name extends string>(what: string, text: string, names: readonly Name[]): Name {
  const name = names.find((each) => each === text);
  if (name !== undefined) return name;
  throw new InputError({ what, expected: `one of ${names.join(", ")}`, was: text });
}

function toRounds(text: string | undefined): number {
  if (text === undefined) return ROUNDS_DEFAULT;
  const rounds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (rounds >= 3 && rounds <= ROUNDS_MAX) return rounds;
  throw new InputError({ what: "--rounds", expected: `a whole number from 3 to ${ROUNDS_MAX}`, was: text });
}
