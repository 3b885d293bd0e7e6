/**
 * Changes to a recording's structure: parts taken out, doubled, swapped, given another type, put into one another, taken from another
 * recording; and to the text of a leaf. Owns one change at a time; how many there are is `make-input.ts`'s.
 */
import type { Rng } from "../../fargate/seams.ts";
import { below, onceIn, pick } from "./chance.ts";
import { HOSTILE_KEYS, HOSTILE_TOKENS, LARGE_TOKENS } from "./hostile.ts";
import { childAt, childCount, type Member, type Tree, toText, withChild, withoutChild } from "./json-tree.ts";

/** A way down goes on this often: most changes are to leaves and their parents. */
const DEEPER = 0.92;

const COPIES_MAX = 300;
const WRAPS_MAX = 40;
const LARGE_ONCE_IN = 400;

/** One change somewhere; `other` is a tree that parts may be taken from. */
export function mutateTree(tree: Tree, other: Tree, rng: Rng): Tree {
  // By size every price of a book has its turn, by count the few names around them.
  const choose = onceIn(rng, 3) ? byCount : bySize;
  return mutateBelow(tree, { other, rng, choose });
}

type Choose = (tree: Tree, rng: Rng) => number;
type Change = { readonly other: Tree; readonly rng: Rng; readonly choose: Choose };

function mutateBelow(tree: Tree, change: Change): Tree {
  const { other, rng, choose } = change;
  if (childCount(tree) > 0 && rng.next() < DEEPER) {
    const index = choose(tree, rng);
    const child = childAt(tree, index);
    if (child !== undefined) return withChild(tree, index, mutateBelow(child, change));
  }
  return changed(tree, other, rng);
}

const byCount: Choose = (tree, rng) => below(rng, childCount(tree));

const bySize: Choose = (tree, rng) => {
  let left = below(rng, sizeOf(tree) - 1);
  const count = childCount(tree);
  for (let index = 0; index < count; index += 1) {
    const child = childAt(tree, index);
    left -= child === undefined ? 0 : sizeOf(child);
    if (left < 0) return index;
  }
  return count - 1;
};

const sizes = new WeakMap<Tree, number>();

/** How many nodes there are, itself included. */
function sizeOf(tree: Tree): number {
  const known = sizes.get(tree);
  if (known !== undefined) return known;
  let size = 1;
  const count = childCount(tree);
  for (let index = 0; index < count; index += 1) size += sizeOf(childAt(tree, index) ?? tree);
  sizes.set(tree, size);
  return size;
}

function changed(tree: Tree, other: Tree, rng: Rng): Tree {
  if (tree.type === "token" && rng.next() < 0.5) return { type: "token", text: editToken(tree.text, rng) };
  const isOfMany = tree.type === "list" || tree.type === "object";
  if (isOfMany && childCount(tree) > 0 && rng.next() < 0.7) return changedChildren(tree, other, rng);
  switch (below(rng, 5)) {
    case 0:
      return partOf(other, rng);
    case 1:
      return wrapped(tree, rng);
    case 2:
      return childAt(tree, below(rng, Math.max(1, childCount(tree)))) ?? hostile(rng);
    case 3:
      return retyped(tree, rng);
    default:
      return hostile(rng);
  }
}

function changedChildren(tree: Exclude<Tree, { type: "token" | "text" }>, other: Tree, rng: Rng): Tree {
  const children = childCount(tree);
  const index = below(rng, children);
  switch (below(rng, 6)) {
    case 0:
      return withoutChild(tree, index);
    case 1:
      return copied(tree, index, onceIn(rng, 20) ? below(rng, COPIES_MAX) : 1);
    case 2: {
      const [one, two] = [childAt(tree, index), childAt(tree, below(rng, children))];
      const at = below(rng, children);
      return one === undefined || two === undefined ? tree : withChild(withChild(tree, index, two), at, one);
    }
    case 3:
      return tree.type === "object"
        ? renamed(tree.members, index, other, rng)
        : { ...tree, items: tree.items.toReversed() };
    case 4:
      return tree.type === "object"
        ? {
            type: "object",
            members: tree.members.toSpliced(index, 0, { key: keyFrom(other, rng), value: hostile(rng) }),
          }
        : { type: "list", items: tree.items.toSpliced(index, 0, partOf(other, rng)) };
    default:
      return withChild(tree, index, hostile(rng));
  }
}

function copied(tree: Tree, index: number, times: number): Tree {
  if (tree.type === "list") {
    const item = tree.items[index];
    if (item === undefined) return tree;
    return { type: "list", items: tree.items.toSpliced(index, 0, ...Array.from({ length: times }, () => item)) };
  }
  if (tree.type !== "object") return tree;
  const member = tree.members[index];
  if (member === undefined) return tree;
  // The same key again, at the end: the last one counts for JSON.parse, the first one for a reader of bytes.
  return { type: "object", members: [...tree.members, member] };
}

function renamed(members: readonly Member[], index: number, other: Tree, rng: Rng): Tree {
  const member = members[index];
  if (member === undefined) return { type: "object", members };
  return { type: "object", members: members.with(index, { key: keyFrom(other, rng), value: member.value }) };
}

/** A hostile key, or one that means something elsewhere. */
function keyFrom(other: Tree, rng: Rng): string {
  const part = partOf(other, rng);
  const known = part.type === "object" && part.members.length > 0 ? pick(rng, part.members).key : undefined;
  return known !== undefined && onceIn(rng, 2) ? known : pick(rng, HOSTILE_KEYS);
}

function partOf(tree: Tree, rng: Rng): Tree {
  let part = tree;
  while (childCount(part) > 0 && rng.next() < DEEPER) part = childAt(part, below(rng, childCount(part))) ?? part;
  return part;
}

function wrapped(tree: Tree, rng: Rng): Tree {
  let whole = tree;
  const times = onceIn(rng, 10) ? 1 + below(rng, WRAPS_MAX) : 1;
  for (let i = 0; i < times; i += 1) {
    whole = onceIn(rng, 2)
      ? { type: "list", items: [whole] }
      : { type: "object", members: [{ key: pick(rng, HOSTILE_KEYS), value: whole }] };
  }
  return whole;
}

/** A number as text, a text as a number, anything as text of itself. */
function retyped(tree: Tree, rng: Rng): Tree {
  if (tree.type === "text") return tree.inner;
  const text = toText(tree);
  const inside = /^"([^"\\]*)"$/.exec(text)?.[1];
  if (inside !== undefined && onceIn(rng, 2)) return { type: "token", text: inside === "" ? "0" : inside };
  return tree.type === "token" ? { type: "token", text: JSON.stringify(text) } : { type: "text", inner: tree };
}

function hostile(rng: Rng): Tree {
  return { type: "token", text: pick(rng, onceIn(rng, LARGE_ONCE_IN) ? LARGE_TOKENS : HOSTILE_TOKENS) };
}

const DIGITS = "0123456789";
const LETTERS = `${DIGITS}.-+eE"\\/ :TZ[]{},abzAZ_#\u0000\u007f\u0663\ud800\udc00\ufeff\u2028é`;

/** Characters of a token changed: mostly between its quotes, so that it stays a text. */
function editToken(text: string, rng: Rng): string {
  const isText = text.length >= 2 && text.startsWith('"') && text.endsWith('"') && !onceIn(rng, 20);
  const inside = isText ? text.slice(1, -1) : text;
  const edited = editCharacters(inside, rng);
  return isText ? `"${edited}"` : edited;
}

function editCharacters(text: string, rng: Rng): string {
  const at = below(rng, text.length + 1);
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  switch (below(rng, 8)) {
    case 0:
      return head + tail.slice(1);
    case 1:
      return head + pick(rng, [...LETTERS]) + tail;
    case 2:
      return head + pick(rng, [...DIGITS]) + tail.slice(1);
    case 3:
      return head + pick(rng, [...LETTERS]) + tail.slice(1);
    case 4:
      return `-${text}`;
    case 5:
      return text + "0".repeat(1 + below(rng, 40));
    case 6:
      return head + head + tail;
    default:
      return head;
  }
}
