/**
 * The real task as a process of its own, kept running as ECS would: started again when it dies, never two at once. Reads its
 * JSON lines for the page's address and its last words. Owns the process; the world it runs in is `run.ts`'s.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { WriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Clock } from "../../fargate/seams.ts";
import type { TaskState } from "../../fargate/status/state.ts";

/** ECS starts a stopped task anew within seconds; a task that cannot run at all must end the run, not loop. */
const RESTART_DELAY_MS = 1_000;
const RESTARTS_MAX = 20;
/** A task that never came as far as its status page will not come there by another try. */
const DEATHS_BEFORE_LISTENING_MAX = 3;
const FAULT_LINES_MAX = 20;

export type TaskProcessOptions = {
  /** The repository. */
  readonly root: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string>>;
  /** Where its lines are kept. */
  readonly log: WriteStream;
  readonly onListening: (url: string) => void;
  /** It ended by itself and is started again; `restarts` counts those. */
  readonly onRestart: (reason: string, restarts: number) => void;
  /** It will not be started again: bad configuration, or too many deaths. What it last complained of says why. */
  readonly onGivenUp: (reason: string, complaints: readonly string[]) => void;
};

/**
 * How the last process ended: its exit code (null when it was killed), and the state it wrote as its last words (null when it
 * wrote none).
 */
export type TaskEnd = { readonly exitCode: number | null; readonly state: TaskState | null };

const EXIT_BAD_CONFIG = 78;

export class TaskProcess {
  readonly #options: TaskProcessOptions;
  #complaints: string[] = [];
  #child: ChildProcess | undefined;
  #restarts = 0;
  #stopping = false;
  #lastState: TaskState | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);
  #cancelRestart: () => void = () => {};
  #port: string | undefined;
  #deathsBeforeListening = 0;

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
    const { root, environment, log } = this.#options;
    this.#complaints = [];
    const child = spawn(process.execPath, ["fargate/main.ts"], {
      cwd: root,
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
    this.#cancelRestart();
    this.#child?.kill("SIGTERM");
    const cancelKill = this.#options.clock.after(withinMs, () => this.#child?.kill("SIGKILL"));
    const exitCode = await this.#ended;
    cancelKill();
    return { exitCode, state: this.#lastState };
  }

  #died(code: number | null, reason: string): void {
    this.#lastState = null;
    this.#deathsBeforeListening += 1;
    const isHopeless = this.#deathsBeforeListening >= DEATHS_BEFORE_LISTENING_MAX || this.#restarts >= RESTARTS_MAX;
    if (code === EXIT_BAD_CONFIG || isHopeless) {
      this.#options.onGivenUp(reason, this.#complaints);
      return;
    }
    this.#restarts += 1;
    this.#options.onRestart(reason, this.#restarts);
    this.#cancelRestart = this.#options.clock.after(RESTART_DELAY_MS, () => this.start());
  }

  #read(line: string): void {
    const record = parseRecord(line);
    if (record === undefined || record["level"] === "ERROR") {
      this.#complaints.push(record === undefined ? line : complaintOf(record));
      if (this.#complaints.length > FAULT_LINES_MAX) this.#complaints.shift();
    } else if (record["message"] === "status server listening") {
      this.#listening(String(record["url"]));
    } else if (record["message"] === "stopped") {
      this.#lastState = record["state"] ?? null;
    }
  }

  #listening(url: string): void {
    this.#deathsBeforeListening = 0;
    this.#port = new URL(url).port;
    this.#options.onListening(url);
  }
}

/** A line of the task's log; undefined when it is none: a message to people, or a line cut off by `kill -9`. */
function parseRecord(line: string): TaskRecord | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

type TaskRecord = Readonly<Record<string, unknown>> & {
  readonly state?: TaskState;
  readonly error?: { readonly message?: string };
};

function complaintOf(record: TaskRecord): string {
  const error = record.error?.message;
  return error === undefined ? String(record["message"]) : `${record["message"]}: ${error}`;
}
