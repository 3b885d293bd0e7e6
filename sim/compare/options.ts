/** The command line of the comparison. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { FURTHER_REGIME_NAMES, REGIME_NAMES, type RegimeName } from "./regimes.ts";
import { assertStrategy, DEFAULT_STRATEGIES } from "./strategies.ts";

export type CompareOptions = {
  readonly hours: number;
  readonly seeds: readonly number[];
  readonly regimes: readonly RegimeName[];
  readonly strategies: readonly string[];
  readonly config: string;
  readonly roundTripMs: number;
  readonly tape: string | undefined;
  /** Where the figures of every run are written. */
  readonly json: string | undefined;
  /** Where the picture is drawn. */
  readonly png: string | undefined;
  readonly workers: number;
};

/** What was asked for: a comparison, the figures of a tape, or this help. */
export type Request =
  | { readonly type: "compare"; readonly options: CompareOptions }
  | { readonly type: "measure"; readonly tape: string }
  | { readonly type: "help" };

export const ROUND_TRIP_MS = { minimum: 0, maximum: 2_000, whole: false } as const;

const SEEDS_MAX = 1_000;
const SEED_MAX = 2 ** 32 - 1;
/** Seeds up to here are for development; figures that are published use later ones. */
const FIRST_HELD_OUT_SEED = 101;

export const HELP = `npm run compare -- [options]   strategies side by side on the same markets

  --hours 24          market time of each run, 0.01 to 168 (default 1); at most the tape's length
  --seeds 20          how many seeds, each another market (default 6)
  --first-seed 101    the first of them (default ${FIRST_HELD_OUT_SEED}; 1 to 10 are for development)
  --regimes A,B       of ${REGIME_NAMES.join(", ")} (default: these), ${FURTHER_REGIME_NAMES.join(", ")}
  --strategies A,B    of ${DEFAULT_STRATEGIES.slice(0, 3).join(", ")},
                      ${DEFAULT_STRATEGIES.slice(3).join(", ")}
                      (default: all), ours@FILE
  --config FILE       configuration of ours, whose first market gives everybody's sizes and limits
                      (default config/local.json)
  --round-trip 5      milliseconds from a request to its answer, 0 to 2000 (default 5)
  --tape FILE         on a recorded tape, once each, in place of simulated markets
  --json FILE         write the figures of every run
  --png FILE          draw PnL a day and who is ahead, by market
  --workers 2         worker threads (default: one a core)
  --measure FILE      print the figures of a tape that the simulated markets are made from
  --help              this text
`;

/** Throws `InputError` on anything it does not know. */
export function parseOptions(args: readonly string[]): Request {
  const { values } = parse(args);
  if (values.help === true) return { type: "help" };
  if (values.measure !== undefined) return { type: "measure", tape: values.measure };
  const firstSeed = parseNumber("--first-seed", values["first-seed"] ?? String(FIRST_HELD_OUT_SEED), {
    minimum: 0,
    maximum: SEED_MAX - SEEDS_MAX,
    whole: true,
  });
  const count = parseNumber("--seeds", values.seeds ?? "6", { minimum: 1, maximum: SEEDS_MAX, whole: true });
  const cores = String(availableParallelism());
  return {
    type: "compare",
    options: {
      hours: parseNumber("--hours", values.hours ?? "1", { minimum: 0.01, maximum: 168, whole: false }),
      seeds: Array.from({ length: count }, (_, index) => firstSeed + index),
      regimes: values.regimes === undefined ? REGIME_NAMES : parseRegimes(values.regimes),
      strategies: values.strategies === undefined ? DEFAULT_STRATEGIES : parseStrategies(values.strategies),
      config: values.config ?? "config/local.json",
      roundTripMs: parseNumber("--round-trip", values["round-trip"] ?? "5", ROUND_TRIP_MS),
      tape: values.tape,
      json: values.json,
      png: values.png === undefined ? undefined : parsePng(values.png),
      workers: parseNumber("--workers", values.workers ?? cores, { minimum: 1, maximum: 64, whole: true }),
    },
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    hours: text,
    seeds: text,
    "first-seed": text,
    regimes: text,
    strategies: text,
    config: text,
    "round-trip": text,
    tape: text,
    json: text,
    png: text,
    workers: text,
    measure: text,
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}

/** Nothing else is ever written over: a tape or configuration named here by a slip least of all. Throws `InputError`. */
export function parsePng(text: string): string {
  if (text.endsWith(".png")) return text;
  throw new InputError({ what: "--png", expected: "a file name that ends in .png", was: text });
}

/** Throws `InputError` naming `what`; digits and a point alone. */
export function parseNumber(
  what: string,
  text: string,
  range: { readonly minimum: number; readonly maximum: number; readonly whole: boolean },
): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const fits = value >= range.minimum && value <= range.maximum && (!range.whole || Number.isInteger(value));
  if (fits) return value;
  const kind = range.whole ? "an integer" : "a number";
  throw new InputError({ what, expected: `${kind} from ${range.minimum} to ${range.maximum}`, was: text });
}

function parseRegimes(text: string): readonly RegimeName[] {
  const known = [...REGIME_NAMES, ...FURTHER_REGIME_NAMES];
  return parseList(text, "--regimes").map((name) => {
    const regime = known.find((each) => each === name);
    if (regime !== undefined) return regime;
    throw new InputError({ what: "--regimes", expected: `among ${known.join(", ")}`, was: name });
  });
}

function parseStrategies(text: string): readonly string[] {
  const names = parseList(text, "--strategies");
  for (const name of names) assertStrategy(name);
  return names;
}

function parseList(text: string, what: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "") && new Set(names).size === names.length) return names;
  throw new InputError({ what, expected: "names with commas between them, each once", was: text });
}
