/**
 * Whatever came from outside as JSON text for people. Owns that it neither fails nor takes long: what was nested deep enough to be read
 * is not always shallow enough to be written, and words about a bad value must not become a fault of their own.
 */

/** What stands for a value that JSON cannot say. */
const NO_TEXT = "a value that cannot be written";

/** The time of `JSON.stringify` grows with the square of the depth, since it looks for rings, and its stack ends at some thousands. */
const DEPTH_MAX = 64;

export function toJsonText(value: unknown): string {
  if (isDeeper(value, DEPTH_MAX)) return NO_TEXT;
  try {
    return JSON.stringify(value) ?? NO_TEXT;
  } catch {
    // A bigint inside.
    return NO_TEXT;
  }
}

/** The value itself where it can be written, words for it where it can not: for what is passed on as it came. */
export function toWritable(value: unknown): unknown {
  return toJsonText(value) === NO_TEXT ? NO_TEXT : value;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1));
}
