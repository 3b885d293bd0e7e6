/**
 * Ends the process once, by a signal or by a bug, and says in the last line how it went. Owns the exit codes of a stop:
 * 0 in order, 1 with something left over or because another task must go on, 70 after a bug.
 */
import type { Log } from "./log.ts";
import type { Clock, Lifecycle } from "./seams.ts";
import { StartupError } from "./startup.ts";
import type { Task } from "./task.ts";

const EXIT_LEFT_OVER = 1;
const EXIT_BUG = 70;

/** CONTRACTS 8: a stop ends within 30 s, whatever hangs. */
const STOP_WITHIN_MS = 29_000;

export class Stopper {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #lifecycle: Lifecycle;
  #task: Task | undefined;
  #close: () => Promise<void> = async () => undefined;
  #stopping = false;

  constructor(options: { readonly log: Log; readonly clock: Clock; readonly lifecycle: Lifecycle }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#lifecycle = options.lifecycle;
    options.lifecycle.onStop((reason) => void this.#stop(reason, 0));
    options.lifecycle.onUncaught((error) => this.crash(error));
  }

  /** What is to be stopped. */
  watch(task: Task): void {
    this.#task = task;
  }

  /** Resolves whether the start led to quoting. One that was given up ends the process in order; any other error is a bug. */
  async follow(start: Promise<boolean>): Promise<boolean> {
    try {
      return await start;
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      this.end(error.message);
      return false;
    }
  }

  /** What is closed after the task has stopped. */
  closes(close: () => Promise<void>): void {
    this.#close = close;
  }

  /** A bug: orders are cancelled all the same, and the exit code says that something was wrong. */
  crash(error: unknown): void {
    this.#log.error("task crashed", { error, stack: error instanceof Error ? error.stack : undefined });
    void this.#stop("crashed", EXIT_BUG);
  }

  /** It can not go on, though nothing is wrong with it: the next task can. */
  end(reason: string): void {
    this.#log.error("task ends", { reason });
    void this.#stop(reason, EXIT_LEFT_OVER);
  }

  async #stop(reason: string, exitCode: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info("stopping", { reason });
    this.#clock.after(STOP_WITHIN_MS, () => {
      this.#log.error("stop took too long", { withinMs: STOP_WITHIN_MS });
      this.#lifecycle.exit(exitCode === 0 ? EXIT_LEFT_OVER : exitCode);
    });
    const report = await this.#task?.stop();
    await this.#close();
    const faults = report?.faults ?? [];
    this.#log.info("stopped", { faults, state: this.#task?.state() });
    this.#lifecycle.exit(exitCode === 0 && faults.length > 0 ? EXIT_LEFT_OVER : exitCode);
  }
}
