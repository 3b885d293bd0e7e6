/** A process that runs seeds, one after the other, and sends what came of each. Owns the messages; seeds are `run-seed.ts`'s. */
import { flushCompileCache } from "node:module";
import { assert } from "../../../core/assert.ts";
import type { Deployment } from "./deployment.ts";
import type { Plan, PlanWishes } from "./plan.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";

export type Job = PlanWishes & {
  readonly seed: number;
  readonly deployment: Deployment;
  /** In place of the drawn plan. */
  readonly plan?: Plan | undefined;
};
export type JobAnswer =
  | { readonly type: "done"; readonly result: SeedResult }
  | { readonly type: "failed"; readonly message: string };

/** Rules whose word is an error's with its stack. */
const WITH_STACK: readonly string[] = ["unhandled", "bug"];

/**
 * Without stacks: thousands of requests fail in a run, each with an error whose stack nobody reads. A seed that needs one for its word is
 * run again, which comes to the same.
 */
async function run(job: Job): Promise<SeedResult> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let result: SeedResult;
  try {
    result = await runSeed(job);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  if (!WITH_STACK.includes(result.violation?.rule ?? "")) return result;
  const again = await runSeed(job);
  return again.violation === undefined ? result : again;
}

let isCompiledKept = false;

/** Once: later seeds load nothing new. */
function keepCompiled(): void {
  if (!isCompiledKept) flushCompileCache();
  isCompiledKept = true;
}

const send = process.send?.bind(process);
assert(send !== undefined, "the worker must be started by the pool");
process.on("message", (job: Job) => {
  run(job).then(
    (result) => {
      // The pool ends its processes by a signal, after which nothing is written any more.
      keepCompiled();
      send({ type: "done", result } satisfies JobAnswer);
    },
    (error: unknown) => send({ type: "failed", message: String(error) } satisfies JobAnswer),
  );
});
