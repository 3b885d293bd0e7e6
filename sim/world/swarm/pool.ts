/** Processes that run seeds side by side. Owns who gets which seed and that none is left running; a seed is the same whoever runs it. */
import { type ChildProcess, fork } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeedResult } from "./run-seed.ts";
import type { Job, JobAnswer } from "./worker.ts";

/** Room for what dies young, which is nearly everything in a world: with less, a twentieth of the time goes to collecting it. */
const YOUNG = "--max-semi-space-size=64";

/**
 * What a process has compiled, for those after it: stripping types and reading modules is half a second of each process that is
 * started afresh. Node looks at a module's text before it takes what is there.
 */
const COMPILED = join(tmpdir(), "flashmm-simulate-compiled");

export type PoolOptions = {
  readonly workers: number;
  /** The next job; undefined when there is none left. */
  readonly next: () => Job | undefined;
  /** Told each result as it comes. */
  readonly onResult: (result: SeedResult) => void;
  /** Whether each job has a process of its own. */
  readonly isFresh: boolean;
  /** A module that each process loads first, and what that reads in its environment. */
  readonly preload?: { readonly url: URL; readonly env: Readonly<Record<string, string>> };
};

/** Rejects when a process ended or failed: that is no verdict on a seed. */
export async function runJobs({ workers, next, onResult, isFresh, preload }: PoolOptions): Promise<void> {
  const started: ChildProcess[] = [];
  const start = (): ChildProcess => {
    const execArgv = [...process.execArgv, YOUNG, ...(preload === undefined ? [] : ["--import", preload.url.href])];
    // Text that is changed while it loads is compiled for itself.
    const compiled = preload === undefined ? { NODE_COMPILE_CACHE: COMPILED } : {};
    const env = { ...compiled, ...process.env, ...preload?.env };
    const child = fork(new URL("./worker.ts", import.meta.url), { execArgv, env });
    started.push(child);
    return child;
  };
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    for (let job = next(); job !== undefined; job = next()) {
      child ??= start();
      onResult(await ask(child, job));
      if (!isFresh) continue;
      child.kill();
      child = undefined;
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    for (const child of started) child.kill();
  }
}

function ask(child: ChildProcess, job: Job): Promise<SeedResult> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the process of seed ${job.seed} ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (answer: JobAnswer) => {
      child.off("exit", onExit);
      if (answer.type === "done") resolve(answer.result);
      else reject(new Error(`seed ${job.seed}: ${answer.message}`));
    });
    child.send(job);
  });
}
