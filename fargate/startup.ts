/**
 * The one way in: named steps, each retried with back-off until it holds, each visible with its reason. Owns the order of
 * nothing; `task.ts` lists the steps. A step that fails too often ends the start, and whoever started the task tries anew.
 */
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import type { StepState } from "./status/state.ts";

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 5_000;
/** With back-off at its maximum, some five minutes. */
const ATTEMPTS_MAX = 60;

export type StartupStep = {
  readonly step: string;
  /** Resolves with what was found, in a few words; rejects when the step does not hold yet. */
  readonly run: (wait: StepWait) => Promise<string>;
};

/** For a step that waits by itself: what it waits for, shown to people, and a pause that a stop ends early. */
export type StepWait = {
  readonly show: (detail: string) => void;
  /** Resolves false when the start was stopped. */
  readonly pause: (delayMs: number) => Promise<boolean>;
  /** The start was stopped: what the step still does is done for nobody. */
  readonly isStopped: () => boolean;
};

export class StartupError extends Error {
  readonly code = "STARTUP_FAILED";

  constructor(step: string, cause: unknown) {
    super(`start-up step "${step}" did not hold after ${ATTEMPTS_MAX} attempts: ${messageOf(cause)}`, { cause });
    this.name = "StartupError";
  }
}

export class Startup {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #log: Log;
  #steps: StepState[] = [];
  #cancelWait: (() => void) | undefined;
  #stopped = false;

  constructor(options: { readonly clock: Clock; readonly rng: Rng; readonly log: Log }) {
    this.#clock = options.clock;
    this.#rng = options.rng;
    this.#log = options.log;
  }

  get steps(): readonly StepState[] {
    return this.#steps;
  }

  /** Runs the steps in order. Resolves true when all hold, false when it was stopped; rejects with `StartupError`. */
  async run(steps: readonly StartupStep[]): Promise<boolean> {
    this.#steps = steps.map(({ step }) => ({ step, state: "waiting", detail: "" }));
    for (const [index, step] of steps.entries()) {
      if (!(await this.#runStep(index, step))) return false;
    }
    return true;
  }

  /** What a step that is under way waits for. */
  show(step: string, detail: string): void {
    const index = this.#steps.findIndex((each) => each.step === step && each.state === "running");
    if (index >= 0) this.#show(index, { step, state: "running", detail });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWait?.();
  }

  async #runStep(index: number, { step, run }: StartupStep): Promise<boolean> {
    this.#show(index, { step, state: "running", detail: "" });
    for (let attempt = 1; !this.#stopped; attempt += 1) {
      try {
        const detail = await run({
          show: (waiting) => this.#show(index, { step, state: "running", detail: waiting }),
          pause: (delayMs) => this.#pause(delayMs),
          isStopped: () => this.#stopped,
        });
        if (this.#stopped) return false;
        this.#show(index, { step, state: "done", detail });
        this.#log.info("start-up step done", { step, detail });
        return true;
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX) throw new StartupError(step, error);
        this.#show(index, { step, state: "running", detail: messageOf(error) });
        this.#log.warn("start-up step does not hold yet", { step, attempt, error });
        await this.#wait(attempt);
      }
    }
    return false;
  }

  async #wait(attempt: number): Promise<void> {
    const longestMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 10));
    await this.#pause(longestMs * (0.5 + this.#rng.next() / 2));
  }

  async #pause(delayMs: number): Promise<boolean> {
    if (this.#stopped) return false;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(delayMs, resolve);
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
    return !this.#stopped;
  }

  #show(index: number, state: StepState): void {
    this.#steps = this.#steps.with(index, state);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
