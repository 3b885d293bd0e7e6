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

let isCompiledKept = false;

/** Once: later seeds load nothing new. */
function keepCompiled(): void {
  if (!isCompiledKept) flushCompileCache();
  isCompiledKept = true;
}

const send = process.send?.bind(process);
assert(send !== undefined, "the worker must be started by the pool");
process.on("message", (job: Job) => {
  runSeed(job).then(
    (result) => {
      // The pool ends its processes by a signal, after which nothing is written any more.
      keepCompiled();
      send({ type: "done", result } satisfies JobAnswer);
    },
    (error: unknown) => send({ type: "failed", message: String(error) } satisfies JobAnswer),
  );
});
