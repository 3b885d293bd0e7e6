/** A worker thread of the fuzzer: one target after the other, each answered by its report. */
import { parentPort } from "node:worker_threads";
import { assert } from "../../core/assert.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { makeTargets } from "./targets.ts";
import type { FuzzJob } from "./worker-pool.ts";

const port = parentPort;
assert(port !== null, "the worker must be started as a worker thread");
const targets = makeTargets();
port.on("message", ({ name, place, ...run }: FuzzJob) => {
  const target = targets.find((each) => each.name === name);
  assert(target !== undefined, `there must be a target ${name}`);
  const onInput = (index: number) => {
    Atomics.store(place, 0, index);
  };
  fuzzTarget(target, { ...run, onInput }).then(
    (report) => port.postMessage(report),
    (error: unknown) => {
      throw error;
    },
  );
});
