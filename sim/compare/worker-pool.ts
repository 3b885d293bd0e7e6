/**
 * Runs jobs on worker threads. Owns who gets which job; the outcomes come back in the order of the jobs, so that the count of workers
 * changes nothing but the time.
 */
import { Worker } from "node:worker_threads";
import type { Job } from "./job.ts";
import type { RunOutcome } from "./run-competitor.ts";
import type { WorkerAnswer } from "./worker.ts";

/** A job could not be run; `isInput` when what was asked for is at fault. */
export class JobError extends Error {
  readonly code = "JOB_FAILED";
  readonly isInput: boolean;

  constructor(job: Job, answer: Extract<WorkerAnswer, { type: "failed" }>) {
    super(answer.isInput ? answer.message : `${job.strategy} on ${JSON.stringify(job.market)}: ${answer.message}`);
    this.name = "JobError";
    this.isInput = answer.isInput;
  }
}

/** `onDone` is told each time a job has ended, with how many have. Rejects with the first `JobError`. */
export async function runJobs(
  jobs: readonly Job[],
  { workers, onDone }: { readonly workers: number; readonly onDone: (done: number) => void },
): Promise<readonly RunOutcome[]> {
  const outcomes = new Map<number, RunOutcome>();
  let next = 0;
  const work = async (worker: Worker): Promise<void> => {
    for (;;) {
      const index = next;
      const job = jobs[index];
      if (job === undefined) return;
      next += 1;
      const answer = await ask(worker, job);
      if (answer.type === "failed") throw new JobError(job, answer);
      outcomes.set(index, answer.outcome);
      onDone(outcomes.size);
    }
  };
  const threads = Array.from(
    { length: Math.min(workers, jobs.length) },
    () => new Worker(new URL("./worker.ts", import.meta.url)),
  );
  try {
    await Promise.all(threads.map(work));
  } finally {
    await Promise.all(threads.map((worker) => worker.terminate()));
  }
  return jobs.flatMap((_, index) => outcomes.get(index) ?? []);
}

function ask(worker: Worker, job: Job): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(error);
    worker.once("error", onError);
    worker.once("message", (answer: WorkerAnswer) => {
      worker.off("error", onError);
      resolve(answer);
    });
    worker.postMessage(job);
  });
}
