/** The command line of the report. Owns its grammar and its help; bad input names the option, what it takes and what it was. */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { hourPeriod, lastFullHour, type Period, spanPeriod } from "../../lambdas/hourly-report/period.ts";

export type ReportOptions = {
  readonly period: Period;
  /** The request's detail as it is sent (CONTRACTS 6). */
  readonly detail: { readonly hour: string } | { readonly from: string; readonly to: string };
  readonly isDryRun: boolean;
  /** The folder of a local run; undefined speaks to AWS. */
  readonly dataDir: string | undefined;
};

export const REPORT_HELP = `npm run report -- [options]   asks for the report of an hour, and says what became of it

  --hour 2026-01-02T03          the hour, UTC (default: the last full one)
  --from 2026-01-02T03:04 --to 2026-01-02T03:07
                                another time instead, of a day at most
  --dry-run                     everything happens but the post
  --data-dir DIR                the local run that keeps its data in DIR (default: AWS, found as its SDK finds it;
                                EVENT_BUS_NAME names another bus than flashmm, TABLE_NAME the table to look in)
  --help                        this text

Exit codes: 0 there is a report, or it was sent and there is no table to look in; 1 not sent, or no report in a minute; 64 bad usage.
`;

/** Reads the arguments. Answers `"help"` when that was asked for; throws `InputError` on anything it does not know. */
export function parseReportOptions(args: readonly string[], nowMs: number): ReportOptions | "help" {
  const { help = false, hour, from, to, "dry-run": isDryRun = false, "data-dir": dataDir } = parse(args);
  if (help) return "help";
  if (dataDir === "") throw new InputError({ what: "--data-dir", expected: "the folder of a local run", was: dataDir });
  if ((from === undefined) !== (to === undefined) || (hour !== undefined && from !== undefined)) {
    throw new InputError({
      what: "the time",
      expected: "--hour, or --from and --to, or none",
      was: { hour, from, to },
    });
  }
  const isSpan = from !== undefined && to !== undefined;
  const period = isSpan ? spanPeriod(from, to) : hour === undefined ? lastFullHour(nowMs) : hourPeriod(hour);
  if (Date.parse(period.to) > nowMs) {
    throw new InputError({ what: "the time", expected: "one that is over", was: period.id });
  }
  return { period, detail: isSpan ? { from, to } : { hour: period.id }, isDryRun, dataDir };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { hour: text, from: text, to: text, "dry-run": flag, "data-dir": text, help: flag } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}
