/**
 * `npm run ledger`: a person's way to the books, in AWS or in a local run. Owns the four actions as a person sees them; what is
 * proven, rebuilt and exported is `lambdas/`'. Exit codes stand in the help.
 */
import { createWriteStream, renameSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "csv-stringify";
import { InputError } from "../../core/errors.ts";
import { readClaimIndex } from "../../lambdas/ledger-claims.ts";
import { EXPORT_COLUMNS, type ExportRow, exportRows } from "../../lambdas/ledger-export.ts";
import { rebuildMarket } from "../../lambdas/ledger-rebuild.ts";
import type { LedgerClock } from "../../lambdas/ledger-snapshot.ts";
import { findMarkets } from "../../lambdas/ledger-streams.ts";
import type { LedgerTable } from "../../lambdas/ledger-table.ts";
import { verifyMarket } from "../../lambdas/ledger-verify.ts";
import { LEDGER_HELP, type LedgerOptions, parseLedgerOptions } from "./ledger-options.ts";
import { type LedgerPlace, openAws, openLocal } from "./ledger-place.ts";
import { readShown, shownJson, shownText } from "./ledger-show.ts";
import { isProven, rebuildText, verificationJson, verificationText } from "./ledger-text.ts";

const EXIT_NOT_DONE = 1;
const EXIT_WRONG = 2;
const EXIT_USAGE = 64;

const clock: LedgerClock = { now: () => Date.now(), wait: async (millis) => await wait(millis) };

async function main(args: readonly string[]): Promise<number> {
  let options: LedgerOptions | "help";
  let place: LedgerPlace;
  try {
    options = parseLedgerOptions(args);
    if (options === "help") {
      say(LEDGER_HELP.trimEnd());
      return 0;
    }
    place = options.dataDir === undefined ? openAws(process.env) : await openLocal(options.dataDir);
  } catch (error) {
    complain(messageOf(error));
    return error instanceof InputError ? EXIT_USAGE : EXIT_NOT_DONE;
  }
  try {
    return await act(place, options);
  } catch (error) {
    // Whoever reads has had enough, as `head` has.
    if (codeOf(error) === "EPIPE") return 0;
    complain(`${options.action} of ${place.name}: ${messageOf(error)}`);
    return EXIT_NOT_DONE;
  } finally {
    await place.close();
  }
}

async function act(place: LedgerPlace, options: LedgerOptions): Promise<number> {
  switch (options.action) {
    case "show":
      return await show(place, options);
    case "verify":
      return await verify(place, options);
    case "rebuild":
      return await rebuild(place.table, options);
    case "export":
      return await exportCsv(place.table, options);
  }
}

type OptionsOf<Action extends LedgerOptions["action"]> = Extract<LedgerOptions, { readonly action: Action }>;

async function show(place: LedgerPlace, { market, hours, isJson }: OptionsOf<"show">): Promise<number> {
  const { table } = place;
  const markets = market === undefined ? (place.markets ?? (await findMarkets(table))) : [market];
  const shown = await Promise.all(markets.map((each) => readShown(table, each, hours)));
  if (isJson) say(JSON.stringify(shown.map(shownJson), null, 2));
  else say(shown.length === 0 ? `no fill has been booked in ${place.name}` : shown.map(shownText).join("\n\n"));
  return 0;
}

async function verify(place: LedgerPlace, { market, isJson }: OptionsOf<"verify">): Promise<number> {
  const { table } = place;
  const claims = await readClaimIndex(table);
  const markets = market === undefined ? (place.markets ?? claims.markets) : [market];
  const proofs: Awaited<ReturnType<typeof verifyMarket>>[] = [];
  for (const each of markets) {
    const proof = await verifyMarket({ table, clock, market: each, claims, onFacts: progressOf(each) });
    endProgress();
    if (!isJson) say(verificationText(proof));
    proofs.push(proof);
  }
  if (isJson) say(JSON.stringify(proofs.map(verificationJson), null, 2));
  else if (markets.length === 0) say(`no fill has been claimed in ${place.name}`);
  if (claims.nowhere > 0) complain(`✗ ${claims.nowhere} claims of fills name no market`);
  return proofs.every(isProven) && claims.nowhere === 0 ? 0 : EXIT_WRONG;
}

async function rebuild(table: LedgerTable, { market, isDryRun }: OptionsOf<"rebuild">): Promise<number> {
  const claims = await readClaimIndex(table);
  const rebuilt = await rebuildMarket({ table, clock, market, isDryRun, claims, onFacts: progressOf(market) });
  endProgress();
  say(rebuildText(rebuilt, isDryRun));
  return rebuilt.contradicted.length + rebuilt.furtherOdd === 0 ? 0 : EXIT_WRONG;
}

async function exportCsv(table: LedgerTable, { market, from, to, out }: OptionsOf<"export">): Promise<number> {
  let count = 0;
  async function* counted(rows: AsyncGenerator<ExportRow>): AsyncGenerator<ExportRow> {
    for await (const row of rows) {
      count++;
      yield row;
    }
  }
  const rows = Readable.from(counted(exportRows(table, market, { from, to })));
  // RFC 4180 ends lines with CR LF.
  const csv = stringify({ columns: [...EXPORT_COLUMNS], header: true, record_delimiter: "windows" });
  if (out === undefined) {
    await pipeline(rows, csv, process.stdout, { end: false });
    return 0;
  }
  const unfinished = `${out}.${process.pid}.unfinished`;
  try {
    await pipeline(rows, csv, createWriteStream(unfinished));
    renameSync(unfinished, out);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  say(`${count} ${count === 1 ? "fill" : "fills"} of ${market} written to ${out}`);
  return 0;
}

/** A line that counts, for a person who waits at a terminal. */
function progressOf(market: string): (count: number) => void {
  return (count) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${market}: ${count.toLocaleString("en-US")} facts read`);
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** Connection errors of Node may have no message of their own, only a code. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String(codeOf(error) ?? error.name);
}

process.exit(await main(process.argv.slice(2)));
