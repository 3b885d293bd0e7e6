/**
 * The n-th input of a target: a recording, or a hostile text, changed a few times. Owns the mixture. Each input is made from the seed,
 * the target's name and its number alone, so that one can be made again without those before it.
 */
import type { Rng } from "../../fargate/seams.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { below, onceIn, pick } from "./chance.ts";
import { HOSTILE_INPUTS, LARGE_TOKENS } from "./hostile.ts";
import { type Tree, toText, toTree } from "./json-tree.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import { mutateTree } from "./mutate-tree.ts";
import type { Target } from "./target.ts";

/** What a target's inputs are made from. */
export type Corpus = {
  readonly name: string;
  readonly recordings: readonly Buffer[];
  /** Of the recordings that are JSON. */
  readonly trees: readonly Tree[];
  readonly large: readonly string[];
};

const CHANGES_MAX = 6;
const AS_RECORDED_ONCE_IN = 100;
const HOSTILE_ONCE_IN = 50;
const LARGE_ONCE_IN = 1_000;

/** Throws `RangeError` when there is no recording. */
export function makeCorpus(target: Pick<Target, "name" | "recordings" | "large">): Corpus {
  const { name, recordings, large = [] } = target;
  if (recordings.length === 0) throw new RangeError(`${name} must have a recording`);
  const bytes = recordings.map((each) => (typeof each === "string" ? Buffer.from(each, "utf8") : Buffer.from(each)));
  const trees = recordings.flatMap((each) => (typeof each === "string" ? (toTree(each) ?? []) : []));
  return { name, recordings: bytes, trees, large: [...LARGE_TOKENS, ...large] };
}

/** Copies of copies grow fast, and nothing larger comes: a message of the queue has 256 KiB, a stored item 400 KB, an answer a few pages. */
const BYTES_MAX = 262_144;

export function makeInput({ name, recordings, trees, large }: Corpus, seed: number, index: number): Buffer {
  const rng = makeSeededRng(seed, `${name}/${index}`);
  if (onceIn(rng, AS_RECORDED_ONCE_IN)) return pick(rng, recordings);
  if (onceIn(rng, LARGE_ONCE_IN)) return Buffer.from(pick(rng, large), "utf8");
  if (onceIn(rng, HOSTILE_ONCE_IN)) return Buffer.from(pick(rng, HOSTILE_INPUTS), "utf8");
  return changedInput({ recordings, trees }, rng).subarray(0, BYTES_MAX);
}

function changedInput({ recordings, trees }: Pick<Corpus, "recordings" | "trees">, rng: Rng): Buffer {
  // One change most often: a recording changed in many places is refused for the first of them.
  const changes = onceIn(rng, 2) ? 1 : 1 + below(rng, CHANGES_MAX);
  const isStructured = trees.length > 0 && !onceIn(rng, 5);
  if (!isStructured) {
    let bytes = pick(rng, recordings);
    for (let i = 0; i < changes; i += 1) bytes = mutateBytes(bytes, pick(rng, recordings), rng);
    return bytes;
  }
  let tree = pick(rng, trees);
  for (let i = 0; i < changes; i += 1) tree = mutateTree(tree, pick(rng, trees), rng);
  const bytes = Buffer.from(toText(tree), "utf8");
  return onceIn(rng, 20) ? mutateBytes(bytes, pick(rng, recordings), rng) : bytes;
}
