/**
 * The smallest input that still fails in the same way: parts of the structure taken out while that can be done, then bytes. Owns no
 * judgement: whether an input fails is asked for each.
 */
import { childAt, childCount, type Tree, toText, toTree, withChild, withoutChild } from "./json-tree.ts";

/** Inputs that are tried at most: a shrunk input is for people, and one that is not the smallest is no harm. */
const TRIES_MAX = 2_000;
const MILLIS_MAX = 1_500;

const SIMPLE: readonly Tree[] = ["0", '""', "null"].map((text) => ({ type: "token", text }));

/** `fails` must hold for `input`. */
export async function shrink(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  const endMs = performance.now() + MILLIS_MAX;
  let tries = 0;
  const isLeft = () => tries < TRIES_MAX && performance.now() < endMs;
  const holds = async (candidate: Buffer) => {
    tries += 1;
    return await fails(candidate);
  };
  let best = input;
  const tree = toTree(input.toString("utf8"));
  // Written again it may say something else: a zero has lost its sign, a key that was there twice is there once.
  if (tree !== undefined && (await holds(Buffer.from(toText(tree), "utf8")))) {
    let smaller: Tree | undefined = tree;
    while (smaller !== undefined && isLeft()) {
      best = shorter(best, Buffer.from(toText(smaller), "utf8"));
      smaller = await smallerTree(smaller, isLeft, holds);
    }
  }
  for (let size = Math.ceil(best.length / 2); size >= 1 && isLeft(); size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && isLeft(); ) {
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await holds(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

function shorter(one: Buffer, two: Buffer): Buffer {
  return two.length <= one.length ? two : one;
}

/** The first tree that is smaller in one place and fails; undefined when there is none. */
async function smallerTree(
  tree: Tree,
  isLeft: () => boolean,
  holds: (candidate: Buffer) => Promise<boolean>,
): Promise<Tree | undefined> {
  const size = toText(tree).length;
  for (const candidate of smallerOnes(tree)) {
    if (!isLeft()) return undefined;
    const text = toText(candidate);
    if (text.length < size && (await holds(Buffer.from(text, "utf8")))) return candidate;
  }
  return undefined;
}

/** Coarse ones first. */
function* smallerOnes(tree: Tree): Generator<Tree> {
  for (const simple of SIMPLE) yield simple;
  const count = childCount(tree);
  for (let i = 0; i < count; i += 1) {
    const child = childAt(tree, i);
    if (child !== undefined) yield child;
  }
  for (let i = 0; i < count; i += 1) yield withoutChild(tree, i);
  for (let i = 0; i < count; i += 1) {
    const child = childAt(tree, i);
    if (child === undefined) continue;
    for (const smaller of smallerOnes(child)) yield withChild(tree, i, smaller);
  }
}
