/**
 * The real `npm start` as a child process: its lines, its task, its end. Everything waits for a condition and for at most
 * a given time; whatever still runs when a test ends is killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { TaskState } from "../../../fargate/status/state.ts";
import { COMPILE_CACHE } from "../../compile-cache.ts";

const root = resolve(import.meta.dirname, "../../..");
const POLL_MS = 50;

/** A few seconds; for a machine that does much else beside. */
export const QUOTES_WITHIN_MS = 60_000;
/** CONTRACTS 8 gives the task 30 s; the world around it ends after that. */
export const END_WITHIN_MS = 40_000;

const runs = new Set<LocalRun>();
let folder: string | undefined;

/** Starts a run, with a temporary folder of its own. */
export function startRun(...args: readonly string[]): { readonly run: LocalRun; readonly temporary: string } {
  const temporary = newFolder();
  const run = new LocalRun(args, temporary);
  runs.add(run);
  return { run, temporary };
}

/** A folder that goes with `endRuns`. */
export function newFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), "flashmm-run-test-"));
  return mkdtempSync(join(folder, "data-"));
}

/** Kills whatever still runs and removes every folder; the next file of this process makes its own. */
export function endRuns(): void {
  for (const run of runs) run.kill();
  runs.clear();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

export const quotesBothSides = (state: TaskState): boolean => {
  const [market] = state.markets;
  return market?.quoting === true && new Set(market.openOrders.map((order) => order.side)).size === 2;
};

export function expectAgreement(run: LocalRun): void {
  expect(run.text).toContain("Exchange, engine and ledger agree.");
  expect(run.row("engine")).toEqual(run.row("exchange"));
  expect(run.row("ledger")).toEqual(run.row("exchange"));
  const audit = `^  audit +${run.row("exchange").fills} fills checked against the exchange, clean$`;
  expect(run.text).toMatch(new RegExp(audit, "m"));
  expect(run.text).toContain("0 open orders left");
  expect(run.text).toContain("requests refused by the order API: 0 for rate, 0 for signature");
  expect(run.text).toContain("frames refused: 0; dead letters: 0");
}

type Row = { readonly fills: number; readonly position: string; readonly pnl: string };

class LocalRun {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** `temporary` is the folder where a run without `--data-dir` makes its own. */
  constructor(args: readonly string[], temporary: string) {
    // Reports are drawn, which takes a second of the processor: only who asks for them has them.
    const reports = args.includes("--report-every") ? [] : ["--report-every", "off"];
    this.#child = spawn(process.execPath, [join(root, "sim/local/run.ts"), ...reports, ...args], {
      // Not the repository: the run must not care where it is started.
      cwd: import.meta.dirname,
      env: { ...process.env, ...COMPILE_CACHE, TMPDIR: temporary },
      // A process group of its own, as a shell gives one, so that Ctrl-C can be sent to all of it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.lines.push(line));
    }
    this.#ended = once(this.#child, "close");
  }

  get text(): string {
    return this.lines.join("\n");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** As the function of that name; fails with all that the run has said. */
  async until<Value>(what: string, withinMs: number, read: Reading<Value>): Promise<Value> {
    try {
      return await until(what, withinMs, read);
    } catch (cause) {
      throw new Error(`${what} did not come; the run said:\n${this.text}`, { cause });
    }
  }

  /** The state the task shows, once `test` holds. */
  state(what: string, withinMs: number, test: (state: TaskState) => boolean): Promise<TaskState> {
    return this.until(what, withinMs, async () => {
      const url = /Watch it at (\S+)/.exec(this.text)?.[1];
      if (url === undefined) return undefined;
      const answer = await fetch(`${url}api/state`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (answer === undefined || !answer.ok) return undefined;
      const state: TaskState = JSON.parse(await answer.text());
      return test(state) ? state : undefined;
    });
  }

  line(pattern: RegExp, withinMs: number): Promise<string> {
    return this.until(`a line like ${pattern}`, withinMs, () => this.lines.find((line) => pattern.test(line)));
  }

  /** The task: the child whose command line names it. */
  task(withinMs: number): Promise<number> {
    return this.until("the task's process", withinMs, () => childOf(this.pid, "fargate/main.ts"));
  }

  /** Ctrl-C, as a terminal sends it: to the run and everything it started. */
  interrupt(): void {
    process.kill(-this.pid, "SIGINT");
  }

  /** The exit code; null when it was killed. */
  async end(withinMs: number): Promise<number | null> {
    const timedOut = new AbortController();
    const late = sleep(withinMs, true, { signal: timedOut.signal }).catch(() => false);
    const isLate = await Promise.race([late, this.#ended.then(() => false)]);
    timedOut.abort();
    if (isLate) throw new Error(`the run did not end within ${withinMs} ms; it said:\n${this.text}`);
    return this.#child.exitCode;
  }

  /** One party's row of the summary of a run with one market. */
  row(party: "exchange" | "engine" | "ledger"): Row {
    const [, fills, position, pnl] = new RegExp(`^  ${party} +(\\d+) +(\\S+) +(\\S+)$`, "m").exec(this.text) ?? [];
    if (fills === undefined || position === undefined || pnl === undefined) throw new Error(`no row:\n${this.text}`);
    return { fills: Number(fills), position, pnl };
  }

  /** Kills whatever of its group still runs. */
  kill(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // All of the group has ended, as it should have.
    }
  }
}

type Reading<Value> = () => Value | undefined | Promise<Value | undefined>;

/** Answers the first value that is not undefined; reads at least once. */
export async function until<Value>(what: string, withinMs: number, read: Reading<Value>): Promise<Value> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() >= endMs) throw new Error(`${what} did not come within ${withinMs} ms`);
    await sleep(POLL_MS);
  }
}

/** Whether a process runs; one that has ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  return parentAndStateOf(pid)?.isAlive ?? false;
}

/** A running child of a process whose command line has this in it. */
export function childOf(parent: number, name: string): number | undefined {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => parentAndStateOf(pid)?.parent === parent && commandOf(pid).includes(name));
}

/** From proc_pid_stat(5): after the command in parentheses come the state and the parent. */
function parentAndStateOf(pid: number): { readonly parent: number; readonly isAlive: boolean } | undefined {
  const text = readProc(pid, "stat");
  const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return parent === undefined ? undefined : { parent: Number(parent), isAlive: state !== "Z" && state !== "X" };
}

function commandOf(pid: number): string {
  return readProc(pid, "cmdline");
}

/** Empty when the process has ended meanwhile. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
