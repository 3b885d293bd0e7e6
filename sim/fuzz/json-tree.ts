/**
 * JSON as a tree whose leaves are the text that will stand there, so that what no JSON value can say can be written all the same: a key
 * twice, `1e309`, half a string. Owns the way from a recording and back to text; the changes are `mutate-tree.ts`'s.
 */

export type Member = {
  /** As it will stand, with its quotes. */
  readonly key: string;
  readonly value: Tree;
};

export type Tree =
  /** A text, a number, a word: as it will stand, perhaps no JSON. */
  | { readonly type: "token"; readonly text: string }
  | { readonly type: "list"; readonly items: readonly Tree[] }
  | { readonly type: "object"; readonly members: readonly Member[] }
  /** A text that holds JSON itself, such as the sides of a book. */
  | { readonly type: "text"; readonly inner: Tree };

const TEXT_MAX = 20_000;
const DEPTH_MAX = 64;

/** Undefined for what is no JSON, or too large or deep for changes to be quick. */
export function toTree(text: string): Tree | undefined {
  if (text.length > TEXT_MAX) return undefined;
  try {
    return treeOf(JSON.parse(text), 0);
  } catch {
    return undefined;
  }
}

export function toText(tree: Tree): string {
  switch (tree.type) {
    case "token":
      return tree.text;
    case "list":
      return `[${tree.items.map(toText).join(",")}]`;
    case "object":
      return `{${tree.members.map(({ key, value }) => `${key}:${toText(value)}`).join(",")}}`;
    case "text":
      return JSON.stringify(toText(tree.inner));
  }
}

function toToken(value: string | number | boolean | null): Tree {
  return { type: "token", text: JSON.stringify(value) };
}

/** How many parts directly under a node could be changed by themselves. */
export function childCount(tree: Tree): number {
  switch (tree.type) {
    case "token":
      return 0;
    case "list":
      return tree.items.length;
    case "object":
      return tree.members.length;
    case "text":
      return 1;
  }
}

export function childAt(tree: Tree, index: number): Tree | undefined {
  switch (tree.type) {
    case "token":
      return undefined;
    case "list":
      return tree.items[index];
    case "object":
      return tree.members[index]?.value;
    case "text":
      return tree.inner;
  }
}

/** The same tree with another child. */
export function withChild(tree: Tree, index: number, child: Tree): Tree {
  switch (tree.type) {
    case "token":
      return tree;
    case "list":
      return { type: "list", items: tree.items.with(index, child) };
    case "object": {
      const member = tree.members[index];
      return member === undefined
        ? tree
        : { type: "object", members: tree.members.with(index, { key: member.key, value: child }) };
    }
    case "text":
      return { type: "text", inner: child };
  }
}

/** The same tree without a child; a text keeps its only one. */
export function withoutChild(tree: Tree, index: number): Tree {
  if (tree.type === "list") return { type: "list", items: tree.items.toSpliced(index, 1) };
  return tree.type === "object" ? { type: "object", members: tree.members.toSpliced(index, 1) } : tree;
}

function treeOf(value: unknown, depth: number): Tree {
  if (depth > DEPTH_MAX) throw new RangeError(`deeper than ${DEPTH_MAX}`);
  if (typeof value === "string") {
    const inner = /^[[{]/.test(value) ? toTree(value) : undefined;
    return inner === undefined ? toToken(value) : { type: "text", inner };
  }
  if (Array.isArray(value)) return { type: "list", items: value.map((item: unknown) => treeOf(item, depth + 1)) };
  if (typeof value !== "object" || value === null) return { type: "token", text: JSON.stringify(value) };
  const members = Object.entries(value).map(([key, each]) => ({
    key: JSON.stringify(key),
    value: treeOf(each, depth + 1),
  }));
  return { type: "object", members };
}
