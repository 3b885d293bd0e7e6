/**
 * Runs targets on worker threads. Owns who gets which, and that a parser that does not come back at all is found: its thread is ended,
 * and the input it was given is told.
 */
import { Worker } from "node:worker_threads";
import type { TargetReport } from "./fuzz-target.ts";
import { makeCorpus, makeInput } from "./make-input.ts";
import type { Target } from "./target.ts";

/** `place` holds the number of the input that is tried now. */
export type FuzzJob = {
  readonly name: string;
  readonly seed: number;
  readonly inputs: number;
  readonly from: number;
  readonly place: Int32Array<SharedArrayBuffer>;
};

export type FuzzRun = {
  readonly target: Target;
  readonly seed: number;
  readonly inputs: number;
  readonly from: number;
};

/** An input is tried for so long, its shrinking included; far above what either may take. */
const STUCK_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

/** `onReport` is told each target's end as it comes. Rejects when a thread breaks. */
export async function fuzzOnThreads(
  runs: readonly FuzzRun[],
  { workers, onReport }: { readonly workers: number; readonly onReport: (report: TargetReport) => void },
): Promise<void> {
  const waiting = [...runs];
  const work = async (): Promise<void> => {
    let thread = startThread();
    try {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        const report = await fuzzOn(thread, run);
        onReport(report ?? stuckReport(run, thread.place));
        if (report === undefined) {
          await thread.worker.terminate();
          thread = startThread();
        }
      }
    } finally {
      await thread.worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, runs.length) }, work));
}

type Thread = { readonly worker: Worker; readonly place: Int32Array<SharedArrayBuffer> };

function startThread(): Thread {
  return {
    worker: new Worker(new URL("./worker.ts", import.meta.url)),
    place: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  };
}

/** Undefined when an input holds the thread up for ever. */
function fuzzOn({ worker, place }: Thread, { target, ...run }: FuzzRun): Promise<TargetReport | undefined> {
  return new Promise((resolve, reject) => {
    let [seen, sinceMs] = [-1, performance.now()];
    const timer = setInterval(() => {
      const now = Atomics.load(place, 0);
      if (now !== seen) [seen, sinceMs] = [now, performance.now()];
      else if (performance.now() - sinceMs > STUCK_AFTER_MS) end(() => resolve(undefined));
    }, LOOK_EVERY_MS);
    const onReport = (report: TargetReport) => end(() => resolve(report));
    const onError = (error: Error) => end(() => reject(error));
    const end = (settle: () => void) => {
      clearInterval(timer);
      worker.off("message", onReport);
      worker.off("error", onError);
      settle();
    };
    worker.on("message", onReport);
    worker.on("error", onError);
    const job: FuzzJob = { name: target.name, ...run, place };
    worker.postMessage(job);
  });
}

function stuckReport({ target, seed, from }: FuzzRun, place: Int32Array): TargetReport {
  const index = Atomics.load(place, 0);
  const input = makeInput(makeCorpus(target), seed, index);
  const message = `nothing came back in ${STUCK_AFTER_MS / 1_000} s`;
  return {
    name: target.name,
    inputs: index - from + 1,
    accepted: 0,
    refused: 0,
    seconds: STUCK_AFTER_MS / 1_000,
    slowestMs: STUCK_AFTER_MS,
    failure: { kind: "too slow", cause: "too slow", message, index, input, smallest: input },
  };
}
