/**
 * The real task as a process of its own, kept running as ECS would: started again when it dies, never two at once. Reads its
 * JSON lines for the page's address and its last words. Owns the process; the world it runs in is `run.ts`'s.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { TaskState } from "../../fargate/status/state.ts";

/** ECS starts a stopped task anew within seconds; a task that cannot run at all must end the run, not loop. */
const RESTART_DELAY_MS = 1_000;
const RESTARTS_MAX = 20;
const LAST_LINES_MAX = 20;

export type TaskProcessOptions = {
  readonly environment: Readonly<Record<string, string>>;
  /** Where its lines are kept. */
  readonly log: WriteStream;
  readonly onListening: (url: string) => void;
  /** It ended by itself and is started again; `restarts` counts those. */
  readonly onRestart: (reason: string, restarts: number) => void;
  /** It will not be started again: bad configuration, or too many deaths. The last lines say why. */
  readonly onGivenUp: (reason: string, lastLines: readonly string[]) => void;
};

/** How the last process ended: its exit code, and the state it wrote as its last words (null when it wrote none). */
export type TaskEnd = { readonly exitCode: number | null; readonly state: TaskState | null };

const EXIT_BAD_CONFIG = 78;

export class TaskProcess {
  readonly #options: TaskProcessOptions;
  readonly #lastLines: string[] = [];
  #child: ChildProcess | undefined;
  #restarts = 0;
  #stopping = false;
  #lastState: TaskState | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);
  #restartTimer: NodeJS.Timeout | undefined;
  #port: string | undefined;

  constructor(options: TaskProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    const { environment, log } = this.#options;
    const child = spawn(process.execPath, ["fargate/main.ts"], {
      env: { ...environment, ...(this.#port === undefined ? {} : { STATUS_PORT: this.#port }) },
      // The channel carries nothing: its end tells the task that this run is gone, even by `kill -9`.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        log.write(`${line}\n`);
        this.#read(line);
      });
    }
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => this.#read(error.message));
      // `close` comes after the last line was read, `exit` may not.
      child.once("close", (code, signal) => {
        resolve(code);
        if (!this.#stopping) this.#died(code, signal ?? `exit code ${code}`);
      });
    });
  }

  /** Asks the task to stop in order and waits for its end. Kills it after `withinMs`. */
  async stop(withinMs: number): Promise<TaskEnd> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    this.#child?.kill("SIGTERM");
    const killer = setTimeout(() => this.#child?.kill("SIGKILL"), withinMs);
    const exitCode = await this.#ended;
    clearTimeout(killer);
    return { exitCode, state: this.#lastState };
  }

  #died(code: number | null, reason: string): void {
    this.#lastState = null;
    if (code === EXIT_BAD_CONFIG || this.#restarts >= RESTARTS_MAX) {
      this.#options.onGivenUp(reason, this.#lastLines);
      return;
    }
    this.#restarts += 1;
    this.#options.onRestart(reason, this.#restarts);
    this.#restartTimer = setTimeout(() => this.start(), RESTART_DELAY_MS);
  }

  #read(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift();
    if (line.includes('"status server listening"')) {
      const url = String(JSON.parse(line).url);
      this.#port = new URL(url).port;
      this.#options.onListening(url);
    } else if (line.includes('"message":"stopped"')) {
      this.#lastState = JSON.parse(line).state;
    }
  }
}
