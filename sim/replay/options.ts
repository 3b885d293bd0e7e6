/** The command line of the replay. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { parseNumber, parsePng, ROUND_TRIP_MS } from "../compare/options.ts";
import type { TapeFiles } from "../exchange/tape.ts";

/** How the engine is driven over a tape's market. */
export type SimulateOptions = {
  /** The tape's first where left out. */
  readonly symbol: string | undefined;
  readonly config: string;
  readonly roundTripMs: number;
  readonly png: string;
};

export type ReplayOptions = {
  /** Of one run, in the order they were written. */
  readonly files: TapeFiles;
  /** Drives the engine over a recording too, in place of repeating its decisions. */
  readonly isSimulated: boolean;
  readonly simulate: SimulateOptions;
  /** Options that were given and mean nothing where a recording is repeated. */
  readonly simulateOnly: readonly string[];
};

export const HELP = `npm run replay -- FILE [FILE ...] [options]   plays what was recorded, at full speed

  A recording, as \`npm start -- --record DIR\` or the task's \`recording\` wrote it, is repeated: the
  same engine is moved by the same facts, and every decision must come out as it was recorded, bit
  for bit. The files are those of one run, first to last. Exit code 0 when all did, 1 when one did
  not or the recording has a gap, 64 for what cannot be read.

  A tape without decisions is a market to trade in: the engine of the configuration stands in it,
  filled by its place in the queue. Prints how good the quotes were and draws it. The same arguments
  give the same figures and picture.

  --simulate         the latter for a recording as well
  --market SYMBOL    which of the tape's markets (default its first)
  --config FILE      whose engine (default config/local.json); a market that it does not have is
                     traded as its first, at sizes of the same value and at the tape's own spread
  --round-trip 5     milliseconds from a request to its answer, 0 to ${ROUND_TRIP_MS.maximum} (default 5)
  --png FILE         the picture (default the tape's name, in the current folder)
  --help             this text
`;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseReplayOptions(args: readonly string[]): ReplayOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [first, ...others] = positionals;
  if (first === undefined) {
    throw new InputError({ what: "FILE", expected: "at least one recording or tape", was: undefined });
  }
  const { simulate, help: _, ...simulateOnly } = values;
  return {
    files: [first, ...others],
    isSimulated: simulate === true,
    simulate: {
      symbol: values.market,
      config: values.config ?? "config/local.json",
      roundTripMs: parseNumber("--round-trip", values["round-trip"] ?? "5", ROUND_TRIP_MS),
      png: parsePng(values.png ?? `${basename(first).replace(/(\.jsonl)?(\.gz)?$/, "")}.png`),
    },
    simulateOnly: Object.keys(simulateOnly).map((name) => `--${name}`),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { simulate: flag, market: text, config: text, "round-trip": text, png: text, help: flag };
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
