/** The command line of the operator. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { isSymbol } from "../../core/market.ts";

export type OperatorOptions = {
  readonly action: "halt" | "resume";
  /** Undefined: all markets. */
  readonly market: string | undefined;
  readonly reason: string | undefined;
  /** The folder of a local run; undefined speaks to AWS. */
  readonly dataDir: string | undefined;
};

export const OPERATOR_HELP = `npm run operator -- halt|resume [options]   stops quoting, or lets it go on

  --market SEI/USDC  that market alone (default: all)
  --reason "..."     why: it stands on the page, in the log and in the table (a resume must give one)
  --data-dir DIR     the local run that keeps its data in DIR (default: AWS, found as its SDK finds it;
                     EVENT_BUS_NAME names another bus than flashmm)
  --help             this text
`;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseOperatorOptions(args: readonly string[]): OperatorOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const { market, reason, "data-dir": dataDir } = values;
  const [action, ...others] = positionals;
  if ((action !== "halt" && action !== "resume") || others.length > 0) {
    throw new InputError({ what: "the action", expected: "halt or resume", was: positionals.join(" ") });
  }
  if (market !== undefined && !isSymbol(market)) {
    throw new InputError({ what: "--market", expected: "a symbol such as SEI/USDC", was: market });
  }
  if (dataDir === "") throw new InputError({ what: "--data-dir", expected: "the folder of a local run", was: dataDir });
  // Stopping must be possible without finding words; going on after a stop must not.
  if (action === "resume" && (reason ?? "").trim() === "") {
    throw new InputError({ what: "--reason", expected: "given with a resume", was: reason });
  }
  return { action, market, reason, dataDir };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { market: text, reason: text, "data-dir": text, help: { type: "boolean" } } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
