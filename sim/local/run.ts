/**
 * `npm start`: a market made on a simulated Sei, on one laptop. Starts the world and the real task, tells a person how it
 * goes, stops in order and proves the books. Owns the run; exit code 0 means that everything agreed.
 */
import {
  accessSync,
  createWriteStream,
  existsSync,
  constants as fileModes,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../../core/errors.ts";
import { makeSystemClock } from "../../fargate/clock.ts";
import type { Log } from "../../fargate/log.ts";
import type { TaskState } from "../../fargate/status/state.ts";
import { mismatches, statusLine, summaryText } from "./console.ts";
import { type LocalWorld, startLocalWorld } from "./local-world.ts";
import { HELP, parseOptions, type RunOptions } from "./options.ts";
import { readRunBooks, reportFaults } from "./report-check.ts";
import { LocalReports, REPORTS_FOLDER, reportLine, reportText } from "./reports.ts";
import { summarize } from "./run-summary.ts";
import { TaskProcess } from "./task-process.ts";

const EXIT_UNSOUND = 1;
const EXIT_USAGE = 64;

const STATUS_INTERVAL_MS = 5_000;
const STATUS_TIMEOUT_MS = 2_000;
/** The task itself promises 30 s (CONTRACTS 8). */
const TASK_STOP_WITHIN_MS = 35_000;
const DRAIN_WITHIN_MS = 60_000;

/** What a person must know of a run whose orders go by transaction. */
const ON_CHAIN =
  "Orders are signed on the simulated chain. The fill audit reads the same account's history by the order API's stand-in, " +
  "which takes no orders here: so the dead man cannot cancel.";

const root = resolve(import.meta.dirname, "../..");

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return EXIT_USAGE;
  if (options === "help") {
    say(HELP);
    return 0;
  }
  const folder = makeFolder(options);
  if (folder === undefined) return EXIT_USAGE;
  const exitCode = await run(options, folder);
  if (exitCode === EXIT_UNSOUND) say(`Logs and data of this run are in ${folder}`);
  else if (options.dataDir === undefined) removeAllButReports(folder);
  return exitCode;
}

function readOptions(args: readonly string[]): RunOptions | "help" | undefined {
  try {
    return parseOptions(args);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    complain(`${error.message}\n\n${HELP}`);
    return undefined;
  }
}

/** Where the run keeps everything; undefined when it cannot be had. */
function makeFolder({ dataDir }: RunOptions): string | undefined {
  if (dataDir === undefined) return mkdtempSync(join(tmpdir(), "flashmm-"));
  const folder = resolve(dataDir);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, fileModes.R_OK | fileModes.W_OK | fileModes.X_OK);
    return folder;
  } catch (error) {
    complain(`--data-dir must be a folder that can be written, was ${JSON.stringify(dataDir)} (${messageOf(error)})\n`);
    return undefined;
  }
}

function removeAllButReports(folder: string): void {
  const others = readdirSync(folder).filter((name) => name !== REPORTS_FOLDER);
  for (const name of others) rmSync(join(folder, name), { recursive: true, force: true });
  if (!existsSync(join(folder, REPORTS_FOLDER))) rmdirSync(folder);
}

/** Runs to the end. Answers the exit code: 0 when everything agreed. */
async function run(options: RunOptions, folder: string): Promise<number> {
  const ending = new Ending();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ending.end());
  const log = fileLog(join(folder, "world.log"));
  say("Starting a simulated Sei, its order API and the local cloud ...");
  if (options.venue === "sei-chain") say(ON_CHAIN);
  let world: LocalWorld;
  try {
    world = await startLocalWorld({ options, root, folder, log });
  } catch (error) {
    if (ending.isReached) return stoppedEarly();
    complain(`the local world could not start: ${messageOf(error)}\n`);
    return error instanceof InputError ? EXIT_USAGE : EXIT_UNSOUND;
  }
  try {
    if (ending.isReached) return stoppedEarly();
    return (await runTask({ options, folder, world, ending })) ? 0 : EXIT_UNSOUND;
  } finally {
    await world.stop();
  }
}

function stoppedEarly(): number {
  say("Stopped before the market opened.");
  return 0;
}

/** Runs the task until the end is reached. Answers whether everything agreed. */
async function runTask(input: {
  readonly options: RunOptions;
  readonly folder: string;
  readonly world: LocalWorld;
  readonly ending: Ending;
}): Promise<boolean> {
  const { options, folder, world, ending } = input;
  const startedMs = performance.now();
  const reports = await startReports(input);
  const taskLog = createWriteStream(join(folder, "task.log"), { flags: "a" });
  let url: string | undefined;
  const task = new TaskProcess({
    root,
    clock: makeSystemClock(),
    environment: world.environment,
    log: taskLog,
    onListening: (address) => {
      if (url === undefined) say(`Watch it at ${address}  (Ctrl-C stops)\n`);
      url = address;
    },
    onRestart: (reason, restarts) => say(`the task ended (${reason}) and is started again, restart ${restarts}`),
    onGivenUp: (reason, complaints) => ending.end([`the task cannot run (${reason})`, ...complaints].join("\n    ")),
  });
  if (world.cloud.functions.length === 0) ending.end("the templates define no function");
  world.tape?.onEnd((end) => {
    if (end.type === "played") say(`the tape has ended after ${end.lines} lines`);
    ending.end(end.type === "failed" ? `the tape broke off: ${end.error.message}` : undefined);
  });
  if (options.forMs !== undefined) setTimeout(() => ending.end(), options.forMs).unref();
  task.start();
  yieldProcessor();
  const reporter = setInterval(() => void report(url), STATUS_INTERVAL_MS);
  await ending.reached;
  clearInterval(reporter);

  say("\nStopping: cancelling every order, handing over every fill ...");
  const end = await task.stop(TASK_STOP_WITHIN_MS);
  const seconds = (performance.now() - startedMs) / 1_000;
  const faults = [...ending.faults];
  if (end.exitCode === null) faults.push("the task was killed and did not stop in order");
  else if (end.exitCode !== 0) faults.push(`the task ended with exit code ${end.exitCode}, expected 0`);
  const drained = await world.cloud.drain(DRAIN_WITHIN_MS);
  if (drained.kind === "not-drained") faults.push(`the fills queue is not empty: ${drained.reason}`);
  faults.push(...((await reports?.finish()) ?? []));
  const summary = await summarize({ world, end, seconds, faults });
  say(`\n${summaryText(summary)}`);
  taskLog.end();
  return mismatches(summary).length === 0;
}

/** The run's reports, unless it makes none; `finish` makes the last one and answers where it differs from the ledger. */
async function startReports(input: {
  readonly options: RunOptions;
  readonly folder: string;
  readonly world: LocalWorld;
}) {
  const { options, folder, world } = input;
  if (options.reportEveryMs === undefined) return undefined;
  const { cloud, markets, x } = world;
  const symbols = markets.settings.map(({ symbol }) => symbol);
  const before = await readRunBooks(cloud, symbols);
  const log = fileLog(join(folder, "reports.log"));
  const settings = { cloud, clock: makeSystemClock(), log, folder, hourMs: options.reportEveryMs };
  const reports = new LocalReports({ ...settings, onReport: (report) => say(reportLine(report)) });
  say(`Reports are posted on a simulated X: ${x.url}`);
  return {
    finish: async (): Promise<readonly string[]> => {
      const last = await reports.last();
      if (last === undefined) return [];
      say(`\n${reportText(last)}`);
      return await reportFaults(cloud, last, before);
    },
  };
}

/**
 * The world stands for machines elsewhere: on a small one it must not take the processor from the task at the moment the task
 * sends to it. Measured on two shared cores: orders written 0.6 ms after the frame in place of 0.9 ms (median).
 */
function yieldProcessor(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

/** When the run is to end: the first of time, signal, tape and a task that cannot run. */
class Ending {
  readonly reached: Promise<void>;
  readonly faults: string[] = [];
  #resolve: () => void = () => {};
  #isReached = false;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(fault?: string): void {
    if (fault !== undefined) this.faults.push(fault);
    this.#isReached = true;
    this.#resolve();
  }

  get isReached(): boolean {
    return this.#isReached;
  }
}

async function report(url: string | undefined): Promise<void> {
  if (url === undefined) return;
  try {
    const answer = await fetch(`${url}api/state`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${text}`);
    const state: TaskState = JSON.parse(text);
    say(statusLine(state));
  } catch (error) {
    say(`the task does not answer: ${messageOf(error)}`);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The world's own log goes to a file: the terminal belongs to the market. */
function fileLog(path: string): Log {
  const stream = createWriteStream(path, { flags: "a" });
  const write = (level: string) => (message: string, fields?: object) => {
    const plain = (_key: string, value: unknown) => (value instanceof Error ? { message: value.message } : value);
    stream.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields }, plain)}\n`);
  };
  return { debug: write("DEBUG"), info: write("INFO"), warn: write("WARN"), error: write("ERROR") };
}

process.exit(await main(process.argv.slice(2)));
