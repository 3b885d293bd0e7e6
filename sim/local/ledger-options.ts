/** The command line of the ledger. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { isSymbol } from "../../core/market.ts";

/** `dataDir`: the folder of a local run; undefined speaks to AWS. `market`: undefined means all. */
export type LedgerOptions = { readonly dataDir: string | undefined } & (
  | { readonly action: "show"; readonly market: string | undefined; readonly hours: number; readonly isJson: boolean }
  | { readonly action: "verify"; readonly market: string | undefined; readonly isJson: boolean }
  | { readonly action: "rebuild"; readonly market: string; readonly isDryRun: boolean }
  | {
      readonly action: "export";
      readonly market: string;
      /** Venue times: `from` is included, `to` is not. */
      readonly from: string | undefined;
      readonly to: string | undefined;
      /** Undefined writes to the standard output. */
      readonly out: string | undefined;
    }
);

export const LEDGER_HELP = `npm run ledger -- show|verify|rebuild|export [options]   the books of the market maker

  show       position, cost, profit, and the newest hours
  verify     folds all fills from nothing and says where the books differ, and which fills are lost or doubled
             (exit code 0: nothing; 2: something)
  rebuild    writes the books again from the fills alone, where they differ; safe while the market is traded
  export     one line a fill as CSV, with running position and profit by average cost and by FIFO

  --market SEI/USDC  that market (rebuild and export need one; default: MARKETS, or else all that the table holds)
  --hours 24         show: as many of the newest hours with fills (0 to 10000)
  --json             show, verify: for programs
  --dry-run          rebuild: only says what it would write
  --from TIME        export: fills from then on, such as 2026-01-02 or 2026-01-02T03:04:05.678Z
  --to TIME          export: fills before then
  --out FILE         export: to that file, there once it is whole (default: the standard output)
  --data-dir DIR     the local run that keeps its data in DIR, whether it runs or has ended (default: AWS, found as its
                     SDK finds it, and the table that TABLE_NAME names)
  --help             this text

Exit codes: 0 done, 1 not reached or not done, 2 something is wrong in the ledger, 64 bad usage.
`;

const ACTIONS = ["show", "verify", "rebuild", "export"] as const;
type Action = (typeof ACTIONS)[number];

/** Which options an action takes beside `--data-dir`. */
const TAKES: Readonly<Record<Action, readonly string[]>> = {
  show: ["market", "hours", "json"],
  verify: ["market", "json"],
  rebuild: ["market", "dry-run"],
  export: ["market", "from", "to", "out"],
};

const HOURS_DEFAULT = "24";
const HOURS_MAX = 10_000;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseLedgerOptions(args: readonly string[]): LedgerOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const action = parseAction(positionals);
  for (const option of Object.keys(values)) {
    if (option === "data-dir" || TAKES[action].includes(option)) continue;
    const takers = ACTIONS.filter((each) => TAKES[each].includes(option)).join(" or ");
    throw new InputError({ what: `--${option}`, expected: `given with ${takers}`, was: action });
  }
  const dataDir = values["data-dir"];
  if (dataDir === "") throw new InputError({ what: "--data-dir", expected: "the folder of a local run", was: dataDir });
  const market = parseMarket(values.market);
  switch (action) {
    case "show":
      return {
        action,
        market,
        hours: parseHours(values.hours ?? HOURS_DEFAULT),
        isJson: values.json === true,
        dataDir,
      };
    case "verify":
      return { action, market, isJson: values.json === true, dataDir };
    case "rebuild":
      return { action, market: required(market, action), isDryRun: values["dry-run"] === true, dataDir };
    case "export": {
      const [from, to] = [parseTime(values.from, "--from"), parseTime(values.to, "--to")];
      if (from !== undefined && to !== undefined && from >= to) {
        throw new InputError({ what: "--to", expected: `after --from, ${from}`, was: to });
      }
      if (values.out === "") throw new InputError({ what: "--out", expected: "a file", was: values.out });
      return { action, market: required(market, action), from, to, out: values.out, dataDir };
    }
  }
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    market: text,
    hours: text,
    json: flag,
    "dry-run": flag,
    from: text,
    to: text,
    out: text,
    "data-dir": text,
    help: flag,
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}

function parseAction(positionals: readonly string[]): Action {
  const [name, ...others] = positionals;
  const action = ACTIONS.find((candidate) => candidate === name);
  if (action !== undefined && others.length === 0) return action;
  throw new InputError({ what: "the action", expected: "show, verify, rebuild or export", was: positionals.join(" ") });
}

function parseMarket(text: string | undefined): string | undefined {
  if (text === undefined || isSymbol(text)) return text;
  throw new InputError({ what: "--market", expected: "a symbol such as SEI/USDC", was: text });
}

function required(market: string | undefined, action: Action): string {
  if (market !== undefined) return market;
  throw new InputError({ what: "--market", expected: `given with ${action}, such as SEI/USDC`, was: market });
}

function parseHours(text: string): number {
  const hours = /^\d{1,5}$/.test(text) ? Number(text) : HOURS_MAX + 1;
  if (hours <= HOURS_MAX) return hours;
  throw new InputError({ what: "--hours", expected: `a whole number from 0 to ${HOURS_MAX}`, was: text });
}

/** A UTC time of the length that every venue time has. */
function parseTime(text: string | undefined, what: string): string | undefined {
  if (text === undefined) return undefined;
  const whole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  // A day that no calendar has is another one by now.
  if (!Number.isNaN(whole) && new Date(whole).toISOString().startsWith(text.slice(0, 10))) {
    return new Date(whole).toISOString();
  }
  throw new InputError({ what, expected: "a UTC time such as 2026-01-02 or 2026-01-02T03:04:05.678Z", was: text });
}
