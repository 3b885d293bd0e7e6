/** One target's part of a run: its inputs one after the other, until the first that fails. Owns the counting. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { makeCorpus, makeInput } from "./make-input.ts";
import { type Failure, judgeFromHere, tryInput } from "./oracle.ts";
import { shrink } from "./shrink.ts";
import type { Target } from "./target.ts";

type FoundFailure = Failure & {
  /** Of the input among the target's. */
  readonly index: number;
  readonly input: Uint8Array;
  /** The smallest found that fails in the same way. */
  readonly smallest: Uint8Array;
};

export type TargetReport = {
  readonly name: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly failure: FoundFailure | undefined;
};

const TURN_EVERY = 256;

/** The inputs from number `from` on, `inputs` of them. Never rejects. */
export async function fuzzTarget(
  target: Target,
  run: {
    readonly seed: number;
    readonly inputs: number;
    readonly from?: number;
    /** Told each input's number before it is tried. */
    readonly onInput?: (index: number) => void;
  },
): Promise<TargetReport> {
  const { seed, inputs, from = 0, onInput } = run;
  const corpus = makeCorpus(target);
  const counts = { accepted: 0, refused: 0 };
  const startMs = performance.now();
  let slowestMs = 0;
  judgeFromHere();
  const report = (failure: FoundFailure | undefined): TargetReport => ({
    name: target.name,
    inputs: counts.accepted + counts.refused + (failure === undefined ? 0 : 1),
    ...counts,
    seconds: (performance.now() - startMs) / 1_000,
    slowestMs,
    failure,
  });
  for (let index = from; index < from + inputs; index += 1) {
    // Timers that nobody waits for any more are let go of.
    if (index % TURN_EVERY === 0) await nextTurn();
    onInput?.(index);
    const input = makeInput(corpus, seed, index);
    const outcome = await tryInput(target, input);
    slowestMs = Math.max(slowestMs, outcome.millis);
    if (outcome.type === "failed") {
      const { failure } = outcome;
      return report({ ...failure, index, input, smallest: await shrinkFailure(target, input, failure) });
    }
    counts[outcome.type] += 1;
  }
  return report(undefined);
}

async function shrinkFailure(target: Target, input: Buffer, { cause }: Failure): Promise<Buffer> {
  return await shrink(input, async (candidate) => {
    const outcome = await tryInput(target, candidate);
    return outcome.type === "failed" && outcome.failure.cause === cause;
  });
}
