/** A worker thread of the comparison: one job after the other, each answered by its outcome or by why it could not be run. */
import { parentPort } from "node:worker_threads";
import { assert } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";
import { type Job, runJob } from "./job.ts";
import type { RunOutcome } from "./run-competitor.ts";

export type WorkerAnswer =
  | { readonly type: "done"; readonly outcome: RunOutcome }
  | { readonly type: "failed"; readonly isInput: boolean; readonly message: string };

const port = parentPort;
assert(port !== null, "the worker must be started as a worker thread");
port.on("message", (job: Job) => {
  const answer = (value: WorkerAnswer) => port.postMessage(value);
  runJob(job).then(
    (outcome) => answer({ type: "done", outcome }),
    (error: unknown) => {
      const isInput = error instanceof InputError;
      const text = error instanceof Error ? ((isInput ? error.message : error.stack) ?? error.message) : String(error);
      answer({ type: "failed", isInput, message: text });
    },
  );
});
