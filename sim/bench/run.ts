/**
 * `npm run bench`: how near to the machine's floor FlashMM is, and to its goals. A table to read, a JSON to keep. Owns which benchmarks are
 * run and what becomes of their lines; what each measures is its own.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InputError } from "../../core/errors.ts";
import { benchCalls } from "./calls-bench.ts";
import type { BenchContext } from "./context.ts";
import { benchFills } from "./fills-bench.ts";
import { benchFeed, benchGc } from "./flood-bench.ts";
import { runGate } from "./gate.ts";
import { canPin, type Machine, machineText, readMachine } from "./machine.ts";
import { benchMemory } from "./memory-bench.ts";
import { runProfile } from "./profile-run.ts";
import { benchBundles, benchDecision, benchLedger, benchReport, benchSimulate } from "./program-bench.ts";
import { makeRow, type Row, tableText } from "./row.ts";
import { type BenchName, parseRunOptions, RUN_HELP, type RunOptions } from "./run-options.ts";
import { benchScale } from "./scale-bench.ts";
import { benchBlocking, benchClock, benchHot } from "./socket-bench.ts";
import { benchStart } from "./start-bench.ts";
import { benchUnits } from "./units-bench.ts";

const EXIT_MISSED = 2;
const EXIT_USAGE = 64;

type Bench = (context: BenchContext) => Promise<readonly Row[]>;

const BENCH: Readonly<Record<BenchName, Bench>> = {
  hot: benchHot,
  blocking: benchBlocking,
  clock: benchClock,
  fills: benchFills,
  calls: benchCalls,
  feed: benchFeed,
  gc: benchGc,
  memory: benchMemory,
  scale: benchScale,
  decision: benchDecision,
  ledger: benchLedger,
  units: benchUnits,
  bundles: benchBundles,
  report: benchReport,
  simulate: benchSimulate,
  start: benchStart,
};

const root = resolve(import.meta.dirname, "../..");

async function main(args: readonly string[]): Promise<number> {
  let options: RunOptions;
  try {
    options = parseRunOptions(args);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n\n${RUN_HELP}`);
    return EXIT_USAGE;
  }
  if (options.mode === "help") {
    say(RUN_HELP);
    return 0;
  }
  const isPinned = canPin();
  if (options.mode === "profile") {
    const { name, file } = options;
    const path = resolve(root, file);
    say(`${await runProfile({ name, path, root: `${root}/`, isPinned })}The profile: ${path}\n`);
    return 0;
  }
  const machine = readMachine(root);
  say(`${machineText(machine)}\n${pinText(isPinned)}\n`);
  if (options.mode === "gate") {
    const { rows, isPassed } = await runGate({ rounds: 0, isPinned, isGate: true, root }, say);
    keep(options.file, machine, isPinned, rows);
    return isPassed ? 0 : EXIT_MISSED;
  }
  const context = { rounds: options.rounds, isPinned, isGate: false, root };
  const rows: Row[] = [];
  for (const name of options.only) {
    const taken = await measured(name, context);
    rows.push(...taken);
    say(`${tableText(taken)}\n`);
    // Kept after each, so that what was measured is there when a later one is broken off.
    keep(options.file, machine, isPinned, rows);
  }
  if (options.only.length > 1) say(tableText(rows));
  return 0;
}

/** One that cannot be run is said as such and stops none of the others. */
async function measured(name: BenchName, context: BenchContext): Promise<readonly Row[]> {
  say(`${name} ...\n`);
  try {
    return await BENCH[name](context);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { q1: Number.NaN, median: Number.NaN, q3: Number.NaN };
    const what = "could not be run";
    return [makeRow({ bench: name, what, goal: undefined, figure: nothing, unit: "", voidReasons: [reason] })];
  }
}

function pinText(isPinned: boolean): string {
  return isPinned ? "venue and engine on a core each" : "venue and engine are not pinned: no `taskset`, or one core";
}

function keep(file: string, machine: Machine, isPinned: boolean, rows: readonly Row[]): void {
  const path = resolve(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, isPinned, rows }, null, 2)}\n`);
}

function say(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await main(process.argv.slice(2));
