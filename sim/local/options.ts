/** The command line of the local run. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";

export type RunOptions = {
  /** How long to run; undefined runs until Ctrl-C, or until the tape ends. */
  readonly forMs: number | undefined;
  readonly seed: number;
  /** Symbols to trade; undefined means those of `config/local.json`, or of the tape. */
  readonly markets: readonly string[] | undefined;
  readonly tape: string | undefined;
  /** Where the task's orders go: to the order API, or to the simulated chain as signed transactions. */
  readonly venue: RunVenue;
  /** How many of the transactions on the simulated chain are lost, late or refused. */
  readonly chainFaultsPercent: number;
  /** Market time over real time. */
  readonly speed: number;
  /** Port of the status page; 0 picks a free one. */
  readonly port: number;
  /** Keeps ledger, queue and exchange account between runs; undefined uses a folder that goes when the run was sound. */
  readonly dataDir: string | undefined;
  /** Where the task records what moves it; undefined records nothing. */
  readonly record: string | undefined;
  /** How long an hour of the reports is, whole minutes; undefined makes no report. */
  readonly reportEveryMs: number | undefined;
};

const VENUES = ["cambrian", "sei-chain"] as const;
export type RunVenue = (typeof VENUES)[number];

export const HELP = `npm start -- [options]   makes a market on a simulated Sei

  --for 60s          how long to run (s, m or h); without it until Ctrl-C, or until the tape ends
  --seed 7           what the simulated traders do is drawn from this number (default 1)
  --markets A/B,C/D  markets to trade (default: those of config/local.json, or of the tape)
  --venue sei-chain  sign orders on the simulated chain in place of the order API (default cambrian)
  --chain-faults 5   percent of transactions lost, late or refused on that chain, 0 to 50 (default 0)
  --tape FILE        play a recorded tape in place of the simulated traders
  --speed 5          market time over real time, 0.1 to 100 (default 1)
  --port 8080        port of the status page (default: a free one)
  --data-dir DIR     keep the ledger, the queue and the exchange account in DIR between runs
  --record DIR       record what moves the engine, for npm run replay
  --report-every 5m  how long an hour of the reports is here (1m to 30m, default 1m; off for none)
  --help             this text
`;

const FOR_MS_MAX = 7 * 24 * 3_600_000;
const SEED_MAX = 2 ** 32 - 1;
/** With more than half of all lost no market can be made. */
const CHAIN_FAULTS = { minimum: 0, maximum: 50, whole: false } as const;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseOptions(args: readonly string[]): RunOptions | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  const venue = parseVenue(values.venue ?? "cambrian");
  if (venue === "sei-chain") {
    refuseWith(venue, "--tape", values.tape, "a chain has an auction each block, where a tape cannot stand");
    refuseWith(venue, "--data-dir", values["data-dir"], "the simulated chain begins anew with each run");
  }
  const chainFaultsPercent = parseNumber("--chain-faults", values["chain-faults"] ?? "0", CHAIN_FAULTS);
  if (chainFaultsPercent > 0 && venue !== "sei-chain") {
    throw new InputError({ what: "--chain-faults", expected: "used with --venue sei-chain", was: chainFaultsPercent });
  }
  return {
    venue,
    chainFaultsPercent,
    forMs: values.for === undefined ? undefined : parseDuration(values.for),
    seed: parseNumber("--seed", values.seed ?? "1", { minimum: 0, maximum: SEED_MAX, whole: true }),
    markets: values.markets === undefined ? undefined : parseMarkets(values.markets),
    tape: values.tape,
    speed: parseNumber("--speed", values.speed ?? "1", { minimum: 0.1, maximum: 100, whole: false }),
    port: parseNumber("--port", values.port ?? "0", { minimum: 0, maximum: 65_535, whole: true }),
    dataDir: values["data-dir"],
    record: values.record,
    reportEveryMs: parseReportEvery(values["report-every"] ?? "1m"),
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    for: text,
    seed: text,
    markets: text,
    tape: text,
    venue: text,
    "chain-faults": text,
    speed: text,
    port: text,
    "data-dir": text,
    record: text,
    "report-every": text,
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}

function parseVenue(text: string): RunVenue {
  const venue = VENUES.find((known) => known === text);
  if (venue !== undefined) return venue;
  throw new InputError({ what: "--venue", expected: VENUES.join(" or "), was: text });
}

function refuseWith(venue: RunVenue, option: string, value: string | undefined, reason: string): void {
  if (value === undefined) return;
  throw new InputError({ what: option, expected: `left out with --venue ${venue} (${reason})`, was: value });
}

function parseDuration(text: string): number {
  const match = /^([1-9]\d{0,5})(s|m|h)$/.exec(text);
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""] ?? 0;
  const durationMs = Number(match?.[1]) * unitMs;
  if (durationMs > 0 && durationMs <= FOR_MS_MAX) return durationMs;
  throw new InputError({ what: "--for", expected: "a duration up to 168h, such as 60s, 10m or 2h", was: text });
}

function parseReportEvery(text: string): number | undefined {
  if (text === "off") return undefined;
  const minutes = /^([1-9]|[12]\d|30)m$/.exec(text)?.[1];
  if (minutes !== undefined) return Number(minutes) * 60_000;
  throw new InputError({ what: "--report-every", expected: "whole minutes from 1m to 30m, or off", was: text });
}

function parseNumber(
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

function parseMarkets(text: string): readonly string[] {
  const symbols = text.split(",").map((symbol) => symbol.trim());
  const fits = symbols.every((symbol) => /^[A-Z0-9]{1,12}\/[A-Z0-9]{1,12}$/.test(symbol));
  if (fits && new Set(symbols).size === symbols.length) return symbols;
  throw new InputError({ what: "--markets", expected: "symbols such as SEI/USDC,ATOM/USDC, each once", was: text });
}
