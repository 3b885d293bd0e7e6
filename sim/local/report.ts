/**
 * `npm run report`: a person's request for a report, put on the bus of AWS or of a local run, and what became of it. Owns the asking and the
 * looking; the report is the function's. Exit codes stand in the help.
 */
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../../core/errors.ts";
import { type Report, readDryRun, readReport } from "../../lambdas/hourly-report/report-items.ts";
import { type LedgerPlace, openAws, openLocal } from "./ledger-place.ts";
import { messageOf, openBus, sendRequest } from "./operator-bus.ts";
import { parseReportOptions, REPORT_HELP, type ReportOptions } from "./report-options.ts";

const EXIT_NOT_DONE = 1;
const EXIT_USAGE = 64;

const LOOKS_MAX = 60;
const LOOK_PAUSE_MILLIS = 1_000;

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseReportOptions(args, Date.now());
    if (options === "help") {
      process.stdout.write(REPORT_HELP);
      return 0;
    }
    return await ask(options);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof InputError ? EXIT_USAGE : EXIT_NOT_DONE;
  }
}

async function ask(options: ReportOptions): Promise<number> {
  const { period, detail, isDryRun, dataDir } = options;
  const bus = openBus(dataDir);
  const place = await openPlace(dataDir);
  try {
    // A dry run changes no report that stands: what it makes is beside it.
    const read = isDryRun ? readDryRun : readReport;
    const before = place === undefined ? undefined : await read(place.table, period.id);
    say(await sendRequest(bus, "Report Requested", { ...detail, ...(isDryRun ? { dryRun: true } : {}) }));
    if (place === undefined) {
      say(`TABLE_NAME is not set: the report will stand there as REPORT/${period.id}`);
      return 0;
    }
    const report = await look(() => read(place.table, period.id), before);
    if (report === undefined) {
      say(`${place.name} has no report of ${period.id} after a minute: the function's log says why`);
      return EXIT_NOT_DONE;
    }
    say(textOf(report, before?.madeAt === report.madeAt && before.state === report.state));
    return 0;
  } finally {
    bus.client.destroy();
    await place?.close();
  }
}

/** Undefined where nobody says which table it is. */
async function openPlace(dataDir: string | undefined): Promise<LedgerPlace | undefined> {
  if (dataDir !== undefined) return await openLocal(dataDir);
  return (process.env["TABLE_NAME"] ?? "") === "" ? undefined : openAws(process.env);
}

/** The report once it is another than before, or as it stands after a minute. */
async function look(read: () => Promise<Report | undefined>, before: Report | undefined): Promise<Report | undefined> {
  let report = before;
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    report = await read();
    const isNew = report !== undefined && (report.madeAt !== before?.madeAt || report.state !== before.state);
    if (isNew && report?.state !== "waiting") return report;
    await wait(LOOK_PAUSE_MILLIS);
  }
  return report;
}

function textOf(report: Report, isOld: boolean): string {
  const { id, state, reason, chartKey, tweetId, text } = report;
  return [
    `report ${id}: ${state}${isOld ? ", as before" : ""}${reason === undefined ? "" : ` (${reason})`}`,
    ...(tweetId === undefined ? [] : [`post ${tweetId}`]),
    ...(chartKey === undefined ? [] : [`chart ${chartKey}`]),
    ...(text === undefined ? [] : ["", text]),
  ].join("\n");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exit(await main(process.argv.slice(2)));
