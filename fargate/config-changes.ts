/** What differs between two pieces of a configuration, key by key, for people. Owns the comparison and its words. */

const SHOWN_CHARACTERS_MAX = 120;

/** `path` is dotted and indexed, as in `improve.ticks`; a value that is absent is undefined. */
export type Change = { readonly path: string; readonly before: unknown; readonly after: unknown };

/** Every single value that differs, in the order of the keys before and then of the new ones. Both are plain JSON. */
export function changesBetween(before: unknown, after: unknown, path = ""): readonly Change[] {
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) {
    return Object.is(before, after) ? [] : [{ path, before, after }];
  }
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const name = Array.isArray(before) ? `${path}[${key}]` : `${path}${path === "" ? "" : "."}${key}`;
    return changesBetween(Reflect.get(before, key), Reflect.get(after, key), name);
  });
}

/** Such as `halfSpreadBps 6 → 8`. */
export function changeText({ path, before, after }: Change): string {
  return `${path} ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: unknown): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
