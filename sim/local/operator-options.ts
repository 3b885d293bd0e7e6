/** The command line of the operator. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { isSymbol } from "../../core/market.ts";

export type HaltOptions = {
  readonly action: "halt" | "resume";
  /** Undefined: all markets. */
  readonly market: string | undefined;
  readonly reason: string | undefined;
  /** The folder of a local run; undefined speaks to AWS. */
  readonly dataDir: string | undefined;
};

export type StrategyOptions = {
  readonly action: "strategy";
  readonly market: string;
  /** Holds the new parameters; undefined removes those that stand. */
  readonly file: string | undefined;
  readonly reason: string | undefined;
  readonly dataDir: string | undefined;
};

export type OperatorOptions = HaltOptions | StrategyOptions;

export const OPERATOR_HELP = `npm run operator -- halt|resume [options]       stops quoting, or lets it go on
npm run operator -- strategy --market SEI/USDC --file FILE --reason "..."
                                                changes a market's strategy parameters while it quotes
npm run operator -- strategy --market SEI/USDC --clear
                                                lets those of the configuration's file count again

  --market SEI/USDC  that market alone (default of halt and resume: all)
  --file FILE        the new parameters: JSON as it stands under "strategy" in the configuration
  --clear            removes the parameters that an operator wrote
  --reason "..."     why: it stands in the log and in the table, of a halt on the page too (a halt and a
                     --clear may go without)
  --data-dir DIR     the local run that keeps its data in DIR (default: AWS, found as its SDK finds it;
                     EVENT_BUS_NAME names another bus than flashmm, TABLE_NAME the table of the parameters,
                     FLASHMM_STAGE or FLASHMM_CONFIG the configuration that they are checked against)
  --help             this text
`;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseOperatorOptions(args: readonly string[]): OperatorOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const { market, reason, "data-dir": dataDir, file, clear = false } = values;
  const [action, ...others] = positionals;
  if ((action !== "halt" && action !== "resume" && action !== "strategy") || others.length > 0) {
    throw new InputError({ what: "the action", expected: "halt, resume or strategy", was: positionals.join(" ") });
  }
  if (market !== undefined && !isSymbol(market)) {
    throw new InputError({ what: "--market", expected: "a symbol such as SEI/USDC", was: market });
  }
  if (dataDir === "") throw new InputError({ what: "--data-dir", expected: "the folder of a local run", was: dataDir });
  // Stopping must be possible without finding words; going on after a stop, and changing what is quoted, must not.
  if ((action === "resume" || (action === "strategy" && !clear)) && (reason ?? "").trim() === "") {
    throw new InputError({ what: "--reason", expected: `given with a ${action}`, was: reason });
  }
  if (action === "strategy") return toStrategyOptions({ market, file, clear, reason, dataDir });
  if (file !== undefined || clear) {
    throw new InputError({ what: "--file and --clear", expected: "given with strategy alone", was: action });
  }
  return { action, market, reason, dataDir };
}

function toStrategyOptions(
  options: Omit<StrategyOptions, "action" | "market"> & { market?: string | undefined; clear: boolean },
) {
  const { market, file, clear, reason, dataDir } = options;
  if (market === undefined) throw new InputError({ what: "--market", expected: "given with a strategy", was: market });
  if (clear === (file !== undefined)) {
    throw new InputError({ what: "strategy", expected: "given either --file or --clear", was: { file, clear } });
  }
  return { action: "strategy", market, file, reason, dataDir } as const;
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { market: text, reason: text, "data-dir": text, file: text, clear: flag, help: flag } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
